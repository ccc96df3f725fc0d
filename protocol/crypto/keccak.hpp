// SHA-3 and SHAKE (FIPS 202), as ML-KEM needs them: a sponge that is absorbed once and squeezed as
// often as wanted. OpenSSL 3.0 gives an extendable output only once, so this one is our own.
//
// Invariant: no branch and no address depends on what is absorbed.
#pragma once
#include <array>

#include "protocol/base/bytes.hpp"

namespace ikelab::crypto {

class Keccak {
 public:
  /// `rate`: octets absorbed or squeezed between two permutations; `suffix`: the domain's bits with
  /// the first bit of the padding (FIPS 202, 6.1 and 6.2; B.2).
  Keccak(std::size_t rate, std::uint8_t suffix) : rate_(rate), suffix_(suffix) {}
  void absorb(ByteView data);
  /// The next octets of the output; after the first call nothing more may be absorbed.
  void squeeze(std::span<std::uint8_t> out);
  Bytes squeeze(std::size_t octets);

 private:
  void add(std::size_t at, std::uint8_t octet);
  void permute();

  std::size_t rate_;
  std::uint8_t suffix_;
  std::array<std::uint64_t, 25> lanes_{};
  std::size_t at_ = 0;
  bool squeezing_ = false;
};

inline Keccak shake128() {
  return {168, 0x1f};
}
inline Keccak shake256() {
  return {136, 0x1f};
}
inline Keccak sha3_256() {
  return {136, 0x06};
}
inline Keccak sha3_512() {
  return {72, 0x06};
}

}  // namespace ikelab::crypto
