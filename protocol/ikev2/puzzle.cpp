#include "protocol/ikev2/puzzle.hpp"

#include <algorithm>
#include <bit>

#include "protocol/base/bounds.hpp"

namespace ikelab::ikev2 {
namespace {

constexpr std::size_t keys_in_solution = 4;
constexpr std::size_t key_octets = 4;  // 2^32 keys: more than anybody tries
constexpr unsigned most_zero_bits = 32;

unsigned trailing_zero_bits(ByteView octets) {
  unsigned bits = 0;
  for (auto at = octets.rbegin(); at != octets.rend(); ++at) {
    if (*at != 0) return bits + static_cast<unsigned>(std::countr_zero(*at));
    bits += 8;
  }
  return bits;
}

}  // namespace

Bytes puzzle_data(const Puzzle& puzzle) {
  return {static_cast<std::uint8_t>(puzzle.prf->id >> 8), static_cast<std::uint8_t>(puzzle.prf->id),
          puzzle.difficulty};
}

std::optional<Puzzle> read_puzzle(const wire::NotifyPayload& notify) {
  //= rfc8019#8.1 "Protocol ID (1 octet) -- MUST be 0."
  //= rfc8019#8.1 "SPI Size (1 octet) -- MUST be 0, meaning no SPI is present."
  if (notify.data.size() != 3 || notify.protocol != wire::ProtocolId::none || !notify.spi.empty())
    return std::nullopt;
  const auto* prf = crypto::find(crypto::TransformType::prf,
                                 static_cast<std::uint16_t>(notify.data[0] << 8 | notify.data[1]));
  if (prf == nullptr) return std::nullopt;
  return Puzzle{prf, notify.data[2]};
}

Solution solve(crypto::Provider& provider, const Puzzle& puzzle, ByteView s) {
  Solution solution;
  while (solution.tries < bounds::puzzle_tries &&
         solution.keys.size() < keys_in_solution * key_octets) {
    Bytes key;
    for (int shift = 24; shift >= 0; shift -= 8)
      key.push_back(static_cast<std::uint8_t>(solution.tries >> shift));
    ++solution.tries;
    const auto output = provider.prf(*puzzle.prf, key, s);
    if (output && trailing_zero_bits(output->reveal()) >= puzzle.difficulty)
      solution.keys.insert(solution.keys.end(), key.begin(), key.end());
  }
  if (solution.keys.size() < keys_in_solution * key_octets) solution.keys.clear();
  return solution;
}

std::optional<unsigned> zero_bits(crypto::Provider& provider, const crypto::Algorithm& prf,
                                  ByteView keys, ByteView s) {
  if (keys.empty() || keys.size() % keys_in_solution != 0) return std::nullopt;
  const std::size_t size = keys.size() / keys_in_solution;
  //= rfc8019#8.2 "the size of each key MUST be between 1 octet and the preferred key length of the
  //= PRF (inclusive)"
  if (size > prf.key_size) return std::nullopt;
  std::optional<unsigned> least;
  //= rfc8019#7.1.4 "The Responder MUST check all of the four returned keys."
  for (std::size_t i = 0; i < keys_in_solution; ++i) {
    const ByteView key = keys.subspan(i * size, size);
    for (std::size_t j = 0; j < i; ++j)
      if (equal(key, keys.subspan(j * size, size))) return std::nullopt;
    const auto output = provider.prf(prf, key, s);
    if (!output) return std::nullopt;
    //= rfc8019#7.1.4 "The Responder MUST take the smallest number of trailing zero bits among the
    //= checked results and count it as the number of zero bits the Initiator solved for."
    const unsigned bits = trailing_zero_bits(output->reveal());
    least = least ? std::min(*least, bits) : bits;
  }
  return least;
}

std::string in_words(const Solution& solution, const Puzzle& puzzle) {
  return (solution.keys.empty() ? "not solved within " : "solved by ") +
         std::to_string(solution.tries) + " calls of " + std::string(puzzle.prf->name) + " for " +
         std::to_string(puzzle.difficulty) + " zero bits";
}

const crypto::Algorithm* common_prf(const std::vector<wire::Payload>& payloads) {
  const auto* sa = wire::first<wire::SaPayload>(payloads);
  if (sa == nullptr) return nullptr;
  for (const wire::Proposal& proposal : sa->proposals)
    for (const wire::Transform& t : proposal.transforms)
      if (t.type == static_cast<std::uint8_t>(crypto::TransformType::prf))
        if (const auto* prf = crypto::find(crypto::TransformType::prf, t.id)) return prf;
  return nullptr;
}

std::uint8_t difficulty_for(unsigned bits, std::size_t count, unsigned threshold) {
  for (std::size_t many = count / std::max(threshold, 1U); many > 1; many /= 2) ++bits;
  return static_cast<std::uint8_t>(std::min(bits, most_zero_bits));
}

}  // namespace ikelab::ikev2
