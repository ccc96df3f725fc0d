// What Wireshark calls our transforms in its key tables (its preferences dialogues, 4.0), and words
// of the same form for those it cannot decrypt.
#pragma once
#include <optional>
#include <string>

#include "protocol/crypto/algorithm.hpp"

namespace ikelab::capture {

enum class KeyTable { ikev2, esp };  ///< files ikev2_decryption_table and esp_sa

struct Word {
  std::string text;
  bool wireshark_knows = true;  ///< false: Wireshark refuses a table in which it stands
};

/// Nothing: we have no word for this transform in this table.
std::optional<Word> word_of(KeyTable table, const crypto::Algorithm& algorithm);
/// The transform that a word means, nullptr if none. ESP's words for encryption leave the key's
/// length open: `key_octets`, salt included, tells it.
const crypto::Algorithm* algorithm_of(KeyTable table, crypto::TransformType type,
                                      std::string_view word, std::size_t key_octets = 0);
/// The word for "no integrity transform".
std::string_view no_integrity(KeyTable table);

}  // namespace ikelab::capture
