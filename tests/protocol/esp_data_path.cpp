// The data path: what one node seals the other opens, SPD and SAD look-ups, and every way a packet
// is refused.
#include <fmt/format.h>

#include "tests/protocol/esp_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::esp;
using namespace ikelab::test;

namespace {

struct NamedSuite {
  const char* encr;
  const char* integ;
};
constexpr NamedSuite suites[] = {
    {"aes128gcm16", ""},     {"aes256gcm16", ""},  {"chacha20poly1305", ""}, {"aes128", "sha256"},
    {"aes256", "sha384"},    {"aes256", "sha512"}, {"aes128gcm8", ""},       {"aes192gcm12", ""},
    {"aes128ccm16", ""},     {"aes192ccm12", ""},  {"aes256ccm8", ""},       {"aes256gmac", ""},
    {"aes128ctr", "sha256"}, {"null", "sha256"},   {"aes128", "sha1"}};

}  // namespace

TEST_CASE("what one node seals the other opens, at every size, with every suite", "[esp]") {
  for (const auto& [encr, integ] : suites) {
    INFO(encr << " " << integ);
    EspPair pair;
    const auto suite = suite_of(encr, integ);
    pair.install(sa_between, 0x1001, suite);
    for (std::size_t data = 0; data < 70; ++data) {
      const Bytes inner = inner_packet(data);
      const auto sealed = pair.a.seal(inner);
      REQUIRE(sealed.ok());
      CHECK(sealed->sequence == data + 1);
      CHECK(sealed->src.to_string() == "192.0.2.1");
      CHECK(sealed->dst.to_string() == "192.0.2.2");
      CHECK(sealed->packet.size() % 4 == 0);
      const auto opened = pair.b.open(sealed->packet);
      REQUIRE(opened.ok());
      CHECK(opened->inner == inner);
      CHECK(opened->spi == EspSpi{0x1001});
      CHECK(opened->sequence == data + 1);
      CHECK(opened->child == "net");
    }
  }
}

TEST_CASE("IPv6 travels under next header 41", "[esp]") {
  EspPair pair;
  const auto make = [](std::uint32_t spi, const policy::Suite& suite, std::uint32_t window) {
    auto sa = sa_between(spi, suite, window);
    sa.ts_src = {subnet("2001:db8:1::", "2001:db8:1::ffff")};
    sa.ts_dst = {subnet("2001:db8:2::", "2001:db8:2::ffff")};
    return sa;
  };
  pair.install(make, 0x6006, suite_of("aes128gcm16"));
  const Bytes inner = ipv6_packet(17, "2001:db8:1::1", "2001:db8:2::2", udp(1, 2, 20));
  const auto opened = pair.b.open(pair.sealed(inner));
  REQUIRE(opened.ok());
  CHECK(opened->inner == inner);
}

TEST_CASE("an AEAD never repeats an IV, CBC takes it from the rng", "[esp]") {
  EspPair gcm, cbc;
  gcm.install(sa_between, 1000, suite_of("aes128gcm16"));
  cbc.install(sa_between, 1000, suite_of("aes128", "sha256"));
  CHECK(to_hex(ByteView(gcm.sealed()).subspan(8, 8)) == "0000000000000001");
  CHECK(to_hex(ByteView(gcm.sealed()).subspan(8, 8)) == "0000000000000002");
  CHECK(to_hex(ByteView(cbc.sealed()).subspan(8, 16)) == "000102030405060708090a0b0c0d0e0f");
  CHECK(to_hex(ByteView(cbc.sealed()).subspan(8, 16)) == "101112131415161718191a1b1c1d1e1f");
}

TEST_CASE("the SPD: protect, discard while trapped, bypass the rest", "[esp]") {
  EspPair pair;
  const Bytes inside = inner_packet(),
              other = ipv4_packet(17, "10.1.0.10", "10.3.0.10", udp(1, 2, 3));
  CHECK(pair.a.lookup(inside) == Verdict::bypass);
  CHECK(pair.a.seal(inside).error().code == "E-ESP-NO-SA");
  pair.a.require({subnet("10.1.0.0", "10.1.0.255")}, {subnet("10.2.0.0", "10.2.0.255")});
  CHECK(pair.a.lookup(inside) == Verdict::discard);
  CHECK(pair.a.lookup(other) == Verdict::bypass);
  pair.install(sa_between, 0x1001, suite_of("aes128gcm16"));
  CHECK(pair.a.lookup(inside) == Verdict::protect);
  CHECK(pair.a.lookup(other) == Verdict::bypass);
  CHECK(pair.a.lookup(hex("45")) == Verdict::discard);  // unreadable
  pair.a.apply(RemoveSa{false, EspSpi{0x1001}});
  CHECK(pair.a.lookup(inside) == Verdict::discard);  // the trap stays
  CHECK(pair.a.size() == 0);
  pair.b.apply(RemoveSa{true, EspSpi{0x1001}});
  CHECK(pair.b.size() == 0);
}

