#include "labs/engine/grade.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "labs/engine/placeholder.hpp"
#include "labs/engine/rule.hpp"

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
  for (const Check& check : goal.checks)
    if (check.is_answer()) known.push_back(check.field);
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

Evidence evidence_at(const RunView& run, std::uint64_t event) {
  if (event == 0 || run.facts == nullptr) return {run.name, 0, 0, ""};
  return {run.name, event, run.facts->message_before(event), run.facts->told(event)};
}

/// The lab's own words for a mistake, else those of the predicate or condition.
std::string words_for(const Check& check, const std::string& mistake) {
  if (const auto own = check.feedback.find(mistake); own != check.feedback.end())
    return own->second;
  const Mistake* row = check.is_answer() ? find_mistake(*check.predicate, mistake)
                                         : find_mistake(*check.condition, mistake);
  return row == nullptr ? mistake : std::string(row->feedback);
}

Result<void> grade_answer(const Check& check, const Values& values, const RunView& run,
                          const std::string& answer, CheckResult& out) {
  if (run.facts == nullptr) {
    out.mistake = "unanswered";
    out.feedback = "The run this is about does not exist: " + run.refused;
    return {};
  }
  IKELAB_TRY(const Arguments arguments, rendered(check.arguments, values));
  std::vector<OwnWay> ways;
  for (const RuledWay& way : check.ways) {
    IKELAB_TRY(const std::string rule, render(way.rule, values));
    if (auto value = evaluate(rule, *run.facts, values); value.ok())
      ways.push_back({way.mistake, std::move(*value)});
  }
  IKELAB_TRY(const Verdict verdict, judge(*check.predicate, *run.facts, arguments, answer, ways));
  out.met = verdict.met;
  out.mistake = verdict.mistake;
  if (verdict.met) return {};
  IKELAB_TRY(out.feedback, render(words_for(check, verdict.mistake), values));
  out.evidence = evidence_at(run, event_of(*run.facts, arguments));
  return {};
}

Result<void> grade_condition(const Check& check, const Values& values, const RunView& run,
                             CheckResult& out) {
  out.is_answer = false;
  if (!run.refused.empty()) {
    out.mistake = "not_run";
    IKELAB_TRY(out.feedback, render(words_for(check, "not_run"), values));
    out.feedback += " " + run.refused;
    return {};
  }
  IKELAB_TRY(const Arguments arguments, rendered(check.arguments, values));
  IKELAB_TRY(const Holding holding, check.condition->judge(run, arguments));
  out.met = holding.held == holding.parts;
  if (out.met) return {};
  out.mistake = holding.mistake;
  out.partial =
      static_cast<int>(static_cast<std::uint64_t>(check.points) * holding.held / holding.parts);
  IKELAB_TRY(out.feedback, render(words_for(check, holding.mistake), values));
  if (!holding.found.empty()) out.feedback += fmt::format(" Found: {}.", holding.found);
  if (!run.stopped.empty()) out.feedback += " The script was stopped: " + run.stopped;
  out.evidence = evidence_at(run, holding.event);
  return {};
}

Result<CheckResult> grade_check(const Check& check, const Values& values,
                                const std::vector<RunView>& runs, const std::string& answer) {
  const auto run = std::find_if(runs.begin(), runs.end(), [&](const RunView& view) {
    return check.run.empty() || view.name == check.run;
  });
  if (run == runs.end()) return Error{"E-LAB-015", fmt::format("there is no run '{}'", check.run)};
  CheckResult out;
  out.field = check.field;
  out.points = check.points;
  IKELAB_TRY(out.question, render(check.question, values));
  IKELAB_CHECK(check.is_answer() ? grade_answer(check, values, *run, answer, out)
                                 : grade_condition(check, values, *run, out));
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

Result<LabResult> grade(const Lab& lab, const Draw& draw, const std::vector<RunView>& runs,
                        const Answers& answers, const HintsTaken& hints) {
  const Values values = with_standard_names(draw.values, draw.student, "");
  LabResult out;
  for (const Goal& goal : lab.goals) {
    GoalResult result{goal.id, goal.title, {}, goal.points(), cost_of(goal, hints)};
    for (const Check& check : goal.checks) {
      const auto answer = answers.find(goal.id + "." + check.field);
      IKELAB_TRY(CheckResult row,
                 grade_check(check, values, runs, answer == answers.end() ? "" : answer->second));
      result.checks.push_back(std::move(row));
    }
    out.goals.push_back(std::move(result));
  }
  return out;
}

Result<LabResult> grade(const Lab& lab, const Draw& draw, const Facts& facts,
                        const Answers& answers, const HintsTaken& hints) {
  RunView view;
  view.name = lab.runs.front().name;
  view.facts = &facts;
  return grade(lab, draw, {view}, answers, hints);
}

}  // namespace ikelab::labs
