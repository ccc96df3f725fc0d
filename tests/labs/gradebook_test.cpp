// The gradebook: attempts, goals, hints, CSV.
#include "labs/store/gradebook.hpp"

#include "sim/store/database.hpp"
#include "sim/store/recorder.hpp"
#include "tests/labs/lab_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/schema_page.hpp"

using namespace ikelab;
using namespace ikelab::labs;

namespace {

AttemptRecord attempt(const std::string& student, int score) {
  AttemptRecord out;
  out.student = student;
  out.lab = "first-contact";
  out.lab_version = 1;
  out.seed = 7;
  out.started_at = "2026-11-23T11:00:00Z";
  out.graded_at = "2026-11-23T12:00:00Z";
  out.score = score;
  out.max_score = 100;
  out.goals = {
      {"speakers", "Who says what", 10, 15, false, "messages:wrong", "messages: a \"b\", c"},
      {"names", "N", 15, 15, true, "", ""}};
  return out;
}

}  // namespace

TEST_CASE("labs gradebook: attempts are numbered and come back whole") {
  const test::TemporaryFolder folder;
  const auto book = Gradebook::open(folder.path() / "g.db").value();
  CHECK(book->add(attempt("anna", 40)).value() == 1);
  CHECK(book->add(attempt("ben", 50)).value() == 1);
  CHECK(book->add(attempt("anna", 90)).value() == 2);
  const auto all = Gradebook::open(folder.path() / "g.db").value()->attempts().value();
  REQUIRE(all.size() == 3);
  CHECK(all[1].student == "anna");
  CHECK(all[1].attempt == 2);
  CHECK(all[1].score == 90);
  CHECK(all[1].submitted_at.empty());
  REQUIRE(all[1].goals.size() == 2);
  CHECK(all[1].goals[0].code == "messages:wrong");
  CHECK(book->attempts("other")->empty());
}

TEST_CASE("labs gradebook: the public views show the same") {
  const test::TemporaryFolder folder;
  CHECK(Gradebook::open(folder.path() / "g.db").value()->add(attempt("anna", 40)).ok());
  const auto database = store::Database::open_read_only(folder.path() / "g.db").value();
  auto query =
      database->prepare("SELECT student, score, max_score, submitted_at FROM lab_attempts").value();
  REQUIRE(query.step().value());
  CHECK(query.text(0) == "anna");
  CHECK(query.integer(1) == 40);
  CHECK(query.is_null(3));
  auto goals =
      database->prepare("SELECT count(*), sum(points) FROM lab_goals WHERE student = 'anna'")
          .value();
  REQUIRE(goals.step().value());
  CHECK(goals.integer(0) == 2);
  CHECK(goals.integer(1) == 25);
}

TEST_CASE("labs gradebook: a submission is found again, and copied answers too") {
  const test::TemporaryFolder folder;
  const auto book = Gradebook::open(folder.path() / "g.db").value();
  AttemptRecord handed_in = attempt("anna", 40);
  handed_in.submitted_at = "2026-11-23T12:00:00Z";
  handed_in.submission = "draw: anna\nanswers:\n  a: 1\n";
  CHECK(book->add(handed_in).ok());
  CHECK(book->graded(handed_in.submission).value()->score == 40);
  CHECK_FALSE(book->graded("something else").value().has_value());
  CHECK(book->same_answers("first-contact", "ben", "\nanswers:\n  a: 1\n").value() == "anna");
  CHECK(book->same_answers("first-contact", "anna", "\nanswers:\n  a: 1\n").value().empty());
  CHECK(book->same_answers("first-contact", "ben", "\nanswers:\n  a: 2\n").value().empty());
}

TEST_CASE("labs gradebook: hints with their times") {
  const test::TemporaryFolder folder;
  const auto book = Gradebook::open(folder.path() / "g.db").value();
  CHECK(book->take_hint("anna", "first-contact", {"auth", 1, 0, "2026-11-23T11:30:00Z"}).ok());
  CHECK_FALSE(
      book->take_hint("anna", "first-contact", {"auth", 1, 0, "2026-11-23T11:31:00Z"}).ok());
  CHECK(book->take_hint("anna", "first-contact", {"auth", 2, 3, "2026-11-23T11:31:00Z"}).ok());
  const auto hints = book->hints("anna", "first-contact").value();
  REQUIRE(hints.size() == 2);
  CHECK(hints[1].cost == 3);
  CHECK(book->hints("ben", "first-contact")->empty());
}

TEST_CASE("labs gradebook: CSV as RFC 4180 wants it, and no formulas") {
  AttemptRecord a = attempt("anna", 40);
  a.note = "=HYPERLINK(\"x\")";
  const std::string csv = to_csv({a});
  CHECK(csv.rfind("student,lab,lab_version,attempt,score", 0) == 0);
  CHECK(csv.find("anna,first-contact,1,0,40,100,0,2026-11-23T11:00:00Z,,2026-11-23T12:00:00Z,"
                 "speakers=10/15; names=15/15,"
                 "speakers: messages:wrong,\"'=HYPERLINK(\"\"x\"\")\",,\r\n") != std::string::npos);
}

TEST_CASE("labs gradebook: what is no database is refused") {
  const test::TemporaryFolder folder;
  CHECK(Gradebook::open(folder.write("g.db", std::string(5000, 'x'))).error().code == "E-DB-001");
}

TEST_CASE("labs gradebook: docs/SCHEMA.md names what a class has, and its examples run") {
  const test::TemporaryFolder folder;
  CHECK(Gradebook::open(folder.path() / "g.db").value()->add(attempt("anna", 40)).ok());
  const auto database = store::Database::open_read_only(folder.path() / "g.db").value();
  const auto page = test::columns_on_page(test::Part::gradebook);
  CHECK(page.size() == 3);
  for (const auto& [name, columns] : page) {
    INFO(name);
    auto query =
        database->prepare("SELECT name FROM pragma_table_info('" + name + "') ORDER BY cid")
            .value();
    std::vector<std::string> found;
    while (query.step().value()) found.push_back(query.text(0));
    CHECK(found == columns);
  }
  const auto examples = test::examples_on_page(test::Part::gradebook);
  CHECK(examples.size() >= 2);
  for (const std::string& sql : examples) {
    INFO(sql);
    auto query = database->prepare(sql);
    REQUIRE(query.ok());
    CHECK(query->step().ok());
  }
}

TEST_CASE("labs gradebook: a lost point is tied to the recorded run by its fingerprint") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "g.db";
  AttemptRecord record = attempt("anna", 40);
  record.checks = {{"names", "spi_i", 0, 10, false, "other_side", "no", "main", 57, 2, "event", 0}};
  record.runs = {{"main", "ff"}};
  const auto book = Gradebook::open(file).value();
  CHECK(book->add(record).ok());
  CHECK(book->attempts().value()[0].checks[0].run_id == 0);  // it is recorded nowhere here
  CHECK(book->recorded_run("ff").value() == 0);

  const auto recorder = store::Recorder::open(file).value();
  store::RunInfo info;
  info.scenario = "first-contact";
  const auto run = recorder->begin_run(info, store::RecordLevel::full).value();
  REQUIRE(recorder->finish_run(store::RunStatus::finished, true, "ff").ok());
  CHECK(book->recorded_run("ff").value() == run);
  CHECK(book->attempts().value()[0].checks[0].run_id == run);
  CHECK(book->attempts().value()[0].checks[0].event == 57);
}