TEST_CASE("inbound packets in the clear that policy protects are discarded", "[esp]") {
  EspPair pair;
  CHECK(pair.b.inbound_clear(inner_packet()) == Verdict::bypass);
  pair.install(sa_between, 0x1001, suite_of("aes128gcm16"));
  CHECK(pair.b.inbound_clear(inner_packet()) == Verdict::discard);
  CHECK(pair.b.inbound_clear(ipv4_packet(17, "10.9.0.1", "10.2.0.10", udp(1, 2, 3))) ==
        Verdict::bypass);
  DataPath trapped(*pair.provider, pair.rng);
  trapped.require({subnet("10.2.0.0", "10.2.0.255")}, {subnet("10.1.0.0", "10.1.0.255")});
  CHECK(trapped.inbound_clear(inner_packet()) == Verdict::discard);
}

TEST_CASE("the newest outbound SA that matches is used; the old one still opens", "[esp]") {
  EspPair pair;
  pair.install(sa_between, 0x1001, suite_of("aes128gcm16"));
  const Bytes old_packet = pair.sealed();
  pair.install(sa_between, 0x1002, suite_of("aes256gcm16"));  // a rekey: both stand for a while
  CHECK(header_of(pair.sealed())->spi == EspSpi{0x1002});
  CHECK(pair.code_of(old_packet).empty());
  CHECK(pair.b.size() == 2);
  pair.b.apply(RemoveSa{true, EspSpi{0x1001}});
  CHECK(pair.code_of(old_packet) == "E-ESP-NO-SA");
}

TEST_CASE("what a rekey replaced opens late packets for a while, and demands nothing any more",
          "[esp]") {
  EspPair pair;
  pair.b.set_now(Instant{0});
  pair.install(sa_between, 0x1001, suite_of("aes128gcm16"));
  const Bytes late = pair.sealed(), later = pair.sealed(), too_late = pair.sealed();
  const RemoveSa superseded{true, EspSpi{0x1001}, {}, true};
  pair.b.apply(superseded);
  CHECK(pair.code_of(late).empty());
  CHECK(pair.code_of(late) == "E-ESP-REPLAY");  // its window is still there
  CHECK(pair.b.inbound_clear(inner_packet()) == Verdict::bypass);
  pair.b.set_now(Instant{overlap_time.count() - 1});
  CHECK(pair.code_of(later).empty());
  pair.b.set_now(Instant{overlap_time.count()});
  CHECK(pair.code_of(too_late) == "E-ESP-NO-SA");
  CHECK(pair.b.size() == 0);
  // an SA that somebody deleted ends at once, a retired one too
  pair.install(sa_between, 0x1002, suite_of("aes128gcm16"));
  const Bytes packet = pair.sealed();
  pair.b.apply(RemoveSa{true, EspSpi{0x1002}, {}, true});
  pair.b.apply(RemoveSa{true, EspSpi{0x1002}});
  CHECK(pair.code_of(packet) == "E-ESP-NO-SA");
}

TEST_CASE("a remembered decision about a flow ends with what it stood on", "[esp]") {
  EspPair pair;
  pair.install(sa_between, 0x1001, suite_of("aes128gcm16"));
  CHECK(header_of(pair.sealed())->spi == EspSpi{0x1001});
  CHECK(header_of(pair.sealed())->spi == EspSpi{0x1001});
  pair.install(sa_between, 0x1002, suite_of("aes128gcm16"));
  CHECK(header_of(pair.sealed())->spi == EspSpi{0x1002});
  pair.a.apply(RemoveSa{false, EspSpi{0x1002}});
  CHECK(header_of(pair.sealed())->spi == EspSpi{0x1001});
  Policy drop;
  drop.action = Action::discard;
  drop.selectors = {{subnet("10.1.0.0", "10.1.0.255")}, {subnet("10.2.0.0", "10.2.0.255")}};
  pair.a.add_policy(drop);
  CHECK(pair.a.lookup(inner_packet()) == Verdict::discard);
  // flows that differ in a port only are other flows
  const Bytes other = ipv4_packet(17, "10.1.0.10", "10.3.0.10", udp(4000, 5000, 3));
  CHECK(pair.a.lookup(other) == Verdict::bypass);
}

