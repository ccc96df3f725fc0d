// What the ESP tests share: IP packets made by hand, SAs with fixed keys, randomness that counts.
#pragma once
#include "protocol/esp/esp.hpp"
#include "protocol/esp/packet.hpp"

namespace ikelab::test {

inline Bytes ipv4_packet(std::uint8_t protocol, const char* src, const char* dst,
                         const Bytes& payload) {
  const std::size_t total = 20 + payload.size();
  Bytes packet = hex("4500000000000000400000000000000000000000");
  packet[2] = static_cast<std::uint8_t>(total >> 8);
  packet[3] = static_cast<std::uint8_t>(total);
  packet[9] = protocol;
  std::ranges::copy(IpAddress::parse(src)->octets(), packet.begin() + 12);
  std::ranges::copy(IpAddress::parse(dst)->octets(), packet.begin() + 16);
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

inline Bytes ipv6_packet(std::uint8_t protocol, const char* src, const char* dst,
                         const Bytes& payload) {
  Bytes packet = hex("60000000000000400000");
  packet.resize(40);
  packet[4] = static_cast<std::uint8_t>(payload.size() >> 8);
  packet[5] = static_cast<std::uint8_t>(payload.size());
  packet[6] = protocol;
  std::ranges::copy(IpAddress::parse(src)->octets(), packet.begin() + 8);
  std::ranges::copy(IpAddress::parse(dst)->octets(), packet.begin() + 24);
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

inline Bytes udp(std::uint16_t src_port, std::uint16_t dst_port, std::size_t data) {
  Bytes out{static_cast<std::uint8_t>(src_port >> 8),
            static_cast<std::uint8_t>(src_port),
            static_cast<std::uint8_t>(dst_port >> 8),
            static_cast<std::uint8_t>(dst_port),
            static_cast<std::uint8_t>((8 + data) >> 8),
            static_cast<std::uint8_t>(8 + data),
            0,
            0};
  for (std::size_t i = 0; i < data; ++i) out.push_back(static_cast<std::uint8_t>(i));
  return out;
}

/// UDP 10.1.0.10:4000 > 10.2.0.10:5000, what SAs of sa_between() carry.
inline Bytes inner_packet(std::size_t data = 32) {
  return ipv4_packet(17, "10.1.0.10", "10.2.0.10", udp(4000, 5000, data));
}

inline wire::TrafficSelector subnet(const char* start, const char* end) {
  return {0, 0, 65535, *IpAddress::parse(start), *IpAddress::parse(end)};
}

/// encr and integ as swanctl writes them; integ "" for none.
inline policy::Suite suite_of(std::string_view encr, std::string_view integ = "") {
  policy::Suite suite;
  suite.encr = crypto::find_keyword(crypto::TransformType::encr, encr);
  if (!integ.empty()) suite.integ = crypto::find_keyword(crypto::TransformType::integ, integ);
  return suite;
}

/// Keys 1, 2, 3 ...; carries 10.1.0.0/24 > 10.2.0.0/24 from 192.0.2.1 to 192.0.2.2.
inline esp::SaParameters sa_between(std::uint32_t spi, const policy::Suite& suite,
                                    std::uint32_t window = 64) {
  const auto key = [](std::size_t size) {
    Bytes octets(size);
    for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(i + 1);
    return Secret(std::move(octets));
  };
  esp::SaParameters sa;
  sa.spi = EspSpi{spi};
  sa.src = *IpAddress::parse("192.0.2.1");
  sa.dst = *IpAddress::parse("192.0.2.2");
  sa.suite = suite;
  sa.encryption_key = key(suite.encr->key_size + suite.encr->salt_size);
  if (suite.integ != nullptr) sa.integrity_key = key(suite.integ->key_size);
  sa.ts_src = {subnet("10.1.0.0", "10.1.0.255")};
  sa.ts_dst = {subnet("10.2.0.0", "10.2.0.255")};
  sa.replay_window = window;
  sa.child = "net";
  return sa;
}

/// Randomness a test can predict: 0, 1, 2 ...
class CountingRng : public crypto::Rng {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& octet : out) octet = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

/// Two nodes' data paths in one place: `a` sends, `b` receives.
struct EspPair {
  std::unique_ptr<crypto::Provider> provider = crypto::openssl_provider();
  CountingRng rng;
  esp::DataPath a{*provider, rng}, b{*provider, rng};

  void install(esp::SaParameters (*make)(std::uint32_t, const policy::Suite&, std::uint32_t),
               std::uint32_t spi, const policy::Suite& suite, std::uint32_t window = 64) {
    a.apply(esp::InstallSa{false, make(spi, suite, window)});
    b.apply(esp::InstallSa{true, make(spi, suite, window)});
  }
  Bytes sealed(const Bytes& inner = inner_packet()) {
    return std::move(a.seal(inner)).value().packet;
  }
  /// "" when the packet is opened, else the error's code.
  std::string code_of(ByteView packet) {
    const auto opened = b.open(packet);
    return opened.ok() ? "" : opened.error().code;
  }
};

}  // namespace ikelab::test
