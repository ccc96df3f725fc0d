// Writes the sample runs into a database, for tests that drive the programs from outside
// (tests/visualizer/ui): `test_visualizer "[.samples]"` with IKELAB_SAMPLES naming a folder.
#include <cstdlib>
#include <filesystem>

#include "labs/store/gradebook.hpp"
#include "sim/store/recorder.hpp"
#include "tests/support/catch.hpp"
#include "tests/visualizer/sample_run.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

void record(store::Recorder& recorder, const store::RunInfo& info,
            const std::vector<trace::Event>& events) {
  REQUIRE(recorder.begin_run(info, store::RecordLevel::full).ok());
  for (const trace::Event& e : events) recorder.record(e);
  REQUIRE(recorder.finish_run(store::RunStatus::finished, true, "abcd").ok());
}

// A class of one: twenty points were lost at event 9 of a run that was reopened beside it.
void grade(const std::filesystem::path& folder) {
  const std::filesystem::path again = folder / "bytes-ada-again";
  std::filesystem::create_directories(again);
  auto recorder = store::Recorder::open(again / "ikelab.db");
  REQUIRE(recorder.ok());
  record(**recorder, samples::sample_info(), samples::sample_events());
  auto book = labs::Gradebook::open(folder / "class.db");
  REQUIRE(book.ok());
  labs::AttemptRecord attempt;
  attempt.student = "ada";
  attempt.lab = "bytes";
  attempt.started_at = attempt.graded_at = "2026-01-01T00:00:00Z";
  attempt.score = 80;
  attempt.max_score = 100;
  attempt.runs = {{"main", "abcd"}};
  labs::CheckRecord check;
  check.goal = "spi";
  check.field = "spi_i";
  check.max_points = 20;
  check.run = "main";
  check.event = 9;
  check.feedback = "These are the octets from the end.";
  attempt.checks.push_back(check);
  REQUIRE((*book)->add(attempt).ok());
}

}  // namespace

TEST_CASE("sample runs for tests from outside", "[.samples]") {
  const char* folder = std::getenv("IKELAB_SAMPLES");
  REQUIRE(folder != nullptr);
  auto recorder = store::Recorder::open(std::filesystem::path(folder) / "runs.db");
  REQUIRE(recorder.ok());
  store::RunInfo hostile = samples::sample_info();
  hostile.scenario = "hostile";
  hostile.about = "</p><script>document.title='owned'</script><img src=x onerror=alert(1)>";
  record(**recorder, hostile, samples::sample_events());
  record(**recorder, samples::sample_info(), samples::sample_events());
  grade(folder);
}
