// list, start, check, hint, submit: what a student runs.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "labs/app/commands.hpp"
#include "labs/app/results.hpp"
#include "labs/app/terminal.hpp"
#include "labs/engine/grading.hpp"
#include "sim/store/database.hpp"

namespace ikelab::labs::app {
namespace {

namespace fs = std::filesystem;

HintsTaken counted(const std::vector<HintRecord>& hints) {
  HintsTaken out;
  for (const HintRecord& hint : hints) ++out[hint.goal];
  return out;
}

/// What check and submit need of a work folder.
struct Opened {
  WorkFolder folder;
  Lab lab;
  std::unique_ptr<Gradebook> book;
  Answers answers;
  HintsTaken hints;
  Files files;
};

Result<Opened> open(const Options& o) {
  Opened out;
  IKELAB_TRY(out.folder, open_work_folder(o.folder, o.catalog));
  IKELAB_TRY(out.lab, load_lab(o.catalog, out.folder.draw.lab));
  IKELAB_TRY(out.book, Gradebook::open(out.folder.database()));
  IKELAB_TRY(out.answers, written_answers(out.folder, out.lab));
  IKELAB_TRY(out.files, edited_files(out.folder, out.lab));
  IKELAB_TRY(const auto hints, out.book->hints(out.folder.draw.student, out.lab.id));
  out.hints = counted(hints);
  return out;
}

std::string shown_path(const fs::path& path) {
  return path.lexically_normal().string();
}

/// "name TAB number TAB trouble" lines of run_folder; 1 when a file was refused.
int print_runs(const std::string& lines, const std::string& folder) {
  int exit = done;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    const std::string line = lines.substr(at, end - at);
    at = end + 1;
    const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
    const std::string name = line.substr(0, first), id = line.substr(first + 1, second - first - 1),
                      trouble = line.substr(second + 1);
    if (!trouble.empty()) {
      fmt::print("{}", wrapped(harmless(trouble), 10, fmt::format("  {}: ", name)));
      exit = failed;
    }
    if (id != "0")
      fmt::print("  {:<12} is run {}: ./ikelab show --db {}/ikelab.db {} messages\n", name, id,
                 folder, id);
  }
  return exit;
}

Result<int> start_all(const Options& o) {
  IKELAB_TRY(const Lab lab, load_lab(o.catalog, o.lab));
  Course course = Course::demo();
  if (!o.course.empty()) {
    IKELAB_TRY(course, Course::load(o.course));
  }
  std::vector<std::string> students = o.students;
  if (o.roster) {
    IKELAB_TRY(const auto book, Gradebook::open(o.db));
    IKELAB_TRY(const auto roster, book->roster());
    for (const RosterRow& row : roster) students.push_back(row.student);
  }
  if (students.empty())
    return Error{"E-LAB-022", "for whom?"}.expect("--student NAME, or --roster --db GRADEBOOK");
  const bool several = students.size() > 1;
  Progress progress("making folders", students.size());
  for (const std::string& student : students) {
    IKELAB_TRY(const Draw drawn, draw(course, lab, student));
    const std::string name = lab.id + "-" + student;
    const fs::path folder = several ? o.dir / name : o.dir.empty() ? fs::path(name) : o.dir;
    IKELAB_TRY(const WorkFolder made, start(lab, drawn, folder, store::utc_now()));
    progress.step();
    const std::string path = shown_path(made.path);
    fmt::print("{} for {}, about {} minutes.\n", paint(Role::heading, lab.title), student,
               lab.minutes);
    if (several) {
      fmt::print("  {}\n", path);
      continue;
    }
    std::string edits = lab.has_answers() ? path + "/answers.yaml" : "";
    for (const EditedFile& file : lab.files)
      edits += fmt::format("{}{}/{}", edits.empty() ? "" : ", ", path, file.name);
    fmt::print(
        "  Read      {}/handout.md\n  Edit      {}\n  Look      ./ikelab show --db "
        "{}/ikelab.db messages\n"
        "  Check     ./ikelab lab check {}\n",
        path, edits, path, path);
  }
  if (const std::string due = course.deadline(lab.id); !due.empty())
    fmt::print("  To be handed in by {} (later is remarked, not refused).\n", due);
  if (course.is_demo())
    fmt::print(
        "{}",
        paint(
            Role::muted,
            "This is the public demo course: for trying out, not for marks (see docs/LABS.md).\n"));
  return done;
}

/// Simulates and grades in a child, bounded but not confined: these are the student's own files.
Result<Graded> graded_here(const Opened& opened) {
  IKELAB_TRY(const ScratchFolder place, ScratchFolder::make());
  Submission submission;
  submission.answers = opened.answers;
  submission.hints = opened.hints;
  submission.files = opened.files;
  Job job = grading_job(opened.lab, opened.folder.draw, submission, place.path());
  job.confined = false;
  IKELAB_TRY(const std::string text, run_worker(job, {}));
  return unpacked(text);
}

Result<int> check_folder(const Options& o) {
  IKELAB_TRY(const Opened opened, open(o));
  IKELAB_TRY(const Graded graded, graded_here(opened));
  AttemptRecord record = record_of(opened.lab, opened.folder.draw, graded, opened.hints);
  record.started_at = opened.folder.started_at;
  record.graded_at = store::utc_now();
  record.note = "checked by the student";
  IKELAB_TRY(record.attempt, opened.book->add(record));
  IKELAB_CHECK(find_runs(*opened.book, record));
  if (o.json)
    fmt::print("{}\n", with_checks(record).dump(2));
  else
    print_result(record, graded.result, opened.lab, shown_path(opened.folder.path));
  return graded.result.score() == full_score || all_met(graded.result) ? done : failed;
}

/// Runs the student's edits and records them, in a child with a clock over it.
Result<int> run_folder(const Options& o) {
  IKELAB_TRY(const WorkFolder folder, open_work_folder(o.folder, o.catalog));
  IKELAB_TRY(const Lab lab, load_lab(o.catalog, folder.draw.lab));
  if (lab.files.empty())
    return Error{"E-LAB-027", fmt::format("there is nothing to run again in '{}'", lab.id)}.expect(
        "its run is recorded already; look at it with ikelab show");
  IKELAB_TRY(const Files files, edited_files(folder, lab));
  IKELAB_TRY(const ScratchFolder place, ScratchFolder::make());
  Job job;
  job.confined = false;
  job.work = [&] {
    const auto recorded = record_runs(lab, folder.draw, files, folder.database(), place.path());
    if (!recorded.ok()) return std::string("!") + recorded.error().to_string();
    std::string lines;
    for (const Recorded& row : *recorded)
      lines += fmt::format("{}\t{}\t{}\n", row.name, row.id,
                           row.refused.empty() ? row.stopped : row.refused);
    return lines;
  };
  IKELAB_TRY(const std::string lines, run_worker(job, {}));
  if (lines.starts_with("!")) return Error{"E-LAB-050", lines.substr(1)};
  return print_runs(lines, shown_path(folder.path));
}

Result<int> give_hint(const Options& o) {
  IKELAB_TRY(const WorkFolder folder, open_work_folder(o.folder, o.catalog));
  IKELAB_TRY(const Lab lab, load_lab(o.catalog, folder.draw.lab));
  const Goal* goal = lab.goal(o.goal);
  if (goal == nullptr) {
    std::vector<std::string> known;
    for (const Goal& g : lab.goals) known.push_back(g.id);
    return Error{"E-LAB-010", fmt::format("the lab has no goal '{}'", o.goal)}.expect(
        fmt::format("it has {}", fmt::join(known, ", ")));
  }
  IKELAB_TRY(const auto book, Gradebook::open(folder.database()));
  IKELAB_TRY(const auto taken, book->hints(folder.draw.student, lab.id));
  const auto before = static_cast<std::size_t>(std::count_if(
      taken.begin(), taken.end(), [&](const HintRecord& h) { return h.goal == goal->id; }));
  const std::size_t shown = std::min(before + 1, goal->hints.size());
  for (std::size_t i = 0; i < shown; ++i) {
    IKELAB_TRY(
        const std::string text,
        render(goal->hints[i].text, with_standard_names(folder.draw.values, folder.draw.student,
                                                        shown_path(folder.path))));
    fmt::print("{}", wrapped(text, 10, fmt::format("Hint {}:", i + 1)));
  }
  if (before >= goal->hints.size()) {
    fmt::print("These are all hints of '{}'.\n", goal->id);
    return done;
  }
  const int cost = goal->hints[before].cost;
  IKELAB_CHECK(book->take_hint(folder.draw.student, lab.id,
                               {goal->id, static_cast<int>(shown), cost, store::utc_now()}));
  fmt::print("{}",
             paint(Role::muted, fmt::format("{} of {} hints; {}.\n", shown, goal->hints.size(),
                                            cost == 0 ? "it costs nothing"
                                                      : fmt::format("it costs {} points", cost))));
  return done;
}

Result<int> submit_folder(const Options& o) {
  IKELAB_TRY(const Opened opened, open(o));
  const Submission submission{opened.folder.draw, opened.folder.versions, opened.folder.started_at,
                              store::utc_now(),   opened.answers,         opened.hints,
                              opened.files};
  const std::string text = written(submission);
  if (text.size() > most_submission_octets)
    return Error{"E-LAB-003",
                 fmt::format("the answers are longer than {} octets", most_submission_octets)}
        .in(opened.folder.answers_file().string());
  const fs::path out = o.out.empty() ? opened.folder.path / "submission.yaml" : o.out;
  IKELAB_CHECK(write_file(out, text));
  if (!opened.files.empty())
    fmt::print("{} edited file{} in it. ", opened.files.size(),
               opened.files.size() == 1 ? " is" : "s are");
  const auto answered = std::count_if(opened.answers.begin(), opened.answers.end(),
                                      [](const auto& a) { return !a.second.empty(); });
  fmt::print("{} of {} answers of {} are in {}. Hand in this one file.\n", answered,
             opened.answers.size(), opened.folder.draw.student, shown_path(out));
  return done;
}

}  // namespace

