// What a peer hears of ESP packets that no SA takes: INVALID_SPI and INVALID_SELECTORS within the
// IKE SA, and what it makes of them (RFC 7296, 1.5, 3.10.1).
#include "protocol/wire/decode.hpp"
#include "tests/support/by_hand.hpp"
#include "tests/support/forge.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

struct Stage {
  explicit Stage(bool wanted = true) : pair(site_a(), with(wanted)) {
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    REQUIRE(pair.consistent());
  }
  static policy::EndpointConfig with(bool wanted) {
    auto b = site_b();
    b.connections[0].esp_notices = wanted;
    return b;
  }
  /// gw-b refused a packet with that SPI; how many messages gw-b sent for it.
  unsigned refuse(EspSpi spi, const char* code, const IpAddress& src) {
    Bytes packet = octets_of(spi);
    packet.resize(100, 0xee);
    const unsigned before = pair.b.sent;
    pair.b.endpoint->handle_esp_refusal(pair.now, src, packet, code);
    // outputs are drained with the next command, which says nothing itself
    (void)pair.command(pair.b, DeleteChild{"none"});
    return pair.b.sent - before;
  }
  const wire::NotifyPayload last() {
    const auto* message = pair.b.all<trace::Message>().back();
    for (const auto* m : pair.b.all<trace::Message>())
      if (m->direction == "sent" && !m->response) message = m;
    const auto inside =
        wire::decode_chain(message->plain, wire::PayloadType(message->plain_first)).payloads;
    return std::get<wire::NotifyPayload>(inside.at(0).body);
  }
  Pair pair;
};

}  // namespace

TEST_CASE("esp notices: INVALID_SPI goes to the peer that sent the packet, once a minute",
          "[pair][ikev2][esp_notices]") {
  Stage s;
  const IpAddress of_a = s.pair.a.address;
  CHECK(s.refuse(EspSpi{0xdeadbeef}, "E-ESP-NO-SA", of_a) == 1);
  const auto notice = s.last();
  CHECK(notice.type == wire::NotifyType::invalid_spi);
  CHECK(to_hex(notice.data) == "deadbeef");
  CHECK(notice.spi.empty());
  s.pair.drive(59s);
  CHECK(s.refuse(EspSpi{0xdeadbeef}, "E-ESP-NO-SA", of_a) == 0);
  s.pair.drive(1s);
  CHECK(s.refuse(EspSpi{0xdeadbeef}, "E-ESP-NO-SA", of_a) == 1);
  s.pair.settle();
  CHECK(s.pair.a.diagnosed("E-IKE-087"));
  CHECK(s.pair.consistent());  // an SPI that nobody uses changes nothing
  for (const auto* task : s.pair.a.all<trace::TaskStarted>()) CHECK(task->task != "child_rekey");
}

TEST_CASE("esp notices: what is not told", "[pair][ikev2][esp_notices]") {
  const EspSpi spi{0xdeadbeef};
  CHECK(Stage(false).refuse(spi, "E-ESP-NO-SA", Stage().pair.a.address) == 0);
  Stage s;
  CHECK(s.refuse(spi, "E-ESP-NO-SA", IpAddress::parse("203.0.113.66").value()) == 0);
  CHECK(s.refuse(spi, "E-ESP-ICV", s.pair.a.address) == 0);
  CHECK(s.refuse(spi, "E-ESP-REPLAY", s.pair.a.address) == 0);
}

TEST_CASE("esp notices: INVALID_SELECTORS names the SA and quotes the packet",
          "[pair][ikev2][esp_notices]") {
  Stage s;
  const EspSpi spi = s.pair.b.sas()[0].children.at(0).spi_in;
  CHECK(s.refuse(spi, "E-ESP-POLICY", s.pair.a.address) == 1);
  const auto notice = s.last();
  CHECK(notice.type == wire::NotifyType::invalid_selectors);
  CHECK(notice.protocol == wire::ProtocolId::esp);
  CHECK(notice.spi == octets_of(spi));
  CHECK(notice.data.size() == 64);
  CHECK(to_hex(ByteView(notice.data).first(4)) == to_hex(octets_of(spi)));
  s.pair.settle();
  CHECK(s.pair.a.diagnosed("E-IKE-088"));
  CHECK(s.pair.consistent());
}

TEST_CASE("esp notices: a Child SA that the peer does not know is made anew",
          "[pair][ikev2][esp_notices]") {
  Stage s;
  const auto before = s.pair.a.sas()[0].children.at(0);
  Insider insider(s.pair, s.pair.b);
  SECTION("the SA in use: it is rekeyed") {
    CHECK(insider.ask({notify(wire::NotifyType::invalid_spi, octets_of(before.spi_out))}) != "");
    s.pair.drive(5s);
    CHECK(s.pair.a.sas()[0].children.at(0).spi_in != before.spi_in);
  }
  SECTION("the other direction's SPI, or half of one: nothing") {
    insider.ask({notify(wire::NotifyType::invalid_spi, octets_of(before.spi_in))});
    ++insider.header.message_id.value;
    insider.ask({notify(wire::NotifyType::invalid_spi, Bytes{1, 2})});
    s.pair.drive(5s);
    CHECK(s.pair.a.sas()[0].children.at(0).spi_in == before.spi_in);
  }
  SECTION("outside the IKE SA it is not even read") {
    wire::Message clear;
    clear.header = insider.header;
    clear.payloads = {notify(wire::NotifyType::invalid_spi, octets_of(before.spi_out))};
    s.pair.deliver(s.pair.a, insider.datagram(wire::encode(clear)));
    s.pair.drive(5s);
    CHECK(s.pair.a.diagnosed("E-IKE-013"));
    CHECK(s.pair.a.sas()[0].children.at(0).spi_in == before.spi_in);
  }
}
