// MD4 as RFC 1320, 3 tells it: three rounds of sixteen steps over blocks of 64 octets.
#include <array>
#include <bit>

#include "protocol/crypto/legacy.hpp"

namespace ikelab::crypto {
namespace {

using Words = std::array<std::uint32_t, 4>;

struct Round {
  std::uint32_t (*mix)(std::uint32_t x, std::uint32_t y, std::uint32_t z);
  std::uint32_t constant;
  std::array<unsigned, 16> word;  ///< which word of the block each step takes
  std::array<int, 4> shift;
};

// RFC 1320, 3.4: F, G, H; the constants are the square roots of 2 and 3.
constexpr Round rounds[] = {
    {[](std::uint32_t x, std::uint32_t y, std::uint32_t z) { return (x & y) | (~x & z); },
     0,
     {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
     {3, 7, 11, 19}},
    {[](std::uint32_t x, std::uint32_t y, std::uint32_t z) { return (x & y) | (x & z) | (y & z); },
     0x5a827999,
     {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15},
     {3, 5, 9, 13}},
    {[](std::uint32_t x, std::uint32_t y, std::uint32_t z) { return x ^ y ^ z; },
     0x6ed9eba1,
     {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15},
     {3, 9, 11, 15}},
};

void take_block(Words& state, ByteView block) {
  std::array<std::uint32_t, 16> x{};
  for (std::size_t i = 0; i < 64; ++i)
    x[i / 4] |= static_cast<std::uint32_t>(block[i]) << (8 * (i % 4));
  Words s = state;
  for (const Round& round : rounds)
    for (std::size_t step = 0; step < 16; ++step) {
      // the register that this step changes: A, D, C, B, A, ...
      const std::size_t a = (16 - step) % 4;
      const std::uint32_t sum = s[a] + round.mix(s[(a + 1) % 4], s[(a + 2) % 4], s[(a + 3) % 4]) +
                                x[round.word[step]] + round.constant;
      s[a] = std::rotl(sum, round.shift[step % 4]);
    }
  for (std::size_t i = 0; i < 4; ++i) state[i] += s[i];
}

}  // namespace

Bytes md4(ByteView data) {
  // RFC 1320, 3.1 and 3.2: a one bit, zeros, and the length in bits as 64 bits
  Bytes padded = to_bytes(data);
  padded.push_back(0x80);
  while (padded.size() % 64 != 56) padded.push_back(0);
  const std::uint64_t bits = static_cast<std::uint64_t>(data.size()) * 8;
  for (unsigned shift = 0; shift < 64; shift += 8)
    padded.push_back(static_cast<std::uint8_t>(bits >> shift));
  Words state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  for (std::size_t at = 0; at < padded.size(); at += 64)
    take_block(state, ByteView(padded).subspan(at, 64));
  Bytes out;
  for (const std::uint32_t word : state)
    for (unsigned shift = 0; shift < 32; shift += 8)
      out.push_back(static_cast<std::uint8_t>(word >> shift));
  return out;
}

}  // namespace ikelab::crypto
