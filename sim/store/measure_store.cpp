#include "sim/store/measure_store.hpp"

namespace ikelab::store {

Result<MeasureStore> MeasureStore::open(const std::filesystem::path& file) {
  IKELAB_TRY(auto database, Database::open(file));
  return MeasureStore(std::move(database));
}

Result<void> MeasureStore::add(const MeasureRow& row) {
  IKELAB_TRY(Statement insert, database_->prepare("INSERT OR REPLACE INTO measure_run VALUES "
                                                  "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  const auto flag = [](bool value) { return Value(static_cast<std::int64_t>(value)); };
  return insert.run({row.detector, row.scenario, row.load, row.seed, flag(row.blocks),
                     flag(row.attacked), row.true_alerts, row.false_alerts, row.at_packet,
                     row.first_alert ? Value(*row.first_alert) : Value(nullptr), row.honest_packets,
                     row.forged_packets, row.honest_blocked, row.forged_blocked,
                     row.goal ? flag(*row.goal) : Value(nullptr), utc_now()});
}

}  // namespace ikelab::store
