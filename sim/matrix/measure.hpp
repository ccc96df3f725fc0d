// Labelled traffic: scenarios with and without an attack, composed with what honest people do and
// what their lines do to them, over seeds. The truth about each packet and each run is known, and
// each detector is held against it (`ikelab monitor evaluate`).
#pragma once
#include <functional>
#include <span>

#include "protocol/crypto/rng.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/store/measure_store.hpp"

namespace ikelab::matrix {

/// What is laid over a scenario; the dice come from the seed.
struct Load {
  std::string_view name, about;
  void (*compose)(scenario::Scenario& scenario, crypto::Rng& dice);
};
/// calm (as written), busy (rekeys, liveness checks and more traffic), weather (losses, late and
/// doubled packets).
std::span<const Load> loads();

struct MeasureOptions {
  std::vector<std::uint64_t> seeds = {1};
  std::vector<std::string> loads = {"calm"};  ///< names of loads()
  bool honest_too = true;  ///< every shipped scenario in which nobody attacks, too
  bool blocks = false;     ///< as an intrusion prevention system: what is blocked is counted
  /// Labelled captures of the traffic go here, with a list of them (runs.csv).
  std::optional<std::filesystem::path> captures;
};

/// Plays what the detectors' headers name, every detector on every link, and tells each run's rows.
/// Errors: E-CLI-011 no such load; E-RUN-003 captures cannot be written; those of running
/// scenarios.
Result<std::vector<store::MeasureRow>> measure(
    const MeasureOptions& options,
    const std::function<void(std::size_t done, std::size_t all)>& progress);

/// How one detector did over all rows.
struct DetectorScore {
  std::string detector;
  std::uint64_t caught = 0, missed = 0, false_alarms = 0, quiet = 0;  ///< runs
  std::uint64_t true_alerts = 0, false_alerts = 0;
  std::uint64_t at_packet = 0;       ///< true alerts that point at a packet of the adversary's
  std::uint64_t honest_packets = 0;  ///< that it saw: chances for a false alarm
  std::optional<double> delay;       ///< seconds from the attack's first act, on average
  std::uint64_t stopped = 0;         ///< attacks that did not reach their goal, of those caught
  std::uint64_t honest_blocked = 0, forged_blocked = 0;   ///< packets; only where it may block
  [[nodiscard]] std::optional<double> precision() const;  ///< of alerts
  [[nodiscard]] std::optional<double> recall() const;     ///< of attacked runs
};
std::vector<DetectorScore> scores_of(const std::vector<store::MeasureRow>& rows);

}  // namespace ikelab::matrix
