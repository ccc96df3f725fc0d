#include "protocol/crypto/rng.hpp"

#include <limits>

namespace ikelab::crypto {

std::uint64_t Rng::u64() {
  std::uint8_t octets[8];
  fill(octets);
  std::uint64_t value = 0;
  for (std::uint8_t octet : octets) value = value << 8 | octet;
  return value;
}

std::uint64_t Rng::below(std::uint64_t exclusive) {
  IKELAB_ASSERT(exclusive > 0);
  // Values from the incomplete last stretch of the range are drawn again, so that none is more
  // likely than another; a stream that needed 64 draws for that is not random.
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t surplus = (most % exclusive + 1) % exclusive;
  for (int draw = 0; draw < 64; ++draw) {
    const std::uint64_t value = u64();
    if (value <= most - surplus) return value % exclusive;
  }
  IKELAB_ASSERT(!"a random stream that draws the same stretch 64 times");
  return 0;
}

}  // namespace ikelab::crypto
