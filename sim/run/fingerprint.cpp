#include "sim/run/fingerprint.hpp"

#include "protocol/trace/encode.hpp"

namespace ikelab::run {

void Fingerprint::record(const trace::Event& event) {
  digest_->update(trace::encode_event(event));
}
std::string Fingerprint::finish() {
  return to_hex(digest_->finish());
}

}  // namespace ikelab::run
