#include "sim/scenario/adversaries.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/monitor/invariants.hpp"
#include "sim/scenario/connections.hpp"
#include "sim/scenario/units.hpp"

namespace ikelab::scenario {
namespace {

/// `psk:gw-a`, or `{what: SK_d, node: gw-a, at: 5s}`.
Compromise read_compromise(const YAML::Node& yaml, Problems& problems) {
  static const std::vector<std::string> known = {"psk",   "key",   "cert",  "g^ir",  "SKEYSEED",
                                                 "SK_d",  "SK_ai", "SK_ar", "SK_ei", "SK_er",
                                                 "SK_pi", "SK_pr", "KEYMAT"};
  Compromise compromise;
  const auto check = [&](const YAML::Mark& mark) {
    if (std::find(known.begin(), known.end(), compromise.what) == known.end())
      problems.add(mark, Error{"E-SCN-012",
                               fmt::format("'{}' is nothing that is compromised", compromise.what)}
                             .expect(fmt::format("expected one of {}", fmt::join(known, ", "))));
  };
  if (yaml.IsScalar()) {
    const std::string text = yaml.Scalar();
    const std::size_t colon = text.find(':');
    compromise.what = text.substr(0, colon);
    if (colon == std::string::npos || colon + 1 == text.size())
      problems.add(yaml.Mark(),
                   Error{"E-SCN-012", fmt::format("'{}' does not say whose", text)}.expect(
                       "expected e.g. psk:gw-a"));
    else
      compromise.node = text.substr(colon + 1);
    check(yaml.Mark());
    return compromise;
  }
  Section section(yaml, "a compromise", {"what", "node", "at"}, problems);
  compromise.what = section.text("what", true);
  compromise.node = section.text("node", true);
  if (section.has("at")) compromise.at = section.parsed("at", parse_duration, Duration{0});
  check(yaml.Mark());
  return compromise;
}

/// `parameters:`, as texts.
std::map<std::string, std::string> read_parameters(const Section& section) {
  std::map<std::string, std::string> out;
  if (const YAML::Node parameters = section.at("parameters");
      parameters.IsDefined() && parameters.IsMap())
    for (const auto& entry : parameters)
      if (entry.first.IsScalar() && entry.second.IsScalar())
        out[entry.first.Scalar()] = entry.second.Scalar();
  return out;
}

}  // namespace

Adversary read_adversary(const YAML::Node& yaml, const LabPki& pki, Problems& problems) {
  Section section(yaml, "an adversary",
                  {"name", "position", "link", "script", "parameters", "compromise", "connections"},
                  problems);
  const std::vector<std::string> positions = {"passive", "on-path", "off-path"};
  Adversary adversary;
  adversary.name = section.text("name", true);
  adversary.position = positions[section.word("position", positions, 0)];
  adversary.link = section.text("link", true);
  adversary.script = section.text("script", true);
  section.each("compromise", [&](const YAML::Node& c) {
    adversary.compromise.push_back(read_compromise(c, problems));
  });
  section.each("connections", [&](const YAML::Node& c) {
    adversary.connections.push_back(read_connection(c, pki, problems));
  });
  adversary.parameters = read_parameters(section);
  return adversary;
}

/// With detectors it watches a link, with invariants the run.
Monitor read_monitor(const YAML::Node& yaml, Problems& problems) {
  Section section(yaml, "a monitor",
                  {"name", "link", "detectors", "blocks", "parameters", "invariants"}, problems);
  Monitor watch;
  watch.name = section.text("name", true);
  watch.detectors = section.texts("detectors");
  watch.invariants = section.texts("invariants");
  std::vector<std::string> known = {"all"};
  for (const monitor::InvariantRow& row : monitor::invariants()) known.emplace_back(row.name);
  for (const std::string& name : watch.invariants)
    if (std::find(known.begin(), known.end(), name) == known.end())
      section.problem("invariants",
                      Error{"E-SCN-012", fmt::format("'{}' is no invariant", name)}.expect(
                          fmt::format("expected one of {}", fmt::join(known, ", "))));
  watch.link = section.text("link", !watch.detectors.empty());
  watch.blocks = section.boolean("blocks", false);
  watch.parameters = read_parameters(section);
  if (watch.detectors.empty() && watch.invariants.empty())
    section.problem("name", Error{"E-SCN-011", "a monitor that watches nothing"}.expect(
                                "add detectors: or invariants:"));
  return watch;
}

}  // namespace ikelab::scenario
