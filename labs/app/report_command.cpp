// report: the class as a table, as CSV, as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "labs/app/commands.hpp"
#include "labs/app/results.hpp"
#include "labs/app/terminal.hpp"
#include "labs/store/gradebook.hpp"

namespace ikelab::labs::app {
namespace {

namespace fs = std::filesystem;

/// One student's line of the class table.
struct ClassRow {
  std::string lab, student;
  const AttemptRecord* best = nullptr;
  const AttemptRecord* last = nullptr;
  std::size_t attempts = 0;
};

std::vector<ClassRow> class_table(const std::vector<AttemptRecord>& attempts) {
  std::map<std::pair<std::string, std::string>, ClassRow> rows;
  for (const AttemptRecord& attempt : attempts) {
    ClassRow& row = rows[{attempt.lab, attempt.student}];
    row.lab = attempt.lab;
    row.student = attempt.student;
    if (row.best == nullptr || attempt.score > row.best->score) row.best = &attempt;
    row.last = &attempt;
    ++row.attempts;
  }
  std::vector<ClassRow> out;
  for (auto& [key, row] : rows) out.push_back(std::move(row));
  return out;
}

void print_class(const std::vector<ClassRow>& rows) {
  std::string lab;
  for (const ClassRow& row : rows) {
    if (row.lab != lab) {
      fmt::print("{}{}\n", lab.empty() ? "" : "\n", paint(Role::heading, row.lab));
      fmt::print("  {:<20} {:>5} {:>9} {:>6}  {:<22} {}\n", "student", "best", "attempts", "hints",
                 "last graded", "goals of the best");
    }
    lab = row.lab;
    std::string goals;
    for (const GoalRecord& g : row.best->goals)
      goals += fmt::format("{}{} {}/{}", goals.empty() ? "" : ", ", g.goal, g.points, g.max_points);
    fmt::print("  {:<20} {:>5} {:>9} {:>6}  {:<22} {}\n", harmless(row.student), row.best->score,
               row.attempts, row.best->hints, harmless(row.last->graded_at), harmless(goals));
  }
}

Result<int> report_class(const Options& o) {
  std::error_code ec;
  if (!fs::exists(o.db, ec))
    return Error{"E-DB-004", fmt::format("there is no database '{}'", o.db.string())}.expect(
        "ikelab lab grade SUBMISSION... makes one");
  IKELAB_TRY(const auto book, Gradebook::open(o.db));
  IKELAB_TRY(const auto attempts, book->attempts(o.lab));
  if (!o.csv.empty()) IKELAB_CHECK(write_file(o.csv, to_csv(attempts)));
  if (o.json) {
    nlohmann::json rows = nlohmann::json::array();
    for (const AttemptRecord& attempt : attempts) rows.push_back(json_of(attempt));
    fmt::print("{}\n", rows.dump(2));
    return done;
  }
  if (attempts.empty()) fmt::print("Nothing is graded yet in {}.\n", o.db.string());
  print_class(class_table(attempts));
  if (!o.csv.empty()) fmt::print("Every attempt is in {}.\n", o.csv.string());
  return done;
}

}  // namespace

int report(const Options& o) {
  return exit_of(report_class(o));
}

}  // namespace ikelab::labs::app
