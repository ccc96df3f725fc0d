// IANA's numbers of IKEv2, in one place, with the RFCs' names. Tables of names live in iana.cpp.
// Source: IANA "Internet Key Exchange Version 2 (IKEv2) Parameters".
#pragma once
#include <cstdint>
#include <string>

namespace ikelab::wire {

enum class ExchangeType : std::uint8_t {
  main_mode = 2,        // IKEv1: RFC 2408, 3.1; RFC 2409, appendix A
  aggressive_mode = 4,  // IKEv1
  v1_informational = 5,
  transaction = 6,  // IKEv1: draft-dukes-ike-mode-cfg, 3.1
  quick_mode = 32,  // IKEv1
  ike_sa_init = 34,
  ike_auth = 35,
  create_child_sa = 36,
  informational = 37,
  ike_intermediate = 43,  ///< RFC 9242
  ike_followup_ke = 44    ///< RFC 9370
};

enum class PayloadType : std::uint8_t {
  none = 0,
  v1_sa = 1,  // IKEv1: RFC 2408, 3.1
  v1_ke = 4,
  v1_id = 5,
  v1_cert = 6,
  v1_cr = 7,
  v1_hash = 8,
  v1_sig = 9,
  v1_nonce = 10,
  v1_notify = 11,
  v1_delete = 12,
  v1_vendor_id = 13,
  v1_attributes = 14,
  v1_nat_d = 20,  // RFC 3947
  v1_nat_oa = 21,
  sa = 33,
  ke = 34,
  id_i = 35,
  id_r = 36,
  cert = 37,
  certreq = 38,
  auth = 39,
  nonce = 40,
  notify = 41,
  delete_ = 42,
  vendor_id = 43,
  ts_i = 44,
  ts_r = 45,
  sk = 46,
  cp = 47,
  eap = 48,
  skf = 53,
  puzzle_solution = 54  ///< RFC 8019
};

enum class ProtocolId : std::uint8_t { none = 0, ike = 1, ah = 2, esp = 3 };

enum class IdType : std::uint8_t {
  ipv4_addr = 1,
  fqdn = 2,
  rfc822_addr = 3,
  ipv6_addr = 5,
  der_asn1_dn = 9,
  der_asn1_gn = 10,
  key_id = 11,
  null = 13  ///< RFC 7619
};

enum class AuthMethod : std::uint8_t {
  rsa_signature = 1,
  shared_key = 2,
  dss_signature = 3,
  ecdsa_256 = 9,
  ecdsa_384 = 10,
  ecdsa_521 = 11,
  null_auth = 13,
  digital_signature = 14
};

enum class NotifyType : std::uint16_t {
  unsupported_critical_payload = 1,
  invalid_ike_spi = 4,
  invalid_major_version = 5,
  invalid_syntax = 7,
  invalid_message_id = 9,
  invalid_spi = 11,
  no_proposal_chosen = 14,
  invalid_ke_payload = 17,
  authentication_failed = 24,
  single_pair_required = 34,
  no_additional_sas = 35,
  internal_address_failure = 36,
  failed_cp_required = 37,
  ts_unacceptable = 38,
  invalid_selectors = 39,
  unacceptable_addresses = 40,
  unexpected_nat_detected = 41,
  temporary_failure = 43,
  child_sa_not_found = 44,
  state_not_found = 47,
  initial_contact = 16384,
  set_window_size = 16385,
  additional_ts_possible = 16386,
  ipcomp_supported = 16387,
  nat_detection_source_ip = 16388,
  nat_detection_destination_ip = 16389,
  cookie = 16390,
  use_transport_mode = 16391,
  http_cert_lookup_supported = 16392,
  rekey_sa = 16393,
  esp_tfc_padding_not_supported = 16394,
  non_first_fragments_also = 16395,
  mobike_supported = 16396,
  additional_ip4_address = 16397,
  additional_ip6_address = 16398,
  no_additional_addresses = 16399,
  update_sa_addresses = 16400,
  cookie2 = 16401,
  no_nats_allowed = 16402,
  auth_lifetime = 16403,
  multiple_auth_supported = 16404,
  another_auth_follows = 16405,
  redirect_supported = 16406,
  redirect = 16407,
  redirected_from = 16408,
  ticket_lt_opaque = 16409,
  ticket_request = 16410,
  ticket_ack = 16411,
  ticket_nack = 16412,
  ticket_opaque = 16413,
  eap_only_authentication = 16417,
  childless_ikev2_supported = 16418,
  quick_crash_detection = 16419,
  ikev2_fragmentation_supported = 16430,
  signature_hash_algorithms = 16431,
  puzzle = 16434,
  use_ppk = 16435,
  ppk_identity = 16436,
  no_ppk_auth = 16437,
  intermediate_exchange_supported = 16438,
  additional_key_exchange = 16441,
  supported_auth_methods = 16443,
  use_ppk_int = 16445,
  ppk_identity_key = 16446,
  ike_sa_init_full_transcript_auth = 16447
};

/// EAP's Type field (RFC 3748, 5; IANA "EAP Method Types").
enum class EapType : std::uint8_t {
  none = 0,
  identity = 1,
  notification = 2,
  nak = 3,
  md5_challenge = 4,
  tls = 13,
  mschapv2 = 26
};

/// Names as IANA prints them; "unassigned 200" or "private use 240" where there is none.
std::string name(ExchangeType value);
std::string name(PayloadType value);      ///< "Security Association"
std::string notation(PayloadType value);  ///< "SA", "KE", "IDi", "N", "SK"
std::string name(ProtocolId value);
std::string name(IdType value);
std::string name(AuthMethod value);
std::string name(EapType value);     ///< "EAP-TLS"
std::string name(NotifyType value);  ///< "NO_PROPOSAL_CHOSEN"
bool is_error(NotifyType value);     ///< below 16384 (RFC 7296, 3.10.1)
std::string transform_name(
    std::uint8_t type, std::uint16_t id);  ///< "ENCR_AES_GCM_16", also of what we do not implement
std::string transform_type_name(std::uint8_t type);     ///< "Encryption Algorithm (ENCR)"
std::string hash_name(std::uint16_t id);                ///< RFC 7427, 7: "SHA2-256"
std::string cert_encoding_name(std::uint8_t encoding);  ///< "X.509 Certificate - Signature"
std::string cfg_type_name(std::uint8_t type);           ///< "CFG_REQUEST"
std::string config_attribute_name(std::uint16_t type);  ///< "INTERNAL_IP4_ADDRESS"
std::string ip_protocol_name(
    std::uint8_t protocol);             ///< "ICMP", "TCP"; "any" for 0 is the caller's meaning
std::string rfc_of(PayloadType value);  ///< "RFC 7296, 3.3"

}  // namespace ikelab::wire
