#include "sim/store/matrix_store.hpp"

namespace ikelab::store {
namespace {

template <class T>
Value value_or_null(const std::optional<T>& value) {
  return value ? Value(static_cast<std::int64_t>(*value)) : Value(nullptr);
}

}  // namespace

Result<MatrixStore> MatrixStore::open(const std::filesystem::path& file) {
  IKELAB_TRY(auto database, Database::open(file));
  return MatrixStore(std::move(database));
}

Result<void> MatrixStore::add(const MatrixRow& row) {
  IKELAB_TRY(
      Statement insert,
      database_->prepare("INSERT OR REPLACE INTO matrix_run VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  return insert.run({row.attack, row.scenario, row.seed, row.id, row.setting,
                     static_cast<std::int64_t>(row.as_said), row.winner,
                     value_or_null(row.time_to_success), value_or_null(row.packets_to_success),
                     value_or_null(row.time_to_alert), row.error, row.fingerprint, utc_now()});
}

}  // namespace ikelab::store
