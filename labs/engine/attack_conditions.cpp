// What an adversary of the student's has really got: its claims against what the endpoints have.
#include <fmt/format.h>

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

}  // namespace

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
