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
struct Grades {
  std::vector<Grade> grades;    ///< by student, then lab
  std::vector<GoalRate> goals;  ///< those that are met least first
  [[nodiscard]] bool empty() const { return grades.empty(); }
};

/// Empty when nothing was graded. Errors: E-DB-*.
Result<Grades> read_grades(const std::filesystem::path& file);

}  // namespace ikelab::store
