// Randomness is a port: named streams from (seed, node, purpose), so that adding a node does not
// change another's bytes.
#pragma once
#include <memory>

#include "protocol/base/bytes.hpp"

namespace ikelab::crypto {

class Rng {
 public:
  virtual ~Rng() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
  Bytes bytes(std::size_t n) {
    Bytes out(n);
    fill(out);
    return out;
  }
  std::uint64_t u64();                           ///< uniform
  std::uint64_t below(std::uint64_t exclusive);  ///< uniform in [0, exclusive), exclusive > 0
};

/// Makes the streams of one node. The same (seed, node, purpose) gives the same stream, whatever
/// else is drawn.
class RngSource {
 public:
  virtual ~RngSource() = default;
  virtual std::unique_ptr<Rng> stream(std::string_view purpose) = 0;
};

/// A seeded source for simulations: ChaCha20 keyed with SHA-256(seed, node, purpose). Not for real
/// networks. Implemented in protocol/crypto/openssl/.
std::unique_ptr<RngSource> seeded_rng(std::uint64_t seed, std::string_view node);
/// The system's generator, for `peer` and for issuing real secrets. Implemented in
/// protocol/crypto/openssl/.
std::unique_ptr<RngSource> system_rng();

}  // namespace ikelab::crypto
