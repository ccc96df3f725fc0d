// MD4 (RFC 1320) and DES (FIPS 46-3): broken, and what MS-CHAPv2 is made of. OpenSSL keeps them in
// a provider that is not installed everywhere, so they are here, small. Nothing else may use them;
// callers go through Provider, which counts.
#pragma once
#include "protocol/base/bytes.hpp"

namespace ikelab::crypto {

/// 16 octets.
Bytes md4(ByteView data);
/// One block of 8 octets under a key of 8, of which the lowest bit of each octet is not looked at.
Bytes des_encrypt(ByteView key, ByteView block);

}  // namespace ikelab::crypto
