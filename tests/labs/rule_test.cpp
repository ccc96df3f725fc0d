// Rules: solutions are computed from the run, and a rule that is wrong says where.
#include "labs/engine/rule.hpp"

#include "labs/engine/verify.hpp"
#include "protocol/trace/encode.hpp"
#include "tests/labs/lab_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::labs;

TEST_CASE("labs rules: errors name the column") {
  const Draw draw = test::draw_for("anna");
  const Facts facts(test::pair_run(test::first_contact(), draw).value().events);
  const auto error = [&](const std::string& rule) {
    const auto value = evaluate(rule, facts, draw.values);
    REQUIRE_FALSE(value.ok());
    CHECK(value.error().to_string().find('\n') == std::string::npos);
    return value.error().code;
  };
  CHECK(error("") == "E-LAB-014");
  CHECK(error("prf(Ni") == "E-LAB-014");
  CHECK(error("prf(Ni)") == "E-LAB-014");
  CHECK(error("prf(Ni, 3)") == "E-LAB-014");
  CHECK(error("nonsense(1)") == "E-LAB-014");
  CHECK(error("Ni Nr") == "E-LAB-014");
  CHECK(error("Ni | 3") == "E-LAB-014");
  CHECK(error("octets(Ni)") == "E-LAB-014");
  CHECK(error("octets(99)") == "E-LAB-015");
  CHECK(error("Nx") == "E-LAB-015");
  CHECK(error("\"open") == "E-LAB-014");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "first(";
  CHECK(error(deep) == "E-LAB-014");
}

TEST_CASE("labs rules: First contact is fair for many draws") {
  const auto rows = verify(test::first_contact(), 12, test::pair_runs);
  INFO((rows.ok() ? "" : rows.error().to_string()));
  REQUIRE(rows.ok());
  CHECK(rows->size() == 12 * 7 + 1);  // texts, solution, skeleton, three wrong ones, repeats; goals
  for (const VerifyRow& row : *rows) {
    INFO(row.student << " " << row.what << ": " << row.found);
    CHECK(row.ok);
  }
}

TEST_CASE("labs rules: verify tells an unfair lab") {
  Lab lab = test::first_contact();
  lab.wrong[0].score += 1;
  lab.wrong[1].mistakes["names.spi_i"] = "esp_spi";
  lab.skeleton_score = 5;
  const auto rows = verify(lab, 1, test::pair_runs).value();
  int unfair = 0;
  for (const VerifyRow& row : rows) unfair += row.ok ? 0 : 1;
  CHECK(unfair == 3);
}

TEST_CASE("labs withholding: the student's recording has the inputs and not the answers") {
  const Draw draw = test::draw_for("anna");
  const auto events = test::pair_run(test::first_contact(), draw).value().events;
  const Facts whole{std::vector<trace::Event>(events)};
  const Bytes skeyseed = whole.octets("SKEYSEED").value();
  const Bytes covered = whole.auth("initiator").value()->octets;
  std::size_t seen = 0;
  const auto hidden = withheld(events, test::first_contact().withhold);
  REQUIRE(hidden.size() == events.size());
  for (const trace::Event& event : hidden) {
    const Bytes octets = trace::encode_event(event);
    CHECK(std::search(octets.begin(), octets.end(), skeyseed.begin(), skeyseed.end()) ==
          octets.end());
    CHECK(std::search(octets.begin(), octets.end(), covered.begin(), covered.end()) ==
          octets.end());
    if (const auto* key = std::get_if<trace::KeyDerived>(&event.body);
        key && key->name == "SKEYSEED") {
      CHECK(key->output.empty());
      CHECK(key->length == skeyseed.size());
      ++seen;
    }
  }
  CHECK(seen == 2);
  const Facts student(hidden);
  CHECK(evaluate("prf(Ni | Nr, g^ir)", student, draw.values).value() == to_hex(skeyseed));
  CHECK_FALSE(student.octets("SKEYSEED").ok());
}
