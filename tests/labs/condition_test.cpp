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

TEST_CASE("labs conditions: what is drawn reaches keys, faults, links and timing", "[run]") {
  const auto run_of = [](const char* name, const char* student) {
    const Lab lab = load_lab(catalog(), name).value();
    const Draw drawn = draw(Course::demo(), lab, student).value();
    const auto place = ScratchFolder::make().value();
    auto ran =
        run_plan(lab, lab.runs.front(), drawn, skeleton_files(lab, drawn).value(), place.path());
    return std::pair(drawn, std::move(ran.value().simulated->scenario));
  };
  const auto delay = [](const scenario::Scenario& s, const std::string& link) {
    for (const scenario::Link& l : s.links)
      if (l.name == link) return to_string(l.to_a.delay);
    return std::string();
  };
  const auto [anna, hers] = run_of("five-tunnels", "anna");
  const auto [dora, his] = run_of("five-tunnels", "dora");
  CHECK(hers.seed != his.seed);
  CHECK(*anna.value("order") != *dora.value("order"));
  CHECK(delay(hers, "wan") ==
        to_string(Duration(std::chrono::milliseconds(std::stoi(*anna.value("far"))))));
  CHECK(delay(hers, "wan") != delay(his, "wan"));
  const auto [carla, watched] = run_of("detector", "carla");
  CHECK(watched.adversaries.front().parameters.at("wait") == *carla.value("wait"));
}

TEST_CASE("labs conditions: hints cost what the lab says, and a goal never goes below nothing") {
  Lab lab = test::first_contact();
  const Draw drawn = test::draw_for("anna");
  const Facts facts(test::pair_run(lab, drawn).value().events);
  Goal& goal = lab.goals[3];
  REQUIRE(goal.id == "skeyseed");
  goal.hints = {{"free", 0}, {"dear", 7}, {"dearer", 100}};
  const Answers right = {{"skeyseed.skeyseed", to_hex(facts.octets("SKEYSEED").value())}};
  const auto earned = [&](int hints) {
    return grade(lab, drawn, facts, right, {{"skeyseed", hints}}).value().goals[3].earned();
  };
  CHECK(earned(0) == goal.points());
  CHECK(earned(1) == goal.points());
  CHECK(earned(2) == goal.points() - 7);
  CHECK(earned(3) == 0);
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

TEST_CASE("labs conditions: a part of a script sees what the script has, and errs in its own lines",
          "[run]") {
  Desk desk("psk-cracking");
  desk.replace("crack.lua", "say(\"nothing is tried yet\")", "say(trial.none.at)");
  const auto feedback = desk.graded().check("crack.main")->feedback;
  const auto line = std::count(desk.files["crack.lua"].begin(),
                               desk.files["crack.lua"].begin() +
                                   static_cast<long>(desk.files["crack.lua"].find("trial.none")),
                               '\n') +
                    1;
  CHECK(feedback.find("crack.lua:" + std::to_string(line) + ":") != std::string::npos);
}

TEST_CASE("labs conditions: alerts are weighed by recall and precision, by the event", "[run]") {
  Desk desk("detector");
  const LabResult quiet = desk.graded();
  CHECK(quiet.check("replay.found")->mistake == "missed_some");
  CHECK(quiet.check("replay.found")->earned() == 0);
  CHECK(quiet.check("replay.peace")->met);
  CHECK(quiet.check("weak.found")->evidence.event > 0);

  desk.replace("replays.lua", "  local header", "  alert(\"a packet\")\n  local header");
  desk.replace("algorithms.lua", "  for _,",
               "  if message.response then alert(\"one\") end\n  for _,");
  const LabResult loud = desk.graded();
  CHECK(loud.check("replay.found")->mistake == "false_alarms");
  const std::string copies = *desk.drawn.value("copies");
  CHECK(loud.check("replay.found")->feedback.find("recall " + copies + " of " + copies) !=
        std::string::npos);
  CHECK(loud.check("replay.found")->earned() < 10);
  CHECK_FALSE(loud.check("replay.peace")->met);
  CHECK(loud.check("weak.found")->earned() == 35 / 3);
}

TEST_CASE("labs conditions: an expectation names the event at which it ceased to hold", "[run]") {
  const Desk desk("flood");
  const auto place = ScratchFolder::make().value();
  const Ran ran =
      run_plan(desk.lab, desk.lab.runs.front(), desk.drawn, desk.files, place.path()).value();
  const Holding holding =
      find_condition("half_open")->judge(ran.view(), {{"node", "gw-b"}, {"at_most", "60"}}).value();
  CHECK(holding.held == 0);
  std::uint64_t half_open = 0, sixty_first = 0;
  for (const trace::Event& event : ran.facts->events())
    if (const auto* s = std::get_if<trace::StateChanged>(&event.body);
        s != nullptr && event.node == "gw-b" && s->to == "HALF_OPEN" && ++half_open == 61)
      sixty_first = event.seq;
  CHECK(holding.event == sixty_first);
  const Holding attack = find_condition("attack")
                             ->judge(ran.view(), {{"by", "mallory"}, {"achieved", "false"}})
                             .value();
  CHECK(ran.facts->told(attack.event).find("metric") != std::string::npos);
}

TEST_CASE("labs conditions: kinds that do not exist are refused where they stand") {
  CHECK_FALSE(find_condition("everything").has_value());
  CHECK(find_condition("ping").has_value());
  CHECK(condition_kinds().size() > conditions().size());
  for (const Condition& row : conditions())
    for (const Mistake& mistake : row.mistakes) CHECK(mistake.feedback.size() > 20);
}
