// reopen: a submission as a work folder again, its runs recorded, its grade beside them: where an
// instructor and a student look together at what cost a point.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "labs/app/commands.hpp"
#include "labs/app/results.hpp"
#include "labs/app/terminal.hpp"
#include "labs/engine/grading.hpp"
#include "sim/store/database.hpp"

namespace ikelab::labs::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_recording = std::size_t{256} << 20;

Result<void> lay_down(const WorkFolder& folder, const Submission& submission, const Lab& lab) {
  if (lab.has_answers())
    IKELAB_CHECK(write_file(folder.answers_file(), written(submission.answers)));
  for (const auto& [name, text] : submission.files)
    IKELAB_CHECK(write_file(folder.path / name, text));
  return {};
}

/// A stranger's files are simulated: confined, but for the folder in which their run is recorded.
Result<void> record_confined(const WorkFolder& folder, const Lab& lab, const Files& files) {
  if (files.empty()) return {};
  const fs::path place = folder.path / "scripts";
  std::error_code ec;
  fs::create_directory(place, ec);
  Job job;
  job.work = [&] {
    const auto recorded = record_runs(lab, folder.draw, files, folder.database(), place);
    return recorded.ok() ? std::string() : recorded.error().to_string();
  };
  job.readable = {lab.folder, scenario_folder()};
  job.writable = folder.path;
  WorkerLimits limits;
  limits.file = largest_recording;
  const auto said = run_worker(job, limits);
  fs::remove_all(place, ec);
  if (!said.ok()) return said.error();
  if (!said->empty()) return Error{"E-LAB-050", *said};
  return {};
}

Result<Graded> graded_confined(const Lab& lab, const Draw& drawn, const Submission& submission) {
  IKELAB_TRY(const ScratchFolder scratch, ScratchFolder::make());
  IKELAB_TRY(const std::string text,
             run_worker(grading_job(lab, drawn, submission, scratch.path()), {}));
  return unpacked(text);
}

Result<int> reopen_submission(const Options& o) {
  IKELAB_TRY(const Submission submission, read_submission(o.folder, o.catalog));
  IKELAB_TRY(const Lab lab, load_lab(o.catalog, submission.draw.lab));
  Course course = Course::demo();
  if (!o.course.empty()) {
    IKELAB_TRY(course, Course::load(o.course));
  }
  IKELAB_TRY(const Draw drawn, verified_draw(submission, course, lab));
  const fs::path path = o.dir.empty() ? fs::path(lab.id + "-" + drawn.student + "-again") : o.dir;
  IKELAB_TRY(const WorkFolder folder, start(lab, drawn, path, submission.started_at));
  IKELAB_CHECK(lay_down(folder, submission, lab));
  IKELAB_CHECK(record_confined(folder, lab, submission.files));
  IKELAB_TRY(const Graded graded, graded_confined(lab, drawn, submission));
  IKELAB_TRY(const auto book, Gradebook::open(folder.database()));
  AttemptRecord record = record_of(lab, drawn, graded, submission.hints);
  record.started_at = submission.started_at;
  record.submitted_at = submission.made_at;
  record.graded_at = store::utc_now();
  record.submission = written(submission);
  record.note = "reopened by the instructor";
  IKELAB_TRY(record.attempt, book->add(record));
  IKELAB_CHECK(find_runs(*book, record));
  if (o.json)
    fmt::print("{}\n", with_checks(record).dump(2));
  else
    print_result(record, graded.result, lab, path.lexically_normal().string());
  return done;
}

}  // namespace

int reopen(const Options& o) {
  return exit_of(reopen_submission(o));
}

}  // namespace ikelab::labs::app
