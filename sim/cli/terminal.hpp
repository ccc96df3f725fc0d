// How the programs speak: calm words on stdout, errors in one line on stderr, the contract's exit
// codes, colour and progress only for people.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "protocol/base/result.hpp"

namespace ikelab::cli {

enum ExitCode : int {
  done = 0,
  not_met = 1,      ///< the thing ran and its expectation failed
  wrong_input = 2,  ///< wrong usage or input
  broke = 3,        ///< something broke
};

/// What an error means for the exit code: input of a user, or something of ours.
ExitCode exit_code(const Error& error);
/// Prints the error's one line on stderr.
ExitCode fail(const Error& error);

bool colour_wanted(bool forced);  ///< a terminal without NO_COLOR, or asked for
bool progress_wanted();           ///< stderr is a terminal
unsigned terminal_width();        ///< columns, 60 to 160; 100 when there is no terminal

/// When SIGINT or SIGTERM comes: prints `words` (prepared, as a handler may not format) and ends
/// with exit code 3. What was committed is kept.
void on_interrupt_say(const std::string& words);

/// "[#########.............]  5/12 points, 1 min 10 s left" on stderr: on a terminal only, and only
/// after two seconds.
class ProgressBar {
 public:
  explicit ProgressBar(std::string unit, bool wanted);
  ~ProgressBar();
  void show(std::uint64_t done, std::uint64_t total);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

 private:
  std::string unit_;
  bool wanted_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point started_;
  std::uint64_t first_ = 0;  // done before we began: says nothing about speed
  bool first_known_ = false;
};

/// "45 s", "3 min 20 s", "2 h 5 min".
std::string in_words(std::chrono::seconds duration);

}  // namespace ikelab::cli
