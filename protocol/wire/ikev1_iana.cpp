#include "protocol/wire/ikev1_iana.hpp"

#include "protocol/wire/iana.hpp"
#include "protocol/wire/names.hpp"

namespace ikelab::wire::v1 {
namespace {

using names::look_up;
using names::Row;

constexpr Row phase1_attributes[] = {{1, "Encryption Algorithm"},
                                     {2, "Hash Algorithm"},
                                     {3, "Authentication Method"},
                                     {4, "Group Description"},
                                     {5, "Group Type"},
                                     {6, "Group Prime"},
                                     {7, "Group Generator One"},
                                     {11, "Life Type"},
                                     {12, "Life Duration"},
                                     {13, "PRF"},
                                     {14, "Key Length"},
                                     {15, "Field Size"},
                                     {16, "Group Order"}};
constexpr Row phase2_attributes[] = {
    {1, "SA Life Type"},       {2, "SA Life Duration"},         {3, "Group Description"},
    {4, "Encapsulation Mode"}, {5, "Authentication Algorithm"}, {6, "Key Length"},
    {7, "Key Rounds"}};

constexpr Row ciphers[] = {{1, "DES-CBC"}, {2, "IDEA-CBC"},    {3, "Blowfish-CBC"},
                           {4, "RC5-CBC"}, {5, "3DES-CBC"},    {6, "CAST-CBC"},
                           {7, "AES-CBC"}, {8, "CAMELLIA-CBC"}};
constexpr Row hashes[] = {{1, "MD5"},      {2, "SHA"},      {3, "Tiger"},
                          {4, "SHA2-256"}, {5, "SHA2-384"}, {6, "SHA2-512"}};
constexpr Row methods[] = {{1, "pre-shared key"},
                           {2, "DSS signatures"},
                           {3, "RSA signatures"},
                           {4, "Encryption with RSA"},
                           {5, "Revised encryption with RSA"},
                           {64221, "HybridInitRSA"},
                           {65001, "XAUTHInitPreShared"},
                           {65002, "XAUTHRespPreShared"},
                           {65005, "XAUTHInitRSA"},
                           {65006, "XAUTHRespRSA"}};
constexpr Row life_types[] = {{1, "seconds"}, {2, "kilobytes"}};
constexpr Row modes[] = {{1, "Tunnel"},
                         {2, "Transport"},
                         {3, "UDP-Encapsulated-Tunnel"},
                         {4, "UDP-Encapsulated-Transport"}};
constexpr Row integrity[] = {{1, "HMAC-MD5"},      {2, "HMAC-SHA"},      {3, "DES-MAC"},
                             {4, "KPDK"},          {5, "HMAC-SHA2-256"}, {6, "HMAC-SHA2-384"},
                             {7, "HMAC-SHA2-512"}, {9, "AES-XCBC-MAC"}};
constexpr Row notifies[] = {{1, "INVALID-PAYLOAD-TYPE"},
                            {2, "DOI-NOT-SUPPORTED"},
                            {3, "SITUATION-NOT-SUPPORTED"},
                            {4, "INVALID-COOKIE"},
                            {5, "INVALID-MAJOR-VERSION"},
                            {6, "INVALID-MINOR-VERSION"},
                            {7, "INVALID-EXCHANGE-TYPE"},
                            {8, "INVALID-FLAGS"},
                            {9, "INVALID-MESSAGE-ID"},
                            {10, "INVALID-PROTOCOL-ID"},
                            {11, "INVALID-SPI"},
                            {12, "INVALID-TRANSFORM-ID"},
                            {13, "ATTRIBUTES-NOT-SUPPORTED"},
                            {14, "NO-PROPOSAL-CHOSEN"},
                            {15, "BAD-PROPOSAL-SYNTAX"},
                            {16, "PAYLOAD-MALFORMED"},
                            {17, "INVALID-KEY-INFORMATION"},
                            {18, "INVALID-ID-INFORMATION"},
                            {19, "INVALID-CERT-ENCODING"},
                            {20, "INVALID-CERTIFICATE"},
                            {21, "CERT-TYPE-UNSUPPORTED"},
                            {22, "INVALID-CERT-AUTHORITY"},
                            {23, "INVALID-HASH-INFORMATION"},
                            {24, "AUTHENTICATION-FAILED"},
                            {25, "INVALID-SIGNATURE"},
                            {26, "ADDRESS-NOTIFICATION"},
                            {27, "NOTIFY-SA-LIFETIME"},
                            {28, "CERTIFICATE-UNAVAILABLE"},
                            {29, "UNSUPPORTED-EXCHANGE-TYPE"},
                            {30, "UNEQUAL-PAYLOAD-LENGTHS"},
                            {16384, "CONNECTED"},
                            {24576, "RESPONDER-LIFETIME"},
                            {24577, "REPLAY-STATUS"},
                            {24578, "INITIAL-CONTACT"},
                            {36136, "R-U-THERE"},
                            {36137, "R-U-THERE-ACK"}};
constexpr Row id_types[] = {{1, "ID_IPV4_ADDR"},       {2, "ID_FQDN"},
                            {3, "ID_USER_FQDN"},       {4, "ID_IPV4_ADDR_SUBNET"},
                            {5, "ID_IPV6_ADDR"},       {6, "ID_IPV6_ADDR_SUBNET"},
                            {7, "ID_IPV4_ADDR_RANGE"}, {8, "ID_IPV6_ADDR_RANGE"},
                            {9, "ID_DER_ASN1_DN"},     {10, "ID_DER_ASN1_GN"},
                            {11, "ID_KEY_ID"}};
constexpr Row protocols[] = {{1, "ISAKMP"}, {2, "AH"}, {3, "ESP"}, {4, "IPCOMP"}};
constexpr Row esp_transforms[] = {{1, "ESP_DES_IV64"},    {2, "ESP_DES"},
                                  {3, "ESP_3DES"},        {4, "ESP_RC5"},
                                  {6, "ESP_CAST"},        {7, "ESP_BLOWFISH"},
                                  {11, "ESP_NULL"},       {12, "ESP_AES-CBC"},
                                  {13, "ESP_AES-CTR"},    {14, "ESP_AES-CCM_8"},
                                  {15, "ESP_AES-CCM_12"}, {16, "ESP_AES-CCM_16"},
                                  {18, "ESP_AES-GCM_8"},  {19, "ESP_AES-GCM_12"},
                                  {20, "ESP_AES-GCM_16"}, {23, "ESP_NULL_AUTH_AES-GMAC"}};
constexpr Row config_attributes[] = {
    {1, "INTERNAL_IP4_ADDRESS"}, {2, "INTERNAL_IP4_NETMASK"}, {3, "INTERNAL_IP4_DNS"},
    {4, "INTERNAL_IP4_NBNS"},    {7, "APPLICATION_VERSION"},  {13, "INTERNAL_IP4_SUBNET"},
    {16520, "XAUTH-TYPE"},       {16521, "XAUTH-USER-NAME"},  {16522, "XAUTH-USER-PASSWORD"},
    {16523, "XAUTH-PASSCODE"},   {16524, "XAUTH-MESSAGE"},    {16525, "XAUTH-CHALLENGE"},
    {16526, "XAUTH-DOMAIN"},     {16527, "XAUTH-STATUS"},     {28672, "UNITY_BANNER"}};
constexpr Row config_types[] = {{1, "ISAKMP_CFG_REQUEST"},
                                {2, "ISAKMP_CFG_REPLY"},
                                {3, "ISAKMP_CFG_SET"},
                                {4, "ISAKMP_CFG_ACK"}};

struct Vendor {
  std::string_view hex, name;
};
constexpr Vendor vendors[] = {
    {"4a131c81070358455c5728f20e95452f", "NAT traversal (RFC 3947)"},
    {"afcad71368a1f1c96b8696fc77570100", "Dead Peer Detection (RFC 3706)"},
    {"09002689dfd6b712", "XAuth (draft-ietf-ipsec-isakmp-xauth-06)"},
    {"4048b7d56ebce88525e7de7f00d6c2d3", "fragmentation of IKEv1 messages"},
    {"90cb80913ebb696e086381b5ec427b1f", "NAT traversal (draft 02)"},
    {"12f5f28c457168a9702d9fe274cc0100", "Cisco Unity"}};

constexpr unsigned never = 0x10000;

}  // namespace

std::string attribute_name(bool phase_1, std::uint16_t type) {
  return phase_1 ? look_up(phase1_attributes, type, 16384)
                 : look_up(phase2_attributes, type, 32001);
}

std::string attribute_value_name(bool phase_1, std::uint16_t type, std::uint32_t value) {
  struct Values {
    bool phase_1;
    std::uint16_t type;
    std::span<const Row> rows;
  };
  static constexpr Values tables[] = {
      {true, phase1::encryption, ciphers},       {true, phase1::hash, hashes},
      {true, phase1::authentication, methods},   {true, phase1::life_type, life_types},
      {false, phase2::life_type, life_types},    {false, phase2::mode, modes},
      {false, phase2::authentication, integrity}};
  const std::uint16_t group = phase_1 ? phase1::group : phase2::group;
  if (type == group) return transform_name(4, static_cast<std::uint16_t>(value));
  for (const Values& table : tables)
    if (table.phase_1 == phase_1 && table.type == type) return look_up(table.rows, value, never);
  return std::to_string(value);
}

std::string notify_name(std::uint16_t type) {
  return look_up(notifies, type, 40960);
}
std::string id_type_name(std::uint8_t type) {
  return look_up(id_types, type, 249);
}
std::string protocol_name(std::uint8_t id) {
  return look_up(protocols, id, 249);
}
std::string transform_id_name(std::uint8_t protocol, std::uint8_t id) {
  if (protocol == protocol_isakmp) return id == key_ike ? "KEY_IKE" : look_up({}, id, 249);
  return look_up(esp_transforms, id, 249);
}
std::string config_name(std::uint16_t type) {
  return look_up(config_attributes, type, 28673);
}
std::string config_type_name(std::uint8_t type) {
  return look_up(config_types, type, 128);
}

std::string vendor_name(const std::string& hex) {
  for (const Vendor& vendor : vendors)
    if (hex.starts_with(vendor.hex.substr(0, std::min<std::size_t>(vendor.hex.size(), 28))))
      return std::string(vendor.name);
  return "";
}

}  // namespace ikelab::wire::v1
