// What is not our database, or cannot be written: one clear line each, with a stable code.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "sim/store/reader.hpp"
#include "sim/store/recorder.hpp"
#include "sim/store/schema.hpp"
#include "tests/sim/store_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

std::string read_code(const std::filesystem::path& file) {
  auto reader = store::Reader::open(file);
  if (reader.ok()) return "ok";
  CHECK(reader.error().to_string().find('\n') == std::string::npos);
  CHECK(reader.error().to_string().find(file.filename().string()) != std::string::npos);
  return reader.error().code;
}
std::string write_code(const std::filesystem::path& file) {
  auto recorder = store::Recorder::open(file);
  return recorder.ok() ? "ok" : recorder.error().code;
}
void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}
void sample_database(const std::filesystem::path& file) {
  auto recorder = store::Recorder::open(file);
  REQUIRE((*recorder)->begin_run(sample_run(), store::RecordLevel::full).ok());
  for (const auto& event : as_events(one_of_each_kind())) (*recorder)->record(event);
  REQUIRE((*recorder)->finish_run(store::RunStatus::finished, true, "ff").ok());
}
void run_sql(const std::filesystem::path& file, const std::string& sql) {
  auto database = store::Database::open(file);
  REQUIRE(database.ok());
  REQUIRE((*database)->execute(sql).ok());
}

}  // namespace

TEST_CASE("store: a missing file, a foreign file and an empty one") {
  const TemporaryFolder folder;
  CHECK(read_code(folder / "none.db") == "E-DB-004");
  CHECK(read_code(folder.path) == "E-DB-004");  // a folder is no database
  write_text(folder / "text.db", std::string(5000, 'x'));
  CHECK(read_code(folder / "text.db") == "E-DB-001");
  CHECK(write_code(folder / "text.db") == "E-DB-001");
  CHECK(std::filesystem::file_size(folder / "text.db") == 5000);  // and it is left alone
  write_text(folder / "short.db", "SQLite format 3");
  CHECK(read_code(folder / "short.db") == "E-DB-001");
  write_text(folder / "empty.db", "");
  CHECK(read_code(folder / "empty.db") == "E-DB-001");
  CHECK(write_code(folder / "empty.db") == "ok");  // an empty file becomes a database
  CHECK(read_code(folder / "empty.db") == "ok");
}

TEST_CASE("store: another program's SQLite database is left alone") {
  const TemporaryFolder folder;
  sample_database(folder / "x.db");
  run_sql(folder / "x.db", "PRAGMA application_id = 4711");
  CHECK(read_code(folder / "x.db") == "E-DB-001");
  CHECK(write_code(folder / "x.db") == "E-DB-001");
}

