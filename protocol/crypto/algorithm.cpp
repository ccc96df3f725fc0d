// The registry's rows. To add an algorithm: one row here, one .vec file in tests/vectors/.
#include "protocol/crypto/algorithm.hpp"

#include <algorithm>
#include <array>

namespace ikelab::crypto {
namespace {

using Text = std::string_view;

// One function a kind of row, so that a row shows only what differs from its neighbours.
constexpr Algorithm gcm(std::uint16_t bits, Text keyword, Text openssl) {
  return {.type = TransformType::encr,
          .id = 20,
          .key_bits = bits,
          .name = "ENCR_AES_GCM_16",
          .keyword = keyword,
          .rfc = "RFC 4106, RFC 5282",
          .key_size = bits / 8u,
          .salt_size = 4,
          .iv_size = 8,
          .icv_size = 16,
          .block_size = 1,
          .aead = true,
          .openssl = openssl};
}
constexpr Algorithm chacha(Text keyword, Text openssl) {
  return {.type = TransformType::encr,
          .id = 28,
          .name = "ENCR_CHACHA20_POLY1305",
          .keyword = keyword,
          .rfc = "RFC 7634",
          .key_size = 32,
          .salt_size = 4,
          .iv_size = 8,
          .icv_size = 16,
          .block_size = 1,
          .aead = true,
          .openssl = openssl};
}
constexpr Algorithm cbc(std::uint16_t bits, Text keyword, Text openssl) {
  return {.type = TransformType::encr,
          .id = 12,
          .key_bits = bits,
          .name = "ENCR_AES_CBC",
          .keyword = keyword,
          .rfc = "RFC 3602",
          .key_size = bits / 8u,
          .iv_size = 16,
          .block_size = 16,
          .openssl = openssl};
}
constexpr Algorithm hmac_prf(std::uint16_t id, Text name, Text keyword, std::size_t size,
                             Text openssl) {
  return {.type = TransformType::prf,
          .id = id,
          .name = name,
          .keyword = keyword,
          .rfc = "RFC 4868",
          .key_size = size,
          .output_size = size,
          .openssl = openssl};
}
//= rfc4868#2.3 "a truncated value using the first nnn/2 bits -- exactly half the algorithm output
//= size -- MUST be supported."
constexpr Algorithm hmac_integ(std::uint16_t id, Text name, Text keyword, std::size_t size,
                               Text openssl) {
  return {.type = TransformType::integ,
          .id = id,
          .name = name,
          .keyword = keyword,
          .rfc = "RFC 4868",
          .key_size = size,
          .icv_size = size / 2,
          .openssl = openssl};
}
constexpr Algorithm ke(std::uint16_t id, Text name, Text keyword, std::size_t public_size, Text rfc,
                       Text openssl) {
  return {.type = TransformType::ke,
          .id = id,
          .name = name,
          .keyword = keyword,
          .rfc = rfc,
          .output_size = public_size,
          .openssl = openssl};
}
constexpr Algorithm esn(std::uint16_t id, Text name, Text keyword) {
  return {.type = TransformType::esn,
          .id = id,
          .name = name,
          .keyword = keyword,
          .rfc = "RFC 7296, 3.3.2"};
}

constexpr std::array rows = {
    gcm(128, "aes128gcm16", "AES-128-GCM"),
    gcm(192, "aes192gcm16", "AES-192-GCM"),
    gcm(256, "aes256gcm16", "AES-256-GCM"),
    chacha("chacha20poly1305", "ChaCha20-Poly1305"),
    cbc(128, "aes128", "AES-128-CBC"),
    cbc(192, "aes192", "AES-192-CBC"),
    cbc(256, "aes256", "AES-256-CBC"),
    hmac_prf(5, "PRF_HMAC_SHA2_256", "prfsha256", 32, "SHA256"),
    hmac_prf(6, "PRF_HMAC_SHA2_384", "prfsha384", 48, "SHA384"),
    hmac_prf(7, "PRF_HMAC_SHA2_512", "prfsha512", 64, "SHA512"),
    hmac_integ(12, "AUTH_HMAC_SHA2_256_128", "sha256", 32, "SHA256"),
    hmac_integ(13, "AUTH_HMAC_SHA2_384_192", "sha384", 48, "SHA384"),
    hmac_integ(14, "AUTH_HMAC_SHA2_512_256", "sha512", 64, "SHA512"),
    ke(14, "MODP_2048", "modp2048", 256, "RFC 3526, 3", "modp_2048"),
    ke(15, "MODP_3072", "modp3072", 384, "RFC 3526, 4", "modp_3072"),
    ke(16, "MODP_4096", "modp4096", 512, "RFC 3526, 5", "modp_4096"),
    ke(19, "ECP_256", "ecp256", 64, "RFC 5903, 3.1", "P-256"),
    ke(20, "ECP_384", "ecp384", 96, "RFC 5903, 3.2", "P-384"),
    ke(21, "ECP_521", "ecp521", 132, "RFC 5903, 3.3", "P-521"),
    ke(31, "CURVE25519", "x25519", 32, "RFC 8031", "X25519"),
    esn(0, "NO_ESN", "noesn"),
    esn(1, "ESN", "esn"),
};

/// Other words swanctl accepts for a row.
struct Alias {
  TransformType type;
  Text alias, keyword;
};
constexpr Alias aliases[] = {
    {TransformType::encr, "aes128gcm128", "aes128gcm16"},
    {TransformType::encr, "aes192gcm128", "aes192gcm16"},
    {TransformType::encr, "aes256gcm128", "aes256gcm16"},
    {TransformType::integ, "sha2_256", "sha256"},
    {TransformType::integ, "sha2_384", "sha384"},
    {TransformType::integ, "sha2_512", "sha512"},
    {TransformType::ke, "curve25519", "x25519"},
};

}  // namespace

std::span<const Algorithm> algorithms() {
  return rows;
}

const Algorithm* find(TransformType type, std::uint16_t id, std::uint16_t key_bits) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Algorithm& a) {
    return a.type == type && a.id == id && a.key_bits == key_bits;
  });
  return row == rows.end() ? nullptr : &*row;
}

const Algorithm* find_keyword(TransformType type, std::string_view keyword) {
  for (const Alias& a : aliases)
    if (a.type == type && a.alias == keyword) keyword = a.keyword;
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Algorithm& a) {
    return a.type == type && a.keyword == keyword;
  });
  return row == rows.end() ? nullptr : &*row;
}

std::string_view transform_type_name(TransformType type) {
  switch (type) {
    case TransformType::encr:
      return "Encryption Algorithm";
    case TransformType::prf:
      return "Pseudorandom Function";
    case TransformType::integ:
      return "Integrity Algorithm";
    case TransformType::ke:
      return "Key Exchange Method";
    case TransformType::esn:
      return "Extended Sequence Numbers";
  }
  return "unassigned transform type";
}

}  // namespace ikelab::crypto
