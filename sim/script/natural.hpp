// Natural numbers of any size, for the arithmetic of attacks. Schoolbook; nothing is constant in
// time, and nothing here touches a secret of anybody but the attacker's.
#pragma once
#include <utility>
#include <vector>

#include "protocol/base/bytes.hpp"

namespace ikelab::script {

class Natural {
 public:
  Natural() = default;
  explicit Natural(std::uint64_t value);
  explicit Natural(ByteView big_endian);

  [[nodiscard]] Bytes octets() const;  ///< big-endian without leading zeros; zero is one octet
  [[nodiscard]] bool is_zero() const { return limbs_.empty(); }
  [[nodiscard]] std::pair<Natural, Natural> divided_by(const Natural& divisor) const;
  [[nodiscard]] Natural power(const Natural& exponent, const Natural& modulus) const;

  friend Natural operator+(const Natural& a, const Natural& b);
  friend Natural operator-(const Natural& a, const Natural& b);  ///< asserts a >= b
  friend Natural operator*(const Natural& a, const Natural& b);
  friend bool operator<(const Natural& a, const Natural& b);

 private:
  void trim();
  [[nodiscard]] std::size_t bits() const;
  [[nodiscard]] bool bit(std::size_t at) const;
  std::vector<std::uint32_t> limbs_;  // the least significant first, the last one not zero
};

}  // namespace ikelab::script