int list(const Options& o) {
  nlohmann::json rows = nlohmann::json::array();
  int exit = done;
  for (const std::string& name : labs_in(o.catalog)) {
    const auto lab = load_lab(o.catalog, name);
    if (!lab.ok()) {
      exit = report(lab.error());
      continue;
    }
    if (!o.json) {
      fmt::print("{}  {}, {} minutes\n{}", paint(Role::heading, fmt::format("{:<18}", name)),
                 lab->title, lab->minutes, wrapped(lab->about, 20));
      for (const std::string& before : lab->prerequisites)
        fmt::print("{}", wrapped("before: " + before, 20));
    }
    rows.push_back({{"lab", name},
                    {"title", lab->title},
                    {"version", lab->version},
                    {"minutes", lab->minutes},
                    {"about", lab->about},
                    {"prerequisites", lab->prerequisites}});
  }
  if (o.json)
    fmt::print("{}\n", rows.dump(2));
  else
    fmt::print("Begin with: ./ikelab lab start LAB --student NAME\n");
  return exit;
}

int start(const Options& o) {
  return exit_of(start_all(o));
}
int check(const Options& o) {
  return exit_of(check_folder(o));
}
int run(const Options& o) {
  return exit_of(run_folder(o));
}
int hint(const Options& o) {
  return exit_of(give_hint(o));
}
int submit(const Options& o) {
  return exit_of(submit_folder(o));
}

}  // namespace ikelab::labs::app
