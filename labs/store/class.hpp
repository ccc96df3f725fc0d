// A class: who is in it (a roster from Moodle, Canvas or a plain list), its best attempts, and the
// files that learning platforms import.
#pragma once
#include <string>
#include <vector>

#include "labs/store/csv.hpp"
#include "labs/store/gradebook.hpp"

namespace ikelab::labs {

/// From a CSV with a header line. Known columns, in any order and case: student, username, login
/// (our name for the student; without one the mail address before its @); name, first name,
/// surname; email; ID number (Moodle); ID, SIS User ID, SIS Login ID, Section (Canvas). Errors:
/// E-LAB-041 no column that names a student, or the same student twice, with the line; parse_csv's.
Result<std::vector<RosterRow>> parse_roster(std::string_view csv);

/// One student's line of a lab.
struct ClassRow {
  std::string lab, student;
  const AttemptRecord* best = nullptr;  ///< null: nothing handed in
  const AttemptRecord* last = nullptr;
  std::size_t attempts = 0;
};
/// By lab, then student; with a roster also those who handed nothing in. `attempts` must outlive
/// it.
std::vector<ClassRow> class_rows(const std::vector<AttemptRecord>& attempts,
                                 const std::vector<RosterRow>& roster);

/// Moodle, Grades > Import > CSV: username, ID number, email, and for each lab a grade and a
/// feedback column.
std::string moodle_csv(const std::vector<ClassRow>& rows, const std::vector<RosterRow>& roster);
/// Canvas, Grades > Import: Student, ID, SIS User ID, SIS Login ID, Section, a column for each lab,
/// with a line of the points possible.
std::string canvas_csv(const std::vector<ClassRow>& rows, const std::vector<RosterRow>& roster);

struct GoalStatistics {
  std::string goal, title;
  std::size_t met = 0, of = 0;  ///< students' best attempts
  double mean_share = 0;        ///< of its points, 0..1
  std::string frequent;         ///< the mistake made most, "field:mistake"
  std::size_t frequent_count = 0;
};
struct LabStatistics {
  std::string lab;
  std::size_t students = 0;
  double mean = 0;
  int quartiles[5] = {0, 0, 0, 0, 0};  ///< least, lower, median, upper, most
  double attempts = 0;                 ///< mean
  std::vector<GoalStatistics> goals;
};
std::vector<LabStatistics> statistics(const std::vector<ClassRow>& rows);

/// Two students whose submissions have much in common that the rest of the class has not.
struct Similar {
  std::string lab, a, b;
  double share = 0;  ///< of runs of words that either has, 0..1
};
/// Pairs of best attempts at or above `least`, most alike first. What more than a third of the
/// class has (the skeleton, the obvious repair) does not count.
std::vector<Similar> similar(const std::vector<ClassRow>& rows, double least = 0.6);

}  // namespace ikelab::labs
