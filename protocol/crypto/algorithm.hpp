// The algorithm registry: one row per transform, in IANA's numbers, the RFCs' names and swanctl's
// keywords.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ikelab::crypto {

/// RFC 7296, 3.3.2 (IANA "Transform Type Values"; type 4 is called Key Exchange Method since RFC
/// 9370).
enum class TransformType : std::uint8_t {
  encr = 1,
  prf = 2,
  integ = 3,
  ke = 4,
  esn = 5,
  addke1 = 6,  ///< Additional Key Exchange 1 to 7 (RFC 9370, 2.2.1): their IDs are those of ke
  addke7 = 12
};
inline constexpr std::size_t additional_key_exchanges = 7;
constexpr bool is_additional_ke(std::uint8_t type) {
  return type >= 6 && type <= 12;
}

/// Encryption transforms whose mode an implementation must know (IANA "Transform Type 1").
namespace encr_id {
inline constexpr std::uint16_t null = 11, aes_ctr = 13, aes_ccm_8 = 14, aes_ccm_12 = 15,
                               aes_ccm_16 = 16, null_auth_aes_gmac = 21;
}

struct Algorithm {
  TransformType type{};
  std::uint16_t id = 0;  ///< IANA transform ID
  std::uint16_t key_bits =
      0;  ///< Key Length attribute (RFC 7296, 3.3.5), 0 when the transform has none
  std::string_view
      name;  ///< "ENCR_AES_GCM_16", "PRF_HMAC_SHA2_256", "AUTH_HMAC_SHA2_256_128", "CURVE25519"
  std::string_view keyword;  ///< "aes256gcm16", "prfsha256", "sha256", "x25519"
  std::string_view rfc;      ///< "RFC 4106, RFC 5282"
  std::size_t key_size =
      0;  ///< octets of keying material without salt (encr, integ), preferred key length (prf)
  std::size_t salt_size = 0;  ///< octets of salt that follow the key in KEYMAT (AEAD), else 0
  std::size_t iv_size = 0;    ///< octets of the explicit IV
  std::size_t icv_size =
      0;  ///< octets of the ICV: AEAD tag, or the integ transform's truncated MAC
  std::size_t block_size =
      0;  ///< padding granularity of the cipher (1 for stream and counter modes)
  std::size_t output_size =
      0;  ///< prf: octets of output; ke: octets of the public value in the KE payload
  std::size_t answer_size = 0;  ///< ke that is a KEM: octets of the responder's ciphertext, else 0
  bool aead = false;
  bool historic = false;          ///< for IKEv1 and labs: nobody gets it who did not ask for it
  bool esp_only = false;          ///< no cipher for IKE's own messages: nothing would be encrypted
  std::string_view openssl = {};  ///< what the OpenSSL adapter fetches: "AES-256-GCM", "SHA256",
                                  ///< "X25519", "P-256", "modp_2048"
};

/// Every row, in a fixed order. Rows live in algorithm.cpp.
std::span<const Algorithm> algorithms();
/// nullptr when unknown. key_bits must match exactly (0 for transforms without the attribute).
const Algorithm* find(TransformType type, std::uint16_t id, std::uint16_t key_bits = 0);
/// nullptr when unknown. Also takes swanctl's other words: "curve25519", "aes128gcm128",
/// "sha2_256".
const Algorithm* find_keyword(TransformType type, std::string_view keyword);
/// IANA's name of the type: "Encryption Algorithm". (Names of transforms: wire::transform_name.)
std::string_view transform_type_name(TransformType type);

}  // namespace ikelab::crypto
