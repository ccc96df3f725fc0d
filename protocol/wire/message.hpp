// IKEv2 messages as values (RFC 7296, section 3). Decoding is total and lenient: every input gives
// a tree with diagnostics; meaning is the tasks' business. decode.hpp reads, encode.hpp writes,
// dissect.hpp names every byte, grammar.hpp says what may stand where.
#pragma once
#include <variant>

#include "protocol/base/address.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/wire/iana.hpp"
#include "protocol/wire/ikev1_message.hpp"

namespace ikelab::wire {

/// RFC 7296, 3.1. Length is computed when encoding and kept as received when decoding.
struct Header {
  IkeSpi spi_i, spi_r;
  PayloadType next_payload = PayloadType::none;
  std::uint8_t major = 2, minor = 0;
  ExchangeType exchange = ExchangeType::ike_sa_init;
  bool initiator = false;  ///< I flag: set by the original initiator of the IKE SA
  bool version_flag = false;
  bool response = false;  ///< R flag
  MessageId message_id;
  std::uint32_t length = 0;
  /// IKEv1 has other flags (RFC 2408, 3.1): E, C and A.
  bool encrypted = false, commit = false, authentication_only = false;
};

/// RFC 7296, 3.3.5.
struct TransformAttribute {
  std::uint16_t type = 0;   ///< 14: Key Length
  bool tv = true;           ///< short form
  std::uint16_t value = 0;  ///< when tv
  Bytes octets;             ///< when not tv
};
struct Transform {
  std::uint8_t type = 0;  ///< crypto::TransformType, or unknown
  std::uint16_t id = 0;
  std::vector<TransformAttribute> attributes;
  [[nodiscard]] std::uint16_t key_bits() const;  ///< the Key Length attribute, or 0
  [[nodiscard]] bool operator==(const Transform& other) const;
};
struct Proposal {
  std::uint8_t number = 1;
  ProtocolId protocol = ProtocolId::ike;
  Bytes spi;  ///< 0, 4 (ESP) or 8 (IKE rekey) octets
  std::vector<Transform> transforms;
};

struct SaPayload {
  std::vector<Proposal> proposals;
};
struct KePayload {
  std::uint16_t method = 0;
  Bytes data;
};
struct IdPayload {
  bool responder = false;
  IdType type = IdType::ipv4_addr;
  Bytes data;
};
struct CertPayload {
  std::uint8_t encoding = 4;
  Bytes data;
};
struct CertreqPayload {
  std::uint8_t encoding = 4;
  Bytes data;
};
struct AuthPayload {
  AuthMethod method = AuthMethod::shared_key;
  Bytes data;
};
struct NoncePayload {
  Bytes data;
};
struct NotifyPayload {
  ProtocolId protocol = ProtocolId::none;
  Bytes spi;
  NotifyType type{};
  Bytes data;
};
struct DeletePayload {
  ProtocolId protocol = ProtocolId::ike;
  std::vector<Bytes> spis;
  std::uint8_t spi_size = 0;
};
struct VendorIdPayload {
  Bytes data;
};
/// RFC 7296, 3.13.1. Addresses are inclusive.
struct TrafficSelector {
  std::uint8_t protocol = 0;  ///< 0: any
  std::uint16_t start_port = 0, end_port = 65535;
  IpAddress start, end;
  auto operator<=>(const TrafficSelector&) const = default;
};
struct TsPayload {
  bool responder = false;
  std::vector<TrafficSelector> selectors;
};
/// The encrypted payload: what follows its generic header (IV | ciphertext | ICV), and the type of
/// the first payload inside.
struct SkPayload {
  PayloadType first_inner = PayloadType::none;
  Bytes body;
};
/// A part of an encrypted message, protected by itself (RFC 7383, 2.5); `body` and `first_inner` as
/// SkPayload's, the latter only in fragment 1.
struct SkfPayload {
  PayloadType first_inner = PayloadType::none;
  std::uint16_t number = 1, total = 1;
  Bytes body;
};
/// RFC 8019, 8.2: four keys of one size, one after the other.
struct PuzzleSolutionPayload {
  Bytes data;
};
struct ConfigPayload {
  std::uint8_t type = 1;
  struct Attribute {
    std::uint16_t type = 0;
    Bytes value;
  };
  std::vector<Attribute> attributes;
};
struct EapPayload {
  Bytes data;  ///< the EAP packet, from its Code on
};
/// "EAP(Request/EAP-TLS)", "EAP(Success)"
std::string eap_summary(ByteView packet);
/// A payload this version does not know; whether it must be refused is the critical bit's business
/// (RFC 7296, 2.5).
struct UnknownPayload {
  PayloadType type{};
  Bytes data;
};

using PayloadBody =
    std::variant<SaPayload, KePayload, IdPayload, CertPayload, CertreqPayload, AuthPayload,
                 NoncePayload, NotifyPayload, DeletePayload, VendorIdPayload, TsPayload, SkPayload,
                 SkfPayload, ConfigPayload, EapPayload, PuzzleSolutionPayload, v1::SaPayload,
                 v1::IdPayload, v1::CertPayload, v1::NotifyPayload, v1::DeletePayload,
                 v1::AttributePayload, v1::DataPayload, v1::EncryptedPayload, UnknownPayload>;

struct Payload {
  PayloadType type{};
  bool critical = false;
  PayloadBody body;
  std::size_t
      begin = 0,
      end = 0;  ///< where it stands, generic header included, in the octets it was decoded from
};

struct Message {
  Header header;
  std::vector<Payload> payloads;
};

/// The first payload of type T in a chain, or nullptr.
template <class T>
const T* first(const std::vector<Payload>& payloads) {
  for (const Payload& p : payloads)
    if (const T* body = std::get_if<T>(&p.body)) return body;
  return nullptr;
}

}  // namespace ikelab::wire
