#include "labs/engine/verify.hpp"

#include <fmt/format.h>

#include "labs/engine/placeholder.hpp"
#include "labs/engine/rule.hpp"

namespace ikelab::labs {
namespace {

constexpr std::size_t most_octets = 256 * 1024;

class Verifier {
 public:
  Verifier(const Lab& lab, const Draw& draw, const Facts& facts)
      : lab_(lab), draw_(draw), facts_(facts) {}

  Result<std::vector<VerifyRow>> rows() {
    check_texts();
    IKELAB_CHECK(check_score("solution", full_score, {}));
    IKELAB_CHECK(check_score("skeleton", lab_.skeleton_score, {}));
    for (const WrongAnswer& wrong : lab_.wrong)
      IKELAB_CHECK(check_score("wrong/" + wrong.name, wrong.score, wrong.mistakes));
    return std::move(rows_);
  }

 private:
  void add(std::string what, bool ok, std::string found) {
    rows_.push_back({draw_.student, std::move(what), ok, std::move(found)});
  }

  void check_texts() {
    const Values values = with_standard_names(draw_.values, draw_.student, "folder");
    for (const std::string name : {"handout.md", "instructor.md", "skeleton/answers.yaml"}) {
      const auto text = read_file(lab_.folder / name, most_octets);
      const auto rendered = text.ok() ? render(*text, values) : text;
      if (!rendered.ok()) return add(name, false, rendered.error().to_string());
    }
    add("texts", true, "handout, instructor's page and skeleton are whole");
  }

  Result<void> check_score(const std::string& what, int stated,
                           const std::map<std::string, std::string>& mistakes) {
    IKELAB_TRY(const Answers answers, answers_of(what));
    if (what == "skeleton")
      for (const Goal& goal : lab_.goals)
        for (const Check& check : goal.checks)
          if (!answers.contains(goal.id + "." + check.field)) {
            add(what, false, fmt::format("it has no {}.{}", goal.id, check.field));
            return {};
          }
    IKELAB_TRY(const LabResult result, grade(lab_, draw_, facts_, answers));
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
    add(what, ok, std::move(found));
    return {};
  }

  static std::string missed(const LabResult& result) {
    std::string out;
    for (const GoalResult& goal : result.goals)
      for (const CheckResult& check : goal.checks)
        if (!check.met) out += fmt::format("; {}.{}: {}", goal.id, check.field, check.mistake);
    return out;
  }

  Result<Answers> answers_of(const std::string& what) const {
    const auto file = lab_.folder / what / "answers.yaml";
    if (what != "skeleton") return ruled_answers(lab_, file, facts_, draw_);
    IKELAB_TRY(const std::string text, read_file(file, most_octets));
    IKELAB_TRY(const std::string own,
               render(text, with_standard_names(draw_.values, draw_.student, "")));
    return parse_answers(own, file.string(), lab_);
  }

  const Lab& lab_;
  const Draw& draw_;
  const Facts& facts_;
  std::vector<VerifyRow> rows_;
};

}  // namespace

Result<Answers> ruled_answers(const Lab& lab, const std::filesystem::path& file, const Facts& facts,
                              const Draw& draw) {
  IKELAB_TRY(const std::string rules, read_file(file, most_octets));
  const auto text = evaluate_all(rules, facts, draw.values);
  if (!text.ok()) {
    Error error = text.error();
    error.place = file.string();
    return error;
  }
  return parse_answers(*text, file.string(), lab);
}

Result<std::vector<VerifyRow>> verify(const Lab& lab, int students, const Simulator& simulator,
                                      const std::function<void(int)>& done) {
  std::vector<VerifyRow> out;
  for (int i = 1; i <= students; ++i) {
    IKELAB_TRY(const Draw drawn, draw(Course::demo(), lab, fmt::format("verify-{}", i)));
    IKELAB_TRY(Simulated simulated, simulator(lab, drawn));
    const Facts facts(std::move(simulated.events));
    IKELAB_TRY(auto rows, Verifier(lab, drawn, facts).rows());
    out.insert(out.end(), rows.begin(), rows.end());
    if (done) done(i);
  }
  return out;
}

}  // namespace ikelab::labs
