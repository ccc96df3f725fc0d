#include "sim/store/fingerprint.hpp"

#include "protocol/trace/encode.hpp"

namespace ikelab::store {

void Fingerprint::record(const trace::Event& event) {
  digest_->update(trace::encode_event(event));
}
std::string Fingerprint::finish() {
  return to_hex(digest_->finish());
}

}  // namespace ikelab::store
