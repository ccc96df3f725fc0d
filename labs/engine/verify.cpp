#include "labs/engine/verify.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "labs/engine/placeholder.hpp"
#include "labs/engine/rule.hpp"

namespace ikelab::labs {
namespace {

constexpr std::size_t most_octets = 256 * 1024;

class Verifier {
 public:
  Verifier(const Lab& lab, const Draw& draw, const Simulator& simulator,
           const std::filesystem::path& place)
      : lab_(lab), draw_(draw), simulator_(simulator), place_(place) {}

  Result<Verified> all() {
    check_texts();
    IKELAB_TRY(const Files files, skeleton_files(lab_, draw_));
    IKELAB_TRY(reference_, simulator_(lab_, draw_, files, place_));
    if (!reference_.front().refused.empty())
      return Error{"E-LAB-050", "the skeleton does not run: " + reference_.front().refused}.in(
          lab_.folder.string());
    IKELAB_CHECK(check_score("solution", "skeleton", full_score, {}));
    IKELAB_CHECK(check_score("skeleton", "skeleton", lab_.skeleton_score, {}));
    for (const WrongAnswer& wrong : lab_.wrong)
      IKELAB_CHECK(check_score("wrong/" + wrong.name, wrong.rest, wrong.score, wrong.mistakes));
    IKELAB_CHECK(check_repeats(files));
    return std::move(out_);
  }

 private:
  void add(std::string what, bool ok, std::string found) {
    out_.rows.push_back({draw_.student, std::move(what), ok, std::move(found)});
  }

  void check_texts() {
    const Values values = with_standard_names(draw_.values, draw_.student, "folder");
    std::vector<std::string> names{"handout.md", "instructor.md"};
    if (lab_.has_answers()) names.emplace_back("skeleton/answers.yaml");
    for (const std::string& name : names) {
      const auto text = read_file(lab_.folder / name, most_octets);
      const auto rendered = text.ok() ? render(*text, values) : text;
      if (!rendered.ok()) return add(name, false, rendered.error().to_string());
    }
    add("texts", true, "handout, instructor's page and skeleton are whole");
  }

  Result<void> check_repeats(const Files& files) {
    IKELAB_TRY(const std::vector<Ran> again, simulator_(lab_, draw_, files, place_));
    for (std::size_t i = 0; i < again.size(); ++i) {
      const bool both = again[i].simulated != nullptr && reference_[i].simulated != nullptr;
      if (both && again[i].simulated->fingerprint == reference_[i].simulated->fingerprint) continue;
      add("repeats", false, fmt::format("run '{}' differs from itself", again[i].plan->name));
      return {};
    }
    add("repeats", true, "the same fingerprint twice");
    return {};
  }

  Result<void> check_score(const std::string& what, const std::string& rest, int stated,
                           const std::map<std::string, std::string>& mistakes) {
    IKELAB_TRY(const Answers answers, answers_of(what, rest));
    if (what == "skeleton" && !skeleton_is_whole(answers)) return {};
    IKELAB_TRY(const LabResult result, graded(what, rest, answers));
    std::string found = fmt::format("{} points", result.score());
    bool ok = result.score() == stated;
    if (!ok) found += fmt::format(", stated {}", stated) + missed(result);
    for (const auto& [path, mistake] : mistakes) {
      const CheckResult* check = result.check(path);
      if (check != nullptr && check->mistake == mistake) continue;
      ok = false;
      found += fmt::format("; {}: '{}', stated '{}'", path,
                           check == nullptr ? "no such check" : check->mistake, mistake);
    }
    if (what != "solution") note_missed(result);
    add(what, ok, std::move(found));
    return {};
  }

  Result<LabResult> graded(const std::string& what, const std::string& rest,
                           const Answers& answers) {
    if (lab_.files.empty() || what == "skeleton")
      return grade(lab_, draw_, views(reference_), answers);
    const auto fill = [&](const std::string& text) {
      return evaluate_all(text, *reference_.front().facts, draw_.values);
    };
    IKELAB_TRY(const Files files, own_files(lab_, what, fill, rest));
    IKELAB_TRY(const std::vector<Ran> runs, simulator_(lab_, draw_, files, place_));
    return grade(lab_, draw_, views(runs), answers);
  }

  bool skeleton_is_whole(const Answers& answers) {
    for (const Goal& goal : lab_.goals)
      for (const Check& check : goal.checks)
        if (check.is_answer() && !answers.contains(goal.id + "." + check.field)) {
          add("skeleton", false, fmt::format("it has no {}.{}", goal.id, check.field));
          return false;
        }
    return true;
  }

  void note_missed(const LabResult& result) {
    for (const GoalResult& goal : result.goals)
      for (const CheckResult& check : goal.checks)
        if (!check.met) out_.missed.insert(goal.id + "." + check.field);
  }

