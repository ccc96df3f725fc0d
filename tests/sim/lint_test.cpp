// `ikelab lint`: the program's words, JSON and exit codes.
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/sim/cli_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab::test;

namespace {

std::string scenario_with(const std::string& secret, const std::string& window) {
  return R"(name: two
duration: 5s
nodes:
  - name: a
    role: gateway
    connections:
      - name: site
        local_addr: 192.0.2.1
        remote_addr: 192.0.2.2
        proposals: [aes256gcm16-prfsha256-x25519]
        rekey_time: 4h
        local: {auth: psk, id: a.example, secret: ")" +
         secret + R"("}
        remote: {auth: psk, id: b.example}
        children:
          - {name: net, local_ts: [10.1.0.0/24], remote_ts: [10.2.0.0/24], rekey_time: 1h, replay_window: )" +
         window + R"(, esp_proposals: [aes256gcm16-x25519]}
)";
}

Outcome lint(const TemporaryFolder& folder, const std::string& yaml,
             std::vector<std::string> options = {}) {
  std::ofstream(folder / "x.yaml") << yaml;
  options.insert(options.begin(), {"lint", "x.yaml"});
  return ikelab_sim(folder, options);
}

constexpr const char* good_secret = "u3Zr9Qm2Xv7Lk1Tb8Wd5Yc4N";

}  // namespace

TEST_CASE("cli: lint says what an attacker gains, and ends with 1") {
  const TemporaryFolder folder;
  const Outcome bad = lint(folder, scenario_with("tiger", "0"));
  CHECK(bad.code == 1);
  CHECK(bad.out.find("an attacker gains: ") != std::string::npos);
  CHECK(bad.out.find("two: 2 errors, 0 warnings, 0 notes") != std::string::npos);
  const Outcome good = lint(folder, scenario_with(good_secret, "64"));
  CHECK(good.code == 0);
  CHECK(good.out == "two: 0 errors, 0 warnings, 0 notes\n");
}

TEST_CASE("cli: lint as JSON") {
  const TemporaryFolder folder;
  const Outcome bad = lint(folder, scenario_with(good_secret, "0"), {"--json"});
  CHECK(bad.code == 1);
  const auto json = nlohmann::json::parse(bad.out);
  CHECK(json["errors"] == 1);
  REQUIRE(json["findings"].size() == 1);
  CHECK(json["findings"][0]["rule"] == "replays-allowed");
  CHECK(json["findings"][0]["severity"] == "error");
  CHECK(json["findings"][0]["nodes"] == std::vector<std::string>{"a"});
  CHECK(json["findings"][0]["source"] == "RFC 4303, 3.4.3");
}

TEST_CASE("cli: lint of shipped scenarios, of notes alone, and of nothing") {
  const TemporaryFolder folder;
  // Notes count only when asked to.
  std::string notes = scenario_with(good_secret, "64");
  notes.replace(notes.find("rekey_time: 4h"), 14, "rekey_time: 0s");
  CHECK(lint(folder, notes).code == 0);
  CHECK(lint(folder, notes, {"--strict"}).code == 1);
  const Outcome open = ikelab_sim(folder, {"lint", "replay-esp-open"});
  CHECK(open.code == 1);
  CHECK(open.out.find("replays-allowed") != std::string::npos);
  const Outcome fleet = ikelab_sim(folder, {"lint", "fleet"});
  CHECK(fleet.out.find(" more: ") != std::string::npos);  // told once for all members
  const Outcome none = ikelab_sim(folder, {"lint", "no-such-scenario"});
  CHECK(none.code == 2);
  check_one_line(none, "E-SCN-001");
}
