#include "sim/matrix/course.hpp"

namespace ikelab::matrix {

Course::Course(const scenario::Scenario& scenario) {
  for (const scenario::Adversary& adversary : scenario.adversaries)
    adversaries_.insert(adversary.name);
  for (const scenario::Monitor& monitor : scenario.monitors) {
    watched_.insert(monitor.link);
    monitors_.insert(monitor.name);
  }
}

void Course::record(const trace::Event& event) {
  if (const auto* alert = std::get_if<trace::Alert>(&event.body)) {
    alerts.push_back({alert->monitor, event.time, alert->datagram});
    if (begun && !alerted) alerted = event.time;
  }
  if (const auto* packet = std::get_if<trace::PacketOnLink>(&event.body);
      packet != nullptr && packet->id != 0 && watched_.contains(packet->link))
    ++(is_forged(packet->id) ? forged_seen : honest_seen);
  if (const auto* dropped = std::get_if<trace::DatagramDropped>(&event.body);
      dropped != nullptr && monitors_.contains(dropped->where))
    ++(is_forged(dropped->id) ? forged_blocked : honest_blocked);
  if (!adversaries_.contains(event.node)) return;
  if (const auto* act = std::get_if<trace::AttackAction>(&event.body);
      act != nullptr && act->action != "observe" && act->action != "compute") {
    if (!begun) begun = event.time;
    packets += succeeded ? 0 : 1;
    if (act->result != 0) forged_.insert(act->result);
  }
  if (const auto* metric = std::get_if<trace::Metric>(&event.body);
      metric != nullptr && metric->name == "achieved") {
    goal = metric->value == 1;
    if (*goal && !succeeded) succeeded = event.time;
  }
}

}  // namespace ikelab::matrix
