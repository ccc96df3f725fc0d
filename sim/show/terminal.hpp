// How text gets to a terminal: colour roles (docs of the look: a role means something or is
// absent), wrapping, hex.
#pragma once
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/bytes.hpp"

namespace ikelab::show {

enum class Role { text, muted, heading, initiator, responder, adversary, warning, secret };

class Terminal {
 public:
  Terminal(std::ostream& out, bool colour, unsigned width)
      : out_(out), colour_(colour), width_(width < 72 ? 72 : width) {}

  [[nodiscard]] std::string paint(Role role, std::string_view text) const;
  [[nodiscard]] std::size_t width() const { return width_; }
  void line(std::string_view text = {});
  /// A heading and an empty line before it (unless it is the first thing printed).
  void heading(std::string_view text);
  /// Wrapped at the width, every line indented.
  void paragraph(std::string_view text, std::size_t indent = 0, Role role = Role::text);
  /// "name  value", the value wrapped under itself.
  void entry(std::string_view name, std::string_view value, std::size_t indent,
             std::size_t name_columns, Role role = Role::text);

 private:
  std::ostream& out_;
  bool colour_;
  std::size_t width_;
  bool begun_ = false, blank_ = false;  // something was printed; the last line was empty
};

inline constexpr std::string_view no_break = "\u00a0";

/// Columns a UTF-8 text takes (code points; no wide characters are used here).
std::size_t columns(std::string_view text);
/// Padded with blanks on the right, never cut.
std::string padded(std::string_view text, std::size_t width);
std::string padded_left(std::string_view text, std::size_t width);
/// Lines of at most `width` columns, broken at blanks but not at no-break spaces (which become
/// blanks); longer words are cut.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);
/// "c0c1 c2c3 c4c5": groups of four digits.
std::string hex_groups(ByteView octets);
/// Printable ASCII, dots for the rest.
std::string ascii(ByteView octets);
/// "1,234"
std::string thousands(std::uint64_t number);
/// "1 packet", "1,234 packets"
std::string count_of(std::uint64_t number, std::string_view noun);

}  // namespace ikelab::show
