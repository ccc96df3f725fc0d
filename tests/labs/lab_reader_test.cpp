// lab.yaml: every mistake of an instructor is one line with file, line and column.
#include "labs/engine/lab.hpp"
#include "tests/labs/lab_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::labs;

namespace {

const std::string whole = R"(format: 1
version: 3
title: T
about: A
minutes: 5
scenario: s.yaml
parameters:
  - {name: seed, kind: seed}
  - {name: side, kind: choice, of: [initiator, responder]}
set: {a.b: "{{side}}"}
skeleton: 0
goals:
  - id: g
    title: G
    hints:
      - {text: "ask {{student}}", cost: 2}
    checks:
      - field: f
        points: 100
        is: role
        with: {role: "{{side}}"}
        question: Who?
        example: gw
        feedback: {other_role: "no"}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// The error of the lab with one place changed, from its code on, without the folder.
std::string refusal(const std::string& from, const std::string& to) {
  const test::TemporaryFolder folder;
  folder.write("x/lab.yaml", replaced(whole, from, to));
  const auto lab = load_lab_folder(folder.path() / "x");
  if (lab.ok()) return "accepted";
  const std::string text = lab.error().to_string();
  const std::size_t place = text.find("lab.yaml:");
  return lab.error().code + " " + (place == std::string::npos ? text : text.substr(place));
}
bool says(const std::string& from, const std::string& to, const std::string& expected) {
  const std::string found = refusal(from, to);
  UNSCOPED_INFO(found);
  return found.rfind(expected, 0) == 0 && found.find('\n') == std::string::npos;
}

}  // namespace

TEST_CASE("labs reader: a whole lab") {
  const test::TemporaryFolder folder;
  folder.write("x/lab.yaml", whole);
  folder.write("x/wrong/b/expect.yaml", "about: B\nscore: 7\nmistakes: {g.f: other_role}\n");
  const auto lab = load_lab(folder.path(), "x");
  REQUIRE(lab.ok());
  CHECK(lab->id == "x");
  CHECK(lab->version == 3);
  CHECK(lab->parameters[1].choices.size() == 2);
  CHECK(lab->goal("g")->hints[0].cost == 2);
  CHECK(lab->goal("g")->checks[0].predicate->kind == "role");
  CHECK(lab->wrong.at(0).score == 7);
  CHECK(lab->wrong.at(0).rest == "skeleton");
  const std::string expect = "about: B\nscore: 7\nmistakes: {g.f: other_role}\nrest: ";
  folder.write("x/wrong/b/expect.yaml", expect + "solution\n");
  CHECK(load_lab(folder.path(), "x")->wrong.at(0).rest == "solution");
  folder.write("x/wrong/b/expect.yaml", expect + "../other\n");
  CHECK(load_lab(folder.path(), "x").error().code == "E-LAB-012");
  CHECK(load_lab(folder.path(), "y").error().code == "E-LAB-001");
  CHECK(load_lab(folder.path(), "../x").error().code == "E-LAB-001");
}

TEST_CASE("labs reader: mistakes are named with their place") {
  CHECK(says("title: T\n", "titel: T\n",
             "E-LAB-010 lab.yaml:3:1: unknown key 'titel'; did you mean 'title'?"));
  CHECK(says("minutes: 5", "minutes: soon",
             "E-LAB-012 lab.yaml:5:10: 'minutes' must be a whole number"));
  CHECK(says("format: 1", "format: 3", "E-LAB-034 lab.yaml:1:9: format 3 is newer"));
  CHECK(says("kind: seed}", "kind: sed}", "E-LAB-012 lab.yaml:8:24: unknown kind 'sed'"));
  CHECK(says("{name: seed, kind: seed}", "{name: n, kind: int, min: 4, max: 3}",
             "E-LAB-012 lab.yaml:8:"));
  CHECK(says("{name: seed, kind: seed}", "{name: n, kind: int, min: 1, max: 3}",
             "E-LAB-013 lab.yaml:8:3: a lab has exactly one"));
  CHECK(says("name: seed", "name: student", "E-LAB-012 lab.yaml:8:12: not a parameter's name"));
  CHECK(says("points: 100", "points: 99",
             "E-LAB-013 lab.yaml:13:3: the points of all checks add up to 99, not 100"));
  CHECK(says("is: role", "is: rule", "E-LAB-013 lab.yaml:20:13: unknown predicate 'rule'"));
  CHECK(says("with: {role: \"{{side}}\"}", "with: {}",
             "E-LAB-011 lab.yaml:18:9: 'role' needs with: {role: ...}"));
  CHECK(says("with: {role: \"{{side}}\"}", "with: {role: x, rule: y}", "E-LAB-010 lab.yaml:21:"));
  CHECK(says("other_role: \"no\"", "other_rule: \"no\"",
             "E-LAB-013 lab.yaml:24:19: 'f' cannot tell the mistake 'other_rule'"));
  CHECK(says("question: Who?", "question: Who is {{sidde}}?",
             "E-LAB-014 lab.yaml:22:19: there is no parameter 'sidde'; did you mean 'side'?"));
  CHECK(says("{{side}}\"}\nskeleton", "{{side\"}\nskeleton", "E-LAB-014 lab.yaml:10:6"));
  CHECK(says("scenario: s.yaml\n", "", "E-LAB-011 lab.yaml:1:1: 'scenario' is missing"));
  CHECK(says("  - id: g\n", "  - id: G!\n", "E-LAB-012 lab.yaml:13:9: not a goal's name"));
}

TEST_CASE("labs reader: the shipped labs are whole") {
  const auto names = labs_in(catalog());
  REQUIRE_FALSE(names.empty());
  for (const std::string& name : names) {
    const auto lab = load_lab(catalog(), name);
    INFO((lab.ok() ? "" : lab.error().to_string()));
    REQUIRE(lab.ok());
    CHECK(lab->wrong.size() >= 2);
    CHECK(lab->minutes > 0);
  }
}
