// roster, report: who is in the class; the class as a table, as statistics, and as the files that
// learning platforms import.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "labs/app/commands.hpp"
#include "labs/app/results.hpp"
#include "labs/app/terminal.hpp"
#include "labs/store/class.hpp"

namespace ikelab::labs::app {
namespace {

namespace fs = std::filesystem;

void print_class(const std::vector<ClassRow>& rows) {
  std::string lab;
  for (const ClassRow& row : rows) {
    if (row.lab != lab) {
      fmt::print("{}{}\n", lab.empty() ? "" : "\n", paint(Role::heading, row.lab));
      fmt::print("  {:<20} {:>5} {:>9} {:>6}  {:<22} {}\n", "student", "best", "attempts", "hints",
                 "last graded", "goals of the best");
    }
    lab = row.lab;
    if (row.best == nullptr) {
      fmt::print("  {:<20} {:>5}\n", harmless(row.student), "-");
      continue;
    }
    std::string goals;
    for (const GoalRecord& g : row.best->goals)
      goals += fmt::format("{}{} {}/{}", goals.empty() ? "" : ", ", g.goal, g.points, g.max_points);
    fmt::print("  {:<20} {:>5} {:>9} {:>6}  {:<22} {}\n", harmless(row.student), row.best->score,
               row.attempts, row.best->hints, harmless(row.last->graded_at), harmless(goals));
  }
}

void print_statistics(const std::vector<ClassRow>& rows) {
  for (const LabStatistics& lab : statistics(rows)) {
    const auto& q = lab.quartiles;
    fmt::print("\n{}  {} students, {:.1f} attempts each; mean {:.1f}; quartiles {} {} {} {} {}\n",
               paint(Role::heading, lab.lab), lab.students, lab.attempts, lab.mean, q[0], q[1],
               q[2], q[3], q[4]);
    for (const GoalStatistics& goal : lab.goals)
      fmt::print("  {:<14} met by {:>3} of {:<3}  {:>3.0f} % of its points{}\n", goal.goal,
                 goal.met, goal.of, 100 * goal.mean_share,
                 goal.frequent.empty() ? ""
                                       : fmt::format("  most often {} ({})",
                                                     harmless(goal.frequent), goal.frequent_count));
  }
}

void print_similar(const std::vector<ClassRow>& rows) {
  const auto pairs = similar(rows);
  if (pairs.empty()) fmt::print("\nNo two submissions are alike beyond what the class shares.\n");
  for (const Similar& pair : pairs)
    fmt::print("\n{}: {} and {} share {:.0f} % of what the rest of the class has not\n", pair.lab,
               harmless(pair.a), harmless(pair.b), 100 * pair.share);
}

/// results.json as Gradescope's autograders write it.
nlohmann::json gradescope_of(const AttemptRecord& attempt) {
  nlohmann::json tests = nlohmann::json::array();
  for (const CheckRecord& c : attempt.checks) {
    std::string output = c.feedback;
    if (!c.evidence.empty()) output += (output.empty() ? "" : "\n") + c.evidence;
    tests.push_back({{"name", c.goal + ": " + c.field},
                     {"score", c.points},
                     {"max_score", c.max_points},
                     {"status", c.met ? "passed" : "failed"},
                     {"output", output},
                     {"visibility", "visible"}});
  }
  return {{"score", attempt.score},
          {"output", attempt.note},
          {"visibility", "visible"},
          {"tests", tests},
          {"extra_data", {{"student", attempt.student}, {"lab", attempt.lab}}}};
}

Result<void> write_gradescope(const std::vector<ClassRow>& rows, const fs::path& folder) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  for (const ClassRow& row : rows)
    if (row.best != nullptr)
      IKELAB_CHECK(write_file(folder / fmt::format("{}-{}.json", row.lab, row.student),
                              gradescope_of(*row.best).dump(2) + "\n"));
  return {};
}

Result<int> report_class(const Options& o) {
  std::error_code ec;
  if (!fs::exists(o.db, ec))
    return Error{"E-DB-004", fmt::format("there is no database '{}'", o.db.string())}.expect(
        "ikelab lab grade SUBMISSION... makes one");
  IKELAB_TRY(const auto book, Gradebook::open(o.db));
  IKELAB_TRY(const auto attempts, book->attempts(o.lab));
  IKELAB_TRY(const auto roster, book->roster());
  const std::vector<ClassRow> rows = class_rows(attempts, roster);
  if (!o.csv.empty()) IKELAB_CHECK(write_file(o.csv, to_csv(attempts)));
  if (!o.moodle.empty()) IKELAB_CHECK(write_file(o.moodle, moodle_csv(rows, roster)));
  if (!o.canvas.empty()) IKELAB_CHECK(write_file(o.canvas, canvas_csv(rows, roster)));
  if (!o.gradescope.empty()) IKELAB_CHECK(write_gradescope(rows, o.gradescope));
  if (o.json) {
    nlohmann::json out = nlohmann::json::array();
    for (const AttemptRecord& attempt : attempts) out.push_back(json_of(attempt));
    fmt::print("{}\n", out.dump(2));
    return done;
  }
  if (attempts.empty()) fmt::print("Nothing is graded yet in {}.\n", o.db.string());
  print_class(rows);
  if (o.stats) print_statistics(rows);
  if (o.similar) print_similar(rows);
  for (const fs::path& file : {o.csv, o.moodle, o.canvas, o.gradescope})
    if (!file.empty()) fmt::print("Written: {}\n", file.string());
  return done;
}

Result<int> import_roster(const Options& o) {
  IKELAB_TRY(const std::string text, read_plain_file(o.folder, std::size_t{1} << 20));
  auto rows = parse_roster(text);
  if (!rows.ok()) {
    Error error = rows.error();
    error.place = o.folder.string() + (error.place.empty() ? "" : ": " + error.place);
    return error;
  }
  for (const RosterRow& row : *rows) IKELAB_CHECK(check_student(row.student));
  IKELAB_TRY(const auto book, Gradebook::open(o.db));
  IKELAB_CHECK(book->add_roster(*rows));
  fmt::print("{} students are in {}. Their folders: ./ikelab lab start LAB --roster --db {}\n",
             rows->size(), o.db.string(), o.db.string());
  return done;
}

}  // namespace

int roster(const Options& o) {
  return exit_of(import_roster(o));
}
int report(const Options& o) {
  return exit_of(report_class(o));
}

}  // namespace ikelab::labs::app
