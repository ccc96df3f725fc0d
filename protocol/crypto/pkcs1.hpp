// Blocks of PKCS #1 v1.5 around RSA's bare operation (RFC 2313, 8.1; RFC 8017, 7.2 and 9.2). IKEv1
// signs and encrypts with them and nothing else (RFC 2409, 5.1 and 5.2).
//
//   00 | 01 | ff ff ... ff            | 00 | data      signing
//   00 | 02 | eight or more, not zero | 00 | data      encryption
#pragma once
#include <optional>

#include "protocol/crypto/rng.hpp"

namespace ikelab::crypto::pkcs1 {

inline constexpr std::size_t overhead = 11;

/// A block of `octets` octets. Asserts that data fits.
Bytes signing_block(ByteView data, std::size_t octets);
Bytes encryption_block(ByteView data, std::size_t octets, Rng& rng);
/// The data of a block; nothing when it is not well-formed.
std::optional<Bytes> data_of_signing_block(ByteView block);
std::optional<Bytes> data_of_encryption_block(ByteView block);

}  // namespace ikelab::crypto::pkcs1
