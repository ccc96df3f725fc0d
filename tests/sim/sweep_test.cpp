// Experiments: loading, measuring, statistics, and the runner with points that take no simulation.
// The runner with real simulations, killed and resumed, is in cli_test.cpp.
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>
#include <sstream>

#include "sim/sweep/export.hpp"
#include "sim/sweep/runner.hpp"
#include "sim/sweep/statistics.hpp"
#include "tests/sim/store_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

constexpr const char* small = R"(name: small
about: made up
scenario: fleet
set: {record: metrics}
matrix:
  tunnels: {path: fleet.count, values: [10, 20]}
  loss: {path: links.wan.loss, values: [0%, 1%]}
seeds: 1..3
warm_up: 500ms
measures:
  a: {query: task_duration, take: median}
  b: {query: esp_lost, take: count}
)";

sweep::Experiment experiment(const std::string& yaml = small) {
  auto loaded = sweep::load_text(yaml, "small.yaml");
  INFO((loaded.ok() ? "" : loaded.error().to_string()));
  REQUIRE(loaded.ok());
  return std::move(loaded).value();
}

/// The line an experiment gets when `what` in it is replaced.
std::string refused(const std::string& what, const std::string& by) {
  std::string yaml = small;
  yaml.replace(yaml.find(what), what.size(), by);
  auto loaded = sweep::load_text(yaml, "small.yaml");
  REQUIRE_FALSE(loaded.ok());
  const std::string line = loaded.error().to_string();
  CHECK(line.find('\n') == std::string::npos);
  return line;
}

Result<store::PointRow> made_up(const sweep::Experiment&, const sweep::Point& point) {
  store::PointRow row;
  row.config_hash = "c", row.versions = "v", row.fingerprint = "f" + std::to_string(point.seed);
  row.values = {{"a", static_cast<double>(point.seed) + 0.1, "ms"}, {"b", {}, "1"}};
  return row;
}

sweep::SweepOptions options(const std::filesystem::path& db, sweep::PointFunction point = made_up) {
  sweep::SweepOptions out;
  out.db = db;
  out.jobs = 3;
  out.point = std::move(point);
  return out;
}

/// The report of a sweep that must go through.
sweep::SweepReport swept(const sweep::Experiment& e, const sweep::SweepOptions& o) {
  auto report = sweep::sweep(e, o);
  INFO((report.ok() ? "" : report.error().to_string()));
  REQUIRE(report.ok());
  return std::move(report).value();
}

trace::Event task_at(std::int64_t ms, std::int64_t duration_ms, const char* outcome = "done",
                     const char* role = "initiator") {
  return {Instant{ms * 1'000'000}, 1, "gw", "",
          trace::TaskEnded{"child_rekey", role, outcome, "", duration_ms * 1'000'000}};
}

}  // namespace

TEST_CASE("sweep: an experiment becomes points with keys of their own") {
  const auto e = experiment();
  const auto points = sweep::points(e);
  REQUIRE(points.size() == 12);
  std::set<std::string> keys;
  for (const auto& point : points) keys.insert(point.key);
  CHECK(keys.size() == 12);
  CHECK(points[0].key == "small/loss=0%,tunnels=10,seed=1");
  CHECK(points[0].cell == "loss=0%,tunnels=10");
  CHECK(points[0].settings ==
        sweep::Settings{{"record", "metrics"}, {"fleet.count", "10"}, {"links.wan.loss", "0%"}});
  CHECK(points[1].seed == 2);
  CHECK(e.warm_up == 500ms);
  CHECK(sweep::replay_command(e, points[1]) ==
        "ikelab run fleet --seed 2 --set 'record=metrics' --set 'fleet.count=10' --set "
        "'links.wan.loss=0%'");
}

