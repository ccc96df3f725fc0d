// What the store kept is shown as what happened: the views over a database and over the events in
// memory are the same.
#include <filesystem>
#include <sstream>

#include "sim/store/reader.hpp"
#include "sim/store/recorder.hpp"
#include "tests/sim/show_run.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::show::test;

TEST_CASE("show: a recorded run reads as the run that happened", "[show]") {
  const auto file = std::filesystem::temp_directory_path() / "ikelab-show-test.db";
  for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + tail);
  const Script script = run_of_two();
  {
    auto recorder = store::Recorder::open(file);
    REQUIRE(recorder.ok());
    REQUIRE((*recorder)->begin_run(run_info(), store::RecordLevel::full).ok());
    for (const trace::Event& event : script.events) (*recorder)->record(event);
    REQUIRE((*recorder)->finish_run(store::RunStatus::finished, true, "ab").ok());
  }
  auto reader = store::Reader::open(file);
  REQUIRE(reader.ok());
  auto run = (*reader)->run("");
  REQUIRE(run.ok());
  CHECK(run->expectations_met);
  auto events = (*reader)->events(run->id);
  REQUIRE(events.ok());
  for (const char* view : {"messages", "message", "keys", "sas", "why", "attack"}) {
    std::ostringstream stored, happened, err;
    const show::ShowOptions options{view, 4, false, false, 100};
    CHECK(show::show(*run, *events, options, stored, err) == 0);
    CHECK(show::show(*run, script.events, options, happened, err) == 0);
    CHECK(stored.str() == happened.str());
    CHECK(stored.str().size() > 200);
  }
  for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + tail);
}
