// Puzzles: work that an initiator must do before a responder under attack keeps anything for it
// (RFC 8019, 7.1), or computes keys for it (7.2).
//
//   four different keys Ki of one size, so that prf(Ki, S) ends in `difficulty` zero bits;
//   S is the cookie, or Nr | SPIr
#pragma once
#include <optional>

#include "protocol/crypto/provider.hpp"
#include "protocol/wire/message.hpp"

namespace ikelab::ikev2 {

struct Puzzle {
  const crypto::Algorithm* prf = nullptr;
  std::uint8_t difficulty = 0;
};

/// N(PUZZLE) and back; nothing for a PRF that we do not know.
Bytes puzzle_data(const Puzzle& puzzle);
std::optional<Puzzle> read_puzzle(const wire::NotifyPayload& notify);

struct Solution {
  Bytes keys;             ///< all four; empty: not found within the bound
  std::size_t tries = 0;  ///< calls of the PRF
};
/// Tries keys in order, at most bounds::puzzle_tries of them: that ends, whatever the difficulty.
Solution solve(crypto::Provider& provider, const Puzzle& puzzle, ByteView s);
/// "solved by 4711 calls of PRF_HMAC_SHA2_256 for 12 zero bits", or "not solved within ...".
std::string in_words(const Solution& solution, const Puzzle& puzzle);

/// The fewest zero bits among the four; nothing when they are not four different keys of a size
/// that the PRF may have here.
std::optional<unsigned> zero_bits(crypto::Provider& provider, const crypto::Algorithm& prf,
                                  ByteView keys, ByteView s);

/// The first PRF that the initiator offers and we know; nullptr: none.
const crypto::Algorithm* common_prf(const std::vector<wire::Payload>& payloads);
/// `bits`, and one more for each doubling of `count` above `threshold`.
std::uint8_t difficulty_for(unsigned bits, std::size_t count, unsigned threshold);

}  // namespace ikelab::ikev2
