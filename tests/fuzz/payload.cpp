// Fuzz target: one payload. The first octet is its type, the rest its body: what is read without
// remark is written back to the same octets' meaning, and shown without a gap.
#include "protocol/wire/decode.hpp"
#include "protocol/wire/dissect.hpp"
#include "protocol/wire/encode.hpp"
#include "protocol/wire/writer.hpp"
#include "tests/fuzz/targets.hpp"

using namespace ikelab;
using namespace ikelab::wire;

namespace ikelab::fuzz {

void payload(ByteView octets) {
  if (octets.empty() || octets.size() > 65'000) return;
  const auto type = static_cast<PayloadType>(octets[0]);
  const ByteView body = octets.subspan(1);
  const std::size_t length = body.size() + 4;
  const std::uint8_t header[] = {0, 0, static_cast<std::uint8_t>(length >> 8),
                                 static_cast<std::uint8_t>(length)};
  const Bytes chain = concat({header, body});
  const DecodedChain once = decode_chain(chain, type);
  for (const Diagnostic& d : once.diagnostics)
    IKELAB_ASSERT(d.begin <= d.end && d.end <= chain.size());
  static_cast<void>(dissect_chain(chain, type));
  const EncodedChain again = encode_chain(once.payloads);
  const DecodedChain twice = decode_chain(again.bytes, again.first);
  if (!once.ok()) return;
  IKELAB_ASSERT(twice.payloads.size() == once.payloads.size());
  IKELAB_ASSERT(encode_chain(twice.payloads).bytes == again.bytes);
}

}  // namespace ikelab::fuzz

#ifdef IKELAB_FUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ikelab::fuzz::payload({data, size});
  return 0;
}
#endif
