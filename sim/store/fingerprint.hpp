// A run's fingerprint: SHA-256 over the canonical encoding of every event, in order
// (trace/encode.hpp).
#pragma once
#include "protocol/crypto/digest.hpp"
#include "protocol/trace/event.hpp"

namespace ikelab::store {

class Fingerprint : public trace::Sink {
 public:
  void record(const trace::Event& event) override;
  /// Hex; call once, after the last event.
  std::string finish();

 private:
  std::unique_ptr<crypto::Digest> digest_ = crypto::sha256();
  Bytes octets_;  ///< of the event that is hashed; their memory is used again
};

}  // namespace ikelab::store
