// Thousands of subscribers behind one interface of a gateway. ns-3 scans interfaces and routes from
// end to end; here there is one interface, and a packet finds its subscriber by its address.
//
//   gateway -- VirtualNetDevice == access cloud ==+-- line 1 -- subscriber 1
//              (one interface)     hash of dst    +-- line 2 -- subscriber 2 ...
//
// Each line has its own rate (packets wait for each other), delay, jitter, loss (sim/path).
#pragma once
#include <unordered_map>

#include "sim/ns3/network.hpp"
#include "sim/ns3/subscriber.hpp"

namespace ikelab::sim {

class AccessCloud {
 public:
  /// Attaches itself to `gateway`, whose routes are there already. `first_ordinal` numbers the
  /// subscribers' datagrams.
  AccessCloud(const scenario::Cloud& cloud, const scenario::Scenario& scenario,
              ns3::Ptr<ns3::Node> gateway, const IpAddress& echo_server,
              std::uint64_t first_ordinal, trace::Journal& journal, WireTap* tap);
  AccessCloud(const AccessCloud&) = delete;
  AccessCloud& operator=(const AccessCloud&) = delete;

  void schedule();
  /// Totals into the trace.
  void finish();
  /// Nullptr when it is no subscriber.
  Subscriber* find(const std::string& name);

 private:
  /// A subscriber's line in one direction.
  struct Lane {
    path::Weather weather;
    Instant free;  ///< when the packet before has left
  };
  struct Line {
    std::unique_ptr<Subscriber> subscriber;
    Lane up, down;
  };
  bool from_gateway(ns3::Ptr<ns3::Packet> packet, const ns3::Address& source,
                    const ns3::Address& destination, std::uint16_t protocol);
  void from_subscriber(std::size_t index, std::uint64_t id, Bytes packet);
  /// When a packet of this size arrives at the other end of the lane; empty: never.
  std::vector<Duration> cross(Lane& lane, std::size_t index, bool up, std::uint64_t id,
                              ByteView packet);

  const scenario::Cloud& cloud_;
  trace::Journal& journal_;
  WireTap* tap_;
  std::unique_ptr<crypto::Provider> provider_;
  ns3::Ptr<ns3::Node> gateway_;
  ns3::Ptr<ns3::VirtualNetDevice> device_;
  std::vector<Line> lines_;
  std::unordered_map<std::uint32_t, std::size_t> by_address_;
  std::unordered_map<std::string, std::size_t> by_name_;
};

}  // namespace ikelab::sim
