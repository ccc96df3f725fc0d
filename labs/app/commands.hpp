// The commands of ikelab-lab. Each prints, and returns an exit code (terminal.hpp).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace ikelab::labs::app {

struct Options {
  std::filesystem::path catalog;
  std::filesystem::path course;  ///< empty: the public demo course
  std::filesystem::path db = "ikelab.db";
  std::filesystem::path dir, out, csv;
  std::filesystem::path folder = ".";
  std::string lab, goal;
  std::vector<std::string> students, labs, submissions;
  bool json = false, all = false;
  int draws = 3;
};

// Students: student_commands.cpp
int list(const Options& options);
int start(const Options& options);
int check(const Options& options);
int hint(const Options& options);
int submit(const Options& options);
// Instructors: instructor_commands.cpp
int grade(const Options& options);
int report(const Options& options);
int verify(const Options& options);
int make_new(const Options& options);

}  // namespace ikelab::labs::app
