// Fuzz target: any datagram decodes, what decodes without remark encodes back to the same meaning,
// the grammar judges it.
#include "protocol/wire/decode.hpp"

#include "protocol/wire/encode.hpp"
#include "protocol/wire/grammar.hpp"
#include "tests/fuzz/targets.hpp"

using namespace ikelab;
using namespace ikelab::wire;

namespace ikelab::fuzz {

void decode(ByteView octets) {
  const Decoded once = wire::decode(octets);
  const auto inner = decode_chain(octets, PayloadType::sa);
  for (const Diagnostic& d : once.diagnostics)
    IKELAB_ASSERT(d.begin <= d.end && d.end <= octets.size());
  static_cast<void>(check(once.message, &inner.payloads));
  static_cast<void>(summary(once.message, &inner.payloads));
  if (!once.ok()) return;
  const Bytes again = encode(once.message);
  const Decoded twice = wire::decode(again);
  IKELAB_ASSERT(twice.message.payloads.size() == once.message.payloads.size());
  IKELAB_ASSERT(encode(twice.message) == again);
}

}  // namespace ikelab::fuzz

#ifdef IKELAB_FUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::decode({data, size});
  return 0;
}
#endif
