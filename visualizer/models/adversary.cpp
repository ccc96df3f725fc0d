#include "visualizer/models/adversary.hpp"

#include <fmt/format.h>

#include "protocol/trace/attack_items.hpp"

namespace ikelab::view {
namespace {

void judge(AttackLine& line, const Packet& made) {
  if (made.rejected != nullptr) {
    const auto& r = std::get<trace::EspRejected>(made.rejected->body);
    line.outcome = fmt::format("{} refused it: {}", made.rejected->node, r.reason);
    line.refused = true;
  } else if (made.opened != nullptr) {
    line.outcome = fmt::format("{} accepted it", made.opened->node);
    line.succeeded = true;
  } else if (made.received) {
    line.outcome = fmt::format("reached {}", made.to);
  } else if (made.lost) {
    line.outcome = fmt::format("did not arrive: {}", made.lost_why);
  }
}

/// Says who it is, not what it has learnt.
bool introduces(const trace::AttackKnowledge& k) {
  return k.item == trace::item_place || k.item == trace::item_plan || k.item == trace::item_unseen;
}

}  // namespace

void AdversaryLog::add(const trace::Event& event) {
  if (std::holds_alternative<trace::AttackAction>(event.body))
    actions_.push_back(&event);
  else if (const auto* k = std::get_if<trace::AttackKnowledge>(&event.body))
    (introduces(*k) ? about_ : knowledge_).push_back(&event);
  else if (std::holds_alternative<trace::Alert>(event.body))
    alerts_.push_back(&event);
}

void AdversaryLog::build(const Traffic& traffic) {
  lines_.clear();
  for (const EventPtr e : actions_) {
    const auto& a = std::get<trace::AttackAction>(e->body);
    AttackLine line;
    line.first = line.last = e;
    line.node = e->node;
    line.action = a.action;
    line.note = a.note;
    const bool active = a.action != "observe" && a.action != "pass" && a.action != "drop";
    const Packet* made = traffic.packet(a.result != 0 ? a.result : a.datagram);
    if (active && made != nullptr) judge(line, *made);
    if (active && a.result != 0 && line.outcome.empty())
      if (const MessageRow* m = traffic.message_of_datagram(a.result))
        for (const EventPtr remark : m->remarks) {
          const auto& d = std::get<trace::Diagnostic>(remark->body);
          if (d.datagram != a.result) continue;
          line.outcome = fmt::format("{} refused it: {}", remark->node, d.message);
          line.refused = true;
        }
    if (a.action == "drop") line.outcome = "never delivered";
    if (!lines_.empty()) {
      AttackLine& last = lines_.back();
      if (last.node == line.node && last.action == line.action && last.note == line.note &&
          last.outcome == line.outcome) {
        ++last.count;
        last.last = e;
        continue;
      }
    }
    lines_.push_back(std::move(line));
  }
}

}  // namespace ikelab::view
