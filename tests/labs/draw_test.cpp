// Draws: stable, different, bound.
#include "labs/engine/draw.hpp"

#include <set>

#include "tests/labs/lab_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::labs;
using ikelab::test::draw_for;

TEST_CASE("labs draw: the same on every machine and in every version") {
  // HMAC-SHA-256("ikelab demo course: this secret is public", framed label, student, lab,
  // parameter), by Python's hmac.
  const Draw anna = draw_for("anna");
  CHECK(*anna.value("seed") == "499671322");
  CHECK(*anna.value("starter") == "gw-a");
  CHECK(*anna.value("prf") == "prfsha256");
  CHECK(*anna.value("ke") == "x25519");
  CHECK(*anna.value("signer") == "initiator");
  CHECK(anna.binding == "640047e0f62d571f230e24c78c38cc330aac8108bd4b1ec04c4a0d1f2f118dac");
  CHECK(std::to_string(anna.seed) == *anna.value("seed"));
}

TEST_CASE("labs draw: students, courses and labs differ") {
  std::set<std::uint64_t> seeds;
  std::set<std::string> bindings, prfs, starters, signers;
  for (int i = 0; i < 60; ++i) {
    const Draw d = draw_for("student-" + std::to_string(i));
    seeds.insert(d.seed);
    bindings.insert(d.binding);
    prfs.insert(*d.value("prf"));
    starters.insert(*d.value("starter"));
    signers.insert(*d.value("signer"));
  }
  CHECK(seeds.size() == 60);
  CHECK(bindings.size() == 60);
  CHECK(prfs.size() == 3);
  CHECK(starters.size() == 2);
  CHECK(signers.size() == 2);
  const test::TemporaryFolder folder;
  const auto course = Course::load(
      folder.write("course.yaml", "course: networks-2026\nsecret: 0123456789abcdef0123\n"));
  REQUIRE(course.ok());
  const Draw other = draw(*course, test::first_contact(), "anna").value();
  CHECK(other.seed != draw_for("anna").seed);
  CHECK(other.binding != draw_for("anna").binding);
  Lab lab = test::first_contact();
  lab.id = "second-contact";
  CHECK(draw(Course::demo(), lab, "anna")->seed != draw_for("anna").seed);
}

TEST_CASE("labs draw: integers stay in their range and reach its ends") {
  Lab lab = test::first_contact();
  Parameter number;
  number.name = "n";
  number.kind = Parameter::Kind::integer;
  number.min = -2;
  number.max = 2;
  lab.parameters.push_back(number);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i)
    seen.insert(*draw(Course::demo(), lab, "s" + std::to_string(i))->value("n"));
  CHECK(seen == std::set<std::string>{"-2", "-1", "0", "1", "2"});
}

TEST_CASE("labs draw: names of students are harmless") {
  for (const char* good : {"anna", "a.b-c_9", "0815"}) CHECK(check_student(good).ok());
  for (const char* bad : {"", "../anna", "a/b", ".hidden", "-rf", "anna ", "a\nb", "b\xc3\xa4r"})
    CHECK(check_student(bad).error().code == "E-LAB-022");
  CHECK_FALSE(check_student(std::string(65, 'a')).ok());
}

TEST_CASE("labs draw: unusable courses are refused") {
  const test::TemporaryFolder folder;
  const auto code = [&](const std::string& text) {
    return Course::load(folder.write("c.yaml", text)).error().code;
  };
  CHECK(code("course: x\nsecret: short\n") == "E-LAB-040");
  CHECK(code("course: demo\nsecret: 0123456789abcdef\n") == "E-LAB-040");
  CHECK(code("course: ../x\nsecret: 0123456789abcdef\n") == "E-LAB-040");
  CHECK(code("course: x\n") == "E-LAB-011");
  CHECK(Course::load(folder.path() / "none").error().code == "E-LAB-004");
}
