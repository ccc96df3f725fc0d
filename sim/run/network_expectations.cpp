// What is expected of networks: NAT mappings, dropped packets, traffic that came through, metrics.
#include <fmt/format.h>

#include "sim/run/expectation_kind.hpp"

namespace ikelab::run {
namespace {

// `- nat: {node: home, action: made, at_least: 2}` and/or at_most: what happened to its mappings.
ExpectationOutcome nat(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  evidence.each<trace::NatMapping>([&](const auto& event, const trace::NatMapping& m) {
    const std::string node = argument(e, "node");
    count += m.action == argument(e, "action", "made") && (node.empty() || node == event.node);
  });
  return outcome(e, within(e, count), fmt::format("{} mappings", count));
}

// `- dropped: {where: firewall, reason: UDP port 500, at_least: 1}` and/or at_most; both are parts
// of what the trace says.
ExpectationOutcome dropped(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  evidence.each<trace::DatagramDropped>([&](const auto&, const trace::DatagramDropped& d) {
    count += d.where.find(argument(e, "where")) != std::string::npos &&
             d.reason.find(argument(e, "reason")) != std::string::npos;
  });
  return outcome(e, within(e, count), fmt::format("{} packets were dropped", count));
}

// `- moved: {node: gw-b, at_least: 1}` and/or at_most: SAs that went on between other addresses.
ExpectationOutcome moved(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  evidence.each<trace::SaMoved>([&](const auto& event, const trace::SaMoved&) {
    const std::string node = argument(e, "node");
    count += node.empty() || node == event.node;
  });
  return outcome(e, within(e, count), fmt::format("{} SAs moved", count));
}

/// The last values of one flow's metrics.
struct Flow {
  std::int64_t sent = 0, received = 0, throughput = 0;
  bool found = false;
};
Flow flow_of(const Expectation& e, const Evidence& evidence) {
  Flow flow;
  const std::string from = " " + argument(e, "from") + " > ", to = argument(e, "to");
  evidence.each<trace::Metric>([&](const auto&, const trace::Metric& m) {
    if (!m.subject.starts_with(argument(e, "kind", "udp") + " ")) return;
    if (m.subject.find(from) == std::string::npos || !m.subject.ends_with(to)) return;
    if (m.name == "sent") flow.sent = m.value, flow.found = true;
    if (m.name == "received") flow.received = m.value;
    if (m.name == "throughput") flow.throughput = m.value, flow.found = true;
  });
  return flow;
}

// `- traffic: {kind: udp, from: host-a, to: host-b, received_at_least: 100, lost_at_most: 3}`,
// lost_at_least, and throughput_at_least (bit/s).
ExpectationOutcome traffic(const Expectation& e, const Evidence& evidence) {
  const Flow flow = flow_of(e, evidence);
  if (!flow.found) return outcome(e, false, "no such traffic ran");
  const auto lost =
      static_cast<std::uint64_t>(std::max<std::int64_t>(flow.sent - flow.received, 0));
  const bool met =
      flow.received >= static_cast<std::int64_t>(number(e, "received_at_least", 0)) &&
      lost <= number(e, "lost_at_most", UINT64_MAX) && lost >= number(e, "lost_at_least", 0) &&
      flow.throughput >= static_cast<std::int64_t>(number(e, "throughput_at_least", 0));
  return outcome(e, met,
                 fmt::format("{} of {} packets arrived, {:.3g} Mbit/s", flow.received, flow.sent,
                             static_cast<double>(flow.throughput) / 1e6));
}

// `- metric: {subject: path gw-a, name: path_mtu, at_least: 1000, at_most: 1400}`: the last value
// of a metric whose subject begins so.
ExpectationOutcome metric(const Expectation& e, const Evidence& evidence) {
  std::optional<std::int64_t> value;
  evidence.each<trace::Metric>([&](const auto&, const trace::Metric& m) {
    if (m.subject.starts_with(argument(e, "subject")) && m.name == argument(e, "name"))
      value = m.value;
  });
  if (!value) return outcome(e, false, "it was never measured");
  return outcome(e, *value >= 0 && within(e, static_cast<std::uint64_t>(*value)),
                 fmt::format("{}", *value));
}

}  // namespace

std::vector<Kind> with_network_kinds(std::vector<Kind> rows) {
  using enum Takes;
  const std::vector<Kind> more = {
      {"nat",
       {{"node", node}, {"action", word}, {"at_least", count}, {"at_most", count}},
       nat,
       trace::kinds_of<trace::NatMapping>()},
      {"dropped",
       {{"where", word}, {"reason", word}, {"at_least", count}, {"at_most", count}},
       dropped,
       trace::kinds_of<trace::DatagramDropped>()},
      {"moved",
       {{"node", node}, {"at_least", count}, {"at_most", count}},
       moved,
       trace::kinds_of<trace::SaMoved>()},
      {"traffic",
       {{"kind", word},
        {"from", node},
        {"to", node},
        {"received_at_least", count},
        {"lost_at_most", count},
        {"lost_at_least", count},
        {"throughput_at_least", count}},
       traffic,
       trace::kinds_of<trace::Metric>()},
      {"metric",
       {{"subject", word}, {"name", word}, {"at_least", count}, {"at_most", count}},
       metric,
       trace::kinds_of<trace::Metric>()},
  };
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

}  // namespace ikelab::run
