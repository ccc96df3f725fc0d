// How an attack went, from the trace: when it began, what it sent, when it had what it wanted, when
// somebody noticed; and the truth about each packet, honest or not.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "protocol/trace/journal.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::matrix {

class Course : public trace::Sink {
 public:
  explicit Course(const scenario::Scenario& scenario);
  void record(const trace::Event& event) override;
  [[nodiscard]] trace::Kinds wants() const override {
    return trace::kinds_of<trace::Alert, trace::PacketOnLink, trace::DatagramDropped,
                           trace::AttackAction, trace::Metric>();
  }

  [[nodiscard]] Instant beginning() const { return begun.value_or(Instant{}); }
  /// Whether the adversary made this packet, or made it what it is.
  [[nodiscard]] bool is_forged(std::uint64_t datagram) const { return forged_.contains(datagram); }

  struct Alert {
    std::string detector;
    Instant at;
    std::uint64_t datagram = 0;
  };
  std::optional<Instant> begun, succeeded, alerted;
  std::optional<bool> goal;
  std::uint64_t packets = 0;  ///< of the adversary, until it succeeded
  std::vector<Alert> alerts;
  /// IKE and ESP packets that crossed a watched link, and those that a monitor took out.
  std::uint64_t honest_seen = 0, forged_seen = 0, honest_blocked = 0, forged_blocked = 0;

 private:
  std::set<std::string> adversaries_, watched_, monitors_;  ///< watched_: links
  std::unordered_set<std::uint64_t> forged_;
};

}  // namespace ikelab::matrix
