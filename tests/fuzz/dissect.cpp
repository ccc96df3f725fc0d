// Fuzz target: the leaves of every dissection cover every octet once, and what is shown is what
// decode() read.
#include "protocol/wire/dissect.hpp"

#include "protocol/wire/encode.hpp"
#include "tests/fuzz/targets.hpp"

using namespace ikelab;
using namespace ikelab::wire;

namespace {

void covers(const Field& root, std::size_t size) {
  IKELAB_ASSERT(root.begin == 0 && root.end == size);
  std::size_t at = 0;
  for (const Field* leaf : leaves(root)) {
    IKELAB_ASSERT(leaf->begin == at && leaf->end > at && !leaf->name.empty() &&
                  !leaf->meaning.empty());
    at = leaf->end;
  }
  IKELAB_ASSERT(at == size);
}

}  // namespace

namespace ikelab::fuzz {

void dissect(ByteView octets) {
  const Dissection tree = wire::dissect(octets, CipherHint{8, 16});
  covers(tree.root, octets.size());
  const Decoded plain = wire::decode(octets);
  IKELAB_ASSERT(plain.message.payloads.size() == tree.message.payloads.size());
  for (std::size_t i = 0; i < plain.message.payloads.size(); ++i)
    IKELAB_ASSERT(encode_body(plain.message.payloads[i].body) ==
                  encode_body(tree.message.payloads[i].body));
  IKELAB_ASSERT(wire::dissect(octets).diagnostics == plain.diagnostics);

  // The first octet chooses how else to read the rest.
  if (octets.empty()) return;
  const ByteView rest = octets.subspan(1);
  covers(dissect_chain(rest, static_cast<PayloadType>(octets[0])).root, rest.size());
  covers(dissect_esp(rest, CipherHint{8, 16}).root, rest.size());
  covers(dissect_esp_plain(rest).root, rest.size());
  covers(dissect_ip(rest).root, rest.size());
}

}  // namespace ikelab::fuzz

#ifdef IKELAB_FUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::dissect({data, size});
  return 0;
}
#endif
