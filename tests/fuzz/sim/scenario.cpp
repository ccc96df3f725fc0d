// Scenarios from anybody: whatever the file holds, it is a scenario or one line that says where it
// is not.
#include "sim/scenario/scenario.hpp"

#include "tests/fuzz/sim/targets.hpp"

namespace ikelab::fuzz {

void scenario(ByteView octets) {
  const auto loaded = ikelab::scenario::load_text(to_text(octets), "fuzz.yaml");
  if (loaded.ok()) return;
  const Error& error = loaded.error();
  IKELAB_ASSERT(error.code.starts_with("E-"));
  IKELAB_ASSERT(error.to_string().find('\n') == std::string::npos);
  IKELAB_ASSERT(error.place.find(".yaml:") != std::string::npos);
}

}  // namespace ikelab::fuzz

#ifdef IKELAB_FUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ikelab::fuzz::scenario({data, size});
  return 0;
}
#endif
