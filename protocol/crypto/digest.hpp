// An incremental SHA-256, for fingerprints of runs (not a protocol operation: it is not counted by
// the Provider).
#pragma once
#include <memory>
#include <string>

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
/// "3.0.19": which OpenSSL does the work. Implemented in protocol/crypto/openssl/.
std::string library_version();

}  // namespace ikelab::crypto
