// A student's work folder: made by `start`, edited by the student, read by `check`, `hint`,
// `submit`.
//
//   handout.md      the lab's, with the student's parameters
//   answers.yaml    what the student edits, and so are the lab's own files (branch-1.yaml,
//                   detector.lua ...)
//   draw.yaml       who, which lab, which parameters, and the course's binding of them
//   scenario.yaml   the scenario as it was run
//   ikelab.db       the recorded run (answers withheld), and the student's own attempts and hints
//   README.md       which command does what
#pragma once
#include "labs/engine/grade.hpp"
#include "labs/engine/simulate.hpp"

namespace ikelab::labs {

struct WorkFolder {
  std::filesystem::path path;
  Draw draw;
  std::string versions;    ///< of the recorded run
  std::string started_at;  ///< wall clock, UTC

  [[nodiscard]] std::filesystem::path answers_file() const { return path / "answers.yaml"; }
  [[nodiscard]] std::filesystem::path database() const { return path / "ikelab.db"; }
};

/// The edited files as they are now. Errors: E-LAB-004, -003.
Result<Files> edited_files(const WorkFolder& folder, const Lab& lab);
/// answers.yaml as it is now; nothing for a lab without answers.
Result<Answers> written_answers(const WorkFolder& folder, const Lab& lab);
/// Records the student's runs, the first of the lab last, so that `show` shows it, and writes its
/// scenario.yaml beside the database. Returns the
/// name and number of each. Runs with the skeleton's files are recorded the `first` time only, and
/// not when they are the same as main's. A refused run has number 0, and its error is in `refused`.
struct Recorded {
  std::string name;
  std::int64_t id = 0;
  std::string refused, stopped;
};
Result<std::vector<Recorded>> record_runs(const Lab& lab, const Draw& draw, const Files& files,
                                          const std::filesystem::path& db,
                                          const std::filesystem::path& place, bool first = false);

/// Runs the scenario and writes the folder; leaves nothing behind when it fails. `started_at` is
/// the caller's clock. Errors: E-LAB-021 the folder exists, E-LAB-005, those of simulate() and
/// render().
Result<WorkFolder> start(const Lab& lab, const Draw& draw, const std::filesystem::path& folder,
                         const std::string& started_at);
/// Errors: E-LAB-020 not a work folder; E-LAB-032 of another version of the lab; YAML's. The draw
/// is as the folder says: only a grader with the course's secret can tell whether it is true.
Result<WorkFolder> open_work_folder(const std::filesystem::path& folder,
                                    const std::filesystem::path& catalog);

/// The drawn part of a draw.yaml or submission, under `node`: course, student, lab, lab_version,
/// values, binding. Errors: YAML's, E-LAB-022 a bad name.
Result<Draw> read_draw(const Yaml& yaml, const YamlNode& node);
/// The same, written.
std::string written(const Draw& draw);
/// That the draw is one this lab can give. Errors: E-LAB-032 another version, E-LAB-030 another
/// parameter.
Result<void> check_draw(const Draw& draw, const Lab& lab);

}  // namespace ikelab::labs
