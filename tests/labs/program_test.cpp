// The whole path as people walk it: the program, real runs in ns-3, real files.
#include <fmt/format.h>
#include <sys/stat.h>
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

TEST_CASE("labs program: a lost point is followed to its event, by student and instructor",
          "[run]") {
  const Place place;
  REQUIRE(place.lab("start five-tunnels --student dora").exit == 0);
  const auto links = [&](const std::string& database) {
    const auto db = store::Database::open_read_only(place.folder.path() / database).value();
    auto query = db->prepare(
                       "SELECT count(*), min(c.run_id), count(e.seq) FROM lab_checks c LEFT "
                       "JOIN events e ON e.run_id = c.run_id AND e.seq = c.event WHERE "
                       "c.goal = 'repair' AND c.met = 0 AND c.event IS NOT NULL")
                     .value();
    REQUIRE(query.step().value());
    CHECK(query.integer(0) == 5);                 // the untouched branches
    CHECK(query.integer(1) > 0);                  // each tied to a recorded run
    CHECK(query.integer(2) == query.integer(0));  // in which that event is
  };
  const Outcome checked = place.lab("check five-tunnels-dora");
  CHECK(checked.out.find("see: ./ikelab show --db five-tunnels-dora/ikelab.db 1 event ") !=
        std::string::npos);
  links("five-tunnels-dora/ikelab.db");
  REQUIRE(place.lab("submit five-tunnels-dora").exit == 0);

  const Outcome again = place.lab("reopen five-tunnels-dora/submission.yaml --dir again");
  CHECK(again.exit == 0);
  CHECK(again.out.find("see: ./ikelab show --db again/ikelab.db ") != std::string::npos);
  links("again/ikelab.db");
  CHECK(place.lab("reopen five-tunnels-dora/submission.yaml --dir again").exit == 2);
  CHECK(place.lab("check again").exit == 1);
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

TEST_CASE("labs program: a submission that never ends is contained and named", "[run]") {
  const Place place;
  REQUIRE(place.lab("start psk-cracking --student eve --student ben --dir class").exit == 0);
  const fs::path script = place.folder.path() / "class/psk-cracking-eve/crack.lua";
  std::string text = read_file(script, 1 << 20).value();
  const std::string idle = "say(\"nothing is tried yet\")";
  REQUIRE(text.find(idle) != std::string::npos);
  text.replace(text.find(idle), idle.size(),
               "for i = 1, 200000 do local x = i * i end\n  timer.after(\"1ms\", \"try\")");
  REQUIRE(write_file(script, text).ok());
  fs::create_directories(place.folder.path() / "in");
  for (const std::string who : {"eve", "ben"})
    REQUIRE(place.lab("submit class/psk-cracking-" + who + " --out in/" + who + ".yaml").exit == 0);
  const Outcome graded = place.lab("grade --all in --db class.db --seconds 1");
  CHECK(graded.exit == 1);
  CHECK(one_line(graded.err, "E-LAB-060"));
  CHECK(graded.err.find("the submission of eve") != std::string::npos);
  const auto attempts =
      Gradebook::open(place.folder.path() / "class.db").value()->attempts().value();
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].student == "ben");
  CHECK(attempts[0].note.find("E-LAB") == std::string::npos);
  CHECK(attempts[1].score == 0);
  CHECK(attempts[1].note.find("E-LAB-060") != std::string::npos);
}

