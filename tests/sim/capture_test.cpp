// Captures and key tables as files: every format read, every lie in them refused in one line.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "sim/capture/capture_file.hpp"
#include "sim/capture/ip_reader.hpp"
#include "sim/capture/key_tables.hpp"
#include "sim/capture/link_layer.hpp"
#include "sim/capture/pcapng_writer.hpp"
#include "sim/capture/wireshark_words.hpp"
#include "tests/sim/store_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::capture;
using test::TemporaryFolder;

namespace {

/// Numbers of the wire in either order.
struct Octets {
  bool big = false;
  Bytes bytes;
  Octets& n(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i)
      bytes.push_back(static_cast<std::uint8_t>(value >> 8 * (big ? size - 1 - i : i)));
    return *this;
  }
  Octets& add(ByteView more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return *this;
  }
};

// 20 octets of IPv4 with UDP, 8 octets of UDP, 4 of payload.
Bytes udp_packet() {
  return hex("45000020 00010000 40110000 c0000201 c6336401 01f401f4 000c0000 deadbeef");
}

Bytes pcap(bool big, std::uint32_t magic, std::uint32_t link, ByteView frame) {
  Octets out{big, {}};
  out.n(magic, 4).n(2, 2).n(4, 2).n(0, 4).n(0, 4).n(65535, 4).n(link, 4);
  out.n(1'000, 4).n(5, 4).n(frame.size(), 4).n(frame.size() + 7, 4).add(frame);
  return out.bytes;
}

Bytes pcapng(bool big, std::uint8_t resolution, ByteView frame) {
  Octets out{big, {}};
  out.n(0x0a0d0d0a, 4).n(28, 4).n(0x1a2b3c4d, 4).n(1, 2).n(0, 2).n(~0ULL, 8).n(28, 4);
  out.n(1, 4).n(32, 4).n(101, 2).n(0, 2).n(0, 4);  // raw IP
  out.n(9, 2).n(1, 2).n(resolution, 1).n(0, 3).n(0, 2).n(0, 2).n(32, 4);
  const std::size_t padded = (frame.size() + 3) / 4 * 4;
  const std::size_t length = 32 + padded;
  out.n(6, 4).n(length, 4).n(0, 4).n(0, 4).n(3'000'000, 4).n(frame.size(), 4).n(frame.size(), 4);
  out.add(frame).add(Bytes(padded - frame.size())).n(length, 4);
  return out.bytes;
}

std::string code_of(const Bytes& content) {
  const auto read = parse_capture(content, "x.pcap");
  return read ? "" : read.error().code;
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file) << text;
}

std::string error_of(const std::string& name, const std::string& row) {
  const TemporaryFolder folder;
  write_file(folder / name, "# a comment\n" + row + "\n");
  const auto read = read_key_tables(folder / ".");
  return read ? "" : read.error().to_string();
}

}  // namespace

TEST_CASE("capture: pcap in both byte orders, micro- and nanoseconds", "[capture]") {
  for (const bool big : {false, true})
    for (const auto& [magic, unit] : {std::pair(0xa1b2c3d4U, 1000), std::pair(0xa1b23c4dU, 1)}) {
      const auto file = parse_capture(pcap(big, magic, 101, udp_packet()), "x").value();
      REQUIRE(file.packets.size() == 1);
      CHECK(file.packets[0].unix_ns == 1'000'000'000'000 + 5 * unit);
      CHECK(to_hex(file.octets(file.packets[0])) == to_hex(udp_packet()));
      CHECK(file.packets[0].original_size == udp_packet().size() + 7);
      CHECK(file.remark.empty());
    }
}

