// grade: submissions are simulated again, each in a process that can do no harm, and their grades
// stored.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "labs/app/collect.hpp"
#include "labs/app/commands.hpp"
#include "labs/app/results.hpp"
#include "labs/app/terminal.hpp"
#include "labs/engine/grading.hpp"
#include "sim/store/database.hpp"

namespace ikelab::labs::app {
namespace {

namespace fs = std::filesystem;

/// Answers that cannot be equal by chance: a long value of the student's own run.
bool has_own_value(const Lab& lab, const Answers& answers) {
  for (const Goal& goal : lab.goals)
    for (const Check& check : goal.checks)
      if (const auto answer = answers.find(goal.id + "." + check.field);
          check.is_answer() && check.predicate->form == Form::hex && answer != answers.end() &&
          answer->second.size() >= 16)
        return true;
  return false;
}

std::string answers_part(const std::string& submission) {
  return submission.substr(submission.find("\nanswers:\n"));
}

/// A submission that is in order and waits for its simulation.
struct Pending {
  Submission submission;
  const Lab* lab = nullptr;
  Draw draw;
  std::string text;
};

class Grader {
 public:
  Grader(const Options& o, Course course, std::unique_ptr<Gradebook> book)
      : o_(o), course_(std::move(course)), book_(std::move(book)) {}

  Result<int> grade(const std::vector<fs::path>& files) {
    for (const fs::path& file : files)
      if (const auto prepared = prepare(file); !prepared.ok()) tell(prepared.error());
    IKELAB_TRY(const ScratchFolder scratch, ScratchFolder::make());
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      const fs::path place = scratch.path() / std::to_string(i);
      std::error_code ec;
      fs::create_directory(place, ec);
      jobs.push_back(
          grading_job(*pending_[i].lab, pending_[i].draw, pending_[i].submission, place));
    }
    Progress progress("grading", jobs.size());
    WorkerLimits limits;
    limits.cpu = std::chrono::seconds(o_.seconds);
    limits.wall = 3 * limits.cpu;
    run_workers(jobs, jobs_of(o_), limits, [&](std::size_t i, Result<std::string> text) {
      progress.step();
      const auto graded = text.ok() ? unpacked(*text) : Result<Graded>(text.error());
      const auto stored = store(pending_[i], graded);
      if (!stored.ok()) tell(stored.error());
    });
    return exit_;
  }

  [[nodiscard]] const nlohmann::json& rows() const { return rows_; }

 private:
  void tell(const Error& error) { exit_ = std::max(exit_, app::report(error)); }

  Result<const Lab*> lab_of(const std::string& id) {
    auto at = labs_.find(id);
    if (at == labs_.end()) {
      IKELAB_TRY(Lab lab, load_lab(o_.catalog, id));
      at = labs_.emplace(id, std::move(lab)).first;
    }
    return &at->second;
  }

  /// Reads and compares; nothing of a stranger's runs here.
  Result<void> prepare(const fs::path& file) {
    Pending out;
    IKELAB_TRY(out.submission, read_submission(file, o_.catalog));
    IKELAB_TRY(out.lab, lab_of(out.submission.draw.lab));
    auto drawn = verified_draw(out.submission, course_, *out.lab);
    if (!drawn.ok()) {
      Error error = drawn.error();
      error.place = file.string();
      return error;
    }
    out.draw = std::move(*drawn);
    out.text = written(out.submission);
    IKELAB_TRY(const auto before, book_->graded(out.text));
    if (!before) {
      pending_.push_back(std::move(out));
      return {};
    }
    rows_.push_back(json_of(*before));
    if (!o_.json)
      fmt::print("{:<16} {:>3}/{}  graded before, as attempt {}\n", before->student, before->score,
                 before->max_score, before->attempt);
    return {};
  }

  Result<void> store(const Pending& one, const Result<Graded>& graded) {
    AttemptRecord record = graded.ok()
                               ? record_of(*one.lab, one.draw, *graded, one.submission.hints)
                               : contained(one, graded.error());
    record.started_at = one.submission.started_at;
    record.submitted_at = one.submission.made_at;
    record.graded_at = store::utc_now();
    record.versions = one.submission.versions;
    record.submission = one.text;
    if (graded.ok()) {
      IKELAB_TRY(record.note, note(one, *graded));
      IKELAB_CHECK(find_runs(*book_, record));
    }
    IKELAB_TRY(record.attempt, book_->add(record));
    rows_.push_back(graded.ok() ? with_checks(record) : json_of(record));
    if (!o_.json) print(record);
    if (graded.ok()) return {};
    Error error = graded.error();
    error.place = "the submission of " + one.draw.student;
    return error;
  }

  /// What a submission gets whose process had to be stopped: nothing, and the reason.
  static AttemptRecord contained(const Pending& one, const Error& error) {
    AttemptRecord out;
    out.student = one.draw.student;
    out.lab = one.lab->id;
    out.lab_version = one.lab->version;
    out.seed = one.draw.seed;
    out.max_score = full_score;
    out.note = "not graded: " + error.to_string();
    for (const Goal& goal : one.lab->goals)
      out.goals.push_back(
          {goal.id, goal.title, 0, goal.points(), false, "contained:" + error.code, error.message});
    return out;
  }

  Result<std::string> note(const Pending& one, const Graded& graded) {
    std::vector<std::string> notes;
    if (!graded.versions.empty() && one.submission.versions != graded.versions)
      notes.push_back(
          fmt::format("made with {}, graded with {}", one.submission.versions, graded.versions));
    if (std::string late = course_.lateness(one.lab->id, one.submission.made_at); !late.empty())
      notes.push_back(std::move(late));
    if (has_own_value(*one.lab, one.submission.answers)) {
      IKELAB_TRY(const std::string other,
                 book_->same_answers(one.lab->id, one.draw.student, answers_part(one.text)));
      if (!other.empty()) notes.push_back(fmt::format("the same answers as '{}'", other));
    }
    return fmt::format("{}", fmt::join(notes, "; "));
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
  std::map<std::string, Lab> labs_;
  std::vector<Pending> pending_;
  nlohmann::json rows_ = nlohmann::json::array();
  int exit_ = done;
};

Result<int> grade_all(const Options& o) {
  Course course = Course::demo();
  if (!o.course.empty()) {
    IKELAB_TRY(course, Course::load(o.course));
  }
  std::vector<std::string> named = o.submissions;
  if (!o.dir.empty()) named.push_back(o.dir.string());
  if (named.empty())
    return Error{"E-LAB-004", "which submissions?"}.expect("name files or folders, or --all DIR");
  IKELAB_TRY(const Collected found, collect(named));
  int exit = done;
  for (const Error& refused : found.refused) exit = std::max(exit, report(refused));
  IKELAB_TRY(auto book, Gradebook::open(o.db));
  Grader grader(o, std::move(course), std::move(book));
  IKELAB_TRY(const int graded, grader.grade(found.files));
  if (o.json)
    fmt::print("{}\n", grader.rows().dump(2));
  else
    fmt::print("{} of {} submissions are graded in {}\n", grader.rows().size(), found.files.size(),
               o.db.string());
  return std::max(exit, graded);
}

}  // namespace

int grade(const Options& o) {
  return exit_of(grade_all(o));
}

}  // namespace ikelab::labs::app