TEST_CASE("sweep: mistakes in an experiment get one line with their place") {
  CHECK(refused("seeds:", "sedes:").starts_with("E-SWP-003: small.yaml:8:1: unknown key 'sedes'"));
  CHECK(refused("scenario: fleet\n", "")
            .starts_with("E-SWP-003: small.yaml:1:1: the key 'scenario' is missing"));
  CHECK(refused("1..3", "3..1").starts_with("E-SWP-004: small.yaml:8:8:"));
  CHECK(refused("1..3", "many").starts_with("E-SWP-004: small.yaml:8:8:"));
  CHECK(refused("1..3", "[1, 1]").starts_with("E-SWP-004: small.yaml:8:12:"));
  CHECK(refused("500ms", "500").starts_with("E-SWP-004: small.yaml:9:10: '500' is no duration"));
  CHECK(refused("[10, 20]", "10").starts_with("E-SWP-004: small.yaml:6:40:"));
  CHECK(refused("task_duration", "task_length").find("expected one of: task_duration") !=
        std::string::npos);
  CHECK(refused("median", "mean").starts_with("E-SWP-005: small.yaml:11:3:"));
  CHECK(refused("take: median", "tusk: x, take: median").find("no such argument 'tusk'") !=
        std::string::npos);
  CHECK(refused("name: small", "name: [small").starts_with("E-SWP-002: small.yaml:"));
  CHECK(sweep::load("no-such").error().code == "E-SWP-001");
  CHECK(sweep::load("no-such").error().hint.find("rekey-latency") != std::string::npos);
}

TEST_CASE("sweep: the shipped experiments load") {
  const auto shipped = sweep::shipped();
  REQUIRE(shipped.size() >= 2);
  for (const auto& [name, about] : shipped) {
    INFO(about);
    const auto loaded = sweep::load(name);
    REQUIRE(loaded.ok());
    CHECK(loaded->name == name);
  }
  CHECK(sweep::points(sweep::load("rekey-latency-small").value()).size() == 12);
}

TEST_CASE("sweep: measures see what came after the warm-up, and only their tasks") {
  sweep::Collector collector({{"n", "task_duration", {{"task", "child_rekey"}}, "count"},
                              {"median", "task_duration", {}, "median"},
                              {"max", "task_duration", {}, "max"},
                              {"failed", "task_duration", {{"outcome", "failed"}}, "count"},
                              {"responder", "task_duration", {{"role", "responder"}}, "median"}},
                             1s);
  for (const auto& e : {task_at(500, 10), task_at(1005, 10), task_at(2000, 20), task_at(3000, 40),
                        task_at(4000, 5, "failed"), task_at(5000, 7, "done", "responder")}) {
    collector.record(e);  // the second one began before the warm-up was over
  }
  const auto values = collector.values();
  CHECK(values[0].value == 2);
  CHECK(values[1].value == 30);
  CHECK(values[1].unit == "ms");
  CHECK(values[2].value == 40);
  CHECK(values[3].value == 1);
  CHECK(values[4].value == 7);
}

