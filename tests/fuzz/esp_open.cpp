// Fuzz target: any octets as an ESP packet. Without the key nothing opens; where there is no
// integrity to stop it (SPI 3), padding, next header and inbound policy are reached, and whatever
// opens is a packet that the SA was negotiated for.
#include "protocol/esp/esp.hpp"
#include "protocol/esp/packet.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/protocol/esp_support.hpp"

namespace ikelab::fuzz {

void esp_open(ByteView octets) {
  test::EspPair pair;
  pair.install(test::sa_between, 1, test::suite_of("aes128gcm16"));
  pair.install(test::sa_between, 2, test::suite_of("aes128", "sha256"));
  pair.install(test::sa_between, 3, test::suite_of("aes128"), 0);
  const auto opened = pair.b.open(octets);
  IKELAB_ASSERT(opened.ok() || opened.error().code.starts_with("E-ESP-"));
  if (opened.ok()) {
    IKELAB_ASSERT(opened->spi == EspSpi{3});
    IKELAB_ASSERT(pair.a.lookup(opened->inner) == esp::Verdict::protect);
  }
  Bytes plain = to_bytes(octets);
  IKELAB_ASSERT(!esp::strip_padding(plain).ok() || plain.size() + 2 <= octets.size());
  IKELAB_ASSERT(!esp::summarize_packet(octets).empty());
  static_cast<void>(pair.a.lookup(octets));
  static_cast<void>(pair.b.inbound_clear(octets));
}

}  // namespace ikelab::fuzz

#ifdef IKELAB_FUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ikelab::fuzz::esp_open({data, size});
  return 0;
}
#endif
