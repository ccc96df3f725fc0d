// The registry of conditions: our own rows, and one for each kind of a scenario's `expect:`.
#include <fmt/format.h>

#include <algorithm>

#include "labs/engine/condition_rows.hpp"
#include "protocol/pki/pki.hpp"
#include "protocol/policy/lint.hpp"
#include "sim/run/expectations.hpp"

namespace ikelab::labs {
namespace {

constexpr Mistake common[] = {
    {"not_run", "Your file cannot be run."},
    {"missed", "The run does not show this yet."},
};

/// The event that cost an expectation: where it ceased to be met, else what was found last; 0 when
/// the run would look the same without any event.
std::uint64_t decisive(const scenario::Scenario& asked, const std::vector<trace::Event>& events) {
  const auto after = [&](std::size_t n) {
    return run::evaluate(asked, {events.begin(), events.begin() + static_cast<std::ptrdiff_t>(n)})
        .front();
  };
  const auto nothing = after(0), all = after(events.size());
  const auto is_early = [&](const run::ExpectationOutcome& outcome) {
    return nothing.met ? outcome.met : outcome.found != all.found;
  };
  if (!is_early(nothing)) return 0;
  std::size_t early = 0,
              late = events.size();  // early after so many events, and no more after so many
  while (late - early > 1) {
    const std::size_t middle = early + (late - early) / 2;
    (is_early(after(middle)) ? early : late) = middle;
  }
  return events[late - 1].seq;
}

// `holds: ping` and the like: what a scenario may expect of itself, a lab may expect of it.
Result<Holding> judge_expectation(const std::string& kind, const RunView& run,
                                  const Arguments& arguments) {
  if (run.scenario == nullptr) return Error{"E-LAB-015", "the run has no scenario"};
  scenario::Scenario asked = *run.scenario;
  scenario::Expectation expectation;
  expectation.what = kind;
  for (const auto& [name, value] : arguments) expectation.arguments[name] = value;
  asked.expectations = {expectation};
  if (const auto good = run::check_expectations(asked); !good.ok())
    return Error{"E-LAB-012", good.error().message}.expect(good.error().hint);
  const auto outcome = run::evaluate(asked, run.facts->events()).front();
  Holding out{outcome.met ? 1U : 0U, 1, outcome.met ? "" : "missed", outcome.found, 0};
  if (outcome.met) return out;
  out.event = decisive(asked, run.facts->events());
  if (out.event == 0) out.event = first_trouble(*run.facts, argument(arguments, "node"));
  return out;
}

std::string key_type_of(ByteView der) {
  const auto certificate = pki::parse_certificate(der);
  return certificate ? certificate->key_type : "";
}

// `holds: lint`: each finding at or above `from` costs one of `of` parts.
Result<Holding> judge_lint(const RunView& run, const Arguments& arguments) {
  IKELAB_TRY(const std::string from,
             word_argument(arguments, "from", {"note", "warning", "error"}));
  IKELAB_TRY(const std::uint64_t of, count_argument(arguments, "of", 1));
  if (run.scenario == nullptr) return Error{"E-LAB-015", "the run has no scenario"};
  const std::string_view node_name = argument(arguments, "node");
  std::uint64_t findings = 0;
  Holding out{of, of, "", "", 0};
  for (const scenario::Node& node : run.scenario->nodes) {
    if (node.name != node_name) continue;
    if (node.connections.empty()) return Holding{0, of, "no_connection", "it has no connection", 0};
    for (const policy::ConnectionConfig& connection : node.connections)
      for (const policy::Finding& f : policy::lint(connection, key_type_of)) {
        if (severity_rank(policy::to_string(f.severity)) < severity_rank(from)) continue;
        if (findings++ == 0)
          out.found = fmt::format("{} at {}: {} ({})", policy::to_string(f.severity), f.place,
                                  f.what, f.source);
      }
  }
  if (findings == 0) return out;
  out.found =
      fmt::format("{} finding{}; the first: {}", findings, findings == 1 ? "" : "s", out.found);
  out.mistake = "findings";
  out.held = of - std::min(of, findings);
  return out;
}

Condition lint_condition() {
  return {"lint",
          "the linter finds nothing at or above a severity in a node's connections",
          {"node", "from"},
          {"of"},
          {{"findings",
            "The linter still finds something; `ikelab lint` tells what an attacker "
            "gains from it."},
           {"no_connection", "There is nothing left to find fault with: the tunnel must stay."}},
          judge_lint};
}

}  // namespace

int severity_rank(std::string_view severity) {
  return severity == "error" ? 2 : severity == "warning" ? 1 : 0;
}

Result<std::uint64_t> count_argument(const Arguments& arguments, std::string_view name,
                                     std::uint64_t fallback) {
  const std::string_view text = argument(arguments, name);
  if (text.empty()) return fallback;
  const auto number = parse_integer(text);
  if (number && *number > 0) return static_cast<std::uint64_t>(*number);
  return Error{"E-LAB-012", fmt::format("'{}' must be a number from 1", name)};
}

std::uint64_t first_trouble(const Facts& facts, std::string_view node) {
  const auto trouble = [](const trace::Body& body) {
    if (const auto* d = std::get_if<trace::Diagnostic>(&body)) return d->severity == "error";
    if (const auto* t = std::get_if<trace::TaskEnded>(&body)) return t->outcome == "failed";
    if (const auto* a = std::get_if<trace::AuthDecided>(&body)) return !a->ok;
    if (const auto* n = std::get_if<trace::Negotiated>(&body)) return n->chosen.empty();
    return false;
  };
  std::uint64_t anywhere = 0;
  for (const trace::Event& event : facts.events()) {
    if (!trouble(event.body)) continue;
    if (event.node == node) return event.seq;
    if (anywhere == 0) anywhere = event.seq;
  }
  return anywhere;
}

std::span<const Mistake> condition_mistakes() {
  return common;
}

std::span<const Condition> conditions() {
  static const std::vector<Condition> rows{tunnel_condition(),    pfs_condition(),
                                           delivered_condition(), lint_condition(),
                                           knows_condition(),     detected_condition()};
  return rows;
}

std::optional<Condition> find_condition(std::string_view kind) {
  for (const Condition& row : conditions())
    if (row.kind == kind) return row;
  for (const auto& [name, arguments] : run::expectation_kinds()) {
    if (name != kind) continue;
    Condition out;
    out.kind = name;
    out.about = "as in a scenario's expect: (" + arguments + ")";
    out.judge = [kind = name](const RunView& run, const Arguments& with) {
      return judge_expectation(kind, run, with);
    };
    return out;
  }
  return std::nullopt;
}

std::vector<std::string> condition_kinds() {
  std::vector<std::string> out;
  for (const Condition& row : conditions()) out.push_back(row.kind);
  for (const auto& [name, arguments] : run::expectation_kinds()) out.push_back(name);
  return out;
}

const Mistake* find_mistake(const Condition& condition, std::string_view mistake) {
  for (const Mistake& row : condition.mistakes)
    if (row.name == mistake) return &row;
  for (const Mistake& row : common)
    if (row.name == mistake) return &row;
  return nullptr;
}

}  // namespace ikelab::labs
