#include "sim/show/terminal.hpp"

#include <fmt/format.h>

namespace ikelab::show {
namespace {

// The dark theme's colour roles in the terminal's 256 colours (nearest to the hex values of the
// look).
constexpr std::string_view code(Role role) {
  switch (role) {
    case Role::muted:
      return "38;5;245";
    case Role::heading:
      return "1";
    case Role::initiator:
      return "38;5;74";
    case Role::responder:
      return "38;5;36";
    case Role::adversary:
      return "38;5;209";
    case Role::warning:
      return "38;5;214";
    case Role::secret:
      return "38;5;175";
    case Role::text:
      break;
  }
  return "";
}

// The first `width` columns of a word, and the rest.
std::pair<std::string_view, std::string_view> cut(std::string_view word, std::size_t width) {
  std::size_t at = 0, count = 0;
  while (at < word.size()) {
    const bool continues = (static_cast<unsigned char>(word[at]) & 0xc0) == 0x80;
    if (!continues && count++ == width) break;
    ++at;
  }
  return {word.substr(0, at), word.substr(at)};
}

}  // namespace

std::string Terminal::paint(Role role, std::string_view text) const {
  if (!colour_ || role == Role::text || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code(role), text);
}

void Terminal::line(std::string_view text) {
  const std::size_t last = text.find_last_not_of(' ');
  out_ << (last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1)) << '\n';
  begun_ = true;
  blank_ = last == std::string_view::npos;
}

void Terminal::heading(std::string_view text) {
  if (begun_ && !blank_) line();
  line(paint(Role::heading, text));
}

void Terminal::paragraph(std::string_view text, std::size_t indent, Role role) {
  for (const std::string& part : wrapped(text, width_ - indent))
    line(std::string(indent, ' ') + paint(role, part));
}

void Terminal::entry(std::string_view name, std::string_view value, std::size_t indent,
                     std::size_t name_columns, Role role) {
  const std::size_t used = indent + name_columns;
  std::string left = std::string(indent, ' ') + padded(name, name_columns);
  for (const std::string& part : wrapped(value, width_ - used)) {
    line(left + paint(role, part));
    left.assign(used, ' ');
  }
}

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t have = columns(text);
  return std::string(text) + std::string(have < width ? width - have : 0, ' ');
}

std::string padded_left(std::string_view text, std::size_t width) {
  const std::size_t have = columns(text);
  return std::string(have < width ? width - have : 0, ' ') + std::string(text);
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    std::string_view word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    for (bool first = true; first || !word.empty(); first = false) {
      const auto [head, tail] = cut(word, width);
      const std::size_t size = columns(head);
      if (used > 0 && used + 1 + size > width) lines.emplace_back(), used = 0;
      if (used > 0) lines.back() += ' ', ++used;
      lines.back() += head;
      used += size;
      word = tail;
    }
  }
  for (std::string& line : lines)
    for (std::size_t at = line.find(no_break); at != std::string::npos;
         at = line.find(no_break, at))
      line.replace(at, no_break.size(), " ");
  return lines;
}

std::string hex_groups(ByteView octets) {
  std::string out;
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    if (i > 0) out += ' ';
    out += to_hex(octets.subspan(i, std::min<std::size_t>(2, octets.size() - i)));
  }
  return out;
}

std::string ascii(ByteView octets) {
  std::string out;
  for (const std::uint8_t b : octets) out += b >= 32 && b < 127 ? static_cast<char>(b) : '.';
  return out;
}

std::string thousands(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string count_of(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", thousands(number), noun, number == 1 ? "" : "s");
}

}  // namespace ikelab::show
