// Puzzles beside cookies: work that an initiator must do before a responder under attack keeps
// anything for it (RFC 8019, 7.1).
//
//   four different keys Ki of one size, so that prf(Ki, cookie) ends in `difficulty` zero bits
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
Solution solve(crypto::Provider& provider, const Puzzle& puzzle, ByteView cookie);

/// The fewest zero bits among the four; nothing when they are not four different keys.
std::optional<unsigned> zero_bits(crypto::Provider& provider, const crypto::Algorithm& prf,
                                  ByteView keys, ByteView cookie);

}  // namespace ikelab::ikev2
