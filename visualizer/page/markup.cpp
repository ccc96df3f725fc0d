#include "visualizer/page/markup.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>

namespace ikelab::view {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// Octets of the UTF-8 sequence that begins here, 0 when it is none (RFC 3629, 3 and 4).
std::size_t sequence(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = octet(0);
  const std::size_t size = first < 0x80                     ? 1
                           : first >= 0xC2 && first <= 0xDF ? 2
                           : first >= 0xE0 && first <= 0xEF ? 3
                           : first >= 0xF0 && first <= 0xF4 ? 4
                                                            : 0;
  if (size == 0 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((octet(i) & 0xC0U) != 0x80U) return 0;
  if (size == 3 && first == 0xE0 && octet(1) < 0xA0) return 0;
  if (size == 3 && first == 0xED && octet(1) > 0x9F) return 0;  // surrogates
  if (size == 3 && first == 0xEF && octet(1) == 0xBF && octet(2) >= 0xBE)
    return 0;  // no characters
  if (size == 4 && first == 0xF0 && octet(1) < 0x90) return 0;
  if (size == 4 && first == 0xF4 && octet(1) > 0x8F) return 0;
  return size;
}

// Of a character's width at size 1, in classes: enough to centre and to cut.
double width_of(char c) {
  static constexpr std::string_view thin = "iljIt.,:;|!'()[]{}fr/ ";
  static constexpr std::string_view wide = "mwMW@%";
  if (thin.find(c) != std::string_view::npos) return 0.29;
  if (wide.find(c) != std::string_view::npos) return 0.88;
  if (std::isupper(static_cast<unsigned char>(c)) != 0) return 0.64;
  return c == '_' || c == '-' ? 0.46 : 0.57;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = sequence(text);
    const unsigned char c = static_cast<unsigned char>(text[0]);
    if (size == 0 || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
      out += replacement;
    else if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#39;";
    else
      out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::string_view role_name(Role role) {
  static constexpr std::array<std::string_view, role_count> names = {
      "initiator", "responder", "adversary", "warning", "secret",
      "text",      "muted",     "rule",      "panel",   "ground"};
  return names[static_cast<std::size_t>(role)];
}

std::string hex_colour(Rgb c) {
  return fmt::format("#{:02x}{:02x}{:02x}", c.r, c.g, c.b);
}

double text_width(std::string_view text, double size, bool strong) {
  double sum = 0;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) sum += width_of(c);  // one a character
  return sum * size * (strong ? 1.04 : 1);
}

std::string fitted(std::string_view text, double width, double size, bool strong) {
  if (text_width(text, size, strong) <= width) return std::string(text);
  const double room = width - size * 0.9;
  double used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t step = std::max<std::size_t>(1, sequence(text.substr(end)));
    used += width_of(text[end]) * size * (strong ? 1.04 : 1);
    if (used > room) break;
    end += step;
  }
  return std::string(text.substr(0, end)) + "\xE2\x80\xA6";
}

std::string base64(std::string_view octets) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const auto at = [&](std::size_t k) {
      return i + k < octets.size() ? static_cast<unsigned char>(octets[i + k]) : 0U;
    };
    const unsigned word = at(0) << 16U | at(1) << 8U | at(2);
    out += digits[word >> 18U];
    out += digits[word >> 12U & 63U];
    out += i + 1 < octets.size() ? digits[word >> 6U & 63U] : '=';
    out += i + 2 < octets.size() ? digits[word & 63U] : '=';
  }
  return out;
}

}  // namespace ikelab::view
