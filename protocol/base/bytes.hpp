// Byte strings, and how people read them.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// Lower-case hex, two digits a byte, no separators.
std::string to_hex(ByteView bytes);
/// Parses hex; spaces, colons and a leading 0x are allowed. Errors: E-HEX-001.
Result<Bytes> from_hex(std::string_view text);
/// For constants in tests and tables: from_hex that asserts.
Bytes hex(std::string_view text);
/// The parts one after another (the RFC's `a | b`).
Bytes concat(std::initializer_list<ByteView> parts);
Bytes to_bytes(ByteView view);
/// The last `octets` octets of `value`, in network order.
template <std::size_t octets>
constexpr std::array<std::uint8_t, octets> big_endian(std::uint64_t value) {
  std::array<std::uint8_t, octets> out{};
  for (std::size_t i = octets; i-- > 0; value >>= 8) out[i] = static_cast<std::uint8_t>(value);
  return out;
}
/// The octets of a text, without a terminator.
ByteView as_bytes(std::string_view text);
std::string to_text(ByteView bytes);
/// Equal in length and content; the time does not depend on the content.
bool equal_constant_time(ByteView a, ByteView b);
inline bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace ikelab
