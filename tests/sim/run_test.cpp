// Whole runs on ns-3: shipped scenarios do what they expect, runs repeat to the byte, and what is
// expected can also fail.
#include "sim/run/run.hpp"

#include <fstream>
#include <map>
#include <sstream>

#include "sim/run/expectations.hpp"
#include "tests/sim/store_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

run::RunReport play(const std::string& name, const scenario::Overrides& overrides = {},
                    std::optional<std::uint64_t> seed = {}) {
  const auto scenario = scenario::load(name, overrides, seed);
  if (!scenario.ok()) FAIL(scenario.error().to_string());
  auto report = run::run(*scenario, {});
  if (!report.ok()) FAIL(report.error().to_string());
  return *report;
}

}  // namespace

TEST_CASE("run: every shipped scenario does what it expects, with three seeds", "[run]") {
  const auto all = scenario::shipped();
  REQUIRE(all.size() >= 7);
  for (const auto& [name, about] : all) {
    CHECK_FALSE(about.empty());
    for (const std::uint64_t seed : {1, 7, 23}) {
      const run::RunReport report = play(name, {}, seed);
      CHECK_FALSE(report.expectations.empty());
      for (const run::ExpectationOutcome& outcome : report.expectations) {
        INFO(name << ", seed " << seed << ": " << outcome.text << ": " << outcome.found);
        CHECK(outcome.met);
      }
    }
  }
}

TEST_CASE("run: the seed decides everything, the record level nothing", "[run]") {
  for (const char* name :
       {"site-to-site", "road-warrior", "lossy-link", "full-mesh", "cafe", "ipv6-outside"}) {
    INFO(name);
    const std::string seven = play(name, {}, 7).fingerprint;
    CHECK(seven == play(name, {}, 7).fingerprint);
    CHECK(seven != play(name, {}, 8).fingerprint);
    CHECK(seven == play(name, {{"record", "metrics"}}, 7).fingerprint);
  }
}

// tests/vectors/fingerprints.txt pins the runs of one platform; tests/tools/pin-fingerprints writes
// it anew after a change that is meant to change runs. Elsewhere the same is the aim, and the test
// says for which scenarios it holds.
TEST_CASE("run: fingerprints are those that are pinned", "[run]") {
  std::ifstream pins(IKELAB_SOURCE_DIR "/tests/vectors/fingerprints.txt");
  REQUIRE(pins);
  std::string line, pinned_on;
  unsigned count = 0;
  while (std::getline(pins, line)) {
    if (line.starts_with("# versions: ")) pinned_on = line.substr(12);
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string name, fingerprint;
    words >> name >> fingerprint;
    const run::RunReport report = play(name, {}, 7);
    ++count;
    INFO(name << " on " << report.versions << ", pinned on " << pinned_on);
    if (report.versions == pinned_on)
      CHECK(report.fingerprint == fingerprint);
    else if (report.fingerprint != fingerprint)
      WARN(name << " runs differently on " << report.versions << " than on " << pinned_on);
  }
  CHECK(count >= 7);
}

TEST_CASE("run: every kind of expectation can fail", "[run]") {
  const std::string base = R"(name: alone
duration: 3s
nodes: [{name: a, role: host}, {name: b, role: host}]
links: [{name: wire, a: a, b: b, a_address: 10.0.0.1/24, b_address: 10.0.0.2/24, loss: 100%}]
adversaries: [{name: eve, position: passive, link: wire, script: eavesdrop}]
traffic: [{kind: ping, from: a, to: b, start: 1s, stop: 2s}]
expect:
  - )";
  const std::map<std::string, std::string> failing = {
      {"established", "established: all"},
      {"ping", "ping: {from: a, received_at_least: 1}"},
      {"tcp", "tcp: {to: a}"},
      {"task", "task: {name: ike_auth, done_at_least: 1}"},
      {"retransmissions", "retransmissions: {at_least: 1}"},
      {"attack", "attack: {by: eve, achieved: true}"},
      {"esp_rejected", "esp_rejected: {at_least: 1}"},
      {"diagnostic", "diagnostic: {at_least: 1}"},
      {"learnt", "learnt: {by: eve, item: SPI, at_least: 1}"},
      {"alert", "alert: {detector: replay}"},
      {"half_open", "half_open: {node: a, at_least: 1}"},
      {"nat", "nat: {action: made, at_least: 1}"},
      {"dropped", "dropped: {where: link, at_least: 1}"},
      {"moved", "moved: {at_least: 1}"},
      {"message", "message: {payloads: SA, at_least: 1}"},
      {"derived", "derived: {name: SK_d, at_least: 1}"},
      {"timer", "timer: {name: dpd, at_least: 1}"},
      {"auth", "auth: {node: a, at_least: 1}"},
      {"address", "address: {node: a, is: 10.0.0.1}"},
      {"traffic", "traffic: {kind: ping, from: a, to: b, received_at_least: 1}"},
      {"metric", "metric: {subject: ping a, name: received, at_least: 1}"},
  };
  for (const auto& [kind, arguments] : run::expectation_kinds()) {
    INFO(kind);
    REQUIRE(failing.contains(kind));
    const auto scenario = scenario::load_text(base + failing.at(kind) + "\n", "alone.yaml");
    if (!scenario.ok()) FAIL(scenario.error().to_string());
    const auto report = run::run(*scenario, {});
    if (!report.ok()) FAIL(report.error().to_string());
    CHECK_FALSE(report->expectations_met());
    CHECK_FALSE(report->expectations[0].found.empty());
  }
  for (const char* wrong :
       {"magic: all", "ping: {form: a}", "ping: {from: a, received_at_least: x}", "ping: {from: c}",
        "attack: {by: eve, achieved: maybe}", "learnt: {by: bob}"}) {
    INFO(wrong);
    const auto scenario = scenario::load_text(base + wrong + "\n", "alone.yaml");
    REQUIRE(scenario.ok());
    const auto report = run::run(*scenario, {});
    REQUIRE_FALSE(report.ok());
    CHECK(report.error().code == "E-SCN-015");
    CHECK(report.error().place.starts_with("alone.yaml:8"));
  }
}

TEST_CASE("run: a network that cannot be built leaves no database, and no run in one") {
  const test::TemporaryFolder folder;
  auto scenario = scenario::load("site-to-site");
  REQUIRE(scenario.ok());
  REQUIRE(scenario->adversaries.size() == 1);
  run::RunOptions options;
  options.db = folder / "old.db";
  REQUIRE(run::run(*scenario, options).ok());

  std::ofstream(folder / "broken.lua") << "function on_packet(p";
  scenario->file = folder / "broken.yaml";
  scenario->adversaries[0].script = "broken.lua";
  for (const char* db : {"old.db", "new.db"}) {
    options.db = folder / db;
    const auto report = run::run(*scenario, options);
    REQUIRE_FALSE(report.ok());
    CHECK(report.error().code == "E-LUA-001");
  }
  CHECK(test::value(folder / "old.db", "SELECT count(*) FROM runs") == "1");
  CHECK_FALSE(std::filesystem::exists(folder / "new.db"));
}

TEST_CASE("run: a database that cannot be written is told before anything happens") {
  const test::TemporaryFolder folder;
  const auto scenario = scenario::load("site-to-site");
  REQUIRE(scenario.ok());
  trace::MemorySink told;
  run::RunOptions options;
  options.db = folder / "none" / "x.db";
  options.sinks = {&told};
  const auto report = run::run(*scenario, options);
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().code == "E-DB-003");
  CHECK(told.events.empty());
}
