// What came of playing attacks against their settings (`ikelab attack matrix`): one row a run.
#pragma once
#include <optional>
#include <vector>

#include "sim/store/database.hpp"

namespace ikelab::store {

struct MatrixRow {
  std::string id, attack;  ///< "A11", "sa-init-flood"
  std::string setting;     ///< "vulnerable", "hardened"
  std::string scenario;
  std::uint64_t seed = 0;
  bool as_said = false;                         ///< the scenario's expectations were met
  std::string winner;                           ///< "attacker", "defender"; empty: it did not run
  std::optional<std::int64_t> time_to_success;  ///< ns since the attack's first act
  std::optional<std::uint64_t> packets_to_success;  ///< that the adversary had sent or changed
  std::optional<std::int64_t> time_to_alert;        ///< ns, likewise; none: nobody noticed
  std::string error;                                ///< why it did not run
  std::string fingerprint;
};

class MatrixStore {
 public:
  /// Errors: E-DB-001, E-DB-002, E-DB-003.
  static Result<MatrixStore> open(const std::filesystem::path& file);
  /// Adds a row, in the place of an older one of the same attack, scenario and seed.
  Result<void> add(const MatrixRow& row);

 private:
  explicit MatrixStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  std::unique_ptr<Database> database_;
};

}  // namespace ikelab::store
