// From a grade to the event that cost it, in a run that is not open: out of the gradebook itself,
// or out of the folder that `ikelab lab reopen` made beside it; and back.
#include "visualizer/app/feed.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>

#include "labs/store/gradebook.hpp"
#include "sim/store/recorder.hpp"
#include "tests/support/catch.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/app/headless.hpp"
#include "visualizer/app/recording.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("ikelab-feed-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

void record(const std::filesystem::path& file, const std::string& scenario,
            const std::string& fingerprint) {
  std::filesystem::create_directories(file.parent_path());
  auto recorder = store::Recorder::open(file);
  REQUIRE(recorder.ok());
  store::RunInfo info = samples::sample_info();
  info.scenario = scenario;
  REQUIRE((*recorder)->begin_run(info, store::RecordLevel::full).ok());
  for (const trace::Event& e : samples::sample_events()) (*recorder)->record(e);
  REQUIRE((*recorder)->finish_run(store::RunStatus::finished, true, fingerprint).ok());
}

// A class of one, who lost points in three runs: one is here, one was reopened, one is nowhere.
void grade(const std::filesystem::path& file) {
  auto book = labs::Gradebook::open(file);
  REQUIRE(book.ok());
  labs::AttemptRecord attempt;
  attempt.student = "ada";
  attempt.lab = "bytes";
  attempt.started_at = attempt.graded_at = "2026-01-01T00:00:00Z";
  attempt.score = 40;
  attempt.max_score = 100;
  attempt.runs = {{"here", "f-here"}, {"reopened", "f-reopened"}, {"nowhere", "f-nowhere"}};
  for (const auto& [run, fingerprint] : attempt.runs) {
    labs::CheckRecord check;
    check.goal = "spi";
    check.field = run;
    check.max_points = 20;
    check.run = run;
    check.event = 9;
    check.feedback = "lost in " + run;
    attempt.checks.push_back(check);
  }
  REQUIRE((*book)->add(attempt).ok());
}

// A window without a display: frames, and between them what the loader has read.
struct Window {
  explicit Window(const std::filesystem::path& database)
      : host(1280, 800, Theme::light, 1), feed({database, "", ""}, {}) {
    host.shell().opener = &feed;
    host.shell().solo = find_panel("gradebook");
    until([&] { return !host.shell().run.empty(); });
  }
  void frame() {
    feed.pump(host.shell());
    host.frame();
  }
  template <class Done>
  bool until(Done done) {
    for (int i = 0; i < 3000 && !done(); ++i) {
      frame();
      if (!done()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    frame();
    return done();
  }
  void click_on(std::string_view words) {
    frame();
    for (const auto& line : host.transcript().lines)
      if (line.text.find(words) != std::string::npos)
        return host.click((line.min.x + line.max.x) / 2, (line.min.y + line.max.y) / 2);
    FAIL("it does not say " << words);
  }
  Headless host;
  Feed feed;
};

}  // namespace

TEST_CASE("a click on what was lost opens its run at the event, and the palette leads back",
          "[feed]") {
  const Folder folder;
  const std::filesystem::path book = folder.path / "class.db";
  grade(book);
  record(book, "here", "f-here");
  record(book, "another", "f-another");
  record(folder.path / "bytes-ada-again" / "ikelab.db", "reopened", "f-reopened");
  Window w(book);
  Shell& shell = w.host.shell();
  CHECK(shell.run.info().scenario == "another");  // the newest
  w.click_on("40");
  shell.session.select(shell.run, select_message(2));

  w.click_on("lost in here");
  REQUIRE(w.until([&] { return shell.session.selection() == select_event(9); }));
  CHECK(shell.run.info().scenario == "here");
  CHECK(shell.session.now() == shell.run.event(9)->time);
  CHECK_FALSE(shell.session.can_back());  // what was selected was of the other run
  CHECK(shell.run.grades().lost.size() == 3);

  w.click_on("lost in reopened");
  REQUIRE(w.until([&] { return shell.run.info().scenario == "reopened"; }));
  REQUIRE(w.until([&] { return shell.session.selection() == select_event(9); }));
  CHECK(shell.run.grades().lost.size() == 3);  // the class stays in sight

  shell.back_to_run();
  REQUIRE(w.until([&] { return shell.run.info().scenario == "here"; }));
  shell.back_to_run();
  REQUIRE(w.until([&] { return shell.run.info().scenario == "another"; }));
  REQUIRE(w.until([&] { return shell.session.selection() == select_message(2); }));
  shell.solo = nullptr;
  shell.back_to_run();
  w.frame();
  CHECK(w.host.says("no other run was open before"));
}

TEST_CASE("a run that is recorded nowhere is said so, with what records it", "[feed]") {
  const Folder folder;
  grade(folder.path / "class.db");
  RunModel run;
  REQUIRE(load_beside(folder.path / "class.db", run).ok());
  REQUIRE(run.grades().lost.size() == 3);
  store::LostPoint lost = run.grades().lost.front();
  CHECK(lost.fingerprint == "f-" + lost.run);
  for (const char* student : {"ada", "../ada", "", "a/b"}) {
    lost.student = student;
    const auto found = recording_of(folder.path / "class.db", lost);
    REQUIRE_FALSE(found.ok());
    CHECK(found.error().code == "E-VIEW-030");
    CHECK(found.error().to_string().find("ikelab lab reopen") != std::string::npos);
  }
  // A folder of the right name with other runs, or no database at all, is not taken for it.
  lost.student = "ada";
  record(folder.path / "bytes-ada-again" / "ikelab.db", "other", "f-other");
  CHECK_FALSE(recording_of(folder.path / "class.db", lost).ok());
  record(folder.path / "bytes-ada-again" / "ikelab.db", "right", lost.fingerprint);
  const auto found = recording_of(folder.path / "class.db", lost);
  REQUIRE(found.ok());
  CHECK(found->run == "2");
}
