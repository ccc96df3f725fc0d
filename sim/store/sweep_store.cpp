#include "sim/store/sweep_store.hpp"

#include <nlohmann/json.hpp>

#include "sim/store/error.hpp"

namespace ikelab::store {
namespace {

Result<std::vector<ExperimentRow>> experiments_of(const Database& database,
                                                  const std::string& name) {
  IKELAB_TRY(
      Statement query,
      database.prepare("SELECT name, about, config, config_hash, points, versions FROM experiment "
                       "WHERE ?1 IN ('', name) ORDER BY experiment_id"));
  IKELAB_CHECK(query.bind({name}));
  std::vector<ExperimentRow> out;
  while (true) {
    IKELAB_TRY(const bool row, query.step());
    if (!row) return out;
    out.push_back({query.text(0), query.text(1), query.text(2), query.text(3),
                   query.unsigned_integer(4), query.text(5)});
  }
}

Result<std::vector<PointRow>> points_of(const Database& database, const std::string& name) {
  IKELAB_TRY(Statement query,
             database.prepare("SELECT point_key, cell, parameters, seed, error, p.config_hash, "
                              "p.versions, fingerprint, wall_ms, p.finished_at "
                              "FROM sweep_point p JOIN experiment x USING (experiment_id) WHERE "
                              "x.name = ? ORDER BY point_key"));
  IKELAB_TRY(
      Statement values,
      database.prepare(
          "SELECT measure, value, unit FROM sweep_value WHERE point_key = ? ORDER BY measure"));
  IKELAB_CHECK(query.bind({name}));
  std::vector<PointRow> out;
  while (true) {
    IKELAB_TRY(const bool row, query.step());
    if (!row) return out;
    PointRow point{query.text(0),
                   query.text(1),
                   {},
                   query.unsigned_integer(3),
                   query.text(4),
                   query.text(5),
                   query.text(6),
                   query.text(7),
                   query.integer(8),
                   query.text(9),
                   {}};
    const auto parameters = nlohmann::json::parse(query.text(2), nullptr, false);
    for (const auto& [key, text] : parameters.items()) {
      point.parameters[key] = text.is_string() ? text.get<std::string>() : text.dump();
    }
    IKELAB_CHECK(values.bind({point.point_key}));
    while (true) {
      IKELAB_TRY(const bool value, values.step());
      if (!value) break;
      point.values.push_back({values.text(0),
                              values.is_null(1) ? std::optional<double>() : values.real(1),
                              values.text(2)});
    }
    out.push_back(std::move(point));
  }
}

}  // namespace

Result<SweepStore> SweepStore::open(const std::filesystem::path& file) {
  IKELAB_TRY(auto database, Database::open(file));
  return SweepStore(std::move(database));
}

Result<std::optional<ExperimentRow>> SweepStore::find(const std::string& name) {
  IKELAB_TRY(auto found, experiments_of(*database_, name));
  return found.empty() ? std::optional<ExperimentRow>() : std::move(found.front());
}

Result<void> SweepStore::begin(const ExperimentRow& experiment) {
  IKELAB_TRY(Statement insert,
             database_->prepare("INSERT INTO experiment (name, about, config, config_hash, points, "
                                "versions, started_at) VALUES (?,?,?,?,?,?,?) "
                                "ON CONFLICT (name) DO NOTHING"));
  IKELAB_CHECK(
      insert.run({experiment.name, experiment.about, experiment.config, experiment.config_hash,
                  experiment.points, experiment.versions, utc_now()}));
  IKELAB_TRY(const auto there, find(experiment.name));
  if (!there || there->config_hash != experiment.config_hash) {
    return error("E-SWP-011",
                 "the experiment '" + experiment.name + "' in '" + database_->file().string() +
                     "' has another configuration than this one",
                 "name another file with --db");
  }
  return {};
}

Result<std::vector<PointRow>> SweepStore::points(const std::string& name) {
  return points_of(*database_, name);
}

Result<void> SweepStore::insert(const std::string& experiment, const PointRow& point) {
  IKELAB_TRY(Statement clear, database_->prepare("DELETE FROM sweep_value WHERE point_key = ?"));
  IKELAB_CHECK(clear.run({point.point_key}));
  IKELAB_TRY(Statement insert,
             database_->prepare("INSERT OR REPLACE INTO sweep_point SELECT ?1, experiment_id, ?2, "
                                "?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 "
                                "FROM experiment WHERE name = ?12"));
  const std::string finished = point.finished_at.empty() ? utc_now() : point.finished_at;
  const std::string parameters = nlohmann::json(point.parameters).dump();
  IKELAB_CHECK(
      insert.run({point.point_key, point.cell, parameters, point.seed,
                  point.done() ? "done" : "failed", point.error, point.config_hash, point.versions,
                  point.fingerprint, point.wall_ms, finished, experiment}));
  IKELAB_TRY(Statement value, database_->prepare("INSERT INTO sweep_value VALUES (?,?,?,?)"));
  for (const MeasuredValue& v : point.values) {
    IKELAB_CHECK(value.run(
        {point.point_key, v.measure, v.value ? Value(*v.value) : Value(nullptr), v.unit}));
  }
  return {};
}

Result<void> SweepStore::add(const std::string& experiment, const PointRow& point) {
  IKELAB_TRY(Transaction transaction, Transaction::begin(*database_));
  IKELAB_CHECK(insert(experiment, point));
  return transaction.commit();
}

Result<bool> SweepStore::finish(const std::string& name) {
  IKELAB_TRY(
      Statement update,
      database_->prepare(
          "UPDATE experiment SET finished_at = ?1 WHERE name = ?2 AND finished_at IS NULL AND "
          "points = (SELECT count(*) FROM "
          "sweep_point p WHERE p.experiment_id = experiment.experiment_id AND status = 'done')"));
  IKELAB_CHECK(update.run({utc_now(), name}));
  IKELAB_TRY(Statement query,
             database_->prepare("SELECT finished_at IS NOT NULL FROM experiment WHERE name = ?"));
  IKELAB_CHECK(query.bind({name}));
  IKELAB_TRY(const bool row, query.step());
  return row && query.integer(0) != 0;
}

Result<MergeReport> SweepStore::merge(const std::filesystem::path& other) {
  IKELAB_TRY(const auto source, Database::open_read_only(other));
  IKELAB_TRY(const auto experiments, experiments_of(*source, ""));
  MergeReport report;
  for (const ExperimentRow& experiment : experiments) {
    IKELAB_CHECK(begin(experiment));
    ++report.experiments;
    std::map<std::string, PointRow> here;
    IKELAB_TRY(auto mine, points(experiment.name));
    for (PointRow& point : mine) here[point.point_key] = std::move(point);
    IKELAB_TRY(const auto theirs, points_of(*source, experiment.name));
    IKELAB_TRY(Transaction transaction, Transaction::begin(*database_));
    for (const PointRow& point : theirs) {
      const auto known = here.find(point.point_key);
      if (known != here.end() && (known->second.done() || !point.done())) {
        ++report.already_there;
        if (point.done() && known->second.fingerprint != point.fingerprint)
          report.differing.push_back(point.point_key);
        continue;
      }
      IKELAB_CHECK(insert(experiment.name, point));
      ++report.added;
    }
    IKELAB_CHECK(transaction.commit());
    IKELAB_TRY(const bool complete, finish(experiment.name));
    static_cast<void>(complete);
  }
  return report;
}

}  // namespace ikelab::store
