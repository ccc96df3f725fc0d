// The whole path as people walk it: the program, real runs in ns-3, real files.
#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

#include "labs/engine/rule.hpp"
#include "labs/engine/submission.hpp"
#include "labs/engine/verify.hpp"
#include "labs/store/gradebook.hpp"
#include "sim/store/database.hpp"
#include "sim/store/reader.hpp"
#include "tests/labs/lab_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::labs;

namespace {

namespace fs = std::filesystem;

struct Outcome {
  int exit = -1;
  std::string out, err;
};

/// One place with its own folder, where the program is run.
struct Place {
  test::TemporaryFolder folder;

  Outcome lab(const std::string& arguments) const {
    const fs::path out = folder.path() / "out.txt", err = folder.path() / "err.txt";
    const std::string line = fmt::format("cd '{}' && '{}' {} >'{}' 2>'{}'", folder.path().string(),
                                         IKELAB_LAB_PROGRAM, arguments, out.string(), err.string());
    const int status = std::system(line.c_str());
    Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out, 1 << 20).value(),
                    read_file(err, 1 << 20).value()};
    UNSCOPED_INFO(arguments << "\n" << outcome.out << outcome.err);
    return outcome;
  }

  /// Writes the answers that a rule file of the lab gives for the student's recorded run, with
  /// `skeyseed` the real one.
  void answer(const std::string& student, const std::string& rules) const {
    const fs::path work = folder.path() / ("first-contact-" + student);
    const auto reader = store::Reader::open(work / "ikelab.db").value();
    const Facts facts(reader->events(reader->run("").value().id).value());
    const std::string text =
        read_file(test::first_contact().folder / rules / "answers.yaml", 1 << 20).value();
    REQUIRE(write_file(work / "answers.yaml",
                       evaluate_all(text, facts, test::draw_for(student).values).value())
                .ok());
  }
};

bool one_line(const std::string& text, const std::string& code) {
  return text.find(code) != std::string::npos && std::count(text.begin(), text.end(), '\n') == 1;
}

}  // namespace

TEST_CASE("labs program: from start to a stored grade", "[run]") {
  const Place place;
  REQUIRE(place.lab("start first-contact --student anna").exit == 0);
  CHECK(place.lab("start first-contact --student anna").exit == 2);
  const fs::path work = place.folder.path() / "first-contact-anna";
  const std::string handout = read_file(work / "handout.md", 1 << 20).value();
  CHECK(handout.find("For **anna**") != std::string::npos);
  CHECK(handout.find("{{") == std::string::npos);

  Outcome checked = place.lab("check first-contact-anna");
  CHECK(checked.exit == 1);
  CHECK(checked.out.find("0 of 100 points") != std::string::npos);
  place.answer("anna", "wrong/swapped-nonces");
  checked = place.lab("check first-contact-anna");
  CHECK(checked.exit == 1);
  CHECK(checked.out.find("60 of 100 points") != std::string::npos);
  CHECK(checked.out.find("The nonces are in the wrong order") != std::string::npos);

  CHECK(place.lab("hint first-contact-anna skeyseed").out.find("Hint 1:") == 0);
  const Outcome second = place.lab("hint first-contact-anna skeyseed");
  CHECK(second.exit == 0);
  CHECK(second.out.find("Hint 2:") != std::string::npos);

  place.answer("anna", "solution");
  checked = place.lab("check first-contact-anna");
  CHECK(checked.exit == 0);
  CHECK(checked.out.find("100 of 100 points") != std::string::npos);
  REQUIRE(place.lab("submit first-contact-anna").exit == 0);
  const Outcome graded = place.lab("grade first-contact-anna/submission.yaml --db class.db");
  CHECK(graded.exit == 0);
  CHECK(graded.out.find("anna             100/100") != std::string::npos);
  CHECK(place.lab("grade first-contact-anna/submission.yaml --db class.db")
            .out.find("graded before, as attempt 1") != std::string::npos);

  const auto attempts =
      Gradebook::open(place.folder.path() / "class.db").value()->attempts().value();
  REQUIRE(attempts.size() == 1);
  CHECK(attempts[0].score == 100);
  CHECK(attempts[0].hints == 2);
  CHECK(attempts[0].goals.size() == 5);
  CHECK(Gradebook::open(work / "ikelab.db").value()->attempts().value().size() == 3);
  CHECK(place.lab("report --db class.db --csv class.csv").out.find("anna") != std::string::npos);
  CHECK(read_file(place.folder.path() / "class.csv", 1 << 20)
            .value()
            .find("\nanna,first-contact,1,1,100,100,2,") != std::string::npos);
}

