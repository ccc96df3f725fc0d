// What detectors made of labelled traffic (`ikelab monitor evaluate`): one row a run and detector.
#pragma once
#include <optional>
#include <vector>

#include "sim/store/database.hpp"

namespace ikelab::store {

struct MeasureRow {
  std::string detector, scenario, load;
  std::uint64_t seed = 0;
  bool blocks = false;    ///< the detector may take packets out
  bool attacked = false;  ///< the truth: an attack that it is there for took place
  std::uint64_t true_alerts = 0, false_alerts = 0;
  std::uint64_t at_packet = 0;  ///< true alerts that point at a packet of the adversary's
  std::optional<std::int64_t> first_alert;               ///< ns since the attack's first act
  std::uint64_t honest_packets = 0, forged_packets = 0;  ///< IKE and ESP, on the watched links
  std::uint64_t honest_blocked = 0, forged_blocked = 0;  ///< taken out, with `blocks`
  std::optional<bool> goal;  ///< the attack reached it; nothing: it cannot see that
};

class MeasureStore {
 public:
  /// Errors: E-DB-001, E-DB-002, E-DB-003.
  static Result<MeasureStore> open(const std::filesystem::path& file);
  /// Adds a row, in the place of an older one of the same run and detector.
  Result<void> add(const MeasureRow& row);

 private:
  explicit MeasureStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  std::unique_ptr<Database> database_;
};

}  // namespace ikelab::store
