#include "sim/store/fingerprint.hpp"

#include "protocol/trace/encode.hpp"

namespace ikelab::store {

void Fingerprint::record(const trace::Event& event) {
  trace::encode_event(event, octets_);
  digest_->update(octets_);
}
std::string Fingerprint::finish() {
  return to_hex(digest_->finish());
}

}  // namespace ikelab::store
