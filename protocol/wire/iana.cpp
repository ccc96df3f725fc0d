// IANA's names of exchanges, payloads, identities, authentication methods, notifications,
// certificates, configuration. Source: IANA "Internet Key Exchange Version 2 (IKEv2) Parameters";
// the rows follow its order.
#include "protocol/wire/iana.hpp"

#include "protocol/wire/names.hpp"

namespace ikelab::wire {
namespace {

using names::look_up;
using names::Row;

constexpr Row exchanges[] = {
    {2, "Main Mode"},         {4, "Aggressive Mode"},     {5, "Informational"},
    {6, "Transaction"},       {32, "Quick Mode"},         {33, "New Group Mode"},
    {34, "IKE_SA_INIT"},      {35, "IKE_AUTH"},           {36, "CREATE_CHILD_SA"},
    {37, "INFORMATIONAL"},    {38, "IKE_SESSION_RESUME"}, {39, "GSA_AUTH"},
    {40, "GSA_REGISTRATION"}, {41, "GSA_REKEY"},          {43, "IKE_INTERMEDIATE"},
    {44, "IKE_FOLLOWUP_KE"},
};

struct PayloadRow {
  unsigned number;
  std::string_view name, notation, rfc;
};
constexpr PayloadRow payloads[] = {
    {0, "No Next Payload", "-", "RFC 7296, 3.2"},
    {1, "Security Association", "SA", "RFC 2408, 3.4"},  // IKEv1 up to 32
    {2, "Proposal", "P", "RFC 2408, 3.5"},
    {3, "Transform", "T", "RFC 2408, 3.6"},
    {4, "Key Exchange", "KE", "RFC 2408, 3.7"},
    {5, "Identification", "ID", "RFC 2408, 3.8"},
    {6, "Certificate", "CERT", "RFC 2408, 3.9"},
    {7, "Certificate Request", "CR", "RFC 2408, 3.10"},
    {8, "Hash", "HASH", "RFC 2408, 3.11"},
    {9, "Signature", "SIG", "RFC 2408, 3.12"},
    {10, "Nonce", "NONCE", "RFC 2408, 3.13"},
    {11, "Notification", "N", "RFC 2408, 3.14"},
    {12, "Delete", "D", "RFC 2408, 3.15"},
    {13, "Vendor ID", "VID", "RFC 2408, 3.16"},
    {14, "Attributes", "ATTR", "draft-dukes-ike-mode-cfg-02, 3.2"},
    {20, "NAT Discovery", "NAT-D", "RFC 3947, 3.2"},
    {21, "NAT Original Address", "NAT-OA", "RFC 3947, 5.2"},
    {33, "Security Association", "SA", "RFC 7296, 3.3"},
    {34, "Key Exchange", "KE", "RFC 7296, 3.4"},
    {35, "Identification - Initiator", "IDi", "RFC 7296, 3.5"},
    {36, "Identification - Responder", "IDr", "RFC 7296, 3.5"},
    {37, "Certificate", "CERT", "RFC 7296, 3.6"},
    {38, "Certificate Request", "CERTREQ", "RFC 7296, 3.7"},
    {39, "Authentication", "AUTH", "RFC 7296, 3.8"},
    {40, "Nonce", "Ni/Nr", "RFC 7296, 3.9"},
    {41, "Notify", "N", "RFC 7296, 3.10"},
    {42, "Delete", "D", "RFC 7296, 3.11"},
    {43, "Vendor ID", "V", "RFC 7296, 3.12"},
    {44, "Traffic Selector - Initiator", "TSi", "RFC 7296, 3.13"},
    {45, "Traffic Selector - Responder", "TSr", "RFC 7296, 3.13"},
    {46, "Encrypted and Authenticated", "SK", "RFC 7296, 3.14"},
    {47, "Configuration", "CP", "RFC 7296, 3.15"},
    {48, "Extensible Authentication", "EAP", "RFC 7296, 3.16"},
    {49, "Generic Secure Password Method", "GSPM", "RFC 6467"},
    {50, "Group Identification", "IDg", "RFC 9838"},
    {51, "Group Security Association", "GSA", "RFC 9838"},
    {52, "Key Download", "KD", "RFC 9838"},
    {53, "Encrypted and Authenticated Fragment", "SKF", "RFC 7383, 2.5"},
    {54, "Puzzle Solution", "PS", "RFC 8019, 8.2"},
};

constexpr Row protocols[] = {
    {0, "none"},        {1, "IKE"},           {2, "AH"},
    {3, "ESP"},         {4, "FC_ESP_HEADER"}, {5, "FC_CT_AUTHENTICATION"},
    {6, "GIKE_UPDATE"},
};

constexpr Row id_types[] = {
    {1, "ID_IPV4_ADDR"}, {2, "ID_FQDN"},        {3, "ID_RFC822_ADDR"},
    {5, "ID_IPV6_ADDR"}, {9, "ID_DER_ASN1_DN"}, {10, "ID_DER_ASN1_GN"},
    {11, "ID_KEY_ID"},   {12, "ID_FC_NAME"},    {13, "ID_NULL"},
};

constexpr Row auth_methods[] = {
    {1, "RSA Digital Signature"},
    {2, "Shared Key Message Integrity Code"},
    {3, "DSS Digital Signature"},
    {9, "ECDSA with SHA-256 on the P-256 curve"},
    {10, "ECDSA with SHA-384 on the P-384 curve"},
    {11, "ECDSA with SHA-512 on the P-521 curve"},
    {12, "Generic Secure Password Authentication Method"},
    {13, "NULL Authentication"},
    {14, "Digital Signature"},
};

constexpr Row notifies[] = {
    {1, "UNSUPPORTED_CRITICAL_PAYLOAD"},
    {4, "INVALID_IKE_SPI"},
    {5, "INVALID_MAJOR_VERSION"},
    {7, "INVALID_SYNTAX"},
    {9, "INVALID_MESSAGE_ID"},
    {11, "INVALID_SPI"},
    {14, "NO_PROPOSAL_CHOSEN"},
    {17, "INVALID_KE_PAYLOAD"},
    {24, "AUTHENTICATION_FAILED"},
    {34, "SINGLE_PAIR_REQUIRED"},
    {35, "NO_ADDITIONAL_SAS"},
    {36, "INTERNAL_ADDRESS_FAILURE"},
    {37, "FAILED_CP_REQUIRED"},
    {38, "TS_UNACCEPTABLE"},
    {39, "INVALID_SELECTORS"},
    {40, "UNACCEPTABLE_ADDRESSES"},
    {41, "UNEXPECTED_NAT_DETECTED"},
    {42, "USE_ASSIGNED_HoA"},
    {43, "TEMPORARY_FAILURE"},
    {44, "CHILD_SA_NOT_FOUND"},
    {45, "INVALID_GROUP_ID"},
    {46, "AUTHORIZATION_FAILED"},
    {47, "STATE_NOT_FOUND"},
    {48, "TS_MAX_QUEUE"},
    {49, "REGISTRATION_FAILED"},
    {16384, "INITIAL_CONTACT"},
    {16385, "SET_WINDOW_SIZE"},
    {16386, "ADDITIONAL_TS_POSSIBLE"},
    {16387, "IPCOMP_SUPPORTED"},
    {16388, "NAT_DETECTION_SOURCE_IP"},
    {16389, "NAT_DETECTION_DESTINATION_IP"},
    {16390, "COOKIE"},
    {16391, "USE_TRANSPORT_MODE"},
    {16392, "HTTP_CERT_LOOKUP_SUPPORTED"},
    {16393, "REKEY_SA"},
    {16394, "ESP_TFC_PADDING_NOT_SUPPORTED"},
    {16395, "NON_FIRST_FRAGMENTS_ALSO"},
    {16396, "MOBIKE_SUPPORTED"},
    {16397, "ADDITIONAL_IP4_ADDRESS"},
    {16398, "ADDITIONAL_IP6_ADDRESS"},
    {16399, "NO_ADDITIONAL_ADDRESSES"},
    {16400, "UPDATE_SA_ADDRESSES"},
    {16401, "COOKIE2"},
    {16402, "NO_NATS_ALLOWED"},
    {16403, "AUTH_LIFETIME"},
    {16404, "MULTIPLE_AUTH_SUPPORTED"},
    {16405, "ANOTHER_AUTH_FOLLOWS"},
    {16406, "REDIRECT_SUPPORTED"},
    {16407, "REDIRECT"},
    {16408, "REDIRECTED_FROM"},
    {16409, "TICKET_LT_OPAQUE"},
    {16410, "TICKET_REQUEST"},
    {16411, "TICKET_ACK"},
    {16412, "TICKET_NACK"},
    {16413, "TICKET_OPAQUE"},
    {16414, "LINK_ID"},
    {16415, "USE_WESP_MODE"},
    {16416, "ROHC_SUPPORTED"},
    {16417, "EAP_ONLY_AUTHENTICATION"},
    {16418, "CHILDLESS_IKEV2_SUPPORTED"},
    {16419, "QUICK_CRASH_DETECTION"},
    {16420, "IKEV2_MESSAGE_ID_SYNC_SUPPORTED"},
    {16421, "IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED"},
    {16422, "IKEV2_MESSAGE_ID_SYNC"},
    {16423, "IPSEC_REPLAY_COUNTER_SYNC"},
    {16424, "SECURE_PASSWORD_METHODS"},
    {16425, "PSK_PERSIST"},
    {16426, "PSK_CONFIRM"},
    {16427, "ERX_SUPPORTED"},
    {16428, "IFOM_CAPABILITY"},
    {16429, "GROUP_SENDER"},
    {16430, "IKEV2_FRAGMENTATION_SUPPORTED"},
    {16431, "SIGNATURE_HASH_ALGORITHMS"},
    {16432, "CLONE_IKE_SA_SUPPORTED"},
    {16433, "CLONE_IKE_SA"},
    {16434, "PUZZLE"},
    {16435, "USE_PPK"},
    {16436, "PPK_IDENTITY"},
    {16437, "NO_PPK_AUTH"},
    {16438, "INTERMEDIATE_EXCHANGE_SUPPORTED"},
    {16439, "IP4_ALLOWED"},
    {16440, "IP6_ALLOWED"},
    {16441, "ADDITIONAL_KEY_EXCHANGE"},
    {16442, "USE_AGGFRAG"},
    {16443, "SUPPORTED_AUTH_METHODS"},
    {16444, "SA_RESOURCE_INFO"},
    {16445, "USE_PPK_INT"},
    {16446, "PPK_IDENTITY_KEY"},
    {16447, "IKE_SA_INIT_FULL_TRANSCRIPT_AUTH"},
};

constexpr Row hashes[] = {
    {1, "SHA1"},     {2, "SHA2-256"},     {3, "SHA2-384"},     {4, "SHA2-512"},
    {5, "Identity"}, {6, "STREEBOG_256"}, {7, "STREEBOG_512"},
};

constexpr Row cert_encodings[] = {
    {1, "PKCS #7 wrapped X.509 certificate"},
    {2, "PGP Certificate"},
    {3, "DNS Signed Key"},
    {4, "X.509 Certificate - Signature"},
    {6, "Kerberos Token"},
    {7, "Certificate Revocation List (CRL)"},
    {8, "Authority Revocation List (ARL)"},
    {9, "SPKI Certificate"},
    {10, "X.509 Certificate - Attribute"},
    {11, "Raw RSA Key (deprecated)"},
    {12, "Hash and URL of X.509 certificate"},
    {13, "Hash and URL of X.509 bundle"},
    {14, "OCSP Content"},
    {15, "Raw Public Key"},
};

constexpr Row cfg_types[] = {{1, "CFG_REQUEST"}, {2, "CFG_REPLY"}, {3, "CFG_SET"}, {4, "CFG_ACK"}};

constexpr Row config_attributes[] = {
    {1, "INTERNAL_IP4_ADDRESS"},
    {2, "INTERNAL_IP4_NETMASK"},
    {3, "INTERNAL_IP4_DNS"},
    {4, "INTERNAL_IP4_NBNS"},
    {6, "INTERNAL_IP4_DHCP"},
    {7, "APPLICATION_VERSION"},
    {8, "INTERNAL_IP6_ADDRESS"},
    {10, "INTERNAL_IP6_DNS"},
    {12, "INTERNAL_IP6_DHCP"},
    {13, "INTERNAL_IP4_SUBNET"},
    {14, "SUPPORTED_ATTRIBUTES"},
    {15, "INTERNAL_IP6_SUBNET"},
    {16, "MIP6_HOME_PREFIX"},
    {17, "INTERNAL_IP6_LINK"},
    {18, "INTERNAL_IP6_PREFIX"},
    {19, "HOME_AGENT_ADDRESS"},
    {20, "P_CSCF_IP4_ADDRESS"},
    {21, "P_CSCF_IP6_ADDRESS"},
    {22, "FTT_KAT"},
    {23, "EXTERNAL_SOURCE_IP4_NAT_INFO"},
    {24, "TIMEOUT_PERIOD_FOR_LIVENESS_CHECK"},
    {25, "INTERNAL_DNS_DOMAIN"},
    {26, "INTERNAL_DNSSEC_TA"},
    {27, "ENCDNS_IP4"},
    {28, "ENCDNS_IP6"},
    {29, "ENCDNS_DIGEST_INFO"},
};

constexpr Row ip_protocols[] = {
    {1, "ICMP"},
    {2, "IGMP"},
    {4, "IPv4"},
    {6, "TCP"},
    {17, "UDP"},
    {41, "IPv6"},
    {47, "GRE"},
    {50, "ESP"},
    {51, "AH"},
    {58, "ICMPv6"},
    {59, "No Next Header"},
    {89, "OSPF"},
    {132, "SCTP"},
    {135, "Mobility Header"},
};

constexpr unsigned never = 0x10000;

const PayloadRow* find(PayloadType value) {
  const auto number = static_cast<unsigned>(value);
  const auto* row = std::find_if(std::begin(payloads), std::end(payloads),
                                 [&](const PayloadRow& r) { return r.number == number; });
  return row == std::end(payloads) ? nullptr : row;
}

}  // namespace

std::string name(ExchangeType value) {
  return look_up(exchanges, static_cast<unsigned>(value), 240);
}

std::string name(PayloadType value) {
  const PayloadRow* row = find(value);
  return row ? std::string(row->name) : look_up({}, static_cast<unsigned>(value), 128);
}

std::string notation(PayloadType value) {
  const PayloadRow* row = find(value);
  return row ? std::string(row->notation) : fmt::format("payload {}", static_cast<unsigned>(value));
}

std::string rfc_of(PayloadType value) {
  const PayloadRow* row = find(value);
  return row ? std::string(row->rfc) : "RFC 7296, 2.5";
}

std::string name(ProtocolId value) {
  return look_up(protocols, static_cast<unsigned>(value), 201);
}
std::string name(IdType value) {
  return look_up(id_types, static_cast<unsigned>(value), 201);
}
std::string name(AuthMethod value) {
  return look_up(auth_methods, static_cast<unsigned>(value), 201);
}

std::string name(NotifyType value) {
  const auto number = static_cast<unsigned>(value);
  if (number >= 8192 && number < 16384) return fmt::format("private use {}", number);
  return look_up(notifies, number, 40960);
}

//= rfc7296#3.10.1 "Types in the range 0 - 16383 are intended for reporting errors."
bool is_error(NotifyType value) {
  return static_cast<unsigned>(value) < 16384;
}

std::string hash_name(std::uint16_t id) {
  return look_up(hashes, id, 1024);
}
std::string cert_encoding_name(std::uint8_t encoding) {
  return look_up(cert_encodings, encoding, 201);
}
std::string cfg_type_name(std::uint8_t type) {
  return look_up(cfg_types, type, 128);
}
std::string config_attribute_name(std::uint16_t type) {
  return look_up(config_attributes, type, 16384);
}
std::string ip_protocol_name(std::uint8_t protocol) {
  const std::string found = look_up(ip_protocols, protocol, never);
  return found.starts_with("unassigned") ? fmt::format("protocol {}", protocol) : found;
}

}  // namespace ikelab::wire
