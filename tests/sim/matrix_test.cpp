// The matrix: every attack against its settings, with three seeds; and detectors over known truth.
#include "sim/matrix/matrix.hpp"

#include "sim/matrix/course.hpp"
#include "sim/matrix/measure.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

TEST_CASE("no vulnerable setting holds, and no hardened one falls", "[attack][matrix]") {
  const auto attacks = matrix::attacks();
  REQUIRE(attacks.ok());
  const auto settings = matrix::settings(*attacks, "");
  CHECK(settings.size() >= 30);
  for (const matrix::Setting& setting : settings)
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      const store::MatrixRow row = matrix::play(setting, seed, std::nullopt);
      INFO(row.attack << ", " << row.scenario << ", seed " << seed << ": " << row.error);
      CHECK(row.error.empty());
      CHECK(row.as_said);
      CHECK(row.winner == (setting.kind == "vulnerable" ? "attacker" : "defender"));
    }
}

TEST_CASE("each attack says what it needs, where it is described, and has both settings",
          "[attack][matrix]") {
  const auto attacks = matrix::attacks();
  REQUIRE(attacks.ok());
  for (const script::Header& attack : *attacks) {
    INFO(attack.name);
    CHECK_FALSE(attack.needs.empty());
    CHECK_FALSE(attack.source.empty());
    CHECK_FALSE(attack.vulnerable.empty());
    CHECK_FALSE(attack.hardened.empty());
  }
}

TEST_CASE("a setting that is not as said is told", "[matrix]") {
  script::Header attack;
  attack.name = "forged-clear";
  attack.falls = {"forged-clear"};  // the hardened one, called vulnerable
  const std::vector<script::Header> attacks = {attack};
  const auto settings = matrix::settings(attacks, "");
  REQUIRE(settings.size() == 1);
  const auto row = matrix::play(settings[0], 1, std::nullopt);
  CHECK_FALSE(row.as_said);
  CHECK(row.winner == "defender");
  const auto missing = matrix::play({&attack, "hardened", "no-such-scenario"}, 1, std::nullopt);
  CHECK_FALSE(missing.as_said);
  CHECK(missing.error.find("E-SCN-001") != std::string::npos);
}

TEST_CASE("detectors catch what they are for, and keep quiet otherwise", "[matrix][monitor]") {
  matrix::MeasureOptions options;
  options.honest_too = false;
  const auto rows = matrix::measure(options, [](std::size_t, std::size_t) {});
  REQUIRE(rows.ok());
  const auto scores = matrix::scores_of(*rows);
  CHECK(scores.size() >= 10);
  for (const matrix::DetectorScore& score : scores) {
    INFO(score.detector << ": " << score.caught << " caught, " << score.missed << " missed, "
                        << score.false_alarms << " false alarms");
    CHECK(score.caught > 0);
    CHECK(score.missed == 0);
    CHECK(score.false_alarms == 0);
    CHECK(score.honest_packets > 1'000);
  }
}

TEST_CASE("labelled traffic: the truth comes from who made a packet, and repeats",
          "[matrix][monitor]") {
  matrix::MeasureOptions options;
  options.honest_too = false;
  options.loads = {"no such load"};
  const auto unknown = matrix::measure(options, [](std::size_t, std::size_t) {});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().code == "E-CLI-011");

  const auto scenario = scenario::load("replay-esp");
  REQUIRE(scenario.ok());
  matrix::Course course(*scenario);
  trace::AttackAction act;
  act.action = "inject";
  act.result = 77;
  course.record({Instant{5}, 1, "mallory", "", act});
  trace::PacketOnLink packet;
  packet.link = scenario->monitors.empty() ? "wan" : scenario->monitors.front().link;
  packet.id = 77;
  course.record({Instant{6}, 2, "", "", packet});
  CHECK(course.is_forged(77));
  CHECK_FALSE(course.is_forged(78));
  CHECK(course.begun == Instant{5});
  act.action = "observe";
  act.result = 78;
  course.record({Instant{7}, 3, "mallory", "", act});
  CHECK_FALSE(course.is_forged(78));  // looking changes nothing
}

TEST_CASE("a score is what its rows say", "[matrix][monitor]") {
  store::MeasureRow caught, missed, wrong;
  caught.detector = missed.detector = wrong.detector = "replay";
  caught.attacked = missed.attacked = true;
  caught.true_alerts = 3;
  caught.first_alert = 500'000'000;
  wrong.false_alerts = 1;
  const auto scores = matrix::scores_of({caught, missed, wrong});
  REQUIRE(scores.size() == 1);
  CHECK(scores[0].recall() == 0.5);
  CHECK(scores[0].precision() == 0.75);
  CHECK(scores[0].delay == 0.5);
  CHECK(scores[0].false_alarms == 1);
}
