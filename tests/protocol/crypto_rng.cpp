// The random streams: named, independent, repeatable.
#include <set>

#include "protocol/crypto/rng.hpp"
#include "tests/support/fixed_rng.hpp"

using namespace ikelab;
using namespace ikelab::crypto;

namespace {
std::string draw(std::uint64_t seed, std::string_view node, std::string_view purpose) {
  return to_hex(seeded_rng(seed, node)->stream(purpose)->bytes(16));
}
}  // namespace

TEST_CASE("crypto rng: a stream depends on seed, node and purpose, each for itself",
          "[crypto][determinism]") {
  CHECK(draw(1, "gw-a", "nonce") == draw(1, "gw-a", "nonce"));
  // The last ones: no part may run into the next.
  const std::set<std::string> all = {draw(1, "gw-a", "nonce"), draw(2, "gw-a", "nonce"),
                                     draw(1, "gw-b", "nonce"), draw(1, "gw-a", "spi"),
                                     draw(1, "gw", "-anonce"), draw(1, "gw-anonce", "")};
  CHECK(all.size() == 6);
}

TEST_CASE("crypto rng: a seeded stream is ChaCha20 under SHA-256 of its name", "[crypto]") {
  // Computed with Python: hashlib.sha256(seed, 8 octets | length, 4 octets, and text of node | the
  // same of purpose), then cryptography's ChaCha20 with a zero nonce.
  CHECK(draw(1, "gw-a", "nonce") == "f0cc2de9656a358011a3da3f100d2774");
  // and its octets 984 to 999, by openssl enc -chacha20
  CHECK(to_hex(ByteView(seeded_rng(1, "gw-a")->stream("nonce")->bytes(1000)).subspan(984)) ==
        "d57df28669822e0b211d1b789a895288");
}

TEST_CASE("crypto rng: how a stream is drawn does not matter, nor what else is drawn",
          "[crypto][determinism]") {
  const auto source = seeded_rng(1, "gw-a");
  const auto pieces = source->stream("nonce"), other = source->stream("spi");
  Bytes joined;
  for (std::size_t size : {1u, 0u, 63u, 64u, 65u, 7u}) {
    const Bytes piece = pieces->bytes(size);
    joined.insert(joined.end(), piece.begin(), piece.end());
    (void)other->u64();
  }
  CHECK(joined == seeded_rng(1, "gw-a")->stream("nonce")->bytes(200));
}

TEST_CASE("crypto rng: numbers are big-endian, and below() keeps its bound without bias",
          "[crypto]") {
  test::FixedRng one(hex("0102030405060708"));
  CHECK(one.u64() == 0x0102030405060708);
  // 2^64 is no multiple of 3: the last value is drawn again (here, then 5 % 3).
  test::FixedRng biased(hex("ffffffffffffffff 0000000000000005"));
  CHECK(biased.below(3) == 2);
  test::FixedRng power_of_two(hex("ffffffffffffffff"));
  CHECK(power_of_two.below(16) == 15);
  const auto rng = seeded_rng(3, "n")->stream("below");
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(rng->below(6));
  CHECK(seen == std::set<std::uint64_t>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("crypto rng: the system's streams differ", "[crypto]") {
  const auto source = system_rng();
  CHECK(source->stream("a")->bytes(32) != source->stream("a")->bytes(32));
}
