// The random streams: a ChaCha20 keystream for simulations, the system's generator for `peer`.
#include "protocol/crypto/rng.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <bit>

#include "protocol/crypto/digest.hpp"
#include "protocol/crypto/openssl/lent_randomness.hpp"

namespace ikelab::crypto {
namespace {

Bytes length_then(std::string_view text) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(text.size() >> shift));
  const ByteView octets = as_bytes(text);
  out.insert(out.end(), octets.begin(), octets.end());
  return out;
}

/// key = SHA-256(seed, 8 octets | length, node | length, purpose).
Bytes stream_key(std::uint64_t seed, std::string_view node, std::string_view purpose) {
  Bytes seed_octets;
  for (int shift = 56; shift >= 0; shift -= 8)
    seed_octets.push_back(static_cast<std::uint8_t>(seed >> shift));
  const auto digest = sha256();
  digest->update(seed_octets);
  digest->update(length_then(node));
  digest->update(length_then(purpose));
  return digest->finish();
}

/// ChaCha20's keystream (RFC 8439, 2.3) with a zero nonce. A node has a dozen streams and a network
/// thousands of nodes: this one is 120 octets, where a context of OpenSSL's is 500.
class KeystreamRng : public Rng {
 public:
  explicit KeystreamRng(ByteView key) {
    IKELAB_ASSERT(key.size() == 4 * key_.size());
    for (std::size_t i = 0; i < key.size(); ++i)
      key_[i / 4] |= std::uint32_t{key[i]} << 8 * (i % 4);
  }
  KeystreamRng(const KeystreamRng&) = delete;
  KeystreamRng& operator=(const KeystreamRng&) = delete;
  ~KeystreamRng() override {
    OPENSSL_cleanse(key_.data(), sizeof key_);
    OPENSSL_cleanse(block_.data(), sizeof block_);
  }

  void fill(std::span<std::uint8_t> out) override {
    while (!out.empty()) {
      if (used_ == block_.size()) next_block();
      const std::size_t size = std::min(out.size(), block_.size() - used_);
      std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(used_), size, out.begin());
      used_ += size;
      out = out.subspan(size);
    }
  }

 private:
  static void quarter_round(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c,
                            std::uint32_t& d) {
    const auto mix = [](std::uint32_t& sum, std::uint32_t more, std::uint32_t& turned, int bits) {
      sum += more;
      turned = std::rotl(turned ^ sum, bits);
    };
    mix(a, b, d, 16);
    mix(c, d, b, 12);
    mix(a, b, d, 8);
    mix(c, d, b, 7);
  }
  void next_block() {
    const std::array<std::uint32_t, 16> begin = {0x61707865,
                                                 0x3320646e,
                                                 0x79622d32,
                                                 0x6b206574,
                                                 key_[0],
                                                 key_[1],
                                                 key_[2],
                                                 key_[3],
                                                 key_[4],
                                                 key_[5],
                                                 key_[6],
                                                 key_[7],
                                                 static_cast<std::uint32_t>(counter_),
                                                 static_cast<std::uint32_t>(counter_ >> 32),
                                                 0,
                                                 0};
    std::array<std::uint32_t, 16> x = begin;
    for (int round = 0; round < 20; round += 2) {
      for (std::size_t i = 0; i < 4; ++i) quarter_round(x[i], x[4 + i], x[8 + i], x[12 + i]);
      for (std::size_t i = 0; i < 4; ++i)
        quarter_round(x[i], x[4 + (i + 1) % 4], x[8 + (i + 2) % 4], x[12 + (i + 3) % 4]);
    }
    for (std::size_t i = 0; i < block_.size(); ++i)
      block_[i] = static_cast<std::uint8_t>((x[i / 4] + begin[i / 4]) >> 8 * (i % 4));
    ++counter_;
    used_ = 0;
  }

  std::array<std::uint32_t, 8> key_{};
  std::uint64_t counter_ = 0;
  std::array<std::uint8_t, 64> block_{};
  std::size_t used_ = block_.size();
};

class SeededSource : public RngSource {
 public:
  SeededSource(std::uint64_t seed, std::string_view node) : seed_(seed), node_(node) {}
  std::unique_ptr<Rng> stream(std::string_view purpose) override {
    return std::make_unique<KeystreamRng>(stream_key(seed_, node_, purpose));
  }

 private:
  std::uint64_t seed_;
  std::string node_;
};

class SystemRng : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override {
    IKELAB_ASSERT(RAND_priv_bytes(out.data(), static_cast<int>(out.size())) == 1);
  }
};

class SystemSource : public RngSource {
 public:
  std::unique_ptr<Rng> stream(std::string_view) override { return std::make_unique<SystemRng>(); }
};

}  // namespace

std::unique_ptr<Rng> openssl::keystream(ByteView key) {
  return std::make_unique<KeystreamRng>(key);
}

std::unique_ptr<RngSource> seeded_rng(std::uint64_t seed, std::string_view node) {
  return std::make_unique<SeededSource>(seed, node);
}

std::unique_ptr<RngSource> system_rng() {
  return std::make_unique<SystemSource>();
}

}  // namespace ikelab::crypto
