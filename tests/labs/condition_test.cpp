// Conditions and runs: what a student's files make of a run, partial credit, and the event that
// cost a point. The catalogue's labs are the subject; real runs in ns-3.
#include <algorithm>

#include "labs/engine/grading.hpp"
#include "labs/engine/placeholder.hpp"
#include "labs/engine/verify.hpp"
#include "tests/labs/lab_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::labs;

namespace {

/// One student of a lab, with files that can be changed.
struct Desk {
  explicit Desk(const std::string& name)
      : lab(load_lab(catalog(), name).value()),
        drawn(draw(Course::demo(), lab, "anna").value()),
        files(skeleton_files(lab, drawn).value()) {}

  void replace(const std::string& file, const std::string& what, const std::string& by) {
    const std::size_t at = files[file].find(what);
    REQUIRE(at != std::string::npos);
    files[file].replace(at, what.size(), by);
  }
  LabResult graded() const {
    const auto place = ScratchFolder::make().value();
    const auto out = grade_work(lab, drawn, {}, {}, files, place.path());
    INFO((out.ok() ? "" : out.error().to_string()));
    REQUIRE(out.ok());
    return out->result;
  }

  Lab lab;
  Draw drawn;
  Files files;
};

std::string branch_with(const Draw& drawn, const std::string& fault) {
  const auto words = words_of(*drawn.value("order"));
  const auto at = std::find(words.begin(), words.end(), fault) - words.begin() + 1;
  return "branch-" + std::to_string(at);
}

}  // namespace

TEST_CASE("labs conditions: a lost point names the event and the message that cost it", "[run]") {
  const Desk desk("five-tunnels");
  const LabResult result = desk.graded();
  const CheckResult* secret = result.check("repair." + branch_with(desk.drawn, "secret"));
  REQUIRE(secret != nullptr);
  CHECK(secret->mistake == "no_ike_sa");
  CHECK(secret->evidence.run == "main");
  CHECK(secret->evidence.event > 0);
  CHECK(secret->evidence.message > 0);
  CHECK(secret->evidence.words.find("AUTHENTICATION_FAILED") != std::string::npos);
  const CheckResult* selectors = result.check("repair." + branch_with(desk.drawn, "selectors"));
  CHECK(selectors->mistake == "no_child_sa");
}

TEST_CASE("labs conditions: one repaired branch gets its points and no other", "[run]") {
  Desk desk("five-tunnels");
  const std::string branch = branch_with(desk.drawn, "esp");
  desk.replace(branch + ".yaml", *desk.drawn.value("stale_esp"), *desk.drawn.value("esp"));
  const LabResult result = desk.graded();
  CHECK(result.score() == 14);
  CHECK(result.check("repair." + branch)->met);
  CHECK(result.check("traffic." + branch)->met);
}

TEST_CASE("labs conditions: a file that cannot be read is told with its own line", "[run]") {
  Desk desk("five-tunnels");
  desk.replace("branch-2.yaml", "start_action: start", "start_action: begin");
  const LabResult result = desk.graded();
  const CheckResult* check = result.check("repair.branch-1");
  CHECK(check->mistake == "not_run");
  CHECK(check->feedback.find("branch-2.yaml:13:") != std::string::npos);
}

TEST_CASE("labs conditions: an edited file opens no other file", "[run]") {
  Desk desk("five-tunnels");
  for (const char* trick : {"    - file: /etc/passwd\n", "    - {base: ../../x, name: y}\n"}) {
    Desk other = desk;
    other.files["branch-1.yaml"] += trick;
    CHECK(other.graded().check("repair.branch-1")->feedback.find("E-LAB-025") != std::string::npos);
  }
  desk.files["branch-1.yaml"] = "&a [*a, *a]";
  CHECK(desk.graded().check("repair.branch-1")->feedback.find("E-LAB-003") != std::string::npos);
  desk.files["branch-1.yaml"] = std::string(most_file_octets + 1, '#');
  CHECK(desk.graded().check("repair.branch-1")->feedback.find("E-LAB-003") != std::string::npos);
}

TEST_CASE("labs conditions: the linter's findings cost their share", "[run]") {
  Desk desk("proposals");
  CHECK(desk.graded().check("lint.warnings")->partial == 0);
  desk.replace("gw-a.yaml", "      replay_window: 0\n", "");
  const LabResult result = desk.graded();
  CHECK(result.check("lint.warnings")->partial == 10);
  CHECK(result.check("lint.warnings")->mistake == "findings");
}

TEST_CASE("labs conditions: a script's claim is held against the gateways' secret", "[run]") {
  Desk desk("psk-cracking");
  CHECK(desk.graded().check("crack.main")->mistake == "nothing_learnt");
  Desk liar = desk;
  liar.replace("crack.lua", "say(\"nothing is tried yet\")", "learn(\"psk\", \"x\", \"y\", \"z\")");
  CHECK(liar.graded().check("crack.main")->mistake == "other_value");
  Desk looping = desk;
  looping.replace("crack.lua", "say(\"nothing is tried yet\")", "while true do end");
  const LabResult result = looping.graded();
  CHECK(result.check("crack.main")->feedback.find("E-LUA") != std::string::npos);
  CHECK(result.check("crack.main")->feedback.find("crack.lua:") != std::string::npos);
}

TEST_CASE("labs conditions: kinds that do not exist are refused where they stand") {
  CHECK_FALSE(find_condition("everything").has_value());
  CHECK(find_condition("ping").has_value());
  CHECK(condition_kinds().size() > conditions().size());
  for (const Condition& row : conditions())
    for (const Mistake& mistake : row.mistakes) CHECK(mistake.feedback.size() > 20);
}
