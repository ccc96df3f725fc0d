// Writes DER (X.690), as much of it as a certificate needs: every value is tag, length, content.
#pragma once
#include <initializer_list>

#include "protocol/base/bytes.hpp"

namespace ikelab::pki::der {

inline constexpr std::uint8_t tag_boolean = 0x01, tag_integer = 0x02, tag_bit_string = 0x03,
                              tag_octet_string = 0x04, tag_oid = 0x06, tag_enumerated = 0x0a,
                              tag_utc_time = 0x17, tag_generalized_time = 0x18, tag_sequence = 0x30;
/// [n] of a context: IMPLICIT over a primitive, and over a constructed value (or EXPLICIT).
constexpr std::uint8_t context(unsigned n) {
  return static_cast<std::uint8_t>(0x80 | n);
}
constexpr std::uint8_t constructed(unsigned n) {
  return static_cast<std::uint8_t>(0xa0 | n);
}

Bytes value(std::uint8_t tag, ByteView content);
/// A value of several parts, one after another.
Bytes value(std::uint8_t tag, std::initializer_list<ByteView> parts);
inline Bytes sequence(std::initializer_list<ByteView> parts) {
  return value(tag_sequence, parts);
}
Bytes integer(std::uint64_t number);
Bytes boolean(bool truth);
/// `unused`: how many bits at the end of the last octet do not belong to the string.
Bytes bit_string(ByteView octets, std::uint8_t unused = 0);
/// UTCTime until 2049 and GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5). `unix_time` in seconds,
/// years 1950 to 9999.
Bytes time(std::int64_t unix_time);
/// GeneralizedTime whatever the year, as OCSP wants it.
Bytes generalized_time(std::int64_t unix_time);
/// INTEGER of a number given as its octets, most significant first.
Bytes integer_of(ByteView magnitude);

}  // namespace ikelab::pki::der
