#include "labs/app/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "labs/app/terminal.hpp"

namespace ikelab::labs::app {

AttemptRecord record_of(const Lab& lab, const Draw& draw, const Graded& graded,
                        const HintsTaken& hints) {
  const LabResult& result = graded.result;
  AttemptRecord out;
  out.runs = graded.fingerprints;
  out.versions = graded.versions;
  if (const auto first = out.runs.find(lab.runs.front().name); first != out.runs.end())
    out.fingerprint = first->second;
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
                            check.evidence.message, check.evidence.words, 0});
      if (check.met) continue;
      row.code += fmt::format("{}{}:{}", row.code.empty() ? "" : " ", check.field, check.mistake);
      row.feedback +=
          fmt::format("{}{}: {}", row.feedback.empty() ? "" : "\n", check.field, check.feedback);
    }
    out.goals.push_back(std::move(row));
  }
  return out;
}

Result<void> find_runs(Gradebook& book, AttemptRecord& record) {
  for (CheckRecord& check : record.checks)
    if (const auto run = record.runs.find(check.run); run != record.runs.end()) {
      IKELAB_TRY(check.run_id, book.recorded_run(run->second));
    }
  return {};
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

nlohmann::json with_checks(const AttemptRecord& record) {
  nlohmann::json out = json_of(record);
  nlohmann::json checks = nlohmann::json::array();
  for (const CheckRecord& c : record.checks)
    checks.push_back({{"goal", c.goal},
                      {"field", c.field},
                      {"met", c.met},
                      {"points", c.points},
                      {"max_points", c.max_points},
                      {"mistake", c.mistake},
                      {"feedback", c.feedback},
                      {"run", c.run},
                      {"run_id", c.run_id},
                      {"event", c.event},
                      {"message", c.message},
                      {"evidence", c.evidence}});
  out["checks"] = std::move(checks);
  return out;
}

bool all_met(const LabResult& result) {
  return std::all_of(result.goals.begin(), result.goals.end(),
                     [](const GoalResult& g) { return g.met(); });
}

namespace {

/// Where to look at what cost the points, as a command.
std::string link_to(const CheckRecord& record, const Lab& lab, const std::string& folder) {
  const auto plan = std::find_if(lab.runs.begin(), lab.runs.end(),
                                 [&](const RunPlan& p) { return p.name == record.run; });
  if (folder.empty() || record.event == 0 || plan == lab.runs.end() || plan->hidden) return "";
  if (record.run_id == 0)
    return fmt::format("`./ikelab lab run {}` records this run, then look at event {}", folder,
                       record.event);
  return fmt::format("./ikelab show --db {}/ikelab.db {} event {}", folder, record.run_id,
                     record.event);
}

void print_check(const CheckResult& check, const CheckRecord& record, const Lab& lab,
                 const std::string& folder) {
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
  if (check.evidence.event == 0) return;
  // An event's words may be the answer itself.
  if (!check.is_answer)
    fmt::print("{}", paint(Role::muted, wrapped(harmless(check.evidence.words), 10,
                                                fmt::format("    in {}: ", check.evidence.run))));
  if (const std::string link = link_to(record, lab, folder); !link.empty())
    fmt::print("    {}\n", paint(Role::muted, "see: " + link));
}

}  // namespace

void print_result(const AttemptRecord& record, const LabResult& result, const Lab& lab,
                  const std::string& folder) {
  fmt::print("{}  {}, attempt {}\n\n", paint(Role::heading, lab.title), record.student,
             record.attempt);
  std::size_t at = 0;  // of the record's checks, which are in the same order
  for (const GoalResult& goal : result.goals) {
    const std::string hints =
        goal.hint_cost == 0 ? "" : fmt::format("  (hints cost {})", goal.hint_cost);
    fmt::print("{}  {}/{}{}\n", paint(Role::heading, fmt::format("{:<12} {}", goal.id, goal.title)),
               goal.earned(), goal.points, hints);
    for (const CheckResult& check : goal.checks)
      print_check(check, record.checks[at++], lab, folder);
  }
  fmt::print("\n{}\n",
             paint(Role::heading, fmt::format("{} of {} points", record.score, record.max_score)));
  if (!record.note.empty() && !record.submitted_at.empty())
    fmt::print("{}", wrapped(record.note, 0));
}

}  // namespace ikelab::labs::app
