#include "protocol/policy/secret_text.hpp"

namespace ikelab::policy {
namespace {

int digit_of(char c, int base) {
  if (base == 64) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto at = digits.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
  }
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// `bits` a digit; what is left over of the last digit must be zero. Empty: it is not in that base.
Bytes octets_of(std::string_view digits, int base, unsigned bits) {
  Bytes out;
  std::uint32_t held = 0;
  unsigned count = 0;
  for (const char c : digits) {
    const int digit = digit_of(c, base);
    if (digit < 0) return {};
    held = (held << bits | static_cast<std::uint32_t>(digit)) & 0xffff;
    count += bits;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<std::uint8_t>(held >> count));
  }
  const bool rest_is_zero = (held & ((1U << count) - 1)) == 0;
  return count < bits && rest_is_zero ? out : Bytes{};
}

}  // namespace

//= rfc7296#2.15 "It MUST also accept a hex encoding of the shared secret."
Result<Bytes> parse_secret(std::string_view text) {
  const bool hex = text.starts_with("0x"), base64 = text.starts_with("0s");
  if (!hex && !base64) return to_bytes(as_bytes(text));
  std::string_view digits = text.substr(2);
  if (base64)
    while (digits.ends_with('=')) digits.remove_suffix(1);
  Bytes out = hex ? octets_of(digits, 16, 4) : octets_of(digits, 64, 6);
  if (!out.empty()) return out;
  return Error{"E-POL-040", std::string("a secret with ") + (hex ? "0x" : "0s") +
                                " is not one in " + (hex ? "hex" : "Base64")}
      .see("RFC 7296, 2.15")
      .expect(hex ? "expected pairs of hex digits behind 0x" : "expected Base64 behind 0s");
}

}  // namespace ikelab::policy
