// Who sits where: an adversary of the scenario with its script, its dictionaries, and what the
// scenario's `compromise:` puts into its hands.
#pragma once
#include <memory>

#include "sim/ns3/lab_channel.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/script/adversary.hpp"

namespace ikelab::sim {

/// Loads the script. Scripts and dictionaries are names in sim/attacks, or files in the scenario's
/// folder or below it: scenarios come from others and read nothing else. Errors: E-RUN-002 no such
/// script, E-RUN-005 a script for another position, E-LUA-*.
Result<std::unique_ptr<script::Adversary>> load_adversary_of(const scenario::Scenario& scenario,
                                                             const scenario::Adversary& config,
                                                             std::uint64_t datagram_id_base);

/// A detector of a monitor: a name in sim/monitor/detectors, or a file beside the scenario. Errors:
/// the same.
Result<std::unique_ptr<script::Adversary>> load_detector_of(const scenario::Scenario& scenario,
                                                            const scenario::Monitor& config,
                                                            const std::string& detector);

/// The host at one end of its link that an off-path adversary sends from. Errors: E-RUN-001 when
/// not exactly one end is a host without connections.
Result<std::string> seat_of(const scenario::Scenario& scenario, const scenario::Adversary& config);

/// Hands an adversary the derived values that the scenario grants it, as the trace tells of them.
class Compromised : public trace::Sink {
 public:
  Compromised(const scenario::Adversary& config, ns3::Ptr<LabChannel> channel)
      : config_(config), channel_(std::move(channel)) {}
  /// Schedules what is granted at a time.
  void start();
  void record(const trace::Event& event) override;
  [[nodiscard]] trace::Kinds wants() const override { return trace::kinds_of<trace::KeyDerived>(); }

 private:
  const scenario::Adversary& config_;
  ns3::Ptr<LabChannel> channel_;
  std::vector<std::vector<script::Grant>> kept_;  // for those with a time, as in the configuration
};

}  // namespace ikelab::sim