TEST_CASE("labs program: links, pipes and strangers' files among the submissions", "[run]") {
  const Place place;
  place.folder.write("secret.yaml", "course: x\nsecret: 0123456789abcdef0123\n");
  fs::create_directories(place.folder.path() / "in/anna_123_file");
  REQUIRE(place.lab("start first-contact --student anna").exit == 0);
  REQUIRE(place.lab("submit first-contact-anna --out in/anna_123_file/submission.yaml").exit == 0);
  fs::create_symlink(place.folder.path() / "secret.yaml", place.folder.path() / "in/link.yaml");
  REQUIRE(mkfifo((place.folder.path() / "in/pipe.yaml").c_str(), 0600) == 0);
  const Outcome graded = place.lab("grade --all in --db class.db");
  CHECK(graded.exit == 2);
  CHECK(std::count(graded.err.begin(), graded.err.end(), '\n') == 2);
  CHECK(graded.err.find("E-LAB-026") != std::string::npos);
  CHECK(graded.err.find("0123456789abcdef") == std::string::npos);
  CHECK(graded.out.find("1 of 1 submissions are graded") != std::string::npos);
}

TEST_CASE("labs program: a class from the roster to the platforms' files", "[run]") {
  // Short here; IKELAB_CLASS=200 makes it the class of an instructor's dreams.
  const char* asked = std::getenv("IKELAB_CLASS");
  const int size = asked == nullptr ? 6 : std::atoi(asked);
  const Place place;
  std::string roster = "student,name,email\n";
  for (int i = 0; i < size; ++i) roster += fmt::format("s{0},Student {0},s{0}@example.edu\n", i);
  place.folder.write("roster.csv", roster);
  place.folder.write("course.yaml",
                     "course: networks\nsecret: 0123456789abcdef0123456789\n"
                     "deadlines: {first-contact: 2020-01-01T00:00:00Z}\n");
  fs::create_directories(place.folder.path() / "in");
  REQUIRE(place.lab("roster roster.csv --db class.db").exit == 0);
  REQUIRE(place.lab("start first-contact --course course.yaml --dir class --roster --db class.db")
              .exit == 0);
  const Course course = Course::load(place.folder.path() / "course.yaml").value();
  const char* kinds[] = {"solution", "wrong/off-by-one", "wrong/swapped-nonces"};
  for (int i = 0; i + 1 < size; ++i) {  // the last hands nothing in
    const std::string name = fmt::format("s{}", i);
    const fs::path work = place.folder.path() / ("class/first-contact-" + name);
    const auto reader = store::Reader::open(work / "ikelab.db").value();
    const Facts facts(reader->events(reader->run("").value().id).value());
    const Draw drawn = draw(course, test::first_contact(), name).value();
    const std::string rules =
        read_file(test::first_contact().folder / kinds[i % 3] / "answers.yaml", 1 << 20).value();
    REQUIRE(
        write_file(work / "answers.yaml", evaluate_all(rules, facts, drawn.values).value()).ok());
    REQUIRE(place.lab(fmt::format("submit class/first-contact-{0} --out in/{0}.yaml", name)).exit ==
            0);
  }
  const Outcome graded = place.lab("grade --all in --course course.yaml --db class.db --jobs 2");
  CHECK(graded.exit == 0);
  const std::string all = fmt::format("{0} of {0} submissions are graded", size - 1);
  CHECK(graded.out.find(all) != std::string::npos);
  CHECK(graded.out.find("after the deadline") != std::string::npos);
  const Outcome report = place.lab(
      "report --db class.db --stats --similar --moodle m.csv --canvas c.csv --gradescope g");
  CHECK(report.exit == 0);
  CHECK(report.out.find(fmt::format("{} students", size - 1)) != std::string::npos);
  const auto file = [&](const char* name) {
    return read_file(place.folder.path() / name, 1 << 22).value();
  };
  CHECK(file("m.csv").find("s0,,s0@example.edu,100,") != std::string::npos);
  CHECK(file("m.csv").find("s1,,s1@example.edu,35,") != std::string::npos);
  CHECK(file("c.csv").find("Student 2,,,s2,,60\r\n") != std::string::npos);
  CHECK(file("c.csv").find(fmt::format("Student {0},,,s{0},,\r\n", size - 1)) != std::string::npos);
  CHECK(file("g/first-contact-s0.json").find("\"score\": 100") != std::string::npos);
}
