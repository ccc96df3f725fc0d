// Reading runs from a database, whole and while they grow; and the program itself, as a user meets
// it.
#include "visualizer/app/loader.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "labs/store/gradebook.hpp"
#include "sim/store/recorder.hpp"
#include "sim/store/sweep_store.hpp"
#include "tests/support/catch.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/app/png.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("ikelab-loader-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

void record(store::Recorder& recorder, const std::vector<trace::Event>& events, std::size_t from,
            std::size_t to) {
  for (std::size_t i = from; i < to; ++i) recorder.record(events[i]);
}

void record_sample(const std::filesystem::path& file) {
  auto recorder = store::Recorder::open(file);
  REQUIRE(recorder.ok());
  const auto events = samples::sample_events();
  REQUIRE((*recorder)->begin_run(samples::sample_info(), store::RecordLevel::full).ok());
  record(**recorder, events, 0, events.size());
  REQUIRE((*recorder)->finish_run(store::RunStatus::finished, true, "abcd").ok());
}

// Takes news until `done` or the loader has said all; true when `done`.
template <class Done>
bool pump(Loader& loader, RunModel& run, Done done) {
  for (int i = 0; i < 3000 && !done(); ++i) {
    Loader::News news = loader.take();
    REQUIRE_FALSE(news.error);
    if (news.whole) {
      run.change_over(*news.whole);
      loader.discard(std::move(news.whole));
    }
    if (news.info) run.set_info(*news.info);
    run.append(std::move(news.events));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return done();
}

struct Outcome {
  int code = -1;
  std::string text;
};
Outcome program(const std::string& arguments) {
  const std::string command =
      "env -u DISPLAY -u WAYLAND_DISPLAY '" IKELAB_VIEW_PROGRAM "' " + arguments + " 2>&1";
  Outcome out;
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char part[512];
  while (std::fgets(part, sizeof part, pipe) != nullptr) out.text += part;
  const int status = ::pclose(pipe);
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a recorded run is read whole", "[loader]") {
  const Folder folder;
  record_sample(folder.path / "runs.db");
  RunModel run;
  REQUIRE(load_all(folder.path / "runs.db", "", run).ok());
  CHECK(run.info().scenario == "site-to-site");
  CHECK(run.info().nodes.size() == 5);
  CHECK(run.event_count() == samples::sample_events().size());
  CHECK(run.traffic().messages().size() == 11);
  RunModel none;
  CHECK(load_all(folder.path / "runs.db", "no-such-run", none).error().code == "E-DB-010");
  CHECK(load_all(folder.path / "no.db", "", none).error().code == "E-DB-004");
}

TEST_CASE("a database that holds experiments alone is opened; its points are read", "[loader]") {
  const Folder folder;
  const std::filesystem::path file = folder.path / "sweep.db";
  auto sweeps = store::SweepStore::open(file);
  REQUIRE(sweeps.ok());
  RunModel nothing;
  CHECK(load_all(file, "", nothing).error().code == "E-DB-010");  // no run, no experiment
  REQUIRE(sweeps
              ->begin({.name = "small",
                       .about = "",
                       .config = "",
                       .config_hash = "",
                       .points = 1,
                       .versions = ""})
              .ok());
  store::PointRow point;
  point.point_key = "small/loss=1%,seed=3";
  point.cell = "loss=1%";
  point.parameters = {{"loss", "1%"}};
  point.seed = 3;
  point.values = {{"latency", 2.5e6, "ns"}, {"nothing", {}, "ns"}};
  REQUIRE(sweeps->add("small", point).ok());
  RunModel run;
  REQUIRE(load_all(file, "", run).ok());
  CHECK(run.empty());
  CHECK(run.experiments().measures("small") == std::vector<std::string>{"latency"});
  const Chart chart = run.experiments().chart("small", "latency");
  CHECK(chart.x_name == "loss");
  CHECK(chart.top == 2.5e6);
  CHECK(load_all(file, "no-such-run", run).error().code == "E-DB-010");
  Loader loader(file, "");
  RunModel followed;
  for (int i = 0; i < 3000 && followed.experiments().empty(); ++i) {
    Loader::News news = loader.take();
    REQUIRE_FALSE(news.error);
    if (news.whole) followed.change_over(*news.whole);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  CHECK(followed.experiments().names() == std::vector<std::string>{"small"});
}

TEST_CASE("a gradebook is read: the best attempt of each student, how often a goal was met",
          "[loader]") {
  const Folder folder;
  const std::filesystem::path file = folder.path / "class.db";
  auto book = labs::Gradebook::open(file);
  REQUIRE(book.ok());
  for (const int score : {40, 90}) {
    labs::AttemptRecord attempt;
    attempt.student = "ada";
    attempt.lab = "bytes";
    attempt.started_at = attempt.graded_at = "2026-01-01T00:00:00Z";
    attempt.score = score;
    attempt.max_score = 100;
    attempt.goals.push_back({});
    attempt.goals.back().goal = "spi";
    attempt.goals.back().met = score > 50;
    labs::CheckRecord check;
    check.goal = "spi";
    check.field = "spi_i";
    check.points = score / 10;
    check.max_points = 10;
    check.event = static_cast<std::uint64_t>(score);
    check.feedback = "not these octets";
    attempt.checks.push_back(check);
    REQUIRE((*book)->add(attempt).ok());
  }
  RunModel run;
  REQUIRE(load_all(file, "", run).ok());
  REQUIRE(run.grades().grades.size() == 1);
  CHECK(run.grades().grades.front().score == 90);
  CHECK(run.grades().grades.front().attempts == 2);
  REQUIRE(run.grades().goals.size() == 1);
  CHECK(run.grades().goals.front().met == 1);
  REQUIRE(run.grades().lost.size() == 1);  // of the best attempt alone
  CHECK(run.grades().lost.front().event == 90);
  CHECK(run.grades().lost.front().points == 9);
  CHECK(run.grades().lost.front().feedback == "not these octets");
}

TEST_CASE("a run that is still being recorded is followed to its end", "[loader]") {
  const Folder folder;
  const auto events = samples::sample_events({.esp_packets = 3000});
  auto recorder = store::Recorder::open(folder.path / "grow.db");
  REQUIRE(recorder.ok());
  REQUIRE((*recorder)->begin_run(samples::sample_info(), store::RecordLevel::full).ok());
  record(**recorder, events, 0, events.size() / 2);
  Loader loader(folder.path / "grow.db", "");
  RunModel run;
  CHECK(pump(loader, run,
             [&] { return run.event_count() > 0; }));  // at least what was committed in batches
  record(**recorder, events, events.size() / 2, events.size());
  REQUIRE((*recorder)->finish_run(store::RunStatus::finished, true, "abcd").ok());
  CHECK(pump(loader, run, [&] { return run.event_count() == events.size(); }));
  CHECK(run.info().status == store::RunStatus::finished);
}

TEST_CASE("a damaged or missing database is one error, not a crash", "[loader]") {
  const Folder folder;
  std::ofstream(folder.path / "bad.db")
      << "this is no database, but it is long enough to be taken for one at first sight";
  for (const char* name : {"bad.db", "none.db"}) {
    Loader loader(folder.path / name, "");
    std::optional<Error> error;
    for (int i = 0; i < 3000 && !error; ++i) {
      error = loader.take().error;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    REQUIRE(error);
    CHECK(error->code.starts_with("E-DB-"));
  }
}

TEST_CASE("the program draws a picture of a run without a display", "[program]") {
  const Folder folder;
  record_sample(folder.path / "runs.db");
  const std::string db = "--db '" + (folder.path / "runs.db").string() + "' ";
  const std::string png = (folder.path / "a.png").string();
  const Outcome drawn = program(db + "--png '" + png +
                                "' --panel ladder --theme dark --size 900x500 --select message:3");
  CHECK(drawn.code == 0);
  const auto image = read_png(png);
  REQUIRE(image.ok());
  CHECK(image->width == 900);
  CHECK(image->height == 500);
  CHECK(program("--help").code == 0);
}

TEST_CASE("page and drawing follow the ladder's options; others are refused", "[program]") {
  const Folder folder;
  record_sample(folder.path / "runs.db");
  const std::string db = "--db '" + (folder.path / "runs.db").string() + "' ";
  const auto written = [&](const std::string& option, const std::string& file) {
    const std::string path = (folder.path / file).string();
    const Outcome o = program(db + option + " '" + path + "'");
    INFO(o.text);
    REQUIRE(o.code == 0);
    std::ifstream in(path);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string fits = "--filter 'isakmp.exchangetype == IKE_AUTH' ";
  const std::string all = written("--svg", "all.svg"), some = written(fits + "--svg", "some.svg");
  CHECK(all.find("IKE_SA_INIT") != std::string::npos);
  CHECK(some.find("IKE_SA_INIT") == std::string::npos);
  CHECK(some.find("IKE_AUTH") != std::string::npos);
  CHECK(written("--axis steps --svg", "steps.svg") != all);
  const std::string page = written(fits + "--html", "some.html");
  CHECK(page.find("Only what fits <code>isakmp.exchangetype == IKE_AUTH</code>") !=
        std::string::npos);
  for (const char* option :
       {"--at 2s", "--select message:2", "--explain", "--compare 1", "--axis time"})
    for (const char* output : {"--svg", "--html"}) {
      const Outcome o = program(db + option + " " + output + " /no/such/folder/x");
      INFO(option << ' ' << output << ": " << o.text);
      CHECK(o.code == 2);
      CHECK(lines(o.text) == 1);
      CHECK(o.text.find("would change nothing") != std::string::npos);
    }
  const std::string keys = " --panel keys --svg '" + (folder.path / "keys.svg").string() + "'";
  CHECK(program(db + "--select key:SKEYSEED" + keys).code == 0);
  CHECK(program(db + fits + keys).code == 2);
}

TEST_CASE("wrong usage is one clear line and exit code 2, a missing display 3", "[program]") {
  const Folder folder;
  record_sample(folder.path / "runs.db");
  const std::string db = "--db '" + (folder.path / "runs.db").string() + "' --png '" +
                         (folder.path / "a.png").string() + "' ";
  for (const std::string& arguments :
       {db + "--panel nonsense", db + "--size big", db + "--theme blue", db + "--scale 900%",
        db + "--select message:99", db + "--select nothing", db + "--at yesterday",
        db + "no-such-run", db + "--wrong-option",
        std::string("--db /no/such/file.db --png /tmp/x.png")}) {
    INFO(arguments);
    const Outcome o = program(arguments);
    INFO(o.text);
    CHECK(o.code == 2);
    CHECK(lines(o.text) == 1);
    CHECK(o.text.starts_with("ikelab-view: "));
  }
  const Outcome window = program("--db '" + (folder.path / "runs.db").string() + "'");
  CHECK(window.code == 3);
  CHECK(lines(window.text) == 1);
  CHECK(window.text.find("--png") != std::string::npos);
  CHECK(window.text.find("ikelab show") != std::string::npos);
  const Outcome unwritable =
      program("--db '" + (folder.path / "runs.db").string() + "' --png /no/such/folder/a.png");
  CHECK(unwritable.code == 3);
  CHECK(lines(unwritable.text) == 1);
}
