// IANA's numbers of ISAKMP, IKEv1 and the IPsec DOI that the payload types do not say (RFC
// 2407, 4.4 and 4.5; RFC 2408, 3.14.1; RFC 2409, appendix A), with the RFCs' names.
#pragma once
#include <cstdint>
#include <string>

namespace ikelab::wire::v1 {

/// Attributes of a phase 1 transform (RFC 2409, appendix A).
namespace phase1 {
inline constexpr std::uint16_t encryption = 1, hash = 2, authentication = 3, group = 4,
                               life_type = 11, life_duration = 12, prf = 13, key_length = 14;
}
/// Attributes of a phase 2 transform (RFC 2407, 4.5).
namespace phase2 {
inline constexpr std::uint16_t life_type = 1, life_duration = 2, group = 3, mode = 4,
                               authentication = 5, key_length = 6;
}
/// RFC 2409, appendix A: Authentication Method; those of XAuth, by who has to name a user
/// (draft-ietf- ipsec-isakmp-xauth-06).
namespace auth {
inline constexpr std::uint16_t psk = 1, rsa_signatures = 3, rsa_encryption = 4,
                               xauth_init_psk = 65001, xauth_resp_psk = 65002,
                               xauth_init_rsa = 65005, xauth_resp_rsa = 65006;
}
/// Messages and attributes of mode config (draft-dukes-ike-mode-cfg-02) and of XAuth
/// (draft-ietf-ipsec-isakmp-xauth-06).
namespace config {
inline constexpr std::uint8_t request = 1, reply = 2, set = 3, ack = 4;
inline constexpr std::uint16_t ip4_address = 1, ip4_dns = 3, ip4_subnet = 13, xauth_type = 16520,
                               xauth_user_name = 16521, xauth_user_password = 16522,
                               xauth_status = 16527;
inline constexpr std::uint16_t xauth_generic = 0;               ///< XAUTH-TYPE
inline constexpr std::uint16_t status_fail = 0, status_ok = 1;  ///< XAUTH-STATUS
}  // namespace config
/// RFC 2408, 3.14.1; RFC 2407, 4.6.3; RFC 3706.
namespace notify {
inline constexpr std::uint16_t invalid_payload_type = 1, doi_not_supported = 2,
                               invalid_exchange_type = 7, no_proposal_chosen = 14,
                               payload_malformed = 16, invalid_key_information = 17,
                               invalid_id_information = 18, invalid_hash_information = 23,
                               authentication_failed = 24, initial_contact = 24578,
                               r_u_there = 36136, r_u_there_ack = 36137;
}
/// RFC 2407, 4.6.2.1.
namespace id {
inline constexpr std::uint8_t ipv4_addr = 1, fqdn = 2, user_fqdn = 3, ipv4_addr_subnet = 4,
                              ipv6_addr = 5, ipv6_addr_subnet = 6, ipv4_addr_range = 7,
                              ipv6_addr_range = 8, der_asn1_dn = 9, der_asn1_gn = 10, key_id = 11;
}
/// RFC 2407, 4.4.1 and 4.5: encapsulation modes, those in UDP of RFC 3947, 5.1.
inline constexpr std::uint8_t protocol_isakmp = 1, protocol_esp = 3;
inline constexpr std::uint8_t key_ike = 1;  // RFC 2407, 4.4.2: the only phase 1 transform
inline constexpr std::uint16_t mode_tunnel = 1, mode_transport = 2, mode_udp_tunnel = 3,
                               mode_udp_transport = 4;

std::string attribute_name(bool phase_1, std::uint16_t type);  ///< "Encryption Algorithm"
/// "AES-CBC", "HMAC-SHA", "MODP_1024"; the number where there is no name.
std::string attribute_value_name(bool phase_1, std::uint16_t type, std::uint32_t value);
std::string notify_name(std::uint16_t type);  ///< "NO-PROPOSAL-CHOSEN"
std::string id_type_name(std::uint8_t type);  ///< "ID_FQDN"
std::string protocol_name(std::uint8_t id);   ///< "ISAKMP", "ESP"
std::string transform_id_name(std::uint8_t protocol,
                              std::uint8_t id);   ///< "KEY_IKE", "ESP_AES-CBC"
std::string config_name(std::uint16_t type);      ///< "XAUTH-USER-NAME"
std::string config_type_name(std::uint8_t type);  ///< "ISAKMP_CFG_REQUEST"
/// What a Vendor ID is known for: "RFC 3947 (NAT-T)", "Dead Peer Detection"; "" when it is not.
std::string vendor_name(const std::string& hex);

}  // namespace ikelab::wire::v1
