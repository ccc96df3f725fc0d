#include "sim/capture/wireshark_words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ikelab::capture {
namespace {

using crypto::TransformType;

constexpr auto ike = KeyTable::ikev2;
constexpr auto esp = KeyTable::esp;

/// `{}` in a word stands for the key's bits.
struct Row {
  KeyTable table;
  TransformType type;
  std::uint16_t id;
  const char* word;
  bool wireshark_knows = true;
};

constexpr Row rows[] = {
    {ike, TransformType::encr, 12, "AES-CBC-{} [RFC3602]"},
    {ike, TransformType::encr, 13, "AES-CTR-{} [RFC5930]"},
    {ike, TransformType::encr, 14, "AES-CCM-{} with 8 octet ICV [RFC5282]"},
    {ike, TransformType::encr, 15, "AES-CCM-{} with 12 octet ICV [RFC5282]"},
    {ike, TransformType::encr, 16, "AES-CCM-{} with 16 octet ICV [RFC5282]"},
    {ike, TransformType::encr, 18, "AES-GCM-{} with 8 octet ICV [RFC5282]"},
    {ike, TransformType::encr, 19, "AES-GCM-{} with 12 octet ICV [RFC5282]"},
    {ike, TransformType::encr, 20, "AES-GCM-{} with 16 octet ICV [RFC5282]"},
    {ike, TransformType::encr, 28, "ChaCha20-Poly1305 [RFC7634]", false},
    {ike, TransformType::integ, 2, "HMAC_SHA1_96 [RFC2404]"},
    {ike, TransformType::integ, 12, "HMAC_SHA2_256_128 [RFC4868]"},
    {ike, TransformType::integ, 13, "HMAC_SHA2_384_192 [RFC4868]"},
    {ike, TransformType::integ, 14, "HMAC_SHA2_512_256 [RFC4868]"},
    {esp, TransformType::encr, 11, "NULL"},
    {esp, TransformType::encr, 12, "AES-CBC [RFC3602]"},
    {esp, TransformType::encr, 13, "AES-CTR [RFC3686]"},
    {esp, TransformType::encr, 14, "AES-CCM with 8 octet ICV [RFC4309]", false},
    {esp, TransformType::encr, 15, "AES-CCM with 12 octet ICV [RFC4309]", false},
    {esp, TransformType::encr, 16, "AES-CCM with 16 octet ICV [RFC4309]", false},
    {esp, TransformType::encr, 18, "AES-GCM with 8 octet ICV [RFC4106]"},
    {esp, TransformType::encr, 19, "AES-GCM with 12 octet ICV [RFC4106]"},
    {esp, TransformType::encr, 20, "AES-GCM with 16 octet ICV [RFC4106]"},
    {esp, TransformType::encr, 21, "NULL with AES-GMAC [RFC4543]", false},
    {esp, TransformType::encr, 28, "ChaCha20-Poly1305 [RFC7634]", false},
    {esp, TransformType::integ, 2, "HMAC-SHA-1-96 [RFC2404]"},
    {esp, TransformType::integ, 12, "HMAC-SHA-256-128 [RFC4868]"},
    {esp, TransformType::integ, 13, "HMAC-SHA-384-192 [RFC4868]"},
    {esp, TransformType::integ, 14, "HMAC-SHA-512-256 [RFC4868]"},
};

/// As Wireshark before 3.0 wrote it, with "ANY ... [no checking]" beside it.
constexpr std::string_view old_esp_gcm = "AES-GCM [RFC4106]";

}  // namespace

std::optional<Word> word_of(KeyTable table, const crypto::Algorithm& algorithm) {
  for (const Row& row : rows)
    if (row.table == table && row.type == algorithm.type && row.id == algorithm.id)
      return Word{fmt::format(fmt::runtime(row.word), algorithm.key_bits), row.wireshark_knows};
  return std::nullopt;
}

const crypto::Algorithm* algorithm_of(KeyTable table, TransformType type, std::string_view word,
                                      std::size_t key_octets) {
  if (table == esp && word == old_esp_gcm) word = "AES-GCM with 16 octet ICV [RFC4106]";
  for (const crypto::Algorithm& algorithm : crypto::algorithms()) {
    if (algorithm.type != type) continue;
    const auto candidate = word_of(table, algorithm);
    if (!candidate || candidate->text != word) continue;
    const bool length_is_open = table == esp && type == TransformType::encr;
    if (!length_is_open || key_octets == algorithm.key_size + algorithm.salt_size)
      return &algorithm;
  }
  return nullptr;
}

std::string_view no_integrity(KeyTable table) {
  return table == ike ? "NONE [RFC4306]" : "NULL";
}

}  // namespace ikelab::capture
