// The random streams: a ChaCha20 keystream for simulations, the system's generator for `peer`.
#include "protocol/crypto/rng.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

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

class KeystreamRng : public Rng {
 public:
  explicit KeystreamRng(ByteView key) : context_(EVP_CIPHER_CTX_new()) {
    IKELAB_ASSERT(key.size() == 32);
    const std::array<std::uint8_t, 16> counter_and_nonce{};
    IKELAB_ASSERT(EVP_EncryptInit_ex2(context_.get(), EVP_chacha20(), key.data(),
                                      counter_and_nonce.data(), nullptr) == 1);
  }
  void fill(std::span<std::uint8_t> out) override {
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    int size = 0;
    IKELAB_ASSERT(EVP_EncryptUpdate(context_.get(), out.data(), &size, out.data(),
                                    static_cast<int>(out.size())) == 1);
  }

 private:
  openssl::CipherCtx context_;
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
