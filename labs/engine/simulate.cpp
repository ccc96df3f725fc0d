#include "labs/engine/simulate.hpp"

#include <fmt/format.h>

#include "labs/engine/placeholder.hpp"
#include "sim/run/run.hpp"

namespace ikelab::labs {

Result<Simulated> simulate(const Lab& lab, const Draw& draw) {
  IKELAB_TRY(const auto file, lab.scenario_file());
  const Values values = with_standard_names(draw.values, draw.student, "");
  scenario::Overrides overrides;
  for (const auto& [path, text] : lab.set) {
    IKELAB_TRY(std::string value, render(text, values));
    overrides.emplace_back(path, std::move(value));
  }
  Simulated out;
  IKELAB_TRY(out.scenario, scenario::load(file.string(), overrides, draw.seed));
  trace::MemorySink memory;
  run::RunOptions options;
  options.sinks.push_back(&memory);
  IKELAB_TRY(const run::RunReport report, run::run(out.scenario, options));
  for (const run::ExpectationOutcome& outcome : report.expectations)
    if (!outcome.met)
      return Error{
          "E-LAB-050",
          fmt::format("the lab's run did not do what its scenario expects: {}", outcome.text)}
          .in(file.string())
          .expect(fmt::format("found: {}", outcome.found));
  out.events = std::move(memory.events);
  out.fingerprint = report.fingerprint;
  out.versions = report.versions;
  return out;
}

}  // namespace ikelab::labs
