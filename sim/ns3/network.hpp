// A scenario as an ns-3 network: nodes, links, gateways with IKE and ESP, adversaries, traffic. The
// only door to ns-3; this header and whoever includes it know nothing of it.
//
// Invariant: one Network at a time in a process (ns-3's simulator is global); the destructor gives
// everything back.
#pragma once
#include <functional>
#include <memory>

#include "protocol/trace/journal.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::sim {

/// Sees every packet that is put on a link, as an IP packet, for captures.
class WireTap {
 public:
  virtual ~WireTap() = default;
  /// `datagram`: its number in the trace, 0 if it is neither IKE nor ESP.
  virtual void on_wire(const std::string& link, Instant time, std::uint64_t datagram,
                       ByteView ip_packet) = 0;
};

class Network {
 public:
  /// Builds everything. Errors: E-RUN-001 what ns-3 cannot build from this scenario, E-LUA-* of
  /// adversary scripts.
  static Result<std::unique_ptr<Network>> build(const scenario::Scenario& scenario,
                                                trace::Journal& journal, WireTap* tap);
  virtual ~Network() = default;
  /// Before run(): `told` is called again and again after so much simulated time.
  virtual void at_intervals(Duration interval, std::function<void(Instant)> told) = 0;
  /// Lets the scenario's duration pass. `progress` is called now and then with the simulated time
  /// so far.
  virtual void run(const std::function<void(Instant)>& progress) = 0;
};

/// "ns-3.37"
std::string ns3_version();

}  // namespace ikelab::sim
