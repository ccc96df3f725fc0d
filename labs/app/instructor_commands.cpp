// grade, report, verify, new: what an instructor runs.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "labs/app/commands.hpp"
#include "labs/app/results.hpp"
#include "labs/app/terminal.hpp"
#include "labs/engine/submission.hpp"
#include "labs/engine/verify.hpp"
#include "sim/store/database.hpp"

namespace ikelab::labs::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_submissions = 10'000;  // a large course, ten labs

/// Files as named, and of folders the *.yaml in them, sorted.
Result<std::vector<fs::path>> submissions_in(const std::vector<std::string>& named) {
  std::vector<fs::path> out;
  std::error_code ec;
  for (const fs::path path : named) {
    if (!fs::is_directory(path, ec)) {
      out.push_back(path);
      continue;
    }
    std::vector<fs::path> inside;
    for (const auto& entry : fs::directory_iterator(path, ec))
      if (entry.path().extension() == ".yaml") inside.push_back(entry.path());
    if (inside.empty())
      return Error{"E-LAB-004", fmt::format("'{}' has no submission (*.yaml)", path.string())};
    std::sort(inside.begin(), inside.end());
    out.insert(out.end(), inside.begin(), inside.end());
  }
  if (out.size() <= most_submissions) return out;
  return Error{"E-LAB-003", fmt::format("more than {} submissions at once", most_submissions)}
      .expect("grade them in parts");
}

bool has_own_value(const Lab& lab, const Answers& answers) {
  for (const Goal& goal : lab.goals)
    for (const Check& check : goal.checks)
      if (const auto answer = answers.find(goal.id + "." + check.field);
          check.predicate->form == Form::hex && answer != answers.end() &&
          answer->second.size() >= 16)
        return true;
  return false;
}

std::string answers_part(const std::string& submission) {
  return submission.substr(submission.find("\nanswers:\n"));
}

class Grader {
 public:
  Grader(const Options& o, Course course, std::unique_ptr<Gradebook> book)
      : o_(o), course_(std::move(course)), book_(std::move(book)) {}

  /// Simulates, grades, stores and prints one submission.
  Result<void> grade(const fs::path& file) {
    IKELAB_TRY(const Submission submission, read_submission(file, o_.catalog));
    IKELAB_TRY(const Lab lab, load_lab(o_.catalog, submission.draw.lab));
    const auto drawn = verified_draw(submission, course_, lab);
    if (!drawn.ok()) {
      Error error = drawn.error();
      error.place = file.string();
      return error;
    }
    const std::string text = written(submission);
    IKELAB_TRY(const auto before, book_->graded(text));
    if (before) {
      rows_.push_back(json_of(*before));
      if (!o_.json)
        fmt::print("{:<16} {:>3}/{}  graded before, as attempt {}\n", before->student,
                   before->score, before->max_score, before->attempt);
      return {};
    }
    IKELAB_TRY(Simulated simulated, simulate(lab, *drawn));
    const Facts facts(std::move(simulated.events));
    IKELAB_TRY(const LabResult result,
               labs::grade(lab, *drawn, facts, submission.answers, submission.hints));
    AttemptRecord record = record_of(lab, *drawn, result, submission.hints);
    record.started_at = submission.started_at;
    record.submitted_at = submission.made_at;
    record.graded_at = store::utc_now();
    record.fingerprint = simulated.fingerprint;
    record.versions = submission.versions;
    record.submission = text;
    IKELAB_TRY(record.note, note(lab, submission, simulated, text));
    IKELAB_TRY(record.attempt, book_->add(record));
    rows_.push_back(json_of(record, result));
    if (!o_.json) print(record);
    return {};
  }

  [[nodiscard]] const nlohmann::json& rows() const { return rows_; }

 private:
  Result<std::string> note(const Lab& lab, const Submission& submission, const Simulated& simulated,
                           const std::string& text) {
    std::string out;
    if (submission.versions != simulated.versions)
      out = fmt::format("made with {}, graded with {}", submission.versions, simulated.versions);
    if (!has_own_value(lab, submission.answers)) return out;
    IKELAB_TRY(const std::string other,
               book_->same_answers(lab.id, submission.draw.student, answers_part(text)));
    if (!other.empty())
      out += fmt::format("{}the same answers as '{}'", out.empty() ? "" : "; ", other);
    return out;
  }

