// Every attack against its settings: what each header says is played, and judged by the scenarios'
// own expectations.
#pragma once
#include <functional>
#include <optional>

#include "sim/run/run.hpp"
#include "sim/script/adversary.hpp"
#include "sim/store/matrix_store.hpp"

namespace ikelab::matrix {

/// The headers of sim/attacks, by id and name. Errors: E-LUA-*.
Result<std::vector<script::Header>> attacks();
/// The headers of sim/monitor/detectors.
Result<std::vector<script::Header>> detectors();

struct Setting {
  const script::Header* attack;
  std::string kind;      ///< "vulnerable", "hardened"
  std::string scenario;  ///< shipped
};
/// The settings of those attacks whose id or name contains `filter`.
std::vector<Setting> settings(const std::vector<script::Header>& attacks,
                              const std::string& filter);

/// Runs one, and tells who won. A run that cannot be is a row with an error.
store::MatrixRow play(const Setting& setting, std::uint64_t seed,
                      const std::optional<std::filesystem::path>& db);

// ---- monitors ----------------------------------------------------------------------------------

/// How one detector did over scenarios whose truth is known: in each it should speak, or be silent.
struct DetectorScore {
  std::string detector;
  std::uint64_t caught = 0, missed = 0, false_alarms = 0, quiet = 0;  ///< runs
  double alerts = 0;                                                  ///< in all runs
  std::optional<double> delay;  ///< seconds from the attack's first packet to the alert, on average
  [[nodiscard]] std::optional<double> precision() const;
  [[nodiscard]] std::optional<double> recall() const;
};

/// Plays the scenarios that the detectors name, with every detector on every link. The truth is
/// what the headers say: a detector gives alarm in those under `alarm`, and in no other.
Result<std::vector<DetectorScore>> evaluate(
    const std::vector<std::uint64_t>& seeds,
    const std::function<void(std::size_t done, std::size_t all)>& progress);

}  // namespace ikelab::matrix