TEST_CASE("capture: pcapng with any resolution of time", "[capture]") {
  for (const bool big : {false, true}) {
    CHECK(parse_capture(pcapng(big, 6, udp_packet()), "x").value().packets.at(0).unix_ns ==
          3'000'000'000);
    CHECK(parse_capture(pcapng(big, 9, udp_packet()), "x").value().packets.at(0).unix_ns ==
          3'000'000);
    CHECK(parse_capture(pcapng(big, 0x80 | 20, udp_packet()), "x").value().packets.at(0).unix_ns ==
          2'861'022'949);  // 3,000,000 / 2^20 s
    CHECK(parse_capture(pcapng(big, 0xff, udp_packet()), "x").ok());
  }
}

TEST_CASE("capture: what our writer writes reads back", "[capture]") {
  const TemporaryFolder folder;
  auto writer =
      PcapngWriter::open(folder / "x.pcapng", {{LinkType::raw, "wan"}, {LinkType::raw, "lan"}})
          .value();
  writer.write(0, 1'000'000'001, udp_packet(), "gw-a: IKE_SA_INIT request");
  writer.write(1, 1'000'000'002, ByteView(udp_packet()).first(31), "");
  REQUIRE(writer.finish().ok());
  const auto file = read_capture(folder / "x.pcapng").value();
  REQUIRE(file.interfaces.size() == 2);
  CHECK(file.interfaces[1].name == "lan");
  REQUIRE(file.packets.size() == 2);
  CHECK(file.packets[0].unix_ns == 1'000'000'001);
  CHECK(file.packets[1].interface == 1);
  CHECK(file.packets[1].size == 31);
}

TEST_CASE("capture: what is none, and what lies about its lengths", "[capture]") {
  CHECK(code_of({}) == "E-CAP-002");
  CHECK(code_of(Bytes(100, 0x20)) == "E-CAP-002");
  const Bytes whole = pcap(false, 0xa1b2c3d4, 101, udp_packet());
  for (std::size_t size = 24; size < whole.size(); ++size) {
    const auto cut = parse_capture(to_bytes(ByteView(whole).first(size)), "x");
    REQUIRE(cut.ok());
    CHECK(cut->packets.empty());
    CHECK(cut->remark.empty() == (size == 24));
  }
  Bytes lie = whole;
  lie[24 + 8 + 3] = 0xff;  // captured length: 4 GiB
  CHECK(!parse_capture(lie, "x").value().remark.empty());

  Bytes block = pcapng(false, 6, udp_packet());
  block[28 + 4] = 7;  // no multiple of 4
  CHECK(code_of(block) == "E-CAP-003");
  block = pcapng(false, 6, udp_packet());
  block[60 + 8] = 3;  // a packet of interface 3
  CHECK(code_of(block) == "E-CAP-003");
  block = pcapng(false, 6, udp_packet());
  block[60 + 20] = 0xff;  // longer than its block
  CHECK(code_of(block) == "E-CAP-003");
}

TEST_CASE("capture: link layers", "[capture]") {
  const Bytes ip = udp_packet();
  struct Row {
    LinkType link;
    const char* header;
    bool is_ip = true;
  };
  for (const Row& row : {
           Row{LinkType::raw, ""},
           Row{LinkType::ipv4, ""},
           Row{LinkType::ethernet, "020000000001 020000000002 0800"},
           Row{LinkType::ethernet, "020000000001 020000000002 8100 0005 0800"},
           Row{LinkType::ethernet, "020000000001 020000000002 88a8 0005 8100 0006 0800"},
           Row{LinkType::ethernet, "020000000001 020000000002 0806", false},
           Row{LinkType::ppp, "ff03 0021"},
           Row{LinkType::ppp, "21"},
           Row{LinkType::ppp_hdlc, "ff03 c021", false},
           Row{LinkType::linux_sll, "0000 0001 0006 020000000001 0000 0800"},
           Row{LinkType::linux_sll2, "0800 0000 00000002 0001 00 06 0200000000010000"},
           Row{LinkType::null, "02000000"},
       }) {
    CAPTURE(static_cast<int>(row.link), row.header);
    const Bytes frame = concat({hex(row.header), ip});
    const auto found = ip_packet_of(row.link, frame);
    CHECK(found.has_value() == row.is_ip);
    if (found) CHECK(to_hex(*found) == to_hex(ip));
    CHECK(knows(row.link));
  }
  CHECK(!knows(static_cast<LinkType>(147)));
  CHECK(!ip_packet_of(static_cast<LinkType>(147), ip));
}

TEST_CASE("capture: fragments of IP become one packet again", "[capture]") {
  IpReader reader;
  const Bytes first = hex("4500001c 00072000 40110000 c0000201 c6336401 01f401f4000c0000");
  const Bytes last = hex("45000018 00070001 40110000 c0000201 c6336401 deadbeef");
  for (const bool in_order : {true, false}) {
    CHECK(!reader.read(in_order ? first : last));
    const auto whole = reader.read(in_order ? last : first);
    REQUIRE(whole.has_value());
    CHECK(whole->fragments == 2);
    const auto udp = read_udp(whole->payload);
    REQUIRE(udp.has_value());
    CHECK(udp->dst == 500);
    CHECK(to_hex(udp->payload) == "deadbeef");
  }
  // IPv6 with a fragment header (RFC 8200, 4.5)
  const std::string ends = "20010db8000000000000000000000001 20010db8000000000000000000000002";
  CHECK(!reader.read(hex("60000000 0010 2c40 " + ends + "11 00 0001 0000002a 01f401f4000c0000")));
  const auto v6 = reader.read(hex("60000000 000c 2c40 " + ends + "11 00 0008 0000002a deadbeef"));
  REQUIRE(v6.has_value());
  CHECK(to_hex(read_udp(v6->payload)->payload) == "deadbeef");
}

TEST_CASE("capture: key tables, row by row", "[capture]") {
  const std::string k16(40, 'a'), k32(72, 'b');  // key and salt of AES-128-GCM, AES-256-GCM
  CHECK(error_of("ikev2_decryption_table",
                 fmt::format("0102030405060708,1112131415161718,{0},{0},\"AES-GCM-256 with 16 "
                             "octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"",
                             k32))
            .empty());
  for (const auto& [row, words] : {
           std::pair<std::string, std::string>{"01,02", "2 fields"},
           {fmt::format("0102,1112131415161718,{0},{0},\"AES-GCM-256 with 16 octet ICV "
                        "[RFC5282]\",,,\"NONE [RFC4306]\"",
                        k32),
            "SPIi has 2 octets, 8 are needed"},
           {fmt::format("0102030405060708,1112131415161718,{0},{0},\"AES-GCM-256 with 16 octet ICV "
                        "[RFC5282]\",,,\"NONE [RFC4306]\"",
                        k16),
            "SK_ei has 20 octets, 36 are needed"},
           {"0102030405060708,1112131415161718,aa,aa,\"ROT13\",,,\"NONE [RFC4306]\"",
            "unknown encryption 'ROT13'"},
           {"0102030405060708,1112131415161718,aa,aa,\"AES-CBC-128 [RFC3602]\",,,\"NONE "
            "[RFC4306]\"",
            "needs an integrity algorithm"},
       }) {
    const std::string line = error_of("ikev2_decryption_table", row);
    CAPTURE(line);
    CHECK(line.starts_with("E-CAP-011: "));
    CHECK(line.find("ikev2_decryption_table:2") != std::string::npos);
    CHECK(line.find(words) != std::string::npos);
  }
  CHECK(error_of("esp_sa", fmt::format("\"IPv4\",\"*\",\"*\",\"*\",\"AES-GCM [RFC4106]\",\"0x{}\","
                                       "\"ANY 128 bit authentication [no checking]\",\"\"",
                                       k16))
            .empty());
  CHECK(error_of("esp_sa", "\"IPv4\",\"1.2.3\",\"*\",\"*\",\"NULL\",\"\",\"NULL\",\"\"")
            .find("E-CAP-011") == 0);
  CHECK(error_of("no_such_table", "").find("E-CAP-010") == 0);
}

TEST_CASE("capture: every word of the key tables means one transform", "[capture]") {
  std::size_t words = 0;
  for (const KeyTable table : {KeyTable::ikev2, KeyTable::esp})
    for (const crypto::Algorithm& algorithm : crypto::algorithms()) {
      const auto word = word_of(table, algorithm);
      if (!word) continue;
      ++words;
      CHECK(algorithm_of(table, algorithm.type, word->text,
                         algorithm.key_size + algorithm.salt_size) == &algorithm);
    }
  CHECK(words > 40);
}

TEST_CASE("capture: no octets make the readers fall", "[capture]") {
  std::mt19937 random(1);  // the same every time
  const std::vector<Bytes> seeds = {pcap(false, 0xa1b2c3d4, 1, udp_packet()),
                                    pcapng(false, 6, udp_packet()), pcapng(true, 9, udp_packet())};
  for (int round = 0; round < 20'000; ++round) {
    Bytes octets = seeds[random() % seeds.size()];
    for (auto changes = random() % 6; changes > 0; --changes)
      octets[random() % octets.size()] = static_cast<std::uint8_t>(random());
    if (random() % 4 == 0) octets.resize(random() % octets.size());
    const auto file = parse_capture(octets, "x");
    if (!file) continue;
    IpReader reader;
    for (const Packet& packet : file->packets) {
      const ByteView frame = file->octets(packet);
      if (const auto ip = ip_packet_of(file->interfaces[packet.interface].link, frame))
        if (const auto datagram = reader.read(*ip)) static_cast<void>(read_udp(datagram->payload));
    }
  }
}
