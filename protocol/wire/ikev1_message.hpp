// The payloads of IKEv1 as values (RFC 2408, 3; RFC 2407, 4.6; RFC 3947). Historic (RFC 9395).
// Their type numbers and IKEv2's do not overlap, so that both live in one Message (RFC 7296, 3.2).
#pragma once
#include <cstdint>
#include <vector>

#include "protocol/base/bytes.hpp"
#include "protocol/wire/iana.hpp"

namespace ikelab::wire::v1 {

inline constexpr std::uint32_t ipsec_doi = 1;               // RFC 2407, 4.1
inline constexpr std::uint32_t situation_identity_only = 1;  // RFC 2407, 4.2.1

/// RFC 2408, 3.3.
struct Attribute {
  std::uint16_t type = 0;
  bool tv = true;           ///< short form
  std::uint16_t value = 0;  ///< when tv
  Bytes octets;             ///< when not tv
  /// The value as a number, either form; what has more than 4 octets counts as the largest.
  [[nodiscard]] std::uint32_t number() const;
};
/// RFC 2408, 3.6: one whole suite of phase 1, or one algorithm of phase 2 with its parameters.
struct Transform {
  std::uint8_t number = 1, id = 1;
  std::vector<Attribute> attributes;
  /// The attribute's number, or 0.
  [[nodiscard]] std::uint32_t value_of(std::uint16_t type) const;
  [[nodiscard]] bool has(std::uint16_t type) const;
};
/// RFC 2408, 3.5.
struct Proposal {
  std::uint8_t number = 1;
  std::uint8_t protocol = 1;  ///< RFC 2407, 4.4.1: 1 ISAKMP, 2 AH, 3 ESP
  Bytes spi;
  std::vector<Transform> transforms;
};
struct SaPayload {
  std::uint32_t doi = ipsec_doi, situation = situation_identity_only;
  std::vector<Proposal> proposals;
};
/// RFC 2407, 4.6.2.
struct IdPayload {
  std::uint8_t type = 1;
  std::uint8_t protocol = 0;
  std::uint16_t port = 0;
  Bytes data;
};
struct CertPayload {
  bool request = false;
  std::uint8_t encoding = 4;
  Bytes data;
};
struct NotifyPayload {
  std::uint32_t doi = ipsec_doi;
  std::uint8_t protocol = 1;
  Bytes spi;
  std::uint16_t type = 0;
  Bytes data;
};
struct DeletePayload {
  std::uint32_t doi = ipsec_doi;
  std::uint8_t protocol = 1, spi_size = 0;
  std::vector<Bytes> spis;
};
/// Mode config and XAuth (draft-dukes-ike-mode-cfg, 3.2).
struct AttributePayload {
  std::uint8_t type = 1;  ///< ISAKMP_CFG_REQUEST, REPLY, SET, ACK
  std::uint16_t identifier = 0;
  std::vector<Attribute> attributes;
};
/// KE, HASH, SIG, NONCE, VID, NAT-D, NAT-OA: octets without a form of their own.
struct DataPayload {
  PayloadType type{};
  Bytes data;
};
/// All payloads of a message whose header says E: one ciphertext (RFC 2409, appendix B).
struct EncryptedPayload {
  PayloadType first_inner = PayloadType::none;
  Bytes body;
};

/// RFC 7296, 3.2: "Payload type values 1-32" stay IKEv1's.
constexpr bool is_v1(PayloadType type) {
  return type != PayloadType::none && static_cast<unsigned>(type) <= 32;
}

}  // namespace ikelab::wire::v1
