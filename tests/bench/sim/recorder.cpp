// `ikelab bench recorder`: rows a second into the database beside a bare bulk insert of the same
// columns, and a whole run recorded and not.
#include "sim/store/recorder.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "protocol/trace/encode.hpp"
#include "sim/scenario/scenario.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/sim/sim_bench.hpp"

namespace ikelab::bench {
namespace {

namespace fs = std::filesystem;

std::string fresh(const char* what) {
  const std::string db =
      (fs::temp_directory_path() / fmt::format("ikelab-{}-{}.db", what, ::getpid())).string();
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(db + end);
  return db;
}
void forget(const std::string& db) {
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(db + end);
}

/// What a busy tunnel writes: ESP packets that were opened, each one event and one typed row.
std::vector<trace::Event> events(std::size_t count) {
  std::vector<trace::Event> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(
        {{static_cast<std::int64_t>(i) * 1000},
         i + 1,
         "gw-b",
         "",
         trace::EspOpened{
             i, "1a2b3c4d", i, 1400, "UDP 10.1.0.10:49153 > 10.2.0.10:7 1372 octets", {}}});
  return out;
}

/// CPU microseconds a row through the recorder; two rows an event.
double recorded(const std::vector<trace::Event>& all) {
  const std::string db = fresh("recorder");
  const double before = cpu_us();
  {
    auto recorder = store::Recorder::open(db).value();
    static_cast<void>(recorder->begin_run({}, store::RecordLevel::full).value());
    for (const trace::Event& event : all) recorder->record(event);
    IKELAB_ASSERT(recorder->finish_run(store::RunStatus::finished, true, "").ok());
  }
  const double spent = cpu_us() - before;
  forget(db);
  return spent / static_cast<double>(all.size() * 2);
}

/// The same columns, encoded beforehand, in one transaction with two prepared statements.
double bare(const std::vector<trace::Event>& all) {
  const std::string db = fresh("bare");
  { auto made = store::Recorder::open(db).value(); }  // the tables
  std::vector<Bytes> bodies;
  for (const trace::Event& event : all) bodies.push_back(trace::encode_body(event.body));
  sqlite3* handle = nullptr;
  IKELAB_ASSERT(sqlite3_open(db.c_str(), &handle) == SQLITE_OK);
  sqlite3_exec(handle, "PRAGMA synchronous = NORMAL; BEGIN", nullptr, nullptr, nullptr);
  sqlite3_stmt *event_row = nullptr, *packet_row = nullptr;
  sqlite3_prepare_v2(handle, "INSERT INTO event VALUES (?,?,?,?,?,?,?)", -1, &event_row, nullptr);
  sqlite3_prepare_v2(handle, "INSERT INTO esp_packet VALUES (?,?,?,?,?,?,?,?,?,?,?)", -1,
                     &packet_row, nullptr);
  const double before = cpu_us();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& body = std::get<trace::EspOpened>(all[i].body);
    const auto number = static_cast<std::int64_t>(i + 1);
    sqlite3_bind_int64(event_row, 1, 1);
    sqlite3_bind_int64(event_row, 2, number);
    sqlite3_bind_int64(event_row, 3, all[i].time.ns);
    sqlite3_bind_text(event_row, 4, "gw-b", 4, SQLITE_STATIC);
    sqlite3_bind_text(event_row, 5, "", 0, SQLITE_STATIC);
    sqlite3_bind_text(event_row, 6, "esp_opened", 10, SQLITE_STATIC);
    sqlite3_bind_blob(event_row, 7, bodies[i].data(), static_cast<int>(bodies[i].size()),
                      SQLITE_STATIC);
    sqlite3_step(event_row);
    sqlite3_reset(event_row);
    sqlite3_bind_int64(packet_row, 1, 1);
    sqlite3_bind_int64(packet_row, 2, number);
    sqlite3_bind_text(packet_row, 3, "opened", 6, SQLITE_STATIC);
    sqlite3_bind_int64(packet_row, 4, number);
    sqlite3_bind_text(packet_row, 5, body.spi.data(), static_cast<int>(body.spi.size()),
                      SQLITE_STATIC);
    sqlite3_bind_int64(packet_row, 6, number);
    sqlite3_bind_int64(packet_row, 7, 1400);
    sqlite3_bind_text(packet_row, 9, body.summary.data(), static_cast<int>(body.summary.size()),
                      SQLITE_STATIC);
    sqlite3_step(packet_row);
    sqlite3_reset(packet_row);
  }
  sqlite3_exec(handle, "COMMIT", nullptr, nullptr, nullptr);
  const double spent = cpu_us() - before;
  sqlite3_finalize(event_row);
  sqlite3_finalize(packet_row);
  sqlite3_close(handle);
  forget(db);
  return spent / static_cast<double>(all.size() * 2);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

bool run_shipped(const std::string& db) {
  const auto scenario = scenario::load("site-to-site");
  return scenario.ok() && play(scenario->yaml, db);
}

}  // namespace

int recorder(const std::vector<std::string>& arguments) {
  const bool brief = std::find(arguments.begin(), arguments.end(), "--brief") != arguments.end();
  const auto all = events(brief ? 20'000 : 200'000);
  std::vector<double> ours, theirs, wall, cpu, wall_with, wall_without;
  bool ok = true;
  for (int i = 0; i < (brief ? 3 : 7); ++i) {
    ours.push_back(recorded(all));
    theirs.push_back(bare(all));
    const std::string db = fresh("run");
    const Cost with = in_child([&] { return run_shipped(db); });
    const Cost without = in_child([] { return run_shipped(""); });
    forget(db);
    ok = ok && with.ok && without.ok;
    wall.push_back(with.wall_s / without.wall_s);
    cpu.push_back(with.cpu_s / without.cpu_s);
    wall_with.push_back(with.wall_s * 1e3);
    wall_without.push_back(without.wall_s * 1e3);
  }
  fmt::print("recorder      {:>10.0f} rows/s\n", 1e6 / median(ours));
  fmt::print("bare SQLite   {:>10.0f} rows/s\n", 1e6 / median(theirs));
  fmt::print("ratio         {:>10.2f}   (aim: 0.80 or more)\n", median(theirs) / median(ours));
  fmt::print(
      "site-to-site recorded in full / not recorded: wall {:.2f}, CPU of both threads {:.2f}"
      "   (aim: 1.10 or less); {:.0f} ms / {:.0f} ms\n",
      median(wall), median(cpu), median(wall_with), median(wall_without));
  return ok ? 0 : 1;
}

}  // namespace ikelab::bench