TEST_CASE("labs program: a doctored database changes no grade", "[run]") {
  const Place place;
  REQUIRE(place.lab("start first-contact --student ben").exit == 0);
  place.answer("ben", "wrong/header-forgotten");
  REQUIRE(place.lab("submit first-contact-ben").exit == 0);
  const auto database =
      store::Database::open(place.folder.path() / "first-contact-ben/ikelab.db").value();
  // Every attempt gets full marks, the recorded run says what ben answered, and the events are
  // gone.
  REQUIRE(place.lab("check first-contact-ben").exit == 1);
  REQUIRE(database
              ->execute("UPDATE lab_attempt SET score = 100; UPDATE lab_goal SET met = 1, points = "
                        "max_points, code = '';"
                        "UPDATE key_derivation SET output = x'00'; DELETE FROM event;")
              .ok());
  CHECK(place.lab("check first-contact-ben").out.find("35 of 100 points") != std::string::npos);
  REQUIRE(place.lab("submit first-contact-ben").exit == 0);
  const Outcome graded = place.lab("grade first-contact-ben/submission.yaml --db class.db");
  CHECK(graded.exit == 0);
  CHECK(graded.out.find("ben               35/100") != std::string::npos);
}

TEST_CASE("labs program: the student's recording does not hold the answers", "[run]") {
  const Place place;
  REQUIRE(place.lab("start first-contact --student carla").exit == 0);
  const fs::path db = place.folder.path() / "first-contact-carla/ikelab.db";
  const auto reader = store::Reader::open(db).value();
  const Facts facts(reader->events(reader->run("").value().id).value());
  CHECK_FALSE(facts.octets("SKEYSEED").ok());
  const Draw drawn = test::draw_for("carla");
  const Bytes skeyseed = hex(evaluate("prf(Ni | Nr, g^ir)", facts, drawn.values).value());
  std::ifstream in(db, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  CHECK(content.size() > 10'000);
  CHECK(content.find(std::string(skeyseed.begin(), skeyseed.end())) == std::string::npos);
}

TEST_CASE("labs program: other people's and other courses' submissions are one line and no grade",
          "[run]") {
  const Place place;
  place.folder.write("course.yaml", "course: networks\nsecret: 0123456789abcdef0123456789\n");
  REQUIRE(
      place.lab("start first-contact --student anna --student ben --dir class --course course.yaml")
          .exit == 0);
  REQUIRE(place.lab("submit class/first-contact-anna --out anna.yaml").exit == 0);
  std::string text = read_file(place.folder.path() / "anna.yaml", 1 << 20).value();
  text.replace(text.find("\"anna\""), 6, "\"dora\"");
  place.folder.write("dora.yaml", text);
  place.folder.write("broken.yaml", "format: 1\nanswers: [\n");
  const Outcome forged = place.lab("grade dora.yaml --course course.yaml");
  CHECK(forged.exit == 2);
  CHECK(one_line(forged.err, "E-LAB-031"));
  CHECK(one_line(place.lab("grade anna.yaml").err, "E-LAB-031"));
  const Outcome mixed =
      place.lab("grade broken.yaml dora.yaml anna.yaml --course course.yaml --db g.db");
  CHECK(mixed.exit == 2);
  CHECK(mixed.out.find("1 of 3 submissions are graded") != std::string::npos);
  CHECK(Gradebook::open(place.folder.path() / "g.db").value()->attempts().value().size() == 1);
}

TEST_CASE("labs program: wrong usage is one line and exit code 2") {
  const Place place;
  place.folder.write("answers.yaml", "x");
  for (const std::string line :
       {"", "begin", "start", "start nowhere --student a", "start first-contact --student ../a",
        "check nowhere", "hint . speakers", "submit", "grade none.yaml", "report --db none.db",
        "verify", "verify nowhere", "start first-contact --student a --course none.yaml",
        "new ../x"}) {
    const Outcome outcome = place.lab(line);
    CHECK(outcome.exit == 2);
    CHECK(one_line(outcome.err, "ikelab lab: "));
  }
  CHECK(place.lab("--help").exit == 0);
  CHECK(place.lab("grade --help").exit == 0);
  CHECK(place.lab("list").out.find("First contact") != std::string::npos);
}

TEST_CASE("labs program: a new lab verifies", "[run]") {
  const Place place;
  REQUIRE(place.lab("--catalog mine new my-lab").exit == 0);
  CHECK(place.lab("--catalog mine new my-lab").exit == 2);
  const Outcome verified = place.lab("--catalog mine verify my-lab --students 2");
  CHECK(verified.exit == 0);
  CHECK(verified.out.find("WRONG") == std::string::npos);
}
