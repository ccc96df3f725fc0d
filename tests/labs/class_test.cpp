// Classes: rosters in the forms they come in, what learning platforms import, statistics, and
// submissions that are alike.
#include "labs/store/class.hpp"

#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::labs;

namespace {

AttemptRecord attempt(const std::string& student, int score, const std::string& submission = "") {
  AttemptRecord out;
  out.student = student;
  out.lab = "x";
  out.score = score;
  out.max_score = 100;
  out.submission = submission;
  out.goals = {{"g", "Goal", score / 2, 50, score == 100, score == 100 ? "" : "f:missed", "why"},
               {"h", "Other", score - score / 2, 50, true, "", ""}};
  return out;
}

}  // namespace

TEST_CASE("labs class: CSV is read as spreadsheets write it") {
  const auto rows = parse_csv("\xef\xbb\xbfname,x\r\n\"Doe, \"\"J\"\"\",1\r\n\r\nlast,2").value();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0][0] == "name");
  CHECK(rows[1][0] == "Doe, \"J\"");
  CHECK(rows[2] == CsvRow{"last", "2"});
  CHECK(parse_csv("\"open").error().code == "E-LAB-002");
  CHECK(parse_csv(std::string(2'000'000, 'x')).error().code == "E-LAB-003");
  CHECK(parse_csv(std::string(1000, ',')).error().code == "E-LAB-003");
  CHECK(csv_line({"a,b", "=1+1", "\""}) == "\"a,b\",'=1+1,\"\"\"\"\r\n");
}

TEST_CASE("labs class: rosters of Moodle, Canvas and a plain list") {
  const auto moodle = parse_roster(
                          "First name,Surname,ID number,Email address\n"
                          "Anna,Ng,4711,anna.ng@example.edu\n")
                          .value();
  CHECK(moodle.at(0).student == "anna.ng");
  CHECK(moodle[0].name == "Anna Ng");
  CHECK(moodle[0].id_number == "4711");
  const auto canvas = parse_roster(
                          "Student,ID,SIS User ID,SIS Login ID,Section\n"
                          "    Points Possible,,,,\n\"Ng, Anna\",12,s12,ang,A\n")
                          .value();
  REQUIRE(canvas.size() == 1);
  CHECK(canvas[0].student == "ang");
  CHECK(canvas[0].name == "Ng, Anna");
  CHECK(canvas[0].canvas_id == "12");
  CHECK(parse_roster("student,name\nben,Ben\n").value().at(0).student == "ben");
  CHECK(parse_roster("colour\nred\n").error().code == "E-LAB-041");
  CHECK(parse_roster("student\na\na\n").error().place == "line 3");
}

TEST_CASE("labs class: best attempts, the absent, and the platforms' files") {
  const std::vector<AttemptRecord> attempts{attempt("anna", 40), attempt("anna", 100),
                                            attempt("ben", 60)};
  const auto roster = parse_roster(
                          "student,name,ID number,email\nanna,Anna,1,a@x\n"
                          "ben,Ben,2,b@x\ncarla,Carla,3,c@x\n")
                          .value();
  const auto rows = class_rows(attempts, roster);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].best->score == 100);
  CHECK(rows[0].attempts == 2);
  CHECK(rows[2].best == nullptr);
  CHECK(moodle_csv(rows, roster) ==
        "Username,ID number,Email address,x,x feedback\r\n"
        "anna,1,a@x,100,Goal 50/50: why; Other 50/50\r\n"
        "ben,2,b@x,60,Goal 30/50: why; Other 30/50\r\n"
        "carla,3,c@x,,\r\n");
  CHECK(canvas_csv(rows, roster).find("    Points Possible,,,,,100\r\n") != std::string::npos);
  CHECK(canvas_csv(rows, roster).find("Anna,,,anna,,100\r\n") != std::string::npos);
  const auto stats = statistics(rows);
  REQUIRE(stats.size() == 1);
  CHECK(stats[0].students == 2);
  CHECK(stats[0].quartiles[0] == 60);
  CHECK(stats[0].quartiles[4] == 100);
  CHECK(stats[0].goals[0].met == 1);
  CHECK(stats[0].goals[0].frequent == "f:missed");
}

TEST_CASE("labs class: two that are alike are named, the skeleton they share is not") {
  const std::string skeleton = "\nanswers:\n the words that everybody has got from the skeleton ";
  const std::string own = "a solution of quite another kind with names nobody else would choose ";
  std::vector<AttemptRecord> attempts;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g"})
    attempts.push_back(attempt(name, 50,
                               skeleton + "my own idea number " + name + " is " + name + name +
                                   " and then " + name + " once more"));
  CHECK(similar(class_rows(attempts, {})).empty());
  attempts[1].submission = skeleton + own;
  attempts[4].submission = skeleton + own + "!";
  const auto found = similar(class_rows(attempts, {}));
  REQUIRE(found.size() == 1);
  CHECK(found[0].a == "b");
  CHECK(found[0].b == "e");
}
