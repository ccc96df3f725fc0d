#include "sim/cli/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string_view>

namespace ikelab::cli {
namespace {

/// Families of error codes that speak of what a user gave us; everything else is ours.
constexpr std::string_view input_codes[] = {
    "E-SCN-",    "E-POL-",    "E-SWP-001", "E-SWP-002", "E-SWP-003", "E-SWP-004",
    "E-SWP-005", "E-SWP-010", "E-SWP-011", "E-DB-001",  "E-DB-002",  "E-DB-004",
    "E-DB-010",  "E-CLI-",    "E-CAP-",    "E-CAP-",    "E-RUN-001", "E-RUN-002",
    "E-RUN-004", "E-RUN-005", "E-LUA-",    "E-ADDR-",   "E-PEER-"};

std::string interrupt_words;  // written before the handler is installed, read by it

void handle_interrupt(int) {
  static_cast<void>(!write(STDERR_FILENO, interrupt_words.data(), interrupt_words.size()));
  _exit(broke);
}

}  // namespace

ExitCode exit_code(const Error& error) {
  for (const std::string_view family : input_codes) {
    if (error.code.starts_with(family)) return wrong_input;
  }
  return broke;
}

ExitCode fail(const Error& error) {
  std::fflush(stdout);
  fmt::print(stderr, "ikelab: {}\n", error.to_string());
  return exit_code(error);
}

bool colour_wanted(bool forced) {
  const char* no_color = std::getenv("NO_COLOR");
  return forced || (isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0'));
}

bool progress_wanted() {
  return isatty(STDERR_FILENO) != 0;
}

unsigned terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return std::clamp<unsigned>(size.ws_col, 60, 160);
}

void on_interrupt_say(const std::string& words) {
  interrupt_words = "\nikelab: " + words + "\n";
  std::signal(SIGINT, handle_interrupt);
  std::signal(SIGTERM, handle_interrupt);
}

std::string in_words(std::chrono::seconds duration) {
  const auto s = duration.count();
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s / 60 % 60);
}

ProgressBar::ProgressBar(std::string unit, bool wanted)
    : unit_(std::move(unit)),
      wanted_(wanted && progress_wanted()),
      started_(std::chrono::steady_clock::now()) {}

ProgressBar::~ProgressBar() {
  if (shown_) fmt::print(stderr, "\r\033[K");
}

void ProgressBar::show(std::uint64_t done, std::uint64_t total) {
  if (!first_known_) {
    first_ = done;
    first_known_ = true;
  }
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started_);
  if (!wanted_ || total == 0 || passed < std::chrono::seconds(2)) return;
  constexpr std::uint64_t width = 30;
  const auto filled = static_cast<std::size_t>(std::min(done, total) * width / total);
  std::string left;
  if (done > first_) {
    const auto ms = passed.count() * static_cast<std::int64_t>(total - done) /
                    static_cast<std::int64_t>(done - first_);
    left = ", " + in_words(std::chrono::seconds(ms / 1000 + 1)) + " left";
  }
  fmt::print(stderr, "\r[{:#<{}}{:.<{}}]  {}/{} {}{}\033[K", "", filled, "", width - filled, done,
             total, unit_, left);
  std::fflush(stderr);
  shown_ = true;
}

}  // namespace ikelab::cli
