#include "tests/protocol/wire_samples.hpp"

using namespace ikelab;
using namespace ikelab::wire;
using namespace ikelab::wire::samples;

namespace {

// RFC 7634, appendix A: the ESP packet behind its outer IPv4 header of 20 octets, and what it
// decrypts to.
Bytes esp_packet() {
  return hex(
      "0102030400000005101112131415161724039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407a"
      "e5c614ee8099"
      "d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165"
      "b82829f641e0"
      "76aaa8266b7fb0f7b11b369907e1ad43");
}
Bytes esp_plain() {
  return hex(
      "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f1011"
      "1213141516171819"
      "1a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204");
}

std::string value(const Field& root, const char* name) {
  const Field* field = find_field(root, name);
  return field ? field->value : "no such field";
}

}  // namespace

TEST_CASE("esp: the packet of RFC 7634, appendix A", "[wire]") {
  const PacketDissection d = dissect_esp(esp_packet(), CipherHint{8, 16});
  CHECK(d.diagnostics.empty());
  CHECK(covers(d.root, esp_packet().size()));
  CHECK(value(d.root, "Security Parameters Index (SPI)") == "01020304");
  CHECK(value(d.root, "Sequence Number") == "5");
  CHECK(value(d.root, "Initialization Vector") == "1011121314151617");
  CHECK(value(d.root, "Integrity Check Value") == "76aaa8266b7fb0f7b11b369907e1ad43");
  CHECK(covers(dissect_esp(esp_packet()).root, esp_packet().size()));
}

TEST_CASE("esp: what was inside", "[wire]") {
  const PacketDissection d = dissect_esp_plain(esp_plain());
  CHECK(d.diagnostics.empty());
  CHECK(covers(d.root, esp_plain().size()));
  CHECK(value(d.root, "Source Address") == "198.51.100.5");
  CHECK(value(d.root, "Destination Address") == "192.0.2.5");
  CHECK(value(d.root, "ICMP message") == "echo request");
  CHECK(value(d.root, "Padding") == "0102");
  CHECK(value(d.root, "Pad Length") == "2");
  CHECK(value(d.root, "Next Header") == "4 (IPv4)");
}

TEST_CASE("esp: broken packets are covered and remarked", "[wire]") {
  const auto code = [](const PacketDissection& d, std::size_t size) {
    CHECK(covers(d.root, size));
    return d.diagnostics.empty() ? std::string() : d.diagnostics[0].code;
  };
  CHECK(code(dissect_esp(hex("01020304000000")), 7) == "E-WIRE-080");
  CHECK(code(dissect_esp(hex("0000000000000001aa")), 9) == "E-WIRE-081");
  CHECK(code(dissect_esp(hex("0102030400000001aabb"), CipherHint{8, 16}), 10) == "E-WIRE-070");
  CHECK(code(dissect_esp_plain(hex("04")), 1) == "E-WIRE-082");
  CHECK(code(dissect_esp_plain(hex("01020304")), 4) == "E-WIRE-082");
  CHECK(code(dissect_esp_plain(hex("0102023b")), 4) == "");  // a dummy packet
  CHECK(code(dissect_esp_plain(hex("0202023b")), 4) == "E-WIRE-083");
  CHECK(code(dissect_esp_plain(hex("450000010004")), 6) == "E-WIRE-085");
  CHECK(code(dissect_ip(hex("45000015000000004011000001020304050607")), 19) == "E-WIRE-085");
}

TEST_CASE("ip: TCP, UDP and IPv6 headers", "[wire]") {
  const Bytes packet =
      hex("450000290000400040060000 0a01000a 0a02000a c001 0050 00000001 00000002 5018 ffff 0000 "
          "0000 61");
  const PacketDissection d = dissect_ip(packet);
  CHECK(d.diagnostics.empty());
  CHECK(covers(d.root, packet.size()));
  CHECK(value(d.root, "Destination Port") == "80");
  CHECK(value(d.root, "Data Offset and Flags") == "5 words, [PSH ACK]");
  CHECK(value(d.root, "Data") == "61");

  const Bytes udp6 =
      hex("60000000 0009 11 40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
          "0035 c001 0009 0000 61");
  const PacketDissection u = dissect_ip(udp6);
  CHECK(u.diagnostics.empty());
  CHECK(covers(u.root, udp6.size()));
  CHECK(value(u.root, "Source Address") == "2001:db8::1");
  CHECK(value(u.root, "Source Port") == "53");

  std::mt19937 random(11);
  for (int i = 0; i < 3000; ++i) {  // any octets after an IP version are covered
    Bytes noise(1 + random() % 80);
    for (std::uint8_t& b : noise) b = static_cast<std::uint8_t>(random());
    noise[0] = static_cast<std::uint8_t>((random() % 2 ? 0x40 : 0x60) | (noise[0] & 15));
    if (noise.size() > 6)
      noise[2] = 0, noise[3] = static_cast<std::uint8_t>(noise.size()), noise[6] = 0, noise[4] = 0;
    if (!covers(dissect_ip(noise).root, noise.size())) FAIL(to_hex(noise));
    if (!covers(dissect_esp_plain(noise).root, noise.size())) FAIL(to_hex(noise));
  }
}
