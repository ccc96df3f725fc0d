// Tunnel and transport mode, IPv4 and IPv6 inside either, what crosses between the headers, path
// MTU, padding and dummy packets against traffic analysis.
#include "protocol/esp/outer.hpp"
#include "tests/protocol/esp_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::esp;
using namespace ikelab::test;

namespace {

Bytes inner4(std::size_t data = 32, std::uint8_t tos = 0, bool df = false) {
  Bytes packet = inner_packet(data);
  packet[1] = tos;
  packet[6] = df ? 0x40 : 0;
  return packet;
}
Bytes inner6(std::size_t data = 32) {
  return ipv6_packet(17, "2001:db8:1::1", "2001:db8:2::2", udp(4000, 5000, data));
}

/// An SA for everything, between two IPv4 or IPv6 addresses.
SaParameters sa_for_all(std::uint32_t spi, bool outer_v6) {
  auto sa = sa_between(spi, suite_of("aes128gcm16"));
  sa.ts_src = {subnet("10.1.0.0", "10.1.0.255"), subnet("2001:db8:1::", "2001:db8:1::ffff")};
  sa.ts_dst = {subnet("10.2.0.0", "10.2.0.255"), subnet("2001:db8:2::", "2001:db8:2::ffff")};
  if (outer_v6) {
    sa.src = *IpAddress::parse("2001:db8:a::1");
    sa.dst = *IpAddress::parse("2001:db8:b::1");
  }
  return sa;
}

struct Modes : EspPair {
  explicit Modes(bool outer_v6 = false, bool transport = false, policy::ChildConfig::Copy copy = {},
                 std::uint32_t tfc = 0) {
    for (bool inbound : {false, true}) {
      auto sa = sa_for_all(0x1001, outer_v6);
      sa.transport = transport;
      sa.copy = copy;
      sa.tfc_padding = tfc;
      (inbound ? b : a).apply(InstallSa{inbound, std::move(sa)});
    }
  }
  /// What b makes of a's packet when the network changed the traffic class of its outer header.
  Result<Opened> carried(const Bytes& inner, std::optional<std::uint8_t> marked = {}) {
    auto sealed = a.seal(inner).value();
    if (marked) set_traffic_class(sealed.header, *marked);
    return b.open(sealed.packet, sealed.header);
  }
};

bool checksum_holds(ByteView ipv4) {
  return internet_checksum(ipv4.first(4U * (ipv4[0] & 15U))) == 0;
}

}  // namespace

TEST_CASE("tunnel mode: either IP in either", "[esp][modes]") {
  for (const bool outer_v6 : {false, true}) {
    Modes pair(outer_v6);
    for (const Bytes& inner : {inner4(), inner6()}) {
      const auto sealed = pair.a.seal(inner).value();
      const auto header = read_ip_header(sealed.header).value();
      CHECK(header.src == sealed.src);
      CHECK(header.dst == sealed.dst);
      CHECK(header.src.is_v6() == outer_v6);
      CHECK(header.protocol == 50);
      CHECK(header.hop_limit == 64);
      if (!outer_v6) CHECK(checksum_holds(sealed.header));
      const auto opened = pair.b.open(sealed.packet, sealed.header);
      REQUIRE(opened.ok());
      CHECK(opened->inner == inner);
    }
  }
}

TEST_CASE("transport mode keeps the packet's own header", "[esp][modes]") {
  Modes pair(false, true);
  Bytes with_options = ipv4_packet(17, "10.1.0.10", "10.2.0.10", udp(4000, 5000, 9));
  with_options[0] = 0x46;
  with_options.insert(with_options.begin() + 20, {0x01, 0x01, 0x01, 0x00});
  with_options[3] = static_cast<std::uint8_t>(with_options.size());
  for (Bytes inner : {inner4(40, 0x28, true), inner6(), with_options}) {
    const bool v4 = inner[0] >> 4 == 4;
    const auto sealed = pair.a.seal(inner).value();
    const auto header = read_ip_header(sealed.header).value();
    CHECK(header.src.to_string() == (v4 ? "10.1.0.10" : "2001:db8:1::1"));
    CHECK(sealed.src == header.src);
    CHECK(header.protocol == 50);
    CHECK(header.dont_fragment == (inner[6] == 0x40));
    if (v4) CHECK(checksum_holds(sealed.header));
    const auto opened = pair.b.open(sealed.packet, sealed.header);
    REQUIRE(opened.ok());
    if (v4) {
      CHECK(checksum_holds(opened->inner));
      inner[10] = opened->inner[10];  // the test's own packets bear no checksum
      inner[11] = opened->inner[11];
    }
    CHECK(opened->inner == inner);
  }
  const auto sealed = pair.a.seal(inner4()).value();
  CHECK(pair.b.open(sealed.packet).error().code == "E-ESP-POLICY");  // who sent it?
}

