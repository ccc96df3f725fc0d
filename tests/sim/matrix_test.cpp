// The matrix: every attack against its settings, with three seeds; and detectors over known truth.
#include "sim/matrix/matrix.hpp"

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
  const auto scores = matrix::evaluate({1}, [](std::size_t, std::size_t) {});
  REQUIRE(scores.ok());
  CHECK(scores->size() >= 10);
  for (const matrix::DetectorScore& score : *scores) {
    INFO(score.detector << ": " << score.caught << " caught, " << score.missed << " missed, "
                        << score.false_alarms << " false alarms");
    CHECK(score.missed == 0);
    CHECK(score.false_alarms == 0);
  }
}
