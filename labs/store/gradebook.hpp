// Attempts, goals, checks and hints with their times, in SQLite (the views lab_...,
// docs/SCHEMA.md). The same tables serve the student's work folder and the instructor's gradebook;
// a grade never reads the student's.
//
// Invariant: this header knows no lab engine, so that the visualizer can read a class.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::labs {

/// One goal of an attempt. `code`: "field:mistake" of each check that was missed, empty when met.
struct GoalRecord {
  std::string goal, title;
  int points = 0, max_points = 0;
  bool met = false;
  std::string code, feedback;
};

/// One check of a goal, with what cost its points: an event of a run, and the message before it.
struct CheckRecord {
  std::string goal, field;
  int points = 0, max_points = 0;
  bool met = false;
  std::string mistake, feedback, run;
  std::uint64_t event = 0, message = 0;  ///< 0: none
  std::string evidence;                  ///< the event in words
  std::int64_t run_id = 0;  ///< the run as recorded in this database, by its fingerprint; 0: none
};

/// One attempt: a `check` in a work folder, or a graded submission. Times: wall clock, UTC, ISO
/// 8601.
struct AttemptRecord {
  std::int64_t id = 0;       ///< in this database; given by add()
  std::int64_t attempt = 0;  ///< from 1 for each student and lab; given by add()
  std::string student, lab;
  std::int64_t lab_version = 0;
  std::uint64_t seed = 0;
  std::string started_at, submitted_at, graded_at;  ///< submitted_at: empty for a check
  int hints = 0;
  int score = 0, max_score = 0;
  std::string fingerprint, versions, submission, note;
  std::vector<GoalRecord> goals;
  std::vector<CheckRecord> checks;
  std::map<std::string, std::string> runs;  ///< each run the grade rests on, to its fingerprint
};

/// Who is in the class, with the names other systems have for the person; all but `student` may be
/// empty.
struct RosterRow {
  std::string student, name, email, id_number, canvas_id, sis_id, sis_login, section;
  std::string first_name;  ///< only while a roster is read: it becomes part of `name`
};

struct HintRecord {
  std::string goal;
  int position = 0;  ///< from 1
  int cost = 0;
  std::string taken_at;
};

class Gradebook {
 public:
  /// Opens or creates. Errors: E-DB-001 not a database, E-DB-002 of a newer version, E-DB-003
  /// cannot be written.
  static Result<std::unique_ptr<Gradebook>> open(const std::filesystem::path& file);
  virtual ~Gradebook() = default;

  /// Stores an attempt with its goals in one transaction; returns its number. Errors: E-DB-003.
  virtual Result<std::int64_t> add(const AttemptRecord& attempt) = 0;
  /// Every attempt with its goals, by lab, student, number. `lab` empty: of all labs.
  virtual Result<std::vector<AttemptRecord>> attempts(const std::string& lab = "") = 0;
  /// The newest run recorded in this database with that fingerprint; 0: none.
  virtual Result<std::int64_t> recorded_run(const std::string& fingerprint) = 0;
  /// The attempt that was made from this very submission, if it was graded before.
  virtual Result<std::optional<AttemptRecord>> graded(const std::string& submission) = 0;
  /// Another student of the lab whose answers are the same text (see docs/LABS.md), or "".
  virtual Result<std::string> same_answers(const std::string& lab, const std::string& student,
                                           const std::string& answers) = 0;

  /// Replaces what is known of these students; others stay.
  virtual Result<void> add_roster(const std::vector<RosterRow>& rows) = 0;
  virtual Result<std::vector<RosterRow>> roster() = 0;

  virtual Result<void> take_hint(const std::string& student, const std::string& lab,
                                 const HintRecord& hint) = 0;
  virtual Result<std::vector<HintRecord>> hints(const std::string& student,
                                                const std::string& lab) = 0;
};

/// One line an attempt, RFC 4180, with a header line. What a spreadsheet would take for a formula
/// is made text.
std::string to_csv(const std::vector<AttemptRecord>& attempts);

}  // namespace ikelab::labs
