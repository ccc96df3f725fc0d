// What `measure:` tells of gateways and SAs, in a run whose numbers are known.
#include <map>

#include "sim/run/run.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

std::vector<trace::Metric> metrics(const scenario::Overrides& overrides) {
  const auto scenario = scenario::load("rekey-in-disorder", overrides, 7);
  if (!scenario.ok()) FAIL(scenario.error().to_string());
  trace::MemorySink memory;
  run::RunOptions options;
  options.sinks = {&memory};
  const auto report = run::run(*scenario, options);
  if (!report.ok()) FAIL(report.error().to_string());
  CHECK(report->expectations_met());
  std::vector<trace::Metric> out;
  for (const trace::Event& event : memory.events)
    if (const auto* m = std::get_if<trace::Metric>(&event.body)) out.push_back(*m);
  return out;
}

}  // namespace

TEST_CASE("measure: gateways, SAs and rekeys have metrics, and without it none do",
          "[run][meter]") {
  std::map<std::pair<std::string, std::string>, std::int64_t> last, sum;
  std::int64_t carried_in = 0, lost = 0;
  unsigned rekeys = 0;
  for (const trace::Metric& m : metrics({{"measure", "5s"}})) {
    last[{m.subject, m.name}] = m.value;
    if (m.subject.starts_with("sa gw-b in ") && m.name == "packets") carried_in += m.value;
    if (m.subject.starts_with("sa gw-b in ") && m.name == "lost") lost += m.value;
    if (m.subject == "rekey gw-a" && m.name == "duration") {
      ++rekeys;
      CHECK(m.value > 20'000'000);  // a round trip over the two links
      CHECK(m.value < 200'000'000);
    }
    if (m.name == "overlap") CHECK(m.value > 0);
  }
  const std::int64_t received = last[{"udp host-a > host-b", "received"}];
  CHECK(received > 12'000);
  CHECK(carried_in == received);
  CHECK(lost == 0);
  CHECK(rekeys >= 8);
  CHECK(last[{"gateway gw-a", "ike_established"}] == 1);
  CHECK(last[{"gateway gw-a", "esp_sas"}] == 2);
  for (const trace::Metric& m : metrics({})) CHECK_FALSE(m.subject.starts_with("gateway "));
}
