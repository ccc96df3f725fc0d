// Experiments and their points in the database: each point is one row, written in one transaction
// when it is done.
#pragma once
#include <map>
#include <optional>
#include <vector>

#include "sim/store/database.hpp"

namespace ikelab::store {

struct ExperimentRow {
  std::string name, about;
  std::string config;        ///< the experiment's YAML
  std::string config_hash;   ///< SHA-256 of it, hex
  std::uint64_t points = 0;  ///< of the whole matrix
  std::string versions;
};

struct MeasuredValue {
  std::string measure;
  std::optional<double> value;  ///< none: there was nothing to measure
  std::string unit;
};

struct PointRow {
  std::string point_key;  ///< unique: experiment, parameters, seed
  std::string cell;       ///< the parameters without the seed
  std::map<std::string, std::string> parameters;
  std::uint64_t seed = 0;
  std::string error;  ///< empty: done
  std::string config_hash, versions, fingerprint;
  std::int64_t wall_ms = 0;
  std::string finished_at;  ///< wall clock; filled by add() when empty
  std::vector<MeasuredValue> values;
  [[nodiscard]] bool done() const { return error.empty(); }
};

struct MergeReport {
  std::uint64_t experiments = 0, added = 0, already_there = 0;
  std::vector<std::string>
      differing;  ///< keys of points that are in both, with another fingerprint
};

class SweepStore {
 public:
  /// Errors: E-DB-001, E-DB-002, E-DB-003.
  static Result<SweepStore> open(const std::filesystem::path& file);

  /// The experiment as it was begun here, if it was.
  Result<std::optional<ExperimentRow>> find(const std::string& name);
  /// Registers the experiment, unless it is there. Errors: E-SWP-011 it is there with another
  /// configuration.
  Result<void> begin(const ExperimentRow& experiment);
  /// All its points, done and failed, in the order of their keys.
  Result<std::vector<PointRow>> points(const std::string& name);
  /// Adds a point, or replaces one that had failed.
  Result<void> add(const std::string& experiment, const PointRow& point);
  /// Marks the experiment finished if all its points are done; says whether they are.
  Result<bool> finish(const std::string& name);
  /// Takes over the experiments and points of another database. Errors: E-DB-*, E-SWP-011.
  Result<MergeReport> merge(const std::filesystem::path& other);

 private:
  explicit SweepStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  Result<void> insert(const std::string& experiment, const PointRow& point);
  std::unique_ptr<Database> database_;
};

}  // namespace ikelab::store