TEST_CASE("store: a truncated database") {
  const TemporaryFolder folder;
  sample_database(folder / "x.db");
  REQUIRE_FALSE(std::filesystem::exists(folder / "x.db-wal"));
  const auto size = std::filesystem::file_size(folder / "x.db");
  for (const auto left : {size / 2, size - 1, std::uintmax_t{4096}, std::uintmax_t{50}}) {
    std::filesystem::copy_file(folder / "x.db", folder / "cut.db",
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(folder / "cut.db", left);
    CHECK(read_code(folder / "cut.db") == "E-DB-001");
    CHECK(write_code(folder / "cut.db") == "E-DB-001");
  }
}

TEST_CASE("store: a body that cannot be decoded names its event") {
  const TemporaryFolder folder;
  sample_database(folder / "x.db");
  run_sql(folder / "x.db", "UPDATE event SET body = x'0102' WHERE seq = 5");
  auto reader = store::Reader::open(folder / "x.db");
  auto events = (*reader)->events(1);
  REQUIRE_FALSE(events.ok());
  CHECK(events.error().code.starts_with("E-TRACE-"));
  CHECK(events.error().place.find("event 5") != std::string::npos);
}

TEST_CASE("store: a newer database is refused, never guessed at") {
  const TemporaryFolder folder;
  sample_database(folder / "x.db");
  run_sql(folder / "x.db", "PRAGMA user_version = " + std::to_string(store::schema_version + 1));
  CHECK(read_code(folder / "x.db") == "E-DB-002");
  CHECK(write_code(folder / "x.db") == "E-DB-002");
}

TEST_CASE("store: migrations go forward, once, and keep the rows") {
  const TemporaryFolder folder;
  sample_database(folder / "x.db");
  auto database = store::Database::open(folder / "x.db");
  constexpr int now = store::schema_version;
  const store::Migration steps[] = {{now, "CREATE TABLE never (x)"},
                                    {now + 1, "CREATE TABLE two (x)"},
                                    {now + 2, "INSERT INTO two VALUES (3)"}};
  REQUIRE(store::migrate(**database, steps, now + 1).ok());
  REQUIRE(store::migrate(**database, steps, now + 2).ok());
  REQUIRE(store::migrate(**database, steps, now + 2).ok());
  auto query = (*database)->prepare(
      "SELECT (SELECT count(*) FROM two), (SELECT count(*) FROM sqlite_master WHERE name = "
      "'never'), "
      "(SELECT count(*) FROM runs), (SELECT user_version FROM pragma_user_version)");
  REQUIRE(query.ok());
  REQUIRE(query->step().value());
  CHECK(query->integer(0) == 1);
  CHECK(query->integer(1) == 0);
  CHECK(query->integer(2) == 1);
  CHECK(query->integer(3) == now + 2);
}

TEST_CASE("store: a failing migration changes nothing") {
  const TemporaryFolder folder;
  sample_database(folder / "x.db");
  auto database = store::Database::open(folder / "x.db");
  constexpr int next = store::schema_version + 1;
  const store::Migration steps[] = {{next, "CREATE TABLE two (x)"}, {next, "CREATE NONSENSE"}};
  CHECK_FALSE(store::migrate(**database, steps, next).ok());
  auto query = (*database)->prepare("SELECT count(*) FROM sqlite_master WHERE name = 'two'");
  REQUIRE(query->step().value());
  CHECK(query->integer(0) == 0);
}

TEST_CASE("store: where nothing can be written") {
  const TemporaryFolder folder;
  CHECK(write_code(folder / "no/such/folder/x.db") == "E-DB-003");
  sample_database(folder / "x.db");
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {  // root may write everywhere, so become nobody
    chmod(folder.path.c_str(), 0555);
    if (geteuid() == 0 && setuid(65534) != 0) _exit(9);
    auto fresh = store::Recorder::open(folder / "new.db");
    auto old = store::Recorder::open(folder / "x.db");
    const bool old_refused =
        !old.ok() || !(*old)->begin_run(sample_run(), store::RecordLevel::full).ok();
    auto reader = store::Reader::open(folder / "x.db");
    const bool readable = reader.ok() && (*reader)->events(1).ok();
    _exit((fresh.ok() ? 1 : 0) | (old_refused ? 0 : 2) | (readable ? 0 : 4));
  }
  int status = 0;
  waitpid(child, &status, 0);
  chmod(folder.path.c_str(), 0755);
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("store: a full disk is reported at the end, and what was committed is kept") {
  const TemporaryFolder folder;
  const auto file = folder / "x.db";
  sample_database(file);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{2'000'000,
                       2'000'000};  // octets: the write that passes it fails, as on a full disk
    setrlimit(RLIMIT_FSIZE, &limit);
    auto recorder = store::Recorder::open(file);
    if (!recorder.ok() || !(*recorder)->begin_run(sample_run(), store::RecordLevel::full).ok())
      _exit(1);
    for (std::uint64_t seq = 1; seq <= 200'000; ++seq) {
      (*recorder)->record({Instant{static_cast<std::int64_t>(seq)}, seq, "gw-a", "",
                           trace::Mark{std::string(200, 'm')}});
    }
    auto finished = (*recorder)->finish_run(store::RunStatus::finished, true, "ff");
    _exit(!finished.ok() && finished.error().code == "E-DB-003" ? 0 : 2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  auto reader = store::Reader::open(file);
  REQUIRE(reader.ok());
  const auto runs = (*reader)->runs().value();
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].status == store::RunStatus::finished);
  CHECK(runs[1].status == store::RunStatus::unfinished);
  CHECK((*reader)->events(1).value().size() == std::variant_size_v<trace::Body>);
  CHECK((*reader)->events(2).value().size() >= 2000);
}
