#include "labs/app/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "labs/app/terminal.hpp"

namespace ikelab::labs::app {

AttemptRecord record_of(const Lab& lab, const Draw& draw, const LabResult& result,
                        const HintsTaken& hints) {
  AttemptRecord out;
  out.student = draw.student;
  out.lab = lab.id;
  out.lab_version = lab.version;
  out.seed = draw.seed;
  out.score = result.score();
  out.max_score = full_score;
  for (const auto& [goal, count] : hints) out.hints += count;
  for (const GoalResult& goal : result.goals) {
    GoalRecord row{goal.id, goal.title, goal.earned(), goal.points, goal.met(), "", ""};
    for (const CheckResult& check : goal.checks) {
      out.checks.push_back({goal.id, check.field, check.earned(), check.points, check.met,
                            check.mistake, check.feedback, check.evidence.run, check.evidence.event,
                            check.evidence.message, check.evidence.words});
      if (check.met) continue;
      row.code += fmt::format("{}{}:{}", row.code.empty() ? "" : " ", check.field, check.mistake);
      row.feedback +=
          fmt::format("{}{}: {}", row.feedback.empty() ? "" : "\n", check.field, check.feedback);
    }
    out.goals.push_back(std::move(row));
  }
  return out;
}

nlohmann::json json_of(const AttemptRecord& a) {
  nlohmann::json goals = nlohmann::json::array();
  for (const GoalRecord& g : a.goals)
    goals.push_back({{"goal", g.goal},
                     {"title", g.title},
                     {"points", g.points},
                     {"max_points", g.max_points},
                     {"met", g.met},
                     {"code", g.code},
                     {"feedback", g.feedback}});
  return {{"student", a.student},
          {"lab", a.lab},
          {"lab_version", a.lab_version},
          {"attempt", a.attempt},
          {"score", a.score},
          {"max_score", a.max_score},
          {"hints", a.hints},
          {"started_at", a.started_at},
          {"submitted_at", a.submitted_at},
          {"graded_at", a.graded_at},
          {"fingerprint", a.fingerprint},
          {"versions", a.versions},
          {"note", a.note},
          {"goals", goals}};
}

nlohmann::json json_of(const AttemptRecord& record, const LabResult& result) {
  nlohmann::json out = json_of(record);
  nlohmann::json checks = nlohmann::json::array();
  for (const GoalResult& goal : result.goals)
    for (const CheckResult& c : goal.checks)
      checks.push_back({{"goal", goal.id},
                        {"field", c.field},
                        {"met", c.met},
                        {"points", c.earned()},
                        {"max_points", c.points},
                        {"mistake", c.mistake},
                        {"feedback", c.feedback},
                        {"run", c.evidence.run},
                        {"event", c.evidence.event},
                        {"message", c.evidence.message},
                        {"evidence", c.evidence.words}});
  out["checks"] = std::move(checks);
  return out;
}

bool all_met(const LabResult& result) {
  return std::all_of(result.goals.begin(), result.goals.end(),
                     [](const GoalResult& g) { return g.met(); });
}

namespace {

void print_check(const CheckResult& check, const std::string& folder) {
  if (check.met) {
    fmt::print("  {} {}\n", paint(Role::right, "right"), check.field);
    return;
  }
  if (check.mistake == "unanswered") {
    fmt::print("{}", wrapped(check.question, 10,
                             fmt::format("  {}  {}: ", paint(Role::muted, "open"), check.field)));
    return;
  }
  const std::string part =
      check.partial == 0 ? "" : fmt::format(" ({} of {})", check.partial, check.points);
  fmt::print("{}",
             wrapped(harmless(check.feedback), 10,
                     fmt::format("  {} {}{}: ", paint(Role::wrong, "wrong"), check.field, part)));
  if (check.evidence.event == 0 || check.is_answer) return;
  std::string see = harmless(check.evidence.words);
  if (check.evidence.message != 0 && !folder.empty())
    see += fmt::format(" (after message {}: ./ikelab show --db {}/ikelab.db message {})",
                       check.evidence.message, folder, check.evidence.message);
  fmt::print("{}",
             paint(Role::muted, wrapped(see, 10, fmt::format("    in {}: ", check.evidence.run))));
}

}  // namespace

void print_result(const AttemptRecord& record, const LabResult& result, const Lab& lab,
                  const std::string& folder) {
  fmt::print("{}  {}, attempt {}\n\n", paint(Role::heading, lab.title), record.student,
             record.attempt);
  for (const GoalResult& goal : result.goals) {
    const std::string hints =
        goal.hint_cost == 0 ? "" : fmt::format("  (hints cost {})", goal.hint_cost);
    fmt::print("{}  {}/{}{}\n", paint(Role::heading, fmt::format("{:<12} {}", goal.id, goal.title)),
               goal.earned(), goal.points, hints);
    for (const CheckResult& check : goal.checks) print_check(check, folder);
  }
  fmt::print("\n{}\n",
             paint(Role::heading, fmt::format("{} of {} points", record.score, record.max_score)));
  if (!lab.files.empty())
    fmt::print("{}", paint(Role::muted, fmt::format("The messages above are those of your latest "
                                                    "`./ikelab lab run {}`.\n",
                                                    folder)));
  if (!record.note.empty() && !record.submitted_at.empty())
    fmt::print("{}", wrapped(record.note, 0));
}

}  // namespace ikelab::labs::app
