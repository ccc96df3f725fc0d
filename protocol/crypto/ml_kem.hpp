// ML-KEM (FIPS 203): a key encapsulation mechanism on module lattices, which no quantum computer is
// known to break. A reference implementation of our own, for where OpenSSL has none (before 3.5);
// both give the same octets from the same randomness.
//
// Written without branches or addresses that depend on secrets, but not hardened against side
// channels otherwise: for simulations and labs.
#pragma once
#include "protocol/base/secret.hpp"

namespace ikelab::crypto::ml_kem {

/// FIPS 203, 8, table 2.
struct Parameters {
  std::size_t k, eta1, eta2, du, dv;
  [[nodiscard]] constexpr std::size_t encapsulation_key_octets() const { return 384 * k + 32; }
  [[nodiscard]] constexpr std::size_t ciphertext_octets() const { return 32 * (du * k + dv); }
};
inline constexpr Parameters ml_kem_512{2, 3, 2, 10, 4}, ml_kem_768{3, 2, 2, 10, 4},
    ml_kem_1024{4, 2, 2, 11, 5};
inline constexpr std::size_t seed_octets = 64;     ///< d | z
inline constexpr std::size_t message_octets = 32;  ///< m
inline constexpr std::size_t shared_octets = 32;   ///< K

/// By the number of the IKEv2 transform (IANA): 35, 36, 37; nullptr otherwise.
const Parameters* parameters_of(std::uint16_t transform_id);

struct KeyPair {
  Bytes encapsulation_key;   ///< ek
  Secret decapsulation_key;  ///< dk: dk_PKE | ek | H(ek) | z
};
/// ML-KEM.KeyGen_internal(d, z); `seed` is d | z (algorithm 16).
KeyPair generate(const Parameters& p, const Secret& seed);

struct Encapsulated {
  Secret shared;
  Bytes ciphertext;
};
/// ML-KEM.Encaps_internal(ek, m) after the checks of 7.2 (algorithms 17 and 20). Errors:
/// E-CRYPTO-KE a wrong length, or a coefficient of q or more.
Result<Encapsulated> encapsulate(const Parameters& p, ByteView encapsulation_key, const Secret& m);

/// ML-KEM.Decaps_internal(dk, c) (algorithm 18). A ciphertext that was not made for this key gives
/// another secret, not an error ("implicit rejection"). Errors: E-CRYPTO-KE a wrong length.
Result<Secret> decapsulate(const Parameters& p, const Secret& decapsulation_key,
                           ByteView ciphertext);

}  // namespace ikelab::crypto::ml_kem
