// `ikelab lint`: what in a scenario's connections is out of date or careless.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "protocol/pki/pki.hpp"
#include "protocol/policy/lint.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/terminal.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::cli {
namespace {

/// The same finding at several nodes (a fleet's) is told once.
struct Told {
  policy::Finding finding;
  std::vector<std::string> nodes;
};

std::string key_type_of(ByteView der) {
  const auto certificate = pki::parse_certificate(der);
  return certificate ? certificate->key_type : "";
}

bool same(const policy::Finding& a, const policy::Finding& b) {
  return a.rule == b.rule && a.place == b.place && a.what == b.what && a.source == b.source;
}

std::vector<Told> findings_of(const scenario::Scenario& scenario) {
  std::vector<Told> out;
  for (const scenario::Node& node : scenario.nodes)
    for (const policy::ConnectionConfig& connection : node.connections)
      for (policy::Finding& finding : policy::lint(connection, key_type_of)) {
        const auto known = std::find_if(
            out.begin(), out.end(), [&](const Told& told) { return same(told.finding, finding); });
        if (known == out.end())
          out.push_back({std::move(finding), {node.name}});
        else if (known->nodes.back() != node.name)
          known->nodes.push_back(node.name);
      }
  std::stable_sort(out.begin(), out.end(), [](const Told& a, const Told& b) {
    return a.finding.severity > b.finding.severity;
  });
  return out;
}

using Counts = std::array<std::size_t, 3>;  ///< by Severity

Counts count(const std::vector<Told>& all) {
  Counts counts{};
  for (const Told& told : all) ++counts[static_cast<std::size_t>(told.finding.severity)];
  return counts;
}

void print_json(const scenario::Scenario& scenario, const std::vector<Told>& all) {
  nlohmann::json findings = nlohmann::json::array();
  for (const auto& [f, nodes] : all)
    findings.push_back({{"severity", policy::to_string(f.severity)},
                        {"rule", f.rule},
                        {"nodes", nodes},
                        {"place", f.place},
                        {"what", f.what},
                        {"gain", f.gain},
                        {"instead", f.instead},
                        {"source", f.source}});
  const Counts counts = count(all);
  const nlohmann::json out = {{"scenario", scenario.name},
                              {"notes", counts[0]},
                              {"warnings", counts[1]},
                              {"errors", counts[2]},
                              {"findings", findings}};
  fmt::print("{}\n", out.dump(2));
}

std::string names(const std::vector<std::string>& nodes) {
  if (nodes.size() <= 3) return fmt::format("{}", fmt::join(nodes, ", "));
  return fmt::format("{} and {} more", nodes.front(), nodes.size() - 1);
}

void print_words(const scenario::Scenario& scenario, const std::vector<Told>& all) {
  for (const auto& [f, nodes] : all) {
    fmt::print("{:<8} {} at {}: {}\n", policy::to_string(f.severity), f.place, names(nodes),
               f.what);
    fmt::print("         an attacker gains: {}\n", f.gain);
    fmt::print("         better: {}  ({}; rule {})\n\n", f.instead, f.source, f.rule);
  }
  const Counts counts = count(all);
  fmt::print("{}: {} errors, {} warnings, {} notes\n", scenario.name, counts[2], counts[1],
             counts[0]);
}

}  // namespace

int lint_command(const LintArguments& arguments) {
  const auto scenario = scenario::load(arguments.scenario);
  if (!scenario) return fail(scenario.error());
  const std::vector<Told> all = findings_of(*scenario);
  if (arguments.json)
    print_json(*scenario, all);
  else
    print_words(*scenario, all);
  const Counts counts = count(all);
  return counts[1] + counts[2] > 0 || (arguments.strict && counts[0] > 0) ? not_met : done;
}

}  // namespace ikelab::cli
