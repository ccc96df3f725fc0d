// The registry's rows. To add an algorithm: one row here, one .vec file in tests/vectors/.
#include "protocol/crypto/algorithm.hpp"

#include <algorithm>
#include <array>

namespace ikelab::crypto {
namespace {

using Text = std::string_view;

// One function a kind of row, so that a row shows only what differs from its neighbours.
constexpr Algorithm gcm(std::uint16_t id, Text name, std::uint16_t bits, Text keyword,
                        std::size_t icv_size, Text openssl) {
  return {.type = TransformType::encr,
          .id = id,
          .key_bits = bits,
          .name = name,
          .keyword = keyword,
          .rfc = "RFC 4106, RFC 5282",
          .key_size = bits / 8u,
          .salt_size = 4,
          .iv_size = 8,
          .icv_size = icv_size,
          .block_size = 1,
          .aead = true,
          .openssl = openssl};
}
//= rfc4309#4 "The salt field is 24 bits."
constexpr Algorithm ccm(std::uint16_t id, Text name, std::uint16_t bits, Text keyword,
                        std::size_t icv_size, Text openssl) {
  Algorithm row = gcm(id, name, bits, keyword, icv_size, openssl);
  row.rfc = "RFC 4309, RFC 5282";
  row.salt_size = 3;
  return row;
}
/// Integrity alone, though IKE negotiates it as encryption (RFC 4543, 3).
constexpr Algorithm gmac(std::uint16_t bits, Text keyword, Text openssl) {
  Algorithm row =
      gcm(encr_id::null_auth_aes_gmac, "ENCR_NULL_AUTH_AES_GMAC", bits, keyword, 16, openssl);
  row.rfc = "RFC 4543";
  row.esp_only = true;
  return row;
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
/// The nonce of a counter block stands where an AEAD's salt does (RFC 3686, 4).
constexpr Algorithm ctr(std::uint16_t bits, Text keyword, Text openssl) {
  return {.type = TransformType::encr,
          .id = encr_id::aes_ctr,
          .key_bits = bits,
          .name = "ENCR_AES_CTR",
          .keyword = keyword,
          .rfc = "RFC 3686, RFC 5930",
          .key_size = bits / 8u,
          .salt_size = 4,
          .iv_size = 8,
          .block_size = 1,
          .openssl = openssl};
}
//= rfc2410#3 "the key size for this algorithm MUST be zero (0) bits"
//= rfc2410#3 "the IV size for this algorithm MUST be zero (0) bits."
constexpr Algorithm null_cipher() {
  return {.type = TransformType::encr,
          .id = encr_id::null,
          .name = "ENCR_NULL",
          .keyword = "null",
          .rfc = "RFC 2410",
          .block_size = 1,
          .esp_only = true};
}
/// The word that asks for ESP without integrity, where a person must see it.
constexpr Algorithm no_integ() {
  return {.type = TransformType::integ,
          .name = "NONE",
          .keyword = "noauth",
          .rfc = "RFC 7296, 3.3.2",
          .esp_only = true};
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
/// IKEv1's, and still what many peers offer (RFC 8247, 2.2: MUST-).
constexpr Algorithm hmac_sha1_prf() {
  Algorithm row = hmac_prf(2, "PRF_HMAC_SHA1", "prfsha1", 20, "SHA1");
  row.rfc = "RFC 2104";
  return row;
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
/// Still accepted by many peers (RFC 8221, 6: MUST-); nothing of ours offers it by itself.
constexpr Algorithm hmac_sha1_96() {
  return {.type = TransformType::integ,
          .id = 2,
          .name = "AUTH_HMAC_SHA1_96",
          .keyword = "sha1",
          .rfc = "RFC 2404",
          .key_size = 20,
          .icv_size = 12,
          .openssl = "SHA1"};
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
/// Small enough to be broken by who can afford it: only where somebody asks for it by name.
constexpr Algorithm historic_ke(std::uint16_t id, Text name, Text keyword, std::size_t public_size,
                                Text rfc, Text openssl) {
  Algorithm row = ke(id, name, keyword, public_size, rfc, openssl);
  row.historic = true;
  return row;
}
/// A KEM: the initiator's KE payload carries an encapsulation key, the responder's a ciphertext.
constexpr Algorithm kem(std::uint16_t id, Text name, Text keyword, std::size_t key_octets,
                        std::size_t ciphertext_octets, Text openssl) {
  Algorithm row =
      ke(id, name, keyword, key_octets, "FIPS 203, draft-ietf-ipsecme-ikev2-mlkem", openssl);
  row.answer_size = ciphertext_octets;
  return row;
}
constexpr Algorithm esn(std::uint16_t id, Text name, Text keyword) {
  return {.type = TransformType::esn,
          .id = id,
          .name = name,
          .keyword = keyword,
          .rfc = "RFC 7296, 3.3.2"};
}

constexpr std::array rows = {
    gcm(20, "ENCR_AES_GCM_16", 128, "aes128gcm16", 16, "AES-128-GCM"),
    gcm(20, "ENCR_AES_GCM_16", 192, "aes192gcm16", 16, "AES-192-GCM"),
    gcm(20, "ENCR_AES_GCM_16", 256, "aes256gcm16", 16, "AES-256-GCM"),
    gcm(19, "ENCR_AES_GCM_12", 128, "aes128gcm12", 12, "AES-128-GCM"),
    gcm(19, "ENCR_AES_GCM_12", 192, "aes192gcm12", 12, "AES-192-GCM"),
    gcm(19, "ENCR_AES_GCM_12", 256, "aes256gcm12", 12, "AES-256-GCM"),
    gcm(18, "ENCR_AES_GCM_8", 128, "aes128gcm8", 8, "AES-128-GCM"),
    gcm(18, "ENCR_AES_GCM_8", 192, "aes192gcm8", 8, "AES-192-GCM"),
    gcm(18, "ENCR_AES_GCM_8", 256, "aes256gcm8", 8, "AES-256-GCM"),
    ccm(16, "ENCR_AES_CCM_16", 128, "aes128ccm16", 16, "AES-128-CCM"),
    ccm(16, "ENCR_AES_CCM_16", 192, "aes192ccm16", 16, "AES-192-CCM"),
    ccm(16, "ENCR_AES_CCM_16", 256, "aes256ccm16", 16, "AES-256-CCM"),
    ccm(15, "ENCR_AES_CCM_12", 128, "aes128ccm12", 12, "AES-128-CCM"),
    ccm(15, "ENCR_AES_CCM_12", 192, "aes192ccm12", 12, "AES-192-CCM"),
    ccm(15, "ENCR_AES_CCM_12", 256, "aes256ccm12", 12, "AES-256-CCM"),
    ccm(14, "ENCR_AES_CCM_8", 128, "aes128ccm8", 8, "AES-128-CCM"),
    ccm(14, "ENCR_AES_CCM_8", 192, "aes192ccm8", 8, "AES-192-CCM"),
    ccm(14, "ENCR_AES_CCM_8", 256, "aes256ccm8", 8, "AES-256-CCM"),
    chacha("chacha20poly1305", "ChaCha20-Poly1305"),
    cbc(128, "aes128", "AES-128-CBC"),
    cbc(192, "aes192", "AES-192-CBC"),
    cbc(256, "aes256", "AES-256-CBC"),
    ctr(128, "aes128ctr", "AES-128-CTR"),
    ctr(192, "aes192ctr", "AES-192-CTR"),
    ctr(256, "aes256ctr", "AES-256-CTR"),
    gmac(128, "aes128gmac", "AES-128-GCM"),
    gmac(192, "aes192gmac", "AES-192-GCM"),
    gmac(256, "aes256gmac", "AES-256-GCM"),
    null_cipher(),
    hmac_sha1_prf(),
    hmac_prf(5, "PRF_HMAC_SHA2_256", "prfsha256", 32, "SHA256"),
    hmac_prf(6, "PRF_HMAC_SHA2_384", "prfsha384", 48, "SHA384"),
    hmac_prf(7, "PRF_HMAC_SHA2_512", "prfsha512", 64, "SHA512"),
    hmac_integ(12, "AUTH_HMAC_SHA2_256_128", "sha256", 32, "SHA256"),
    hmac_integ(13, "AUTH_HMAC_SHA2_384_192", "sha384", 48, "SHA384"),
    hmac_integ(14, "AUTH_HMAC_SHA2_512_256", "sha512", 64, "SHA512"),
    hmac_sha1_96(),
    no_integ(),
    historic_ke(1, "MODP_768", "modp768", 96, "RFC 2409, 6.1", "modp_768"),
    historic_ke(2, "MODP_1024", "modp1024", 128, "RFC 2409, 6.2", "modp_1024"),
    ke(5, "MODP_1536", "modp1536", 192, "RFC 3526, 2", "modp_1536"),
    ke(14, "MODP_2048", "modp2048", 256, "RFC 3526, 3", "modp_2048"),
    ke(15, "MODP_3072", "modp3072", 384, "RFC 3526, 4", "modp_3072"),
    ke(16, "MODP_4096", "modp4096", 512, "RFC 3526, 5", "modp_4096"),
    ke(19, "ECP_256", "ecp256", 64, "RFC 5903, 3.1", "P-256"),
    ke(20, "ECP_384", "ecp384", 96, "RFC 5903, 3.2", "P-384"),
    ke(21, "ECP_521", "ecp521", 132, "RFC 5903, 3.3", "P-521"),
    ke(31, "CURVE25519", "x25519", 32, "RFC 8031", "X25519"),
    // A number of private use: a group so small that a lesson can solve it (attack A19). Nobody gets
    // it who does not write its name.
    ke(1031, "TOY_MODP_31", "toymodp31", 4, "ikelab: 31 bits, for teaching", "toy_modp_31"),
    kem(35, "ML_KEM_512", "mlkem512", 800, 768, "ML-KEM-512"),
    kem(36, "ML_KEM_768", "mlkem768", 1184, 1088, "ML-KEM-768"),
    kem(37, "ML_KEM_1024", "mlkem1024", 1568, 1568, "ML-KEM-1024"),
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
    {TransformType::encr, "aes128gcm96", "aes128gcm12"},
    {TransformType::encr, "aes192gcm96", "aes192gcm12"},
    {TransformType::encr, "aes256gcm96", "aes256gcm12"},
    {TransformType::encr, "aes128gcm64", "aes128gcm8"},
    {TransformType::encr, "aes192gcm64", "aes192gcm8"},
    {TransformType::encr, "aes256gcm64", "aes256gcm8"},
    {TransformType::encr, "aes128ccm128", "aes128ccm16"},
    {TransformType::encr, "aes192ccm128", "aes192ccm16"},
    {TransformType::encr, "aes256ccm128", "aes256ccm16"},
    {TransformType::encr, "aes128ccm96", "aes128ccm12"},
    {TransformType::encr, "aes192ccm96", "aes192ccm12"},
    {TransformType::encr, "aes256ccm96", "aes256ccm12"},
    {TransformType::encr, "aes128ccm64", "aes128ccm8"},
    {TransformType::encr, "aes192ccm64", "aes192ccm8"},
    {TransformType::encr, "aes256ccm64", "aes256ccm8"},
    {TransformType::integ, "sha", "sha1"},
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
    case TransformType::addke1:
    case TransformType::addke7:
      return "Additional Key Exchange";
  }
  return "unassigned transform type";
}

}  // namespace ikelab::crypto
