#include "sim/run/meter.hpp"

#include <algorithm>

#include "protocol/esp/esp.hpp"

namespace ikelab::run {
namespace {

std::int64_t bits_per_second(std::uint64_t octets, Duration interval) {
  return interval <= Duration::zero()
             ? 0
             : static_cast<std::int64_t>(static_cast<double>(octets) * 8e9 /
                                         static_cast<double>(interval.count()));
}

std::int64_t as_value(std::uint64_t count) {
  return static_cast<std::int64_t>(count);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(c == ' ' ? '_' : std::tolower(c));
  });
  return text;
}

}  // namespace

Meter::Meter(const scenario::Scenario& scenario, trace::Journal& journal)
    : journal_(journal), interval_(scenario.measure.value_or(Duration{0})) {
  for (const scenario::Node& node : scenario.nodes)
    if (!node.connections.empty() && !node.cloud) gateways_[node.name];
}

void Meter::metric(Instant now, const std::string& node, std::string subject, std::string name,
                   std::int64_t value, const char* unit) {
  journal_.emit(now, node, "", trace::Metric{std::move(subject), std::move(name), unit, value});
}

void Meter::open_sa(const trace::Event& event, const trace::SaInstalled& sa) {
  if (sa.protocol != "ESP") return;
  const std::pair key(event.node, sa.direction + " " + sa.spi);
  sas_[key] = {event.time, 0, 0, 0, sa.name, {}};
  ++gateways_.at(event.node).esp_sas;
}

/// It is gone from the node's SAD, or goes after the overlap (esp::overlap_time).
void Meter::end_sa(Instant now, const std::string& node, const std::string& key) {
  const auto at = sas_.find({node, key});
  if (at == sas_.end() || at->second.ended) return;
  Sa& sa = at->second;
  sa.ended = now;
  Gateway& gateway = gateways_.at(node);
  gateway.esp_sas -= gateway.esp_sas > 0 ? 1 : 0;
  if (!key.starts_with("in ")) return;
  // the newest other inbound SA of the same child was there beside it
  const Sa* heir = nullptr;
  for (const auto& [other, row] : sas_)
    if (other.first == node && other.second.starts_with("in ") && row.name == sa.name &&
        row.since > sa.since && (heir == nullptr || row.since > heir->since))
      heir = &row;
  if (heir != nullptr)
    waiting_.emplace_back(
        node, trace::Metric{"rekey " + node, "overlap", "ns", (now - heir->since).count()});
}

void Meter::report_sas(Instant now, bool all) {
  for (auto at = sas_.begin(); at != sas_.end();) {
    const auto& [key, sa] = *at;
    const auto& [node, name] = key;
    if (!all && (!sa.ended || now - *sa.ended < esp::overlap_time)) {
      ++at;
      continue;
    }
    const std::string subject = "sa " + node + " " + name;
    metric(now, node, subject, "packets", as_value(sa.packets), "packets");
    metric(now, node, subject, "octets", as_value(sa.octets), "octets");
    if (name.starts_with("in "))
      metric(now, node, subject, "lost",
             sa.highest > sa.packets ? as_value(sa.highest - sa.packets) : 0, "packets");
    metric(now, node, subject, "lifetime", (sa.ended.value_or(now) - sa.since).count(), "ns");
    at = sas_.erase(at);
  }
}

void Meter::record(const trace::Event& event) {
  const auto at = gateways_.find(event.node);
  if (at == gateways_.end()) return;
  Gateway& gateway = at->second;
  const auto sa_of = [&](const char* direction, const std::string& spi) -> Sa* {
    const auto found = sas_.find({event.node, direction + spi});
    return found == sas_.end() ? nullptr : &found->second;
  };
  if (const auto* sealed = std::get_if<trace::EspSealed>(&event.body)) {
    gateway.out_octets += sealed->inner_size;
    if (Sa* sa = sa_of("out ", sealed->spi)) ++sa->packets, sa->octets += sealed->inner_size;
  } else if (const auto* opened = std::get_if<trace::EspOpened>(&event.body)) {
    gateway.in_octets += opened->inner_size;
    if (Sa* sa = sa_of("in ", opened->spi)) {
      ++sa->packets, sa->octets += opened->inner_size;
      sa->highest = std::max(sa->highest, opened->sequence);
    }
  } else if (std::holds_alternative<trace::EspRejected>(event.body)) {
    ++gateway.rejected;
  } else if (const auto* message = std::get_if<trace::Message>(&event.body)) {
    gateway.retransmissions += message->direction == "sent" && message->attempt > 0;
  } else if (const auto* state = std::get_if<trace::StateChanged>(&event.body)) {
    if (state->what != "IKE") return;
    if (state->to == "DEAD")
      gateway.ike_states.erase(event.sa);
    else
      gateway.ike_states[event.sa] = lower(state->to);
  } else if (const auto* installed = std::get_if<trace::SaInstalled>(&event.body)) {
    open_sa(event, *installed);
  } else if (const auto* removed = std::get_if<trace::SaRemoved>(&event.body)) {
    end_sa(event.time, event.node, removed->direction + " " + removed->spi);
  } else if (const auto* task = std::get_if<trace::TaskEnded>(&event.body)) {
    if ((task->task == "child_rekey" || task->task == "ike_rekey") && task->outcome == "done" &&
        task->role == "initiator")
      waiting_.emplace_back(
          event.node, trace::Metric{"rekey " + event.node, "duration", "ns", task->duration_ns});
  }
}

void Meter::tell(Instant now) {
  const Duration interval = now - told_;
  told_ = now;
  for (auto& [node, metric_of] : std::exchange(waiting_, {}))
    journal_.emit(now, node, "", std::move(metric_of));
  report_sas(now, false);
  for (auto& [node, g] : gateways_) {
    const std::string subject = "gateway " + node;
    metric(now, node, subject, "throughput_out", bits_per_second(g.out_octets, interval), "bit/s");
    metric(now, node, subject, "throughput_in", bits_per_second(g.in_octets, interval), "bit/s");
    metric(now, node, subject, "rejected", as_value(g.rejected), "packets");
    metric(now, node, subject, "retransmissions", as_value(g.retransmissions), "messages");
    metric(now, node, subject, "ike_sas", as_value(g.ike_states.size()), "SAs");
    metric(now, node, subject, "esp_sas", as_value(g.esp_sas), "SAs");
    std::map<std::string, std::uint64_t> states;
    for (const auto& [state, count] : g.told_states)
      states[state] = 0;  // so that it is seen to end
    for (const auto& [sa, state] : g.ike_states) ++states[state];
    for (const auto& [state, count] : states)
      metric(now, node, subject, "ike_" + state, as_value(count), "SAs");
    std::erase_if(states, [](const auto& row) { return row.second == 0; });
    g.told_states = std::move(states);
    g.out_octets = g.in_octets = g.rejected = g.retransmissions = 0;
  }
}

void Meter::finish(Instant now) {
  report_sas(now, true);
  for (auto& [node, metric_of] : std::exchange(waiting_, {}))
    journal_.emit(now, node, "", std::move(metric_of));
}

}  // namespace ikelab::run