  static void print(const AttemptRecord& record) {
    std::string goals;
    for (const GoalRecord& g : record.goals)
      goals += fmt::format("  {} {}/{}", g.goal, g.points, g.max_points);
    fmt::print("{:<16} {:>3}/{} {}\n", record.student, record.score, record.max_score, goals);
    if (!record.note.empty()) fmt::print("{}", wrapped("note: " + harmless(record.note), 17));
  }

  const Options& o_;
  Course course_;
  std::unique_ptr<Gradebook> book_;
  nlohmann::json rows_ = nlohmann::json::array();
};

Result<int> grade_all(const Options& o) {
  Course course = Course::demo();
  if (!o.course.empty()) {
    IKELAB_TRY(course, Course::load(o.course));
  }
  IKELAB_TRY(const auto files, submissions_in(o.submissions));
  IKELAB_TRY(auto book, Gradebook::open(o.db));
  Grader grader(o, std::move(course), std::move(book));
  int exit = done;
  {
    Progress progress("grading", files.size());
    for (const fs::path& file : files) {
      const auto graded = grader.grade(file);
      if (!graded.ok()) exit = std::max(exit, report(graded.error()));
      progress.step();
    }
  }
  if (o.json)
    fmt::print("{}\n", grader.rows().dump(2));
  else
    fmt::print("{} of {} submissions are graded in {}\n", grader.rows().size(), files.size(),
               o.db.string());
  return exit;
}

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

Result<int> verify_labs(const Options& o) {
  const std::vector<std::string> names = o.all ? labs_in(o.catalog) : o.labs;
  if (names.empty()) return Error{"E-LAB-001", "which lab?"}.expect("name one, or use --all");
  nlohmann::json rows = nlohmann::json::array();
  int exit = done;
  Progress progress("verifying", names.size() * static_cast<std::size_t>(o.draws));
  for (const std::string& name : names) {
    IKELAB_TRY(const Lab lab, load_lab(o.catalog, name));
    IKELAB_TRY(const auto found, verify(lab, o.draws, simulate, [&](int) { progress.step(); }));
    for (const VerifyRow& row : found) {
      rows.push_back({{"lab", name},
                      {"student", row.student},
                      {"what", row.what},
                      {"ok", row.ok},
                      {"found", row.found}});
      if (!row.ok) exit = failed;
      if (!o.json)
        fmt::print("{} {} {}: {} - {}\n",
                   row.ok ? paint(Role::right, "ok   ") : paint(Role::wrong, "WRONG"), name,
                   row.student, row.what, row.found);
    }
  }
  if (o.json) fmt::print("{}\n", rows.dump(2));
  return exit;
}

Result<int> new_lab(const Options& o) {
  if (const auto name = check_student(o.lab); !name.ok() || nearest(o.lab, {"template"}) == o.lab)
    return Error{"E-LAB-022", "not a name for a lab"}.expect(
        "letters, digits, '-', as in my-first-lab");
  const fs::path folder = o.catalog / o.lab, from = catalog().parent_path() / "template";
  std::error_code ec;
  if (fs::exists(folder, ec))
    return Error{"E-LAB-021", fmt::format("'{}' is there already", folder.string())}.expect(
        "choose another name");
  fs::create_directories(o.catalog, ec);
  fs::copy(from, folder, fs::copy_options::recursive, ec);
  if (ec)
    return Error{"E-LAB-005",
                 fmt::format("'{}' cannot be made: {}", folder.string(), ec.message())};
  fmt::print("{} is made. Change it, and then: ./ikelab lab verify {}\n", folder.string(), o.lab);
  return done;
}

int exit_of(const Result<int>& result) {
  return result.ok() ? *result : report(result.error());
}

}  // namespace

int grade(const Options& o) {
  return exit_of(grade_all(o));
}
int report(const Options& o) {
  return exit_of(report_class(o));
}
int verify(const Options& o) {
  return exit_of(verify_labs(o));
}
int make_new(const Options& o) {
  return exit_of(new_lab(o));
}

}  // namespace ikelab::labs::app
