// The second thread of a run: what it hashes and stores is what it was told, in order, whatever
// ends the run.
#include "sim/store/background.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "sim/store/reader.hpp"
#include "tests/sim/store_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

/// Every kind again and again, small ones and some of half a tape, over a few seconds.
std::vector<trace::Event> many_events() {
  std::vector<trace::Body> bodies;
  for (std::size_t i = 0; i < 200; ++i) {
    for (trace::Body& body : one_of_each_kind()) bodies.push_back(std::move(body));
    bodies.push_back(trace::Mark{std::string(i % 20 == 19 ? 30'000 : i, 'm')});
  }
  return as_events(std::move(bodies));
}

std::string fingerprint_of(const std::vector<trace::Event>& events) {
  const auto digest = crypto::sha256();
  for (const trace::Event& event : events) digest->update(trace::encode_event(event));
  return to_hex(digest->finish());
}

std::unique_ptr<store::Recorder> begun(const std::filesystem::path& file,
                                       store::RecordLevel level = store::RecordLevel::full) {
  auto recorder = store::Recorder::open(file);
  REQUIRE(recorder.ok());
  REQUIRE((*recorder)->begin_run(sample_run(), level).ok());
  return std::move(*recorder);
}

store::Recording into(const std::filesystem::path& file,
                      store::RecordLevel level = store::RecordLevel::full) {
  return {file, sample_run(), level};
}

Result<store::Background::Outcome> finished(store::Background& background) {
  background.end();
  background.finish(store::RunStatus::finished, true);
  return background.finished();
}

std::vector<Bytes> stored(const std::filesystem::path& file, std::int64_t run) {
  std::vector<Bytes> out;
  const auto events = store::Reader::open(file).value()->events(run).value();
  for (const trace::Event& event : events) out.push_back(trace::encode_event(event));
  return out;
}

/// Runs `work` in a process of its own; what waitpid() says of it.
int in_child(const std::function<void()>& work) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    work();
    _exit(9);  // it ends by itself
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("background: the fingerprint and the rows are those of a recorder without a thread") {
  const TemporaryFolder folder;
  const auto file = folder / "x.db";
  const auto events = many_events();
  for (const auto level :
       {store::RecordLevel::full, store::RecordLevel::control, store::RecordLevel::metrics}) {
    const auto alone = begun(file, level);
    for (const trace::Event& event : events) alone->record(event);
    REQUIRE(alone->finish_run(store::RunStatus::finished, true, "").ok());

    store::Background background(into(file, level));
    REQUIRE(background.opened().ok());
    for (const trace::Event& event : events) background.record(event);
    CHECK(finished(background).value().fingerprint == fingerprint_of(events));
  }
  for (const std::int64_t run : {1, 3, 5}) CHECK(stored(file, run) == stored(file, run + 1));
  CHECK(stored(file, 2).size() == events.size());
  CHECK(value(file, "SELECT count(DISTINCT last_time) FROM runs") == "1");
  CHECK(value(file, "SELECT count(*) FROM esp_packets WHERE run_id = 1") ==
        value(file, "SELECT count(*) FROM esp_packets WHERE run_id = 2"));
}

TEST_CASE("background: without a database there is the fingerprint, of nothing as well") {
  const auto events = many_events();
  store::Background background(std::nullopt), silent(std::nullopt);
  REQUIRE(background.opened().ok());
  for (const trace::Event& event : events) background.record(event);
  const auto outcome = finished(background).value();
  CHECK(outcome.fingerprint == fingerprint_of(events));
  CHECK(outcome.run_id == 0);
  CHECK(finished(silent).value().fingerprint == fingerprint_of({}));
}

TEST_CASE("background: a run that is cut short stays unfinished, with all that happened") {
  const TemporaryFolder folder;
  const auto file = folder / "x.db";
  const auto events = many_events();
  {
    store::Background background(into(file));
    for (const trace::Event& event : events) background.record(event);
  }
  CHECK(stored(file, 1).size() == events.size());
  CHECK(value(file, "SELECT status FROM runs") == "unfinished");
}

TEST_CASE("background: kill -9 loses what waits, and no more") {
  const TemporaryFolder folder;
  const auto file = folder / "x.db";
  constexpr std::uint64_t told = 20'000;
  const int status = in_child([&] {
    store::Background background(into(file));
    if (!background.opened().ok()) return;
    for (std::uint64_t seq = 1; seq <= told; ++seq)
      background.record({Instant{static_cast<std::int64_t>(seq)}, seq, "gw-a", "",
                         trace::Mark{std::string(200, 'm')}});
    kill(getpid(), SIGKILL);
  });
  REQUIRE(WIFSIGNALED(status));
  // a tape has 64 KiB, 16 wait, one is filled, one is taken, and the recorder keeps 500 events
  constexpr std::uint64_t lost_at_most = 18 * 65'536 / 200 + 500;
  const std::size_t kept = stored(file, 1).size();
  CHECK(kept >= told - lost_at_most);
  CHECK(kept <= told);
  CHECK(value(file, "SELECT status FROM runs") == "unfinished");
}

TEST_CASE("background: a full disk is told at the end, and the run goes on till then") {
  const TemporaryFolder folder;
  const auto file = folder / "x.db";
  const int status = in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{2'000'000, 2'000'000};  // octets: the write that passes it fails
    setrlimit(RLIMIT_FSIZE, &limit);
    store::Background background(into(file));
    if (!background.opened().ok()) return;
    const trace::Mark mark{std::string(200, 'm')};
    for (std::uint64_t seq = 1; seq <= 100'000; ++seq) {
      const trace::Event event{Instant{static_cast<std::int64_t>(seq)}, seq, "gw-a", "", mark};
      background.record(event);
    }
    const auto outcome = finished(background);
    _exit(outcome.ok() ? 2 : outcome.error().code == "E-DB-003" ? 0 : 3);
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(value(file, "SELECT status FROM runs") == "unfinished");
}

TEST_CASE("background: a database that cannot be opened is told before the first event") {
  const TemporaryFolder folder;
  const auto text = folder / "x.txt";
  std::ofstream(text) << "my notes, and no database";
  struct Row {
    std::filesystem::path file;
    const char* code;
  };
  for (const Row& row : {Row{folder / "none" / "x.db", "E-DB-003"}, Row{text, "E-DB-001"}}) {
    store::Background background(into(row.file));
    const auto opened = background.opened();
    REQUIRE(!opened.ok());
    CHECK(opened.error().code == row.code);
  }
  std::string kept;
  std::getline(std::ifstream(text), kept);
  CHECK(kept == "my notes, and no database");
  CHECK(!std::filesystem::exists(folder / "none"));
}

TEST_CASE("background: a closed database is one file, whatever was recorded") {
  const TemporaryFolder folder;
  for (const std::uint64_t count : {0U, 10U, 20'000U}) {
    const auto file = folder / (std::to_string(count) + ".db");
    store::Background background(into(file));
    for (std::uint64_t seq = 1; seq <= count; ++seq)
      background.record({Instant{static_cast<std::int64_t>(seq)}, seq, "gw-a", "",
                         trace::Mark{std::string(200, 'm')}});
    CHECK(finished(background).value().run_id == 1);
    CHECK(!std::filesystem::exists(file.string() + "-wal"));
    CHECK(stored(file, 1).size() == count);
    CHECK(value(file, "SELECT status FROM runs") == "finished");
  }
}
