// Submissions: what comes back as it went, and what strangers may hand in without harm.
#include "labs/engine/submission.hpp"

#include "tests/labs/lab_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::labs;

namespace {

Submission sample(const std::string& student = "anna") {
  return {test::draw_for(student),
          "ikelab 0.1.0",
          "2026-11-23T11:00:00Z",
          "2026-11-23T12:00:00Z",
          {{"speakers.initiator", "gw-a"}, {"skeyseed.skeyseed", "00 \"11\": {x}\n- &a"}},
          {{"auth", 2}},
          {}};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

struct Post {
  test::TemporaryFolder folder;
  Result<Submission> read(const std::string& text) const {
    return read_submission(folder.write("s.yaml", text), catalog());
  }
  std::string code(const std::string& text) const {
    const auto submission = read(text);
    if (submission.ok()) return "accepted";
    const std::string line = submission.error().to_string();
    UNSCOPED_INFO(line);
    CHECK(line.find('\n') == std::string::npos);
    CHECK(line.size() < 600);
    return submission.error().code;
  }
};

}  // namespace

TEST_CASE("labs submission: goes there and back") {
  const Post post;
  const Submission sent = sample();
  const auto got = post.read(written(sent));
  REQUIRE(got.ok());
  CHECK(got->answers == sent.answers);
  CHECK(got->hints == sent.hints);
  CHECK(got->draw.values == sent.draw.values);
  CHECK(written(*got) == written(sent));
  const Lab lab = test::first_contact();
  const auto drawn = verified_draw(*got, Course::demo(), lab);
  REQUIRE(drawn.ok());
  CHECK(drawn->seed == test::draw_for("anna").seed);
}

TEST_CASE("labs submission: bound to one student of one course") {
  const Lab lab = test::first_contact();
  Submission borrowed = sample("anna");
  borrowed.draw.student = "ben";
  CHECK(verified_draw(borrowed, Course::demo(), lab).error().code == "E-LAB-031");
  Submission easier = sample();
  easier.draw.values[0].second = "1";
  CHECK(verified_draw(easier, Course::demo(), lab).error().code == "E-LAB-031");
  Submission forged = sample();
  forged.draw.binding[0] = forged.draw.binding[0] == '0' ? '1' : '0';
  CHECK(verified_draw(forged, Course::demo(), lab).error().code == "E-LAB-031");
  const test::TemporaryFolder folder;
  const Course real =
      Course::load(folder.write("c.yaml", "course: real\nsecret: 0123456789abcdef\n")).value();
  CHECK(verified_draw(sample(), real, lab).error().code == "E-LAB-031");
  Submission renamed = sample();
  renamed.draw.course = "real";
  CHECK(verified_draw(renamed, real, lab).error().code == "E-LAB-031");
}

TEST_CASE("labs submission: malformed and hostile ones are one line each") {
  const Post post;
  const std::string good = written(sample());
  CHECK(post.code(good) == "accepted");
  CHECK(post.code("") == "E-LAB-012");
  CHECK(post.code("[]") == "E-LAB-012");
  CHECK(post.code("\x7f"
                  "ELF") == "E-LAB-002");
  CHECK(post.code(good + std::string(300'000, '#')) == "E-LAB-003");
  CHECK(post.code(good + "  x: &a [1]\n") == "E-LAB-003");
  CHECK(post.code(replaced(good, "format: 1", "format: 2")) == "E-LAB-034");
  CHECK(post.code(replaced(good, "format: 1", "format: 99999999999999999999")) == "E-LAB-012");
  CHECK(post.code(replaced(good, "lab_version: 1", "lab_version: 2")) == "E-LAB-032");
  CHECK(post.code(replaced(good, "lab_version: 1", "lab_version: -1")) == "E-LAB-012");
  CHECK(post.code(replaced(good, "\"first-contact\"", "\"../../../etc\"")) == "E-LAB-001");
  CHECK(post.code(replaced(good, "\"first-contact\"", "\"first\\e[2Jcontact\"")) == "E-LAB-001");
  CHECK(post.code(replaced(good, "student: \"anna\"", "student: \"../anna\"")) == "E-LAB-022");
  CHECK(post.code(replaced(good, "    seed:", "    sead:")) == "E-LAB-030");
  CHECK(post.code(replaced(good, "prf: \"prf", "prf: \"xrf")) == "E-LAB-030");
  CHECK(post.code(replaced(good, "made_at: \"2026", "made_at: \"soon")) == "E-LAB-012");
  CHECK(post.code(replaced(good, "  speakers:", "  speaker:")) == "E-LAB-010");
  CHECK(post.code(replaced(good, "    initiator:", "    initiater:")) == "E-LAB-010");
  CHECK(post.code(replaced(good, "  auth: 2", "  auth: 1000000")) == "E-LAB-012");
  CHECK(post.code(replaced(good, "  auth: 2", "  auht: 2")) == "E-LAB-010");
  CHECK(post.code(replaced(good, "initiator: \"gw-a\"", "initiator: [gw-a]")) == "E-LAB-012");
  CHECK(post.code(good + "score: 100\n") == "E-LAB-010");
  CHECK(post.code(good.substr(0, good.find("answers:"))) == "E-LAB-011");
  CHECK(read_submission(post.folder.path() / "none.yaml", catalog()).error().code == "E-LAB-004");
  CHECK(read_submission(post.folder.path(), catalog()).error().code == "E-LAB-026");
}