TEST_CASE("transport mode takes no fragments, tunnel mode does", "[esp][modes]") {
  Bytes fragment = inner4();
  fragment[6] = 0x20;  // more fragments
  Modes transport(false, true), tunnel;
  CHECK(transport.a.seal(fragment).error().code == "E-ESP-FRAGMENT");
  CHECK(tunnel.carried(fragment).value().inner == fragment);
  auto sealed = tunnel.a.seal(inner4()).value();
  sealed.header[6] = 0x20;
  CHECK(tunnel.b.open(sealed.packet, sealed.header).error().code == "E-ESP-FRAGMENT");
}

TEST_CASE("congestion marks: RFC 6040's table", "[esp][modes]") {
  // rows: inner Not-ECT, ECT(1), ECT(0), CE; columns: outer the same; 9: dropped
  constexpr int expected[4][4] = {{0, 0, 0, 9}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};
  for (std::uint8_t inner = 0; inner < 4; ++inner)
    for (std::uint8_t outer = 0; outer < 4; ++outer) {
      INFO("inner " << int(inner) << ", outer " << int(outer));
      Modes pair;
      const auto opened = pair.carried(inner4(8, static_cast<std::uint8_t>(0x28 | inner)), outer);
      if (expected[inner][outer] == 9) {
        CHECK(opened.error().code == "E-ESP-ECN");
        continue;
      }
      REQUIRE(opened.ok());
      CHECK(opened->inner[1] == (0x28 | expected[inner][outer]));  // the DSCP stays
      if (opened->inner[1] != (0x28 | inner)) CHECK(checksum_holds(opened->inner));
    }
}

