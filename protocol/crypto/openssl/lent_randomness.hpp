// An OpenSSL library context without randomness of its own: what happens in it draws from an Rng
// that the caller lends. This is what makes ECDSA nonces and PSS salts a function of the run's
// seed, without touching how OpenSSL uses them.
//
// How: a provider built into this program offers one random generator, "IKELAB-LENT", and the
// context is told to use it as its DRBG.
// Invariant: a lease consumes exactly 32 octets of the caller's Rng, so that how much OpenSSL draws
// (it differs between versions, and with blinding between uses of a key) moves nothing else.
#pragma once
#include "protocol/crypto/openssl/handles.hpp"
#include "protocol/crypto/rng.hpp"

namespace ikelab::crypto::openssl {

class LentRandomness {
 public:
  LentRandomness();
  LentRandomness(const LentRandomness&) = delete;
  LentRandomness& operator=(const LentRandomness&) = delete;

  [[nodiscard]] OSSL_LIB_CTX* context() const { return context_.get(); }

  /// While it lives, the context draws from a stream keyed with 32 octets of `rng`. Without a lease
  /// every operation that needs randomness fails.
  class Lease {
   public:
    Lease(LentRandomness& lender, Rng& rng);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

   private:
    LentRandomness& lender_;
    std::unique_ptr<Rng> stream_;
  };

 private:
  LibCtx context_;  // first: the providers live in it
  OsslProvider lent_, default_;
  Rng** lent_to_ = nullptr;  // where the provider looks for its source; null there: none is lent
};

/// A ChaCha20 keystream under a 32-octet key.
std::unique_ptr<Rng> keystream(ByteView key);

}  // namespace ikelab::crypto::openssl
