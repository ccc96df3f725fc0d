// Writes the sample runs into a database, for tests that drive the programs from outside
// (tests/visualizer/ui): `test_visualizer "[.samples]"` with IKELAB_SAMPLES naming a folder.
#include <cstdlib>
#include <filesystem>

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
}
