// How ikelab-lab talks: wrapped words, colour only on a terminal, one line an error, progress that
// is asked for by time.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "protocol/base/result.hpp"

namespace ikelab::labs::app {

/// 0 done, 1 an expectation failed, 2 wrong usage or input, 3 something broke (design: commands).
enum ExitCode : int { done = 0, failed = 1, wrong_input = 2, broke = 3 };

enum class Role { heading, right, wrong, muted };
/// ANSI colour when stdout is a terminal and NO_COLOR is not set.
std::string paint(Role role, std::string_view text);
/// Wraps at 96 columns; every line begins with `indent` spaces, the first with `lead` in their
/// place.
std::string wrapped(std::string_view text, std::size_t indent, std::string_view lead = "");
/// Without control characters: what strangers wrote must not move the cursor.
std::string harmless(std::string_view text);
/// Prints one line on stderr; returns the exit code the error's code has.
int report(const Error& error);

/// A bar with the remaining time on stderr, when it is a terminal and two seconds have passed.
class Progress {
 public:
  Progress(std::string what, std::size_t total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();
  void step();

 private:
  std::string what_;
  std::size_t total_, done_ = 0;
  bool shown_ = false;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace ikelab::labs::app