  static std::string missed(const LabResult& result) {
    std::string out;
    for (const GoalResult& goal : result.goals)
      for (const CheckResult& check : goal.checks)
        if (!check.met)
          out += fmt::format("; {}.{}: {} {}/{}{}", goal.id, check.field, check.mistake,
                             check.earned(), check.points,
                             check.is_answer ? "" : " " + check.feedback);
    return out;
  }

  Result<Answers> answers_of(const std::string& what, const std::string& rest) const {
    auto file = lab_.folder / what / "answers.yaml";
    std::error_code ec;
    if (rest == "solution" && !std::filesystem::exists(file, ec))
      file = lab_.folder / rest / "answers.yaml";
    // A wrong answer may be wrong in its files alone; then nothing is answered.
    if (!lab_.has_answers() || (what != "solution" && !std::filesystem::exists(file, ec)))
      return Answers{};
    if (what != "skeleton") return ruled_answers(lab_, file, views(reference_), draw_);
    IKELAB_TRY(const std::string text, read_file(file, most_octets));
    IKELAB_TRY(const std::string own,
               render(text, with_standard_names(draw_.values, draw_.student, "")));
    return parse_answers(own, file.string(), lab_);
  }

  const Lab& lab_;
  const Draw& draw_;
  const Simulator& simulator_;
  const std::filesystem::path& place_;
  std::vector<Ran> reference_;  ///< with the skeleton's files: what the student saw
  Verified out_;
};

}  // namespace

Result<Answers> ruled_answers(const Lab& lab, const std::filesystem::path& file,
                              const std::vector<RunView>& runs, const Draw& draw) {
  IKELAB_TRY(const std::string rules, read_file(file, most_octets));
  const auto text = substitute(rules, [&](std::string_view rule) -> Result<std::string> {
    for (const RunView& run : runs)
      if (rule.starts_with(run.name + ":") && run.facts != nullptr)
        return evaluate(rule.substr(run.name.size() + 1), *run.facts, draw.values);
    return evaluate(rule, *runs.front().facts, draw.values);
  });
  if (!text.ok()) {
    Error error = text.error();
    error.place = file.string();
    return error;
  }
  return parse_answers(*text, file.string(), lab);
}

std::string verify_student(int i) {
  return fmt::format("verify-{}", i);
}

Result<Verified> verify_draw(const Lab& lab, const std::string& student,
                             const Simulator& simulator) {
  IKELAB_TRY(const Draw drawn, draw(Course::demo(), lab, student));
  IKELAB_TRY(const ScratchFolder place, ScratchFolder::make());
  return Verifier(lab, drawn, simulator, place.path()).all();
}

VerifyRow goals_row(const Lab& lab, const std::set<std::string>& missed) {
  std::string never;
  for (const Goal& goal : lab.goals)
    for (const Check& check : goal.checks)
      if (const std::string path = goal.id + "." + check.field; !missed.contains(path))
        never += (never.empty() ? "" : ", ") + path;
  if (never.empty()) return {"all", "goals", true, "each can be missed"};
  return {"all", "goals", false, "met whatever is handed in: " + never};
}

Result<std::vector<VerifyRow>> verify(const Lab& lab, int students, const Simulator& simulator) {
  std::vector<VerifyRow> out;
  std::set<std::string> missed;
  for (int i = 1; i <= students; ++i) {
    IKELAB_TRY(const Verified one, verify_draw(lab, verify_student(i), simulator));
    out.insert(out.end(), one.rows.begin(), one.rows.end());
    missed.insert(one.missed.begin(), one.missed.end());
  }
  out.push_back(goals_row(lab, missed));
  return out;
}

std::string packed(const Result<Verified>& verified) {
  nlohmann::json out;
  if (verified.ok()) {
    nlohmann::json rows = nlohmann::json::array();
    for (const VerifyRow& row : verified->rows)
      rows.push_back({row.student, row.what, row.ok, row.found});
    out = {{"rows", rows}, {"missed", verified->missed}};
  } else {
    const Error& e = verified.error();
    out = {{"code", e.code}, {"message", e.message}, {"place", e.place}, {"hint", e.hint}};
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<Verified> unpacked_verified(const std::string& text) {
  try {
    const auto j = nlohmann::json::parse(text);
    if (j.contains("code"))
      return Error{j.at("code"), j.at("message")}.in(j.at("place")).expect(j.at("hint"));
    Verified out;
    for (const auto& row : j.at("rows"))
      out.rows.push_back({row.at(0), row.at(1), row.at(2), row.at(3)});
    out.missed = j.at("missed").get<std::set<std::string>>();
    return out;
  } catch (const nlohmann::json::exception& e) {  // the edge of nlohmann
    return Error{"E-LAB-063", std::string("a worker's answer is not readable: ") + e.what()};
  }
}

}  // namespace ikelab::labs
