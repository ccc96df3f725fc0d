#include "sim/script/natural.hpp"

namespace ikelab::script {

Natural::Natural(std::uint64_t value) {
  for (; value != 0; value >>= 32) limbs_.push_back(static_cast<std::uint32_t>(value));
}

Natural::Natural(ByteView big_endian) : limbs_((big_endian.size() + 3) / 4) {
  for (std::size_t i = 0; i < big_endian.size(); ++i)
    limbs_[i / 4] |= std::uint32_t{big_endian[big_endian.size() - 1 - i]} << (8 * (i % 4));
  trim();
}

void Natural::trim() {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
}

Bytes Natural::octets() const {
  Bytes out;
  for (std::size_t i = limbs_.size(); i-- > 0;)
    for (int shift = 24; shift >= 0; shift -= 8) {
      const auto octet = static_cast<std::uint8_t>(limbs_[i] >> shift);
      if (!out.empty() || octet != 0) out.push_back(octet);
    }
  if (out.empty()) out.push_back(0);
  return out;
}

std::size_t Natural::bits() const {
  std::size_t n = limbs_.size() * 32;
  while (n > 0 && !bit(n - 1)) --n;
  return n;
}

bool Natural::bit(std::size_t at) const {
  return at / 32 < limbs_.size() && (limbs_[at / 32] >> (at % 32) & 1) != 0;
}

bool operator<(const Natural& a, const Natural& b) {
  if (a.limbs_.size() != b.limbs_.size()) return a.limbs_.size() < b.limbs_.size();
  for (std::size_t i = a.limbs_.size(); i-- > 0;)
    if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] < b.limbs_[i];
  return false;
}

Natural operator+(const Natural& a, const Natural& b) {
  Natural out;
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < std::max(a.limbs_.size(), b.limbs_.size()) || carry != 0; ++i) {
    carry += i < a.limbs_.size() ? a.limbs_[i] : 0;
    carry += i < b.limbs_.size() ? b.limbs_[i] : 0;
    out.limbs_.push_back(static_cast<std::uint32_t>(carry));
    carry >>= 32;
  }
  out.trim();
  return out;
}

Natural operator-(const Natural& a, const Natural& b) {
  IKELAB_ASSERT(!(a < b));
  Natural out = a;
  std::int64_t borrow = 0;
  for (std::size_t i = 0; i < out.limbs_.size(); ++i) {
    std::int64_t value = std::int64_t{out.limbs_[i]} - borrow;
    if (i < b.limbs_.size()) value -= b.limbs_[i];
    borrow = value < 0 ? 1 : 0;
    out.limbs_[i] = static_cast<std::uint32_t>(value + (borrow << 32));
  }
  out.trim();
  return out;
}

Natural operator*(const Natural& a, const Natural& b) {
  Natural out;
  out.limbs_.resize(a.limbs_.size() + b.limbs_.size());
  for (std::size_t i = 0; i < a.limbs_.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.limbs_.size() || carry != 0; ++j) {
      carry += out.limbs_[i + j];
      if (j < b.limbs_.size()) carry += std::uint64_t{a.limbs_[i]} * b.limbs_[j];
      out.limbs_[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  out.trim();
  return out;
}

// Bit by bit: what is divided here has some hundred bits.
std::pair<Natural, Natural> Natural::divided_by(const Natural& divisor) const {
  IKELAB_ASSERT(!divisor.is_zero());
  Natural quotient, rest;
  quotient.limbs_.resize(limbs_.size());
  for (std::size_t i = bits(); i-- > 0;) {
    std::uint32_t carry = bit(i) ? 1 : 0;
    for (std::uint32_t& limb : rest.limbs_) {
      const std::uint32_t top = limb >> 31;
      limb = limb << 1 | carry;
      carry = top;
    }
    if (carry != 0) rest.limbs_.push_back(carry);
    if (rest < divisor) continue;
    rest = rest - divisor;
    quotient.limbs_[i / 32] |= std::uint32_t{1} << (i % 32);
  }
  quotient.trim();
  return {std::move(quotient), std::move(rest)};
}

Natural Natural::power(const Natural& exponent, const Natural& modulus) const {
  Natural result = Natural(std::uint64_t{1}).divided_by(modulus).second;
  const Natural base = divided_by(modulus).second;
  for (std::size_t i = exponent.bits(); i-- > 0;) {
    result = (result * result).divided_by(modulus).second;
    if (exponent.bit(i)) result = (result * base).divided_by(modulus).second;
  }
  return result;
}

}  // namespace ikelab::script