TEST_CASE("overlapping children: the packet goes to one whose selectors fit", "[esp]") {
  EspPair pair;
  pair.install(sa_between, 0x1001, suite_of("aes128gcm16"));
  const auto web_only = [](std::uint32_t spi, const policy::Suite& suite, std::uint32_t window) {
    auto sa = sa_between(spi, suite, window);
    sa.ts_dst[0].protocol = 17;
    sa.ts_dst[0].start_port = sa.ts_dst[0].end_port = 80;
    return sa;
  };
  pair.install(web_only, 0x1002, suite_of("aes128gcm16"));
  CHECK(header_of(pair.sealed(ipv4_packet(17, "10.1.0.10", "10.2.0.10", udp(4000, 80, 5))))->spi ==
        EspSpi{0x1002});
  CHECK(header_of(pair.sealed(ipv4_packet(17, "10.1.0.10", "10.2.0.10", udp(4000, 81, 5))))->spi ==
        EspSpi{0x1001});
}

//= rfc4303#3.4.3 "The receive window is updated only if the integrity verification succeeds."
TEST_CASE("a replayed, an old and a forged packet are refused, and a forgery moves nothing",
          "[esp]") {
  for (const auto& [encr, integ] : suites) {
    INFO(encr << " " << integ);
    EspPair pair;
    pair.install(sa_between, 0x1001, suite_of(encr, integ));
    std::vector<Bytes> packets;
    for (int i = 0; i < 70; ++i) packets.push_back(pair.sealed());
    CHECK(pair.code_of(packets[1]).empty());
    CHECK(pair.code_of(packets[1]) == "E-ESP-REPLAY");
    CHECK(pair.code_of(packets[0]).empty());  // late but fresh
    Bytes far_ahead = packets[2];
    far_ahead[4] = 0xff;  // sequence 0xff000003, ICV now wrong
    CHECK(pair.code_of(far_ahead) == "E-ESP-ICV");
    CHECK(pair.code_of(packets[2]).empty());  // the window did not follow the forgery
    CHECK(pair.code_of(packets[69]).empty());
    CHECK(pair.code_of(packets[5]) == "E-ESP-REPLAY");  // 6: left of 70 - 63 = 7
    CHECK(pair.b.open(packets[5]).error().message.find("left of the window") != std::string::npos);
    CHECK(pair.code_of(packets[6]).empty());
  }
}

TEST_CASE("with the window off a replay is opened again", "[esp]") {
  EspPair pair;
  pair.install(sa_between, 0x1001, suite_of("aes128gcm16"), 0);
  const Bytes packet = pair.sealed();
  CHECK(pair.code_of(packet).empty());
  CHECK(pair.code_of(packet).empty());
}

TEST_CASE("any flipped bit and any truncation is refused", "[esp]") {
  for (const auto& [encr, integ] : suites) {
    INFO(encr << " " << integ);
    EspPair pair;
    pair.install(sa_between, 0x1001, suite_of(encr, integ));
    const Bytes packet = pair.sealed();
    for (std::size_t bit = 0; bit < 8 * packet.size(); ++bit) {
      Bytes flipped = packet;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      const std::string expected = bit < 32    ? "E-ESP-NO-SA"
                                   : bit == 56 ? "E-ESP-REPLAY"
                                               : "E-ESP-ICV";  // 56: sequence 1 becomes 0
      const std::string code = pair.code_of(flipped);
      if (code != expected) FAIL("bit " << bit << ": " << code);
    }
    for (std::size_t size = 0; size < packet.size(); ++size)
      if (pair.code_of(ByteView(packet).first(size)).empty())
        FAIL("opened after " << size << " octets");
    CHECK(pair.code_of(ByteView(packet).first(7)) == "E-ESP-SHORT");
    CHECK(pair.code_of(ByteView(packet).first(20)) == "E-ESP-SHORT");
    CHECK(pair.code_of(packet).empty());  // and after all that it still opens
  }
}

TEST_CASE("random octets are refused, whatever SPI they bear", "[esp]") {
  EspPair pair;
  pair.install(sa_between, 0x1001, suite_of("aes128gcm16"));
  pair.install(sa_between, 0x1002, suite_of("aes128", "sha256"));
  const auto rng = crypto::seeded_rng(7, "test")->stream("esp");
  for (int i = 0; i < 5000; ++i) {
    Bytes octets = rng->bytes(rng->below(200));
    if (i % 3 != 0 && octets.size() >= 4) {
      const Bytes spi = hex(i % 3 == 1 ? "00001001" : "00001002");
      std::ranges::copy(spi, octets.begin());
    }
    if (pair.code_of(octets).empty()) FAIL("opened random octets " << to_hex(octets));
  }
}

