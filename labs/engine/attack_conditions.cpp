// What an adversary of the student's has really got: its claims against what the endpoints have.
#include <fmt/format.h>

#include <map>

#include "labs/engine/condition_rows.hpp"

namespace ikelab::labs {
namespace {

/// The octets that are to be known. "psk:gw-a" is in the configuration, all else in the trace.
Result<Bytes> secret_of(const RunView& run, std::string_view name) {
  if (!name.starts_with("psk:")) return run.facts->octets(name);
  if (run.scenario != nullptr)
    for (const scenario::Node& node : run.scenario->nodes)
      for (const policy::ConnectionConfig& connection : node.connections)
        if (node.name == name.substr(4) && !connection.local.psk.empty())
          return connection.local.psk;
  return Error{"E-LAB-015", fmt::format("the run has no {}", name)};
}

Result<Holding> judge_knows(const RunView& run, const Arguments& arguments) {
  IKELAB_TRY(const Bytes secret, secret_of(run, argument(arguments, "secret")));
  const std::string_view by = argument(arguments, "by"), item = argument(arguments, "item");
  Holding out{0, 1, "nothing_learnt", "", 0};
  for (const trace::Event& event : run.facts->events()) {
    const auto* learnt = std::get_if<trace::AttackKnowledge>(&event.body);
    if (learnt == nullptr || event.node != by) continue;
    if (!item.empty() && learnt->item != item) continue;
    if (equal(learnt->value, secret)) return Holding{1, 1, "", "", event.seq};
    if (!learnt->value.empty()) {
      out.mistake = "other_value";
      out.event = event.seq;
    }
  }
  return out;
}

/// The head of an ESP packet, SPI and sequence number, by which a detector names it.
constexpr std::size_t named_by = 8;

/// What a detector reported under `item`, against what an adversary did: each act is a part, and
/// so is each false alarm.
Result<Holding> judge_detected(const RunView& run, const Arguments& arguments) {
  const std::string_view by = argument(arguments, "by"), item = argument(arguments, "item"),
                         of = argument(arguments, "of"), action = argument(arguments, "action");
  std::map<Bytes, std::uint64_t> acts, reports;  // octets to the first event of them
  for (const trace::Event& event : run.facts->events()) {
    if (const auto* act = std::get_if<trace::AttackAction>(&event.body);
        act != nullptr && event.node == of && act->action == action) {
      const Bytes& packet = act->after.empty() ? act->before : act->after;
      if (packet.size() >= named_by)
        acts.emplace(Bytes(packet.begin(), packet.begin() + named_by), event.seq);
    }
    if (const auto* told = std::get_if<trace::AttackKnowledge>(&event.body);
        told != nullptr && event.node == by && told->item == item)
      reports.emplace(told->value, event.seq);
  }
  Holding out{0, 0, "", "", 0};
  std::uint64_t missed = 0, false_alarms = 0;
  for (const auto& [packet, seq] : acts) {
    ++out.parts;
    if (reports.contains(packet)) {
      ++out.held;
    } else if (missed++ == 0) {
      out.mistake = "missed_some";
      out.event = seq;
    }
  }
  for (const auto& [packet, seq] : reports) {
    if (acts.contains(packet)) continue;
    ++out.parts;
    if (false_alarms++ > 0 || missed > 0) continue;
    out.mistake = "false_alarms";
    out.event = seq;
  }
  if (out.parts == 0) return Holding{1, 1, "", "", 0};
  if (out.held < out.parts)
    out.found =
        fmt::format("{} of {} reported, {} false alarms", out.held, acts.size(), false_alarms);
  return out;
}

}  // namespace

Condition detected_condition() {
  return {"detected",
          "a detector's script reported each act of an adversary, and nothing else",
          {"by", "item", "of", "action"},
          {},
          {{"missed_some", "Something was done on the wire that the detector did not report."},
           {"false_alarms", "The detector reported packets with which nothing was wrong."}},
          judge_detected};
}
Condition knows_condition() {
  return {"knows",
          "the adversary learnt the octets of a secret that the endpoints have",
          {"by", "secret"},
          {"item"},
          {{"nothing_learnt", "The script never called learn() with octets for this."},
           {"other_value", "What the script says it learnt is not what the gateways have."}},
          judge_knows};
}

}  // namespace ikelab::labs
