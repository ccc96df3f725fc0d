#include "tests/protocol/wire_samples.hpp"

using namespace ikelab::wire;

TEST_CASE("iana: names as the registry prints them", "[wire]") {
  CHECK(name(ExchangeType::create_child_sa) == "CREATE_CHILD_SA");
  CHECK(name(static_cast<ExchangeType>(43)) == "IKE_INTERMEDIATE");
  CHECK(name(static_cast<ExchangeType>(200)) == "unassigned 200");
  CHECK(name(static_cast<ExchangeType>(240)) == "private use 240");
  CHECK(name(PayloadType::sa) == "Security Association");
  CHECK(notation(PayloadType::ts_r) == "TSr");
  CHECK(notation(static_cast<PayloadType>(99)) == "payload 99");
  CHECK(name(static_cast<PayloadType>(200)) == "private use 200");
  CHECK(rfc_of(PayloadType::notify) == "RFC 7296, 3.10");
  CHECK(name(ProtocolId::esp) == "ESP");
  CHECK(name(IdType::der_asn1_dn) == "ID_DER_ASN1_DN");
  CHECK(name(AuthMethod::digital_signature) == "Digital Signature");
  CHECK(name(NotifyType::nat_detection_destination_ip) == "NAT_DETECTION_DESTINATION_IP");
  CHECK(name(static_cast<NotifyType>(8192)) == "private use 8192");
  CHECK(name(static_cast<NotifyType>(40960)) == "private use 40960");
  CHECK(name(static_cast<NotifyType>(100)) == "unassigned 100");
  CHECK(is_error(static_cast<NotifyType>(16383)));
  CHECK_FALSE(is_error(static_cast<NotifyType>(16384)));
  CHECK(hash_name(2) == "SHA2-256");
  CHECK(cert_encoding_name(4) == "X.509 Certificate - Signature");
  CHECK(cfg_type_name(1) == "CFG_REQUEST");
  CHECK(config_attribute_name(1) == "INTERNAL_IP4_ADDRESS");
  CHECK(ip_protocol_name(50) == "ESP");
  CHECK(ip_protocol_name(200) == "protocol 200");
}

TEST_CASE("iana: transforms of each type, also what this house does not implement", "[wire]") {
  CHECK(transform_name(1, 20) == "ENCR_AES_GCM_16");
  CHECK(transform_name(1, 3) == "ENCR_3DES");
  CHECK(transform_name(2, 7) == "PRF_HMAC_SHA2_512");
  CHECK(transform_name(3, 0) == "NONE");
  CHECK(transform_name(3, 14) == "AUTH_HMAC_SHA2_512_256");
  CHECK(transform_name(4, 31) == "CURVE25519");
  CHECK(transform_name(6, 36) == "ML_KEM_768");  // additional key exchange 1 (RFC 9370)
  CHECK(transform_name(5, 1) == "Extended Sequence Numbers");
  CHECK(transform_name(1, 4711) == "private use 4711");
  CHECK(transform_name(99, 1) == "unassigned 1");
  CHECK(transform_type_name(1) == "Encryption Algorithm (ENCR)");
  CHECK(transform_type_name(250) == "private use 250");
}
