#include "protocol/policy/requirement_level.hpp"

#include <algorithm>

namespace ikelab::policy {
namespace {

using crypto::TransformType;
using enum Level;

constexpr auto encr = TransformType::encr, prf = TransformType::prf, integ = TransformType::integ,
               ke = TransformType::ke;

constexpr std::string_view small_key =
    "the key is so short that trying every one costs hours and little money: all that was recorded "
    "can be read.";
constexpr std::string_view no_analysis =
    "nobody is known to have looked at it in IPsec, so nobody can say what it withstands.";
constexpr std::string_view md5 =
    "collisions of MD5 cost seconds; transcript collisions let an attacker in the middle make two "
    "different handshakes look like one.";
constexpr std::string_view sha1 =
    "collisions of SHA-1 have been made; HMAC still stands, but an attacker who waits gains with "
    "every year, and nothing is gained by you.";
constexpr std::string_view subgroup =
    "the prime has small subgroups and nobody says how it was chosen: a public value from one of "
    "them, unchecked, gives away a part of the secret exponent.";

constexpr Requirement rows[] = {
    // RFC 8247, 2.1; RFC 8221, 5. ESP's ENCR_NULL is for who wants integrity alone.
    {encr, 1, unlisted, must_not, small_key, "aes256gcm16"},
    {encr, 2, must_not, must_not, small_key, "aes256gcm16"},
    {encr, 3, may, should_not,
     "its blocks are 64 bits: after some 32 GiB under one key two blocks agree, and an attacker "
     "who "
     "can make the peer repeat a secret (a cookie) reads it (Sweet32, CVE-2016-2183).",
     "aes256gcm16"},
    {encr, 4, unlisted, unlisted, no_analysis, "aes256gcm16"},
    {encr, 5, unlisted, unlisted, no_analysis, "aes256gcm16"},
    {encr, 6, unlisted, unlisted,
     "its blocks are 64 bits: after some 32 GiB under one key plaintext leaks (Sweet32).",
     "aes256gcm16"},
    {encr, 7, unlisted, must_not,
     "its blocks are 64 bits, and it has weak keys: after some 32 GiB under one key plaintext "
     "leaks "
     "(Sweet32).",
     "aes256gcm16"},
    {encr, 8, unlisted, must_not, no_analysis, "aes256gcm16"},
    {encr, 9, unlisted, must_not, small_key, "aes256gcm16"},
    {encr, 11, must_not, must, "everybody on the way reads everything.", "aes256gcm16"},
    {encr, 12, must, must},
    {encr, 13, may, may},
    {encr, 14, should, should},
    {encr, 20, should, must},
    {encr, 28, should, should},
    // RFC 8247, 2.2
    {prf, 1, must_not, unlisted, md5, "prfsha256"},
    {prf, 2, must_minus, unlisted, sha1, "prfsha256"},
    {prf, 4, should, unlisted},
    {prf, 5, must, unlisted},
    {prf, 7, should_plus, unlisted},
    // RFC 8247, 2.3; RFC 8221, 6
    {integ, 1, must_not, must_not, md5, "sha256"},
    {integ, 2, must_minus, must_minus, sha1, "sha256"},
    {integ, 3, must_not, must_not,
     "its key has 56 bits: an attacker finds it and forges every packet.", "sha256"},
    {integ, 4, must_not, must_not,
     "it is MD5 of key and data, not HMAC: packets can be extended and collisions made.", "sha256"},
    {integ, 5, should, should},
    {integ, 9, unlisted, may},
    {integ, 11, unlisted, may},
    {integ, 12, must, must},
    {integ, 14, should, should},
    // RFC 8247, 2.4, which binds the PFS of ESP as well
    {ke, 1, must_not, must_not,
     "a precomputation of days for this one prime makes every exchange with it readable in minutes "
     "(Logjam).",
     "x25519"},
    {ke, 2, should_not, should_not,
     "a state can afford the one precomputation for this prime (Logjam, 2015), and then reads "
     "every exchange with it, recorded or live.",
     "x25519"},
    {ke, 5, should_not, should_not,
     "1536 bits are some 90 bits of strength: whoever records today may read in the years to come.",
     "x25519"},
    {ke, 14, must, must},
    {ke, 19, should, should},
    {ke, 22, must_not, must_not, subgroup, "x25519"},
    {ke, 23, should_not, should_not, subgroup, "x25519"},
    {ke, 24, should_not, should_not, subgroup, "x25519"},
    {ke, 1031, unlisted, unlisted,  // toymodp31, of private use: here so that a lesson is warned of
     "a group of 31 bits: a laptop solves it in a second, and reads every recording.", "x25519"},
};

}  // namespace

std::string_view to_string(Level level) {
  constexpr std::string_view names[] = {"MUST",  "SHOULD+",    "SHOULD",   "MAY",
                                        "MUST-", "SHOULD NOT", "MUST NOT", "not listed"};
  return names[static_cast<std::size_t>(level)];
}

std::span<const Requirement> requirements() {
  return rows;
}

const Requirement* find_requirement(std::uint8_t transform_type, std::uint16_t id) {
  // The additional key exchanges of RFC 9370 take their methods from the registry of type 4.
  const std::uint8_t type = transform_type >= 6 && transform_type <= 12 ? 4 : transform_type;
  const auto* row = std::find_if(std::begin(rows), std::end(rows), [&](const Requirement& r) {
    return static_cast<std::uint8_t>(r.type) == type && r.id == id;
  });
  return row == std::end(rows) ? nullptr : row;
}

std::string_view source_of(TransformType type, wire::ProtocolId protocol) {
  const bool of_ike = protocol == wire::ProtocolId::ike;
  switch (type) {
    case encr:
      return of_ike ? "RFC 8247, 2.1" : "RFC 8221, 5";
    case prf:
      return "RFC 8247, 2.2";
    case integ:
      return of_ike ? "RFC 8247, 2.3" : "RFC 8221, 6";
    default:
      return "RFC 8247, 2.4";
  }
}

}  // namespace ikelab::policy
