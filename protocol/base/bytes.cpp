#include "protocol/base/bytes.hpp"

namespace ikelab {

std::string to_hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (std::uint8_t b : bytes) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

namespace {
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
}  // namespace

Result<Bytes> from_hex(std::string_view text) {
  std::size_t i = text.starts_with("0x") || text.starts_with("0X") ? 2 : 0;
  Bytes out;
  int high = -1;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ' || c == ':' || c == '\n' || c == '\t' || c == '\r') continue;
    const int digit = hex_digit(c);
    if (digit < 0)
      return Error{"E-HEX-001", std::string("'") + c + "' is not a hex digit"}.at(i).expect(
          "expected 0-9, a-f");
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  if (high >= 0) return Error{"E-HEX-001", "an odd number of hex digits"}.at(text.size());
  return out;
}

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

Bytes concat(std::initializer_list<ByteView> parts) {
  Bytes out;
  std::size_t size = 0;
  for (ByteView p : parts) size += p.size();
  out.reserve(size);
  for (ByteView p : parts) out.insert(out.end(), p.begin(), p.end());
  return out;
}

Bytes to_bytes(ByteView view) {
  return {view.begin(), view.end()};
}

ByteView as_bytes(std::string_view text) {
  // A char may be read as an unsigned char; std::span offers the cast for std::byte only.
  return {static_cast<const std::uint8_t*>(static_cast<const void*>(text.data())), text.size()};
}

std::string to_text(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

bool equal_constant_time(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  volatile std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference = difference | (a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace ikelab
