#include "labs/engine/simulate.hpp"

#include <fmt/format.h>

#include "labs/engine/placeholder.hpp"
#include "sim/run/run.hpp"

namespace ikelab::labs {

Result<scenario::Overrides> settings(const RunPlan& plan, const Draw& draw) {
  const Values values = with_standard_names(draw.values, draw.student, "");
  scenario::Overrides out;
  for (const auto& [path, text] : plan.set) {
    IKELAB_TRY(std::string value, render(text, values));
    out.emplace_back(path, std::move(value));
  }
  return out;
}

Result<Simulated> simulate(scenario::Scenario scenario, bool expected,
                           const std::filesystem::path& captures) {
  Simulated out;
  out.scenario = std::move(scenario);
  trace::MemorySink memory;
  run::RunOptions options;
  options.sinks.push_back(&memory);
  if (!captures.empty()) options.pcap_dir = captures;
  IKELAB_TRY(const run::RunReport report, run::run(out.scenario, options));
  for (const run::ExpectationOutcome& outcome : report.expectations)
    if (expected && !outcome.met)
      return Error{
          "E-LAB-050",
          fmt::format("the lab's run did not do what its scenario expects: {}", outcome.text)}
          .in(out.scenario.file.string())
          .expect(fmt::format("found: {}", outcome.found));
  out.events = std::move(memory.events);
  out.fingerprint = report.fingerprint;
  out.versions = report.versions;
  out.stopped_scripts = report.stopped_scripts;
  return out;
}

Result<Simulated> simulate(const Lab& lab, const Draw& draw) {
  const RunPlan& plan = lab.runs.front();
  IKELAB_TRY(const scenario::Overrides overrides, settings(plan, draw));
  IKELAB_TRY(scenario::Scenario scenario,
             scenario::load((lab.folder / plan.scenario).string(), overrides, draw.seed));
  return simulate(std::move(scenario), true);
}

}  // namespace ikelab::labs
