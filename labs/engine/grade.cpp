#include "labs/engine/grade.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "labs/engine/placeholder.hpp"

namespace ikelab::labs {
namespace {

Error unknown_name(const Yaml& yaml, const YamlNode& at, const std::string& what,
                   const std::vector<std::string>& known) {
  const std::string near = nearest(at.text, known);
  return yaml.error(at, "E-LAB-010",
                    fmt::format("the lab has no {} '{}'", what, at.text.substr(0, 64)),
                    near.empty() ? fmt::format("it has {}", fmt::join(known, ", "))
                                 : fmt::format("did you mean '{}'?", near));
}

Result<void> read_goal_answers(const Yaml& yaml, const YamlNode& node, const Goal& goal,
                               Answers& out) {
  if (node.kind == YamlNode::Kind::null) return {};
  if (node.kind != YamlNode::Kind::map)
    return yaml.error(node, "E-LAB-012", fmt::format("'{}' must hold its fields", goal.id),
                      "as in the skeleton: field: answer");
  std::vector<std::string> known;
  for (const Check& check : goal.checks) known.push_back(check.field);
  for (const auto& [field, answer] : node.entries) {
    if (std::find(known.begin(), known.end(), field.text) == known.end())
      return unknown_name(yaml, field, fmt::format("field in '{}' called", goal.id), known);
    if (answer.kind == YamlNode::Kind::list || answer.kind == YamlNode::Kind::map)
      return yaml.error(answer, "E-LAB-012",
                        fmt::format("'{}' must be a single value", field.text));
    out.emplace(goal.id + "." + field.text, answer.text);
  }
  return {};
}

Result<Arguments> rendered(const Arguments& arguments, const Values& values) {
  Arguments out;
  for (const auto& [name, text] : arguments) {
    IKELAB_TRY(std::string value, render(text, values));
    out.emplace_back(name, std::move(value));
  }
  return out;
}

Result<CheckResult> grade_check(const Check& check, const Values& values, const Facts& facts,
                                const std::string& answer) {
  IKELAB_TRY(const Arguments arguments, rendered(check.arguments, values));
  IKELAB_TRY(const Verdict verdict, judge(*check.predicate, facts, arguments, answer));
  CheckResult out{check.field, "", "", verdict.mistake, check.points, verdict.met};
  IKELAB_TRY(out.question, render(check.question, values));
  if (verdict.met) return out;
  const auto own = check.feedback.find(verdict.mistake);
  const std::string text =
      own != check.feedback.end()
          ? own->second
          : std::string(find_mistake(*check.predicate, verdict.mistake)->feedback);
  IKELAB_TRY(out.feedback, render(text, values));
  return out;
}

int cost_of(const Goal& goal, const HintsTaken& hints) {
  const auto taken = hints.find(goal.id);
  int cost = 0;
  for (int i = 0;
       taken != hints.end() && i < taken->second && i < static_cast<int>(goal.hints.size()); ++i)
    cost += goal.hints[static_cast<std::size_t>(i)].cost;
  return cost;
}

}  // namespace

Result<Answers> read_answers(const Yaml& yaml, const YamlNode& node, const Lab& lab) {
  Answers out;
  if (node.kind == YamlNode::Kind::null) return out;
  if (node.kind != YamlNode::Kind::map)
    return yaml.error(node, "E-LAB-012", "goals with their answers are expected");
  std::vector<std::string> known;
  for (const Goal& goal : lab.goals) known.push_back(goal.id);
  for (const auto& [name, fields] : node.entries) {
    const Goal* goal = lab.goal(name.text);
    if (goal == nullptr) return unknown_name(yaml, name, "goal", known);
    IKELAB_CHECK(read_goal_answers(yaml, fields, *goal, out));
  }
  return out;
}

Result<Answers> parse_answers(const std::string& text, const std::string& file, const Lab& lab) {
  IKELAB_TRY(const Yaml yaml, Yaml::parse(text, file));
  return read_answers(yaml, yaml.root(), lab);
}

int GoalResult::earned() const {
  int sum = -hint_cost;
  for (const CheckResult& check : checks) sum += check.earned();
  return std::max(sum, 0);
}

bool GoalResult::met() const {
  return std::all_of(checks.begin(), checks.end(), [](const CheckResult& c) { return c.met; });
}

int LabResult::score() const {
  int sum = 0;
  for (const GoalResult& goal : goals) sum += goal.earned();
  return sum;
}

const CheckResult* LabResult::check(const std::string& path) const {
  for (const GoalResult& goal : goals)
    for (const CheckResult& check : goal.checks)
      if (goal.id + "." + check.field == path) return &check;
  return nullptr;
}

Result<LabResult> grade(const Lab& lab, const Draw& draw, const Facts& facts,
                        const Answers& answers, const HintsTaken& hints) {
  const Values values = with_standard_names(draw.values, draw.student, "");
  LabResult out;
  for (const Goal& goal : lab.goals) {
    GoalResult result{goal.id, goal.title, {}, goal.points(), cost_of(goal, hints)};
    for (const Check& check : goal.checks) {
      const auto answer = answers.find(goal.id + "." + check.field);
      IKELAB_TRY(CheckResult row,
                 grade_check(check, values, facts, answer == answers.end() ? "" : answer->second));
      result.checks.push_back(std::move(row));
    }
    out.goals.push_back(std::move(result));
  }
  return out;
}

}  // namespace ikelab::labs
