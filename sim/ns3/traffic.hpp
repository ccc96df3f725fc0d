// ns-3's own applications as a scenario names them, with what they measured as Metric events.
#pragma once
#include <memory>
#include <vector>

#include "protocol/trace/journal.hpp"
#include "sim/ns3/ns3.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::sim {

/// One application (or pair of them). Metrics: ping: rtt (ns) a reply, then sent, received; tcp:
/// bytes, duration (ns) and throughput (bit/s) when complete; udp, on-off, poisson: sent and
/// received (packets), throughput; with Don't Fragment mtu (octets) when the network tells one.
class Traffic {
 public:
  virtual ~Traffic() = default;
  /// The run is over: totals into the trace.
  virtual void finish() = 0;
};

struct TrafficEnds {
  ns3::Ptr<ns3::Node> from, to;
  IpAddress from_address, to_address;
};

/// `port` is this flow's own.
std::unique_ptr<Traffic> make_traffic(const scenario::Traffic& traffic, const TrafficEnds& ends,
                                      std::uint16_t port, std::uint64_t seed,
                                      trace::Journal& journal);

}  // namespace ikelab::sim