TEST_CASE("congestion marks cross into the outer header, on SAs that IKE made", "[esp][modes]") {
  Pair pair(site_a(), site_b());
  REQUIRE(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
  pair.settle();
  //= rfc7296#2.24 "tunnel encapsulators and decapsulators for all tunnel mode SAs created by IKEv2
  //= MUST support the ECN full-functionality option for tunnels specified in [ECN] and MUST
  //= implement the tunnel encapsulation and decapsulation processing specified in [IPSECARCH] to
  //= prevent discarding of ECN congestion indications."
  for (const auto* sad : {&pair.a.outbound, &pair.b.inbound}) {
    REQUIRE(sad->size() == 1);
    CHECK(sad->begin()->second.copy.ecn);
    CHECK_FALSE(sad->begin()->second.transport);
  }
  for (std::uint8_t ecn = 0; ecn < 4; ++ecn) {
    Modes modes(false, false, pair.a.outbound.begin()->second.copy);
    CHECK((modes.a.seal(inner4(8, ecn)).value().header[1] & 3) == ecn);
    // Congestion that the network met on the way reaches the receiver, if it can be told.
    const auto met = modes.carried(inner4(8, ecn), 3);
    CHECK(met.ok() == (ecn != 0));
    if (met) CHECK((met->inner[1] & 3) == 3);
  }
}

TEST_CASE("with NAT traversal an SA takes ESP in UDP and bare, at any time", "[esp][modes]") {
  Modes pair;
  for (const bool inbound : {false, true}) {
    auto encapsulated = sa_for_all(0x2002, false);
    encapsulated.udp = UdpPorts{4500, 4500};
    (inbound ? pair.b : pair.a).apply(InstallSa{inbound, std::move(encapsulated)});
  }
  //= rfc7296#2.23 "all devices MUST be able to receive and process both UDP-encapsulated ESP and
  //= non-UDP-encapsulated ESP packets at any time."
  const Bytes none;
  for (const bool bare : {false, true, false}) {
    const auto sealed = pair.a.seal(inner4()).value();
    REQUIRE(sealed.spi == EspSpi{0x2002});
    REQUIRE(sealed.udp.has_value());
    // In UDP the host takes IP and UDP headers off; bare, the IP header says protocol 50.
    Bytes header = bare ? ipv4_packet(50, "192.0.2.1", "192.0.2.2", sealed.packet) : none;
    header.resize(std::min<std::size_t>(header.size(), 20));
    const auto opened = pair.b.open(sealed.packet, header);
    REQUIRE(opened.ok());
    CHECK(opened->inner == inner4());
  }
  // and an SA without it takes what came in UDP
  const auto sealed = Modes().a.seal(inner4()).value();
  CHECK(Modes().b.open(sealed.packet).ok());
}

TEST_CASE("what is copied between the headers is configured", "[esp][modes]") {
  const auto outer_of = [](policy::ChildConfig::Copy copy, std::uint8_t inner) {
    Modes pair(false, false, copy);
    return int(pair.a.seal(inner4(8, inner)).value().header[1]);
  };
  policy::ChildConfig::Copy nothing;
  nothing.dscp_out = nothing.ecn = false;
  CHECK(outer_of({}, 0xba) == 0xba);
  CHECK(outer_of(nothing, 0xbb) == 0);
  policy::ChildConfig::Copy both;
  both.dscp_in = true;
  CHECK(Modes(false, false, both).carried(inner4(8, 0x28), 0x48).value().inner[1] == 0x48);
  CHECK(Modes(false, false, nothing).carried(inner4(8, 0x28), 0x4b).value().inner[1] == 0x28);
  Modes v6(true);
  auto sealed = v6.a.seal(inner4(8, 0xba)).value();
  CHECK(read_ip_header(sealed.header)->traffic_class == 0xba);

  const auto df_of = [](policy::Df df, bool inner) {
    policy::ChildConfig::Copy copy;
    copy.df = df;
    Modes pair(false, false, copy);
    return read_ip_header(pair.a.seal(inner4(8, 0, inner)).value().header)->dont_fragment;
  };
  CHECK(df_of(policy::Df::copy, true));
  CHECK_FALSE(df_of(policy::Df::copy, false));
  CHECK_FALSE(df_of(policy::Df::clear, true));
  CHECK(df_of(policy::Df::set, false));
}

TEST_CASE("path MTU: too big is refused or left to be fragmented, and ICMP is believed with care",
          "[esp][modes]") {
  Modes pair;
  pair.a.set_link_mtu(1500);
  const std::uint32_t fits = pair.a.mtu_for(inner4());
  CHECK(fits == 1446);  // 1500 - 20 IP - 8 ESP - 8 IV - 16 ICV, to a multiple of 4 with trailer 2
  const auto of_size = [](std::uint32_t octets, bool df) { return inner4(octets - 28, 0, df); };
  CHECK(pair.a.seal(of_size(fits, true)).value().packet.size() + 20 <= 1500);
  CHECK(pair.a.seal(of_size(fits + 1, true)).error().code == "E-ESP-TOO-BIG");
  CHECK(pair.a.seal(inner6(1446 - 48)).ok());
  CHECK(pair.a.seal(inner6(1446 - 47)).error().code == "E-ESP-TOO-BIG");
  const auto large = pair.a.seal(of_size(fits + 1, false)).value();
  CHECK_FALSE(large.dont_fragment);  // the host fragments it

  // A router with a smaller link says so, quoting our packet.
  auto sent = pair.a.seal(of_size(1400, true)).value();
  const auto icmp_about = [](Sealed packet, std::uint32_t mtu) {
    const Bytes outer = concat({packet.header, packet.packet});
    return packet_too_big(outer, mtu, *IpAddress::parse("203.0.113.1")).value();
  };
  const Bytes told = icmp_about(sent, 1000);
  CHECK(checksum_holds(told));
  CHECK(internet_checksum(ByteView(told).subspan(20)) == 0);
  CHECK(pair.a.handle_icmp(ByteView(told).subspan(20), false));
  CHECK(pair.a.mtu_for(inner4()) == 946);
  CHECK(pair.a.seal(of_size(947, true)).error().code == "E-ESP-TOO-BIG");
  // Larger does not grow it, tiny does not throttle it, and what was never sent is no proof.
  CHECK(pair.a.handle_icmp(ByteView(icmp_about(sent, 1400)).subspan(20), false));
  CHECK(pair.a.mtu_for(inner4()) == 946);
  Sealed forged = sent;
  forged.packet[7] = static_cast<std::uint8_t>(forged.packet[7] + 9);
  CHECK_FALSE(pair.a.handle_icmp(ByteView(icmp_about(forged, 600)).subspan(20), false));
  forged = sent;
  forged.packet[3] ^= 1;  // another SPI
  CHECK_FALSE(pair.a.handle_icmp(ByteView(icmp_about(forged, 600)).subspan(20), false));
  CHECK_FALSE(pair.a.handle_icmp(hex("0304000000000000"), false));
  CHECK(pair.a.handle_icmp(ByteView(icmp_about(sent, 68)).subspan(20), false));
  CHECK(pair.a.mtu_for(inner4()) == 522);  // 576 is the least
  pair.a.set_now(Instant{path_mtu_time.count()});
  CHECK(pair.a.mtu_for(inner4()) == 1446);  // it is forgotten, and may be learned anew
}

TEST_CASE("ICMP errors for the source of what does not pass", "[esp][modes]") {
  const Bytes v6 = packet_too_big(inner6(1300), 1280, *IpAddress::parse("2001:db8:1::fe")).value();
  CHECK(v6.size() == 1280);
  const auto read = read_too_big(ByteView(v6).subspan(40), true);
  REQUIRE(read);
  CHECK(read->mtu == 1280);
  std::uint32_t pseudo = 58 + 1240;
  for (std::size_t i = 8; i < 40; i += 2)
    pseudo += static_cast<std::uint32_t>(v6[i] << 8 | v6[i + 1]);
  CHECK(internet_checksum(ByteView(v6).subspan(40), pseudo) == 0);
  // No error about an error, none about a later fragment.
  const auto gateway = *IpAddress::parse("10.1.0.1");
  CHECK_FALSE(packet_too_big(ipv4_packet(1, "10.1.0.10", "10.2.0.10", hex("0301000000000000")),
                             1000, gateway));
  CHECK(packet_too_big(ipv4_packet(1, "10.1.0.10", "10.2.0.10", hex("0800000000000000")), 1000,
                       gateway));
  Bytes later = inner4();
  later[7] = 9;
  CHECK_FALSE(packet_too_big(later, 1000, gateway));
}

TEST_CASE("traffic flow confidentiality: one size fits all", "[esp][modes]") {
  Modes fixed(false, false, {}, 600);
  const std::size_t size = fixed.a.seal(inner4(1)).value().packet.size();
  for (const std::size_t data : {2UL, 100UL, 500UL})
    CHECK(fixed.a.seal(inner4(data)).value().packet.size() == size);
  CHECK(fixed.carried(inner4(77)).value().inner == inner4(77));
  CHECK(fixed.carried(inner6(77)).value().inner == inner6(77));
  CHECK(fixed.a.seal(inner4(900)).value().packet.size() > size);  // larger than the padding
  Modes full(false, false, {}, policy::ChildConfig::tfc_mtu);
  full.a.set_link_mtu(1400);
  for (const std::size_t data : {2UL, 100UL, 1000UL}) {
    const auto sealed = full.a.seal(inner4(data)).value();
    CHECK(sealed.header.size() + sealed.packet.size() == 1400);
  }
  Modes transport(false, true, {}, 600);
  CHECK(transport.a.seal(inner4(1)).value().packet.size() < 100);  // there it could not be found
}

TEST_CASE("dummy packets are made, and thrown away", "[esp][modes]") {
  Modes pair;
  const auto dummy = pair.a.dummy("net", 333).value();
  CHECK(pair.b.open(dummy.packet, dummy.header).error().code == "E-ESP-DUMMY");
  CHECK(pair.b.open(dummy.packet, dummy.header).error().code == "E-ESP-REPLAY");
  CHECK(pair.a.seal(inner4()).value().sequence == 2);
  CHECK(pair.a.dummy("other", 333).error().code == "E-ESP-NO-SA");
}

TEST_CASE("sequence numbers that run out ask for a rekey, and end", "[esp]") {
  EspPair pair;
  auto sa = sa_between(0x1001, suite_of("aes128gcm16"));
  sa.last_sequence = 0xefff'fffe;
  sa.pair = EspSpi{0x2002};
  pair.a.apply(InstallSa{false, std::move(sa)});
  CHECK(pair.a.seal(inner_packet()).ok());
  CHECK_FALSE(pair.a.poll_wish());
  for (int i = 0; i < 5; ++i) CHECK(pair.a.seal(inner_packet()).ok());
  const auto wish = pair.a.poll_wish();
  REQUIRE(wish);
  CHECK(wish->kind == Wish::Kind::rekey);
  CHECK(wish->child == "net");
  CHECK(wish->spi_in == EspSpi{0x2002});
  CHECK_FALSE(pair.a.poll_wish());
}

TEST_CASE("transport mode is agreed on, or tunnel mode is used", "[esp][pair]") {
  const auto mode_of = [](bool a_wants, bool b_wants) {
    auto a = site_a(), b = site_b();
    const auto transport = policy::ChildMode::transport;
    if (a_wants) a.connections[0].children[0].mode = transport;
    if (b_wants) b.connections[0].children[0].mode = transport;
    a.connections[0].children[0].tfc_padding = 500;
    Pair pair(std::move(a), std::move(b));
    REQUIRE(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
    pair.drive();
    CHECK(pair.consistent());
    REQUIRE(pair.command(pair.b, ikev2::RekeyChild{"net"}).ok());  // and a rekey keeps it
    pair.drive(5s);
    REQUIRE(pair.a.outbound.size() == 1);
    REQUIRE(pair.b.inbound.size() == 1);
    const auto& out = pair.a.outbound.begin()->second;
    CHECK(out.transport == pair.b.inbound.begin()->second.transport);
    CHECK(out.tfc_padding == (out.transport ? 0U : 500U));
    CHECK(out.pair == pair.a.inbound.begin()->first);
    return out.transport;
  };
  CHECK(mode_of(true, true));
  CHECK_FALSE(mode_of(true, false));
  CHECK_FALSE(mode_of(false, true));
  CHECK_FALSE(mode_of(false, false));
}
