// An incremental SHA-256, for fingerprints of runs (not a protocol operation: it is not counted by the Provider).
#pragma once
#include <memory>

#include "protocol/base/bytes.hpp"

namespace ikelab::crypto {

class Digest {
 public:
  virtual ~Digest() = default;
  virtual void update(ByteView data) = 0;
  /// 32 octets; call once.
  virtual Bytes finish() = 0;
};
/// Implemented in protocol/crypto/openssl/.
std::unique_ptr<Digest> sha256();

}  // namespace ikelab::crypto
