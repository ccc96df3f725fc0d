// What the data path does to be fast, against the slow and obvious way of doing it.
#include <map>

#include "protocol/esp/glance.hpp"
#include "protocol/esp/outer.hpp"
#include "tests/protocol/esp_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::esp;
using namespace ikelab::test;

namespace {

std::uint8_t octet(crypto::Rng& rng) {
  return static_cast<std::uint8_t>(rng.below(256));
}

bool alike(const policy::Flow& a, const policy::Flow& b) {
  return a.src == b.src && a.dst == b.dst && a.protocol == b.protocol && a.src_port == b.src_port &&
         a.dst_port == b.dst_port && a.opaque_ports == b.opaque_ports;
}

/// An IPv4 packet whose few distinct octets stand where a flow is read, and beside them.
Bytes small_world_packet(crypto::Rng& rng) {
  constexpr std::uint8_t first[] = {0x45, 0x45, 0x45, 0x46, 0x60}, protocols[] = {1, 6, 17, 50};
  Bytes packet(20 + rng.below(30));
  packet[0] = first[rng.below(5)];
  packet[6] = rng.below(4) == 0 ? octet(rng) : std::uint8_t{0x40};
  packet[7] = rng.below(8) == 0 ? octet(rng) : std::uint8_t{0};
  packet[8] = octet(rng);
  packet[9] = protocols[rng.below(4)];
  for (std::size_t at = 12; at < packet.size(); ++at)
    packet[at] = static_cast<std::uint8_t>(rng.below(8) == 0);
  return packet;
}

}  // namespace

TEST_CASE("a payload that is encrypted where it stands becomes what one call makes of it",
          "[esp]") {
  const auto provider = crypto::openssl_provider();
  CountingRng rng;
  for (const auto& [encr, integ] : {std::pair{"aes128gcm16", ""},
                                    {"aes256gcm8", ""},
                                    {"chacha20poly1305", ""},
                                    {"aes128ccm16", ""},
                                    {"aes256gmac", ""},
                                    {"aes128", "sha256"},
                                    {"aes128ctr", "sha256"},
                                    {"null", "sha256"}}) {
    INFO(encr);
    const SaParameters sa = sa_between(0x1001, suite_of(encr, integ));
    const crypto::Algorithm& algorithm = *sa.suite.encr;
    const std::size_t align = std::max<std::size_t>(4, algorithm.block_size);
    for (const std::size_t size : {254U, 255U, 256U, 257U, 271U, 272U, 273U, 1399U, 1400U, 1408U}) {
      const Bytes payload = rng.bytes(size), iv = rng.bytes(algorithm.iv_size);
      const Bytes packet = seal_packet(*provider, sa, 7, iv, payload, 4).value();
      Bytes text = payload;  // RFC 4303, 2.4
      for (std::uint8_t i = 1; (text.size() + 2) % align != 0; ++i) text.push_back(i);
      text.push_back(static_cast<std::uint8_t>(text.size() - size));
      text.push_back(4);
      const Bytes header = hex("0000100100000007");
      const Bytes whole = provider
                              ->seal(algorithm, sa.encryption_key.reveal(), iv,
                                     algorithm.aead ? header : Bytes{}, text)
                              .value();
      const Bytes expected = concat({header, iv, whole});
      REQUIRE(packet.size() >= expected.size());
      CHECK(equal(ByteView(packet).first(expected.size()), expected));
    }
  }
}

TEST_CASE("packets of one glance have one flow", "[esp]") {
  const auto rng = crypto::seeded_rng(1, "glance")->stream("packets");
  std::map<std::pair<std::uint64_t, std::uint64_t>, policy::Flow> flows;
  std::size_t met_again = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Bytes packet = small_world_packet(*rng);
    const Glance glance = glance_at(packet);
    if (!glance.any()) continue;
    const auto flow = policy::flow_of_packet(packet);
    REQUIRE(flow.ok());
    const auto [known, added] =
        flows.try_emplace({glance.addresses, glance.ports_and_protocol}, *flow);
    met_again += !added;
    REQUIRE(alike(known->second, *flow));
  }
  CHECK(met_again > 1'000);
  CHECK(flows.size() > 100);
}

TEST_CASE("what may be read two ways has no glance", "[esp]") {
  Bytes packet = inner_packet();
  REQUIRE(glance_at(packet).any());
  CHECK_FALSE(glance_at(ByteView(packet).first(23)).any());  // not all of the ports
  CHECK_FALSE(glance_at({}).any());
  packet[6] = 0x20;  // more fragments
  CHECK_FALSE(glance_at(packet).any());
  packet[6] = 0;
  packet[7] = 1;  // a later fragment
  CHECK_FALSE(glance_at(packet).any());
  packet[7] = 0;
  packet[0] = 0x46;  // options
  CHECK_FALSE(glance_at(packet).any());
  CHECK_FALSE(glance_at(ipv6_packet(17, "2001:db8::1", "2001:db8::2", udp(1, 2, 8))).any());
  CHECK_FALSE(glance_at(ipv4_packet(132, "10.1.0.1", "10.2.0.1", Bytes(20))).any());
}

TEST_CASE("the Internet checksum is RFC 1071's sum of 16-bit words", "[esp]") {
  const auto slow = [](ByteView octets, std::uint32_t sum) {
    for (std::size_t i = 0; i < octets.size(); ++i)
      sum += i % 2 == 0 ? std::uint32_t{octets[i]} << 8 : octets[i];
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
  };
  const auto rng = crypto::seeded_rng(1, "checksum")->stream("octets");
  for (std::size_t size = 0; size < 300; ++size) {
    const Bytes octets = rng->bytes(size);
    CHECK(internet_checksum(octets) == slow(octets, 0));
    CHECK(internet_checksum(octets, 0x2'fffe) == slow(octets, 0x2'fffe));
    CHECK(internet_checksum(Bytes(size, 0xff)) == slow(Bytes(size, 0xff), 0));
  }
  // RFC 1071, 3: the sum of 0001 f203 f4f5 f6f7 is ddf2
  CHECK(internet_checksum(hex("0001f203f4f5f6f7")) == static_cast<std::uint16_t>(~0xddf2));
}
