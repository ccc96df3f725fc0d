// The commands of ikelab-lab. Each prints, and returns an exit code (terminal.hpp).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::labs::app {

struct Options {
  std::filesystem::path catalog;
  std::filesystem::path course;  ///< empty: the public demo course
  std::filesystem::path db = "ikelab.db";
  std::filesystem::path dir, out, csv, moodle, canvas, gradescope;
  std::filesystem::path folder = ".";
  std::string lab, goal;
  std::vector<std::string> students, labs, submissions;
  bool json = false, all = false, stats = false, similar = false, roster = false;
  int seconds = 60;  ///< of processor time a submission may take
  int draws = 3;
  int jobs = 0;  ///< 0: one a core
};

// Students: student_commands.cpp
int list(const Options& options);
int start(const Options& options);
int check(const Options& options);
int run(const Options& options);
int hint(const Options& options);
int submit(const Options& options);
// Instructors: grade_command.cpp, reopen_command.cpp, report_command.cpp
int grade(const Options& options);
int reopen(const Options& options);
int report(const Options& options);
int roster(const Options& options);
// Makers of labs: authoring_commands.cpp
int verify(const Options& options);
int make_new(const Options& options);

/// How many processes at a time: as asked, else one a core.
int jobs_of(const Options& options);
/// A command's exit code; an error is reported.
int exit_of(const Result<int>& result);

}  // namespace ikelab::labs::app
