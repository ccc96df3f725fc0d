// Display filters: what they let through, what they say when they do not read, what they propose.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "protocol/filter/filter.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using filter::Filter;

namespace {

trace::Message cookie_request() {
  wire::Message m;
  m.header.spi_i = IkeSpi{0xc0ffee0102030405};
  m.header.exchange = wire::ExchangeType::ike_sa_init;
  m.header.response = true;
  m.payloads.push_back({.type = wire::PayloadType::notify,
                        .body = wire::NotifyPayload{
                            .spi = {}, .type = wire::NotifyType::cookie, .data = hex("01020304")}});
  m.payloads.push_back({.type = wire::PayloadType::nonce,
                        .body = wire::NoncePayload{.data = hex("c0c1c2c3c4c5c6c7")}});
  trace::Message out;
  out.spi_i = "c0ffee0102030405";
  out.spi_r = "0000000000000000";
  out.exchange = "IKE_SA_INIT";
  out.response = true;
  out.payloads = "N(COOKIE), Ni";
  out.bytes = wire::encode(m);
  return out;
}

struct Ike {
  trace::Message message = cookie_request();
  filter::Frame frame;
  Ike() {
    frame.number = 2;
    frame.time = Instant{1'500'000'000};
    frame.protocol = "IKE";
    frame.src = "192.0.2.2:500";
    frame.dst = "192.0.2.1:500";
    frame.from = "gw-b";
    frame.to = "gw-a";
    frame.size = message.bytes.size();
    frame.message = &message;
  }
};

filter::Frame esp_packet() {
  filter::Frame f;
  f.time = Instant{3'000'000'000};
  f.protocol = "ESP-in-UDP";
  f.src = "[2001:db8::1]:4500";
  f.dst = "[2001:db8::2]:4500";
  f.spi = "c0ffee01";
  f.sequence = 7;
  f.size = 120;
  f.summary = "ICMP echo request 10.1.0.10 > 10.2.0.10";
  f.lost = true;
  return f;
}

bool fits(std::string_view text, const filter::Frame& frame) {
  INFO(text);
  const auto f = Filter::parse(text);
  if (!f.ok()) FAIL(f.error().to_string());
  return f->matches(frame);
}

Error refusal(std::string_view text) {
  const auto f = Filter::parse(text);
  INFO(text);
  REQUIRE_FALSE(f.ok());
  return f.error();
}

}  // namespace

TEST_CASE("filter: an IKE message by each of its words, and not by others'", "[filter]") {
  const Ike ike;
  for (const char* text : {"",
                           "isakmp",
                           "isakmp.exchangetype == 34",
                           "isakmp.exchangetype == 0x22",
                           "isakmp.exchangetype == IKE_SA_INIT",
                           "isakmp.exchangetype in {35, 34}",
                           "isakmp.messageid == 0",
                           "isakmp.messageid < 1",
                           "isakmp.flag_r == 1",
                           "isakmp.flag_r == true",
                           "isakmp.ispi == c0ffee0102030405",
                           "isakmp.ispi == c0:ff:ee:01:02:03:04:05",
                           "isakmp.ispi contains 0102",
                           "isakmp.notify.msgtype == COOKIE",
                           "isakmp.notify.msgtype == 16390",
                           "isakmp.typepayload == 41",
                           "isakmp.typepayload == 40",
                           "isakmp.nonce contains c2c3",
                           "isakmp.version == 0x20",
                           "isakmp.length > 28",
                           "ip.addr == 192.0.2.1",
                           "ip.addr == 192.0.2.2",
                           "ip.src == 192.0.2.2",
                           "ip.dst == 192.0.2.0/24",
                           "ip.addr == 0.0.0.0/0",
                           "udp.port == 500",
                           "udp.srcport eq 500",
                           "frame.number == 2",
                           "frame.time_relative < 2",
                           "frame.time_relative >= 1.5",
                           "frame.time_relative == 1500ms",
                           "ikelab.from == gw-b",
                           "ikelab.to == \"gw-a\"",
                           "ikelab.payloads contains \"N(COOKIE)\""})
    CHECK(fits(text, ike.frame));
  for (const char* text :
       {"esp", "esp.spi == 1", "isakmp.exchangetype == 35", "isakmp.exchangetype != 34",
        "isakmp.flag_i == 1", "ip.src == 192.0.2.1", "ip.addr == 10.0.0.0/8", "udpencap",
        "udp.port == 4500", "frame.time_relative > 1.5", "ikelab.lost", "ikelab.again",
        "ipv6.addr == ::/0", "isakmp.auth.method == 2", "isakmp.frag.number == 1"})
    CHECK_FALSE(fits(text, ike.frame));
}

TEST_CASE("filter: an ESP packet in UDP over IPv6", "[filter]") {
  const filter::Frame f = esp_packet();
  for (const char* text : {"esp", "udp", "udpencap", "udp.port == 4500", "esp.spi == 0xc0ffee01",
                           "esp.spi == 3237998081", "esp.sequence >= 7", "ipv6.addr == 2001:db8::2",
                           "ipv6.src == 2001:db8::/32", "ikelab.lost", "ikelab.inner contains ICMP",
                           "udp.length == 128"})
    CHECK(fits(text, f));
  for (const char* text : {"isakmp", "ip.addr == 10.1.0.10", "esp.sequence < 7", "frame.number"})
    CHECK_FALSE(fits(text, f));
}

TEST_CASE("filter: and binds tighter than or, not tighter than both", "[filter]") {
  const Ike ike;  // isakmp: yes; esp: no
  CHECK(fits("isakmp or esp and esp", ike.frame));
  CHECK_FALSE(fits("(isakmp or esp) and esp", ike.frame));
  CHECK(fits("not esp and isakmp", ike.frame));
  CHECK_FALSE(fits("not (esp or isakmp)", ike.frame));
  CHECK(fits("!esp && isakmp || esp", ike.frame));
  CHECK(fits("not not isakmp", ike.frame));
}

TEST_CASE("filter: of several values one must fit ==, and none !=", "[filter]") {
  const Ike ike;
  CHECK(fits("ip.addr == 192.0.2.1", ike.frame));
  CHECK_FALSE(fits("ip.addr != 192.0.2.1", ike.frame));  // the destination is it
  CHECK(fits("ip.addr != 192.0.2.9", ike.frame));
  CHECK_FALSE(fits("esp.spi != 1", ike.frame));  // what is not there is not unequal either
}

TEST_CASE("filter: what does not read is one line with its column", "[filter]") {
  struct Row {
    const char *text, *code;
    std::size_t at;
  };
  for (const Row& row : {Row{"isakmp.mesageid == 1", "E-FILTER-001", 0},
                         {"isakmp and foo", "E-FILTER-001", 11},
                         {"isakmp.messageid ==", "E-FILTER-002", 19},
                         {"isakmp.messageid == one", "E-FILTER-003", 20},
                         {"ip.addr == 300.1.1.1", "E-FILTER-003", 11},
                         {"ip.addr == 10.0.0.0/33", "E-FILTER-003", 11},
                         {"ip.addr < 10.0.0.1", "E-FILTER-003", 8},
                         {"frame.time_relative > 2h", "E-FILTER-003", 22},
                         {"isakmp == 1", "E-FILTER-003", 10},
                         {"(isakmp", "E-FILTER-002", 7},
                         {"isakmp)", "E-FILTER-002", 6},
                         {"isakmp esp", "E-FILTER-002", 7},
                         {"isakmp and", "E-FILTER-002", 10},
                         {"== 3", "E-FILTER-002", 0},
                         {"isakmp.messageid in {1, ", "E-FILTER-002", 24},
                         {"ikelab.from == \"gw", "E-FILTER-002", 15},
                         {"isakmp.length contains 3", "E-FILTER-003", 14}}) {
    const Error e = refusal(row.text);
    INFO(e.to_string());
    CHECK(e.code == row.code);
    CHECK(e.place == "filter, column " + std::to_string(row.at + 1));
    CHECK(e.to_string().find('\n') == std::string::npos);
  }
  CHECK(refusal("isakmp.mesageid == 1").hint.find("isakmp.messageid") != std::string::npos);
  CHECK(refusal(std::string(2000, '(')).code == "E-FILTER-002");
  CHECK(refusal(std::string(900, '(')).code == "E-FILTER-002");
  CHECK(refusal(std::string(900, '!') + "esp").code == "E-FILTER-002");
}

TEST_CASE("filter: completion goes on from the last word", "[filter]") {
  CHECK(filter::completions("isakmp.mess") == std::vector<std::string>{"isakmp.messageid"});
  CHECK(filter::completions("esp and ip.s") == std::vector<std::string>{"esp and ip.src"});
  CHECK(filter::completions("isakmp.messageid").front() == "isakmp.messageid == 1");
  CHECK(filter::completions("").empty());
  CHECK(filter::completions("isakmp.", 3).size() == 3);
  for (const filter::FieldInfo& f : filter::fields()) {  // every proposal reads
    const std::string text = f.example.empty()
                                 ? std::string(f.name)
                                 : std::string(f.name) + " == " + std::string(f.example);
    INFO(text);
    CHECK(Filter::parse(text).ok());
  }
}

TEST_CASE("filter: docs/ERRORS.md lists every code, and no other", "[filter]") {
  const auto codes_in = [](const std::filesystem::path& file) {
    std::ifstream in(file);
    std::ostringstream text;
    text << in.rdbuf();
    const std::string all = text.str();
    static const std::regex code("E-FILTER-[0-9]{3}");
    return std::set<std::string>{std::sregex_token_iterator(all.begin(), all.end(), code),
                                 std::sregex_token_iterator()};
  };
  const std::filesystem::path root = IKELAB_SOURCE_DIR;
  std::set<std::string> in_sources = codes_in(root / "protocol/filter/filter.cpp");
  in_sources.merge(codes_in(root / "protocol/filter/field.cpp"));
  CHECK(in_sources.size() == 3);
  CHECK(codes_in(root / "docs/ERRORS.md") == in_sources);
}
