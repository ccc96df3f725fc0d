#include "protocol/crypto/keccak.hpp"

#include <bit>

namespace ikelab::crypto {
namespace {

constexpr std::size_t rounds = 24;

/// FIPS 202, 3.2.5: the round constants, bit by bit from a linear feedback shift register.
constexpr std::array<std::uint64_t, rounds> make_round_constants() {
  std::array<std::uint64_t, rounds> out{};
  std::uint8_t lfsr = 1;
  for (std::uint64_t& constant : out)
    for (unsigned j = 0; j <= 6; ++j) {
      if ((lfsr & 1U) != 0) constant |= std::uint64_t{1} << ((1U << j) - 1U);
      const bool carry = (lfsr & 0x80U) != 0;
      lfsr = static_cast<std::uint8_t>(lfsr << 1U);
      if (carry) lfsr = static_cast<std::uint8_t>(lfsr ^ 0x71U);
    }
  return out;
}
constexpr auto round_constants = make_round_constants();

}  // namespace

void Keccak::permute() {
  auto& a = lanes_;
  for (const std::uint64_t constant : round_constants) {
    std::array<std::uint64_t, 5> c{};  // theta
    for (std::size_t x = 0; x < 5; ++x) c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    for (std::size_t x = 0; x < 5; ++x) {
      const std::uint64_t d = c[(x + 4) % 5] ^ std::rotl(c[(x + 1) % 5], 1);
      for (std::size_t y = 0; y < 25; y += 5) a[x + y] ^= d;
    }
    std::size_t x = 1, y = 0;  // rho and pi, one lane after another
    std::uint64_t moving = a[1];
    for (unsigned t = 0; t < 24; ++t) {
      const std::size_t new_y = (2 * x + 3 * y) % 5;
      x = y;
      y = new_y;
      const unsigned offset = ((t + 1) * (t + 2) / 2) % 64;
      const std::uint64_t displaced = a[x + 5 * y];
      a[x + 5 * y] = std::rotl(moving, static_cast<int>(offset));
      moving = displaced;
    }
    for (std::size_t row = 0; row < 25; row += 5) {  // chi
      std::array<std::uint64_t, 5> r{};
      for (std::size_t i = 0; i < 5; ++i) r[i] = a[row + i];
      for (std::size_t i = 0; i < 5; ++i) a[row + i] = r[i] ^ (~r[(i + 1) % 5] & r[(i + 2) % 5]);
    }
    a[0] ^= constant;  // iota
  }
}

void Keccak::add(std::size_t at, std::uint8_t octet) {
  lanes_[at / 8] ^= std::uint64_t{octet} << (8 * (at % 8));
}

void Keccak::absorb(ByteView data) {
  IKELAB_ASSERT(!squeezing_);
  for (const std::uint8_t octet : data) {
    add(at_, octet);
    if (++at_ < rate_) continue;
    permute();
    at_ = 0;
  }
}

void Keccak::squeeze(std::span<std::uint8_t> out) {
  if (!squeezing_) {
    add(at_, suffix_);
    add(rate_ - 1, 0x80);
    at_ = rate_;
    squeezing_ = true;
  }
  for (std::uint8_t& octet : out) {
    if (at_ == rate_) {
      permute();
      at_ = 0;
    }
    octet = static_cast<std::uint8_t>(lanes_[at_ / 8] >> (8 * (at_ % 8)));
    ++at_;
  }
}

Bytes Keccak::squeeze(std::size_t octets) {
  Bytes out(octets);
  squeeze(std::span(out));
  return out;
}

}  // namespace ikelab::crypto