TEST_CASE("sweep: a packet under way at the end is not lost, and nothing is measured of nothing") {
  sweep::Collector collector({{"lost", "esp_lost", {}, "count"},
                              {"again", "retransmissions", {}, "count"},
                              {"median", "task_duration", {}, "median"},
                              {"first", "messages", {}, "count"}},
                             0s);
  std::uint64_t datagram = 0;
  const auto sealed = [&](std::int64_t ms) {
    trace::EspSealed body;
    body.datagram = ++datagram;
    collector.record({Instant{ms * 1'000'000}, 1, "a", "", body});
  };
  sealed(0), sealed(10), sealed(20), sealed(1950);
  trace::EspOpened opened;
  opened.datagram = 2;
  collector.record({Instant{30'000'000}, 1, "b", "", opened});
  trace::Message again;
  again.direction = "sent";
  again.attempt = 1;
  collector.record({Instant{2'000'000'000}, 1, "a", "", again});
  const auto values = collector.values();
  CHECK(values[0].value == 2);  // the first and the third
  CHECK(values[1].value == 1);
  CHECK_FALSE(values[2].value.has_value());
  CHECK(values[3].value == 0);
}

TEST_CASE("sweep: quantiles and the interval of the median") {
  CHECK(sweep::quantile({3, 1, 2}, 0.5) == 2);
  CHECK(sweep::quantile({4, 1, 2, 3}, 0.5) == 2.5);
  CHECK(sweep::quantile({5}, 0.95) == 5);
  CHECK(sweep::quantile({0, 10}, 0.95) == Approx(9.5));
  // Conover 1999, table A3: binomial with p = 1/2. n = 10: P(B <= 1) = 0.0107, so [x(2), x(9)]
  // covers with 0.9785.
  const auto ten = sweep::median_interval({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  CHECK(ten.low == 2);
  CHECK(ten.high == 9);
  CHECK(ten.coverage == Approx(0.9785).margin(0.0001));
  const auto three =
      sweep::median_interval({1, 5, 9});  // too few for 95 %: the range, and it says so
  CHECK(three.low == 1);
  CHECK(three.high == 9);
  CHECK(three.coverage == Approx(0.75));
  CHECK(sweep::median_interval({7}).coverage == Approx(0));
}

TEST_CASE("sweep: every point becomes one row") {
  const TemporaryFolder folder;
  const auto db = folder / "x.db";
  std::size_t last_done = 0;
  auto o = options(db);
  o.progress = [&](const sweep::Progress& p) { last_done = p.done; };
  const auto report = swept(experiment(), o);
  CHECK(report.done_now == 12);
  CHECK(report.complete);
  CHECK(last_done == 12);
  CHECK(
      value(db,
            "SELECT count(*), count(DISTINCT point_key), sum(status = 'done') FROM sweep_points") ==
      "12|12|12");
  CHECK(value(db, "SELECT points, points_done, finished_at IS NOT NULL FROM experiments") ==
        "12|12|1");
  CHECK(
      value(db,
            "SELECT seed, json_extract(parameters, '$.loss'), json_extract(measures, '$.a'), "
            "json_extract(measures, '$.b'), "
            "fingerprint FROM sweep_points WHERE point_key = 'small/loss=1%,tunnels=20,seed=3'") ==
      "3|1%|3.1|-|f3");
}

TEST_CASE("sweep: what is there is not touched without resume, and not run again with it") {
  const TemporaryFolder folder;
  const auto db = folder / "x.db";
  swept(experiment(), options(db));
  auto again = sweep::sweep(experiment(), options(db));
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().code == "E-SWP-010");
  CHECK(again.error().to_string().find("--resume") != std::string::npos);
  auto o = options(db);
  o.resume = true;
  const auto resumed = swept(experiment(), o);
  CHECK(resumed.done_before == 12);
  CHECK(resumed.done_now == 0);
  std::string changed = small;
  changed.replace(changed.find("made up"), 7, "changed");
  auto other = sweep::sweep(experiment(changed), o);
  REQUIRE_FALSE(other.ok());
  CHECK(other.error().code == "E-SWP-011");
}

TEST_CASE("sweep: a crash loses one point, an error says why, and resume tries both again") {
  const TemporaryFolder folder;
  const auto db = folder / "x.db";
  const auto flaky = [](const sweep::Experiment& e,
                        const sweep::Point& point) -> Result<store::PointRow> {
    if (point.key == "small/loss=0%,tunnels=10,seed=2") std::raise(SIGKILL);
    if (point.key == "small/loss=1%,tunnels=20,seed=1") return Error{"E-RUN-001", "it broke"};
    return made_up(e, point);
  };
  const auto report = swept(experiment(), options(db, flaky));
  CHECK(report.done_now == 10);
  CHECK(report.failed.size() == 2);
  CHECK_FALSE(report.complete);
  CHECK(
      rows(
          db,
          "SELECT point_key, error FROM sweep_points WHERE status = 'failed' ORDER BY point_key") ==
      std::vector<std::string>{
          "small/loss=0%,tunnels=10,seed=2|the simulation died: signal 9 (Killed)",
          "small/loss=1%,tunnels=20,seed=1|E-RUN-001: it broke"});
  auto o = options(db);
  o.resume = true;
  const auto resumed = swept(experiment(), o);
  CHECK(resumed.done_now == 2);
  CHECK(resumed.complete);
  CHECK(value(db, "SELECT count(*), sum(status = 'done') FROM sweep_points") == "12|12");
}

TEST_CASE("sweep: a stopped sweep keeps what is done") {
  const TemporaryFolder folder;
  const auto db = folder / "x.db";
  static volatile std::sig_atomic_t stop = 0;
  stop = 0;
  auto o = options(db);
  o.jobs = 1;
  o.stop = &stop;
  o.progress = [](const sweep::Progress& p) {
    if (p.done == 5) stop = 1;
  };
  const auto report = swept(experiment(), o);
  CHECK(report.interrupted);
  CHECK(report.done_now == 5);
  CHECK(value(db, "SELECT count(*), (SELECT finished_at FROM experiments) FROM sweep_points") ==
        "5|-");
}

TEST_CASE("sweep: shards are joined by merge to the whole") {
  const TemporaryFolder folder;
  for (unsigned shard = 1; shard <= 3; ++shard) {
    auto o = options(folder / ("shard" + std::to_string(shard) + ".db"));
    o.shard = shard;
    o.shards = 3;
    const auto report = swept(experiment(), o);
    CHECK(report.total == 4);
    CHECK_FALSE(report.complete);
  }
  auto store = store::SweepStore::open(folder / "all.db");
  REQUIRE(store.ok());
  for (const char* shard : {"shard1.db", "shard2.db", "shard3.db", "shard1.db"}) {
    auto merged = store->merge(folder / shard);
    REQUIRE(merged.ok());
    CHECK(merged->added + merged->already_there == 4);
    CHECK(merged->differing.empty());
  }
  CHECK(
      value(folder / "all.db",
            "SELECT count(*), count(DISTINCT point_key), sum(status = 'done') FROM sweep_points") ==
      "12|12|12");
  CHECK(value(folder / "all.db", "SELECT count(*), finished_at IS NOT NULL FROM experiments") ==
        "1|1");
  CHECK(value(folder / "all.db", "SELECT count(*) FROM sweep_values") == "24");
  CHECK(store->merge(folder / "none.db").error().code == "E-DB-004");
}

TEST_CASE("sweep: merge tells of points that differ, and keeps the first") {
  const TemporaryFolder folder;
  swept(experiment(), options(folder / "a.db"));
  const auto other = [](const sweep::Experiment& e, const sweep::Point& point) {
    auto row = made_up(e, point);
    if (point.key == "small/loss=0%,tunnels=10,seed=2") row->fingerprint = "other";
    return row;
  };
  swept(experiment(), options(folder / "b.db", other));
  auto store = store::SweepStore::open(folder / "a.db");
  auto merged = store->merge(folder / "b.db");
  REQUIRE(merged.ok());
  CHECK(merged->differing == std::vector<std::string>{"small/loss=0%,tunnels=10,seed=2"});
  CHECK(value(folder / "a.db",
              "SELECT fingerprint FROM sweep_points WHERE point_key = "
              "'small/loss=0%,tunnels=10,seed=2'") == "f2");
}

TEST_CASE("sweep: CSV has one line a run and one a cell and measure") {
  const TemporaryFolder folder;
  const auto e = experiment();
  swept(e, options(folder / "x.db"));
  const auto rows = store::SweepStore::open(folder / "x.db")->points("small").value();
  std::ostringstream runs, cells, summary;
  sweep::write_runs_csv(runs, e, rows);
  sweep::write_cells_csv(cells, e, rows);
  sweep::print_summary(summary, e, rows);
  const std::string run_lines = runs.str(), cell_lines = cells.str();
  CHECK(std::count(run_lines.begin(), run_lines.end(), '\n') == 13);
  CHECK(
      run_lines.starts_with("loss,tunnels,seed,status,a,b,error,config_hash,versions,fingerprint,"
                            "wall_ms,finished_at,replay,point_key\r\n"
                            "0%,10,1,done,1.1,,,c,v,f1,"));
  CHECK(run_lines.find(",\"small/loss=0%,tunnels=10,seed=1\"\r\n") != std::string::npos);
  CHECK(std::count(cell_lines.begin(), cell_lines.end(), '\n') == 9);
  CHECK(cell_lines.find("0%,10,a,ms,3,1.1,1.6,2.1,2.6,3.1,1.1,3.1,0.75\r\n") != std::string::npos);
  CHECK(cell_lines.find("0%,10,b,1,0,,,,,,,,\r\n") != std::string::npos);
  CHECK(summary.str().find("1.1 .. 3.1 ms (75 %)") != std::string::npos);
}
