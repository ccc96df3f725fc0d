// What a class has reached, read-only: for the visualizer's gradebook (views lab_attempts and
// lab_goals, docs/SCHEMA.md).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::store {

/// A student's best attempt at a lab.
struct Grade {
  std::string student, lab;
  int score = 0, max_score = 0;
  std::uint64_t attempts = 0;
};
/// How often a goal was met, over all attempts.
struct GoalRate {
  std::string lab, goal;
  std::uint64_t tries = 0, met = 0;
};
/// A check that cost points in a student's best attempt, and what in a run it goes back to.
struct LostPoint {
  std::string student, lab, goal, field;
  int points = 0, max_points = 0;
  std::string mistake, feedback, run;
  std::uint64_t event = 0, message = 0;  ///< of that run; 0: nothing in it is to blame
  std::string evidence;                  ///< the event in words
  std::string fingerprint;  ///< of the run it was graded by, whoever records it; empty: not known
  std::int64_t run_id = 0;  ///< that very run, if this database has it; 0: it has not
};
struct Grades {
  std::vector<Grade> grades;    ///< by student, then lab
  std::vector<GoalRate> goals;  ///< those that are met least first
  std::vector<LostPoint> lost;  ///< by student, then lab
  [[nodiscard]] bool empty() const { return grades.empty(); }
};

/// Empty when nothing was graded. Errors: E-DB-*.
Result<Grades> read_grades(const std::filesystem::path& file);

}  // namespace ikelab::store
