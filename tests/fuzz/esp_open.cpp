// Fuzz target: any octets as an ESP packet. Without the key nothing opens; where there is no
// integrity to stop it (SPI 3, and without encryption 4 and, in transport mode, 5), padding, next
// header, congestion marks and inbound policy are reached, and whatever opens is a packet that the
// SA was negotiated for. Then the same octets as an IP packet, and as an ICMP message.
#include "protocol/esp/esp.hpp"
#include "protocol/esp/outer.hpp"
#include "protocol/esp/packet.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/protocol/esp_support.hpp"

namespace ikelab::fuzz {
namespace {

void as_ip(test::EspPair& pair, ByteView octets) {
  for (const bool v6 : {false, true}) {
    static_cast<void>(pair.a.handle_icmp(octets, v6));
    const auto gateway = IpAddress::parse(v6 ? "2001:db8::1" : "10.1.0.1").value();
    if (const auto answer = esp::packet_too_big(octets, 1280, gateway))
      IKELAB_ASSERT(answer->size() <= (v6 ? 1280U : 576U) && esp::read_ip_header(*answer));
  }
  static_cast<void>(pair.a.mtu_for(octets));
  const auto header = esp::read_ip_header(octets);
  if (!header) return;
  IKELAB_ASSERT(header->size <= octets.size());
  Bytes copy;
  esp::copy_header(octets, 50, 8, copy);
  IKELAB_ASSERT(copy.size() == header->size);
  const auto sealed = pair.a.seal(octets);
  IKELAB_ASSERT(sealed.ok() || !sealed.error().code.empty());
}

}  // namespace

void esp_open(ByteView octets) {
  test::EspPair pair;
  pair.install(test::sa_between, 1, test::suite_of("aes128gcm16"));
  pair.install(test::sa_between, 2, test::suite_of("aes128", "sha256"));
  pair.install(test::sa_between, 3, test::suite_of("aes128"), 0);
  pair.install(test::sa_between, 4, test::suite_of("null"), 0);
  const auto transport = [](std::uint32_t spi, const policy::Suite& suite, std::uint32_t window) {
    auto sa = test::sa_between(spi, suite, window);
    sa.transport = true;
    return sa;
  };
  pair.install(transport, 5, test::suite_of("null"), 0);
  Bytes outer;
  esp::IpHeader between;
  between.src = *IpAddress::parse("10.1.0.7");
  between.dst = *IpAddress::parse("10.2.0.7");
  between.traffic_class = octets.empty() ? 0 : octets.back();
  esp::make_header(between, octets.size(), outer);
  for (const ByteView header : {ByteView{}, ByteView(outer)}) {
    const auto opened = pair.b.open(octets, header);
    IKELAB_ASSERT(opened.ok() || opened.error().code.starts_with("E-ESP-"));
    if (!opened.ok()) continue;
    IKELAB_ASSERT(opened->spi >= EspSpi{3});
    IKELAB_ASSERT(pair.a.lookup(opened->inner) == esp::Verdict::protect);
  }
  as_ip(pair, octets);
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