TEST_CASE("a packet that the SA was not negotiated for is refused after decryption", "[esp]") {
  EspPair pair;
  pair.install(sa_between, 0x1001, suite_of("aes128gcm16"));
  const auto sealed = [&](std::uint64_t sequence, const Bytes& inner, std::uint8_t next_header) {
    const auto sa = sa_between(0x1001, suite_of("aes128gcm16"));
    Bytes iv(8, 0x77);
    iv[7] = static_cast<std::uint8_t>(sequence);
    return std::move(seal_packet(*pair.provider, sa, sequence, iv, inner, next_header)).value();
  };
  CHECK(pair.code_of(sealed(1, ipv4_packet(17, "10.1.0.10", "10.9.0.10", udp(1, 2, 3)), 4)) ==
        "E-ESP-POLICY");                                                 // wrong selector
  CHECK(pair.code_of(sealed(2, inner_packet(), 6)) == "E-ESP-POLICY");   // transport mode inside
  CHECK(pair.code_of(sealed(3, inner_packet(), 41)) == "E-ESP-POLICY");  // says IPv6, is IPv4
  CHECK(pair.code_of(sealed(4, hex("45"), 4)) == "E-ESP-POLICY");        // no packet
  CHECK(pair.code_of(sealed(5, Bytes(40, 0), 59)) == "E-ESP-DUMMY");
  Bytes longer = inner_packet();
  longer.resize(longer.size() + 13, 0xee);  // traffic flow confidentiality padding
  const auto opened = pair.b.open(sealed(6, longer, 4));
  REQUIRE(opened.ok());
  CHECK(opened->inner == inner_packet());
}

TEST_CASE("padding must count 1, 2, 3", "[esp]") {
  const auto stripped = [](const char* decrypted) {
    Bytes octets = hex(decrypted);
    const auto next_header = strip_padding(octets);
    return next_header.ok() ? fmt::format("{} {}", *next_header, to_hex(octets))
                            : next_header.error().code;
  };
  CHECK(stripped("aabb 010203 03 04") == "4 aabb");
  CHECK(stripped("00 04") == "4 ");
  CHECK(stripped("aabb 010204 03 04") == "E-ESP-PAD");
  CHECK(stripped("aabb 000000 03 04") == "E-ESP-PAD");
  CHECK(stripped("aabb 010203 06 04") == "E-ESP-PAD");
  CHECK(stripped("04") == "E-ESP-PAD");
  CHECK(stripped("") == "E-ESP-PAD");
}

//= rfc4303#3.3.3 "the sender MUST NOT send a packet on an SA if doing so would cause the sequence
//= number to cycle"
TEST_CASE("an SA that used its last number sends no more", "[esp]") {
  EspPair pair;
  auto sa = sa_between(0x1001, suite_of("aes128gcm16"));
  sa.last_sequence = 0xffff'fffe;
  pair.a.apply(InstallSa{false, std::move(sa)});
  CHECK(pair.a.seal(inner_packet())->sequence == 0xffff'ffff);
  CHECK(pair.a.seal(inner_packet()).error().code == "E-ESP-SEQ");
}

TEST_CASE("extended sequence numbers carry on past 32 bits", "[esp]") {
  for (const auto& [encr, integ] : suites) {
    INFO(encr << " " << integ);
    EspPair pair;
    auto suite = suite_of(encr, integ);
    suite.esn = true;
    auto out = sa_between(0x1001, suite);
    out.last_sequence = 0xffff'fffd;
    pair.a.apply(InstallSa{false, std::move(out)});
    pair.b.apply(InstallSa{true, sa_between(0x1001, suite)});
    std::vector<Bytes> packets;
    for (int i = 0; i < 4; ++i) packets.push_back(pair.sealed());
    CHECK(header_of(packets[2])->sequence == 0);
    for (const Bytes& packet : packets) CHECK(pair.code_of(packet).empty());
    CHECK(pair.code_of(packets[1]) == "E-ESP-REPLAY");  // the epoch before, still inside the window
  }
}

TEST_CASE("a packet in one line", "[esp]") {
  CHECK(summarize_packet(ipv4_packet(1, "10.1.0.10", "10.2.0.10", hex("0800000000010001"))) ==
        "ICMP echo request 10.1.0.10 > 10.2.0.10");
  CHECK(summarize_packet(inner_packet(12)) == "UDP 10.1.0.10:4000 > 10.2.0.10:5000 12 octets");
  const Bytes tcp = hex("c0010050 00000000 00000000 5012 0000 00000000 aabbcc");
  CHECK(summarize_packet(ipv4_packet(6, "10.1.0.10", "10.2.0.10", tcp)) ==
        "TCP 10.1.0.10:49153 > 10.2.0.10:80 [SYN,ACK] 3 octets");
  CHECK(summarize_packet(ipv6_packet(58, "2001:db8::1", "2001:db8::2", hex("8100"))) ==
        "ICMPv6 echo reply 2001:db8::1 > 2001:db8::2");
  CHECK(summarize_packet(ipv4_packet(89, "10.1.0.10", "10.2.0.10", hex("00"))) ==
        "IP protocol 89 10.1.0.10 > 10.2.0.10 1 octets");
  CHECK(summarize_packet({}) == "0 octets that are no IP packet");
  const Bytes whole = inner_packet(12);
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(summarize_packet(ByteView(whole).first(size)).empty());
}
