#include "labs/app/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "labs/app/commands.hpp"

namespace ikelab::labs::app {
namespace {

constexpr std::size_t columns = 96;
constexpr std::size_t bar_cells = 24;

bool colours() {
  static const bool on = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  return on;
}

struct CodeRow {
  std::string_view prefix;
  ExitCode exit;
};
// The first row that fits counts.
constexpr CodeRow exit_codes[] = {
    {"E-LAB-005", broke},   {"E-LAB-014", broke},   {"E-LAB-015", broke},  {"E-LAB-050", broke},
    {"E-LAB-060", failed},  {"E-LAB-061", failed},  {"E-LAB-062", failed}, {"E-LAB-063", failed},
    {"E-LAB-064", failed},  {"E-LAB", wrong_input}, {"E-DB-003", broke},   {"E-DB", wrong_input},
    {"E-SCN", wrong_input}, {"E-POL", wrong_input}, {"", broke},
};

}  // namespace

std::string paint(Role role, std::string_view text) {
  if (!colours()) return std::string(text);
  constexpr std::string_view codes[] = {"\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[2m"};
  return fmt::format("{}{}\x1b[0m", codes[static_cast<std::size_t>(role)], text);
}

std::string wrapped(std::string_view text, std::size_t indent, std::string_view lead) {
  std::string out(lead), line(indent > lead.size() ? indent - lead.size() : 0, ' ');
  std::size_t width = indent;
  bool first_of_line = true;
  const auto put = [&](std::string_view word) {
    if (!first_of_line && width + 1 + word.size() > columns) {
      out += line + "\n";
      line.assign(indent, ' ');
      width = indent;
      first_of_line = true;
    }
    if (!first_of_line) line += ' ';
    width += word.size() + (first_of_line ? 0 : 1);
    line += word;
    first_of_line = false;
  };
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(" \n");
    if (end != 0) put(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out + line + "\n";
}

std::string harmless(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return out;
}

int jobs_of(const Options& options) {
  if (options.jobs > 0) return options.jobs;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int exit_of(const Result<int>& result) {
  return result.ok() ? *result : report(result.error());
}

int report(const Error& error) {
  fmt::print(stderr, "ikelab lab: {}\n", harmless(error.to_string()));
  for (const CodeRow& row : exit_codes)
    if (std::string_view(error.code).starts_with(row.prefix)) return row.exit;
  return broke;
}

Progress::Progress(std::string what, std::size_t total)
    : what_(std::move(what)), total_(total), begun_(std::chrono::steady_clock::now()) {}

void Progress::step() {
  ++done_;
  const double spent =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  if (spent < 2 || isatty(STDERR_FILENO) == 0 || total_ == 0) return;
  const std::size_t filled = bar_cells * done_ / total_;
  const double left = spent / static_cast<double>(done_) * static_cast<double>(total_ - done_);
  fmt::print(stderr, "\r{} {}/{} [{}{}] {:.0f} s left \x1b[K", what_, done_, total_,
             std::string(filled, '#'), std::string(bar_cells - filled, '.'), left);
  shown_ = true;
}

Progress::~Progress() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace ikelab::labs::app
