// MOBIKE: addresses change, SAs stay; return routability; peers that do not speak it (RFC 4555).
#include <algorithm>

#include "protocol/ikev2/task.hpp"
#include "protocol/wire/decode.hpp"
#include "tests/support/by_hand.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forge.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Words = std::vector<std::string>;

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

policy::EndpointConfig mobile(policy::EndpointConfig config) {
  config.connections[0].mobike = true;
  config.connections[0].remote_addr =
      config.node == "gw-b" ? IpAddress{} : config.connections[0].remote_addr;
  return config;
}

void establish(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
}

void move_a(Pair& pair, const char* to) {
  pair.a.address = ip(to);
  REQUIRE(pair.command(pair.a, MoveTo{ip(to)}).ok());
}

/// The outer addresses of a side's SAs: "192.0.2.1>192.0.2.2".
std::string path(const std::map<EspSpi, esp::SaParameters>& sas) {
  std::string text;
  for (const auto& [spi, sa] : sas)
    text += (text.empty() ? "" : " ") + sa.src.to_string() + ">" + sa.dst.to_string();
  return text;
}

/// A message with exactly these payloads.
std::string last_sent(const Side& side) {
  return ByHand::last_sent(side);
}

}  // namespace

TEST_CASE("mobike: both say so, and IKE goes on from port 4500", "[pair][ikev2][mobike]") {
  Pair pair(mobile(site_a()), mobile(site_b()));
  establish(pair);
  //= rfc4555#3.3 "implementations that support both this specification and NAT Traversal MUST
  //= change to port 4500 if the correspondent also supports both, even if no NAT was detected
  //= between them"
  CHECK(pair.wire.back().src.port == 4500);
  CHECK(last_sent(pair.b).find("N(MOBIKE_SUPPORTED)") != std::string::npos);
  CHECK_FALSE(pair.a.outbound.begin()->second.udp);  // there is no NAT: ESP goes as protocol 50
}

TEST_CASE("mobike: the initiator moves, and the tunnel goes with it", "[pair][ikev2][mobike]") {
  Pair pair(mobile(site_a()), mobile(site_b()));
  establish(pair);
  ByHand hand(pair);
  const auto before = pair.a.sas()[0];
  move_a(pair, "198.51.100.7");
  // HDR, SK {N(UPDATE_SA_ADDRESSES), N(NAT_DETECTION_*_IP), N(COOKIE2)}  -->  from 198.51.100.7
  CHECK(last_sent(pair.a) ==
        "N(UPDATE_SA_ADDRESSES), N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP), "
        "N(COOKIE2)");
  CHECK(pair.wire.back().src.ip == ip("198.51.100.7"));
  hand.to_b();
  // <--  HDR, SK {N(NAT_DETECTION_*_IP), N(COOKIE2)};  and a check of its own, before ESP goes
  // there
  CHECK(path(pair.b.outbound) == "192.0.2.2>192.0.2.1");
  hand.to_a();
  CHECK(path(pair.a.outbound) == "198.51.100.7>192.0.2.2");
  CHECK(path(pair.b.outbound) == "192.0.2.2>192.0.2.1");
  // <--  HDR, SK {N(COOKIE2)};  HDR, SK {N(COOKIE2)}  -->
  CHECK(last_sent(pair.b) == "N(COOKIE2)");
  hand.to_a();
  hand.to_b();
  CHECK(path(pair.b.outbound) == "192.0.2.2>198.51.100.7");
  CHECK(path(pair.b.inbound) == "198.51.100.7>192.0.2.2");
  CHECK(hand.quiet());
  hand.let_go();
  // The very same SAs, and they can still be rekeyed from both sides.
  CHECK(pair.a.sas()[0].spi_i == before.spi_i);
  CHECK(pair.a.sas()[0].children[0].spi_in == before.children[0].spi_in);
  REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
  pair.drive();
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.drive();
  CHECK(pair.consistent());
  move_a(pair, "203.0.113.9");  // also after a rekey
  pair.drive();
  CHECK(pair.consistent());
  CHECK(path(pair.b.outbound) == "192.0.2.2>203.0.113.9");
}

TEST_CASE("mobike: two moves, and the answer to the first is overtaken", "[pair][ikev2][mobike]") {
  Pair pair(mobile(site_a()), mobile(site_b()));
  establish(pair);
  move_a(pair, "198.51.100.7");
  move_a(pair, "203.0.113.9");
  pair.drive(30s);
  //= rfc4555#3.5 "If an address change has occurred after the request was first sent, no MOBIKE
  //= processing is done for the reply message"
  CHECK(pair.consistent());
  CHECK(path(pair.a.outbound) == "203.0.113.9>192.0.2.2");
  CHECK(path(pair.b.outbound) == "192.0.2.2>203.0.113.9");
}

TEST_CASE("mobike: what was under way when the address changed comes to its end",
          "[pair][ikev2][mobike]") {
  Pair pair(mobile(site_a()), mobile(site_b()));
  establish(pair);
  pair.lose_nth(pair.a, 1);
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  move_a(pair, "198.51.100.7");
  pair.drive(30s);
  CHECK(pair.consistent());
  CHECK(path(pair.a.outbound) == "198.51.100.7>192.0.2.2");
  CHECK(path(pair.b.outbound) == "192.0.2.2>198.51.100.7");
}

TEST_CASE("mobike: a new address behind a NAT switches UDP encapsulation on",
          "[pair][ikev2][mobike][nat]") {
  Pair pair(mobile(site_a()), mobile(site_b()));
  establish(pair);
  pair.nat = Nat{ip("198.51.100.1"), {}, 40'001};
  move_a(pair, "10.9.0.7");
  pair.drive();
  CHECK(path(pair.b.outbound) == "192.0.2.2>198.51.100.1");
  REQUIRE(pair.b.outbound.begin()->second.udp);
  CHECK(pair.b.outbound.begin()->second.udp->dst == 40'001);
  CHECK(pair.a.outbound.begin()->second.udp);
  pair.nat.reset();  // and home again
  move_a(pair, "192.0.2.1");
  pair.drive();
  CHECK(path(pair.b.outbound) == "192.0.2.2>192.0.2.1");
  CHECK_FALSE(pair.b.outbound.begin()->second.udp);
}

TEST_CASE("mobike: nobody answers at the new address, and no ESP goes there",
          "[pair][ikev2][mobike][hostile]") {
  Pair pair(mobile(site_a()), mobile(site_b()));
  establish(pair);
  // The update seems to come from a third party's address: only b's check will tell.
  bool first = true;
  pair.tamper = [&](const Side& from, Datagram& datagram) {
    if (&from == &pair.a && std::exchange(first, false)) datagram.src.ip = ip("198.51.100.99");
  };
  move_a(pair, "198.51.100.7");
  pair.drive(1s);
  CHECK(pair.b.sas()[0].state == "ESTABLISHED");
  CHECK(path(pair.b.outbound) == "192.0.2.2>192.0.2.1");
  for (const auto& [spi, sa] : pair.b.outbound) CHECK(sa.dst != ip("198.51.100.99"));
}

TEST_CASE("mobike: COOKIE2 that comes back changed ends the IKE SA",
          "[pair][ikev2][mobike][hostile]") {
  Pair pair(mobile(site_a()), mobile(site_b()));
  establish(pair);
  ByHand hand(pair);
  Forge forge(pair);
  move_a(pair, "198.51.100.7");
  hand.to_b();
  const bool changed = GENERATE(true, false);
  CAPTURE(changed);
  std::vector<wire::Payload> answer;
  if (changed) answer = {notify(wire::NotifyType::cookie2, Bytes(16, 7))};
  //= rfc4555#3.7 "If the values do not match, the IKE_SA MUST be closed."
  hand.late_to_a(forge.instead(pair.b, hand.take_to_a(), answer));
  CHECK(pair.a.diagnosed("E-IKE-084"));
  CHECK(pair.a.state() == "none");
  CHECK(pair.a.inbound.empty());
}

TEST_CASE("mobike: addresses that cannot be are refused", "[pair][ikev2][mobike][hostile]") {
  Pair pair(mobile(site_a()), mobile(site_b()));
  establish(pair);
  Forge forge(pair);
  auto update = forge.request(pair.a, wire::ExchangeType::informational,
                              {notify(wire::NotifyType::update_sa_addresses),
                               notify(wire::NotifyType::cookie2, Bytes(8, 1))});
  update.src.ip = ip(GENERATE("224.0.0.1", "0.0.0.0", "192.0.2.2"));
  pair.deliver(pair.b, update);
  //= rfc4555#3.7 "the recipient of an INFORMATIONAL request MUST copy the notification as-is to the
  //= response."
  CHECK(last_sent(pair.b) == "N(UNACCEPTABLE_ADDRESSES), N(COOKIE2)");
  CHECK(path(pair.b.outbound) == "192.0.2.2>192.0.2.1");
}

TEST_CASE("mobike: NO_NATS_ALLOWED with other addresses than the header's is refused",
          "[pair][ikev2][mobike][hostile]") {
  Pair pair(mobile(site_a()), mobile(site_b()));
  establish(pair);
  Forge forge(pair);
  const bool true_ports = GENERATE(true, false);
  const Bytes said =
      concat({hex("c0000201"), hex(true_ports ? "01f4" : "01f5"), hex("c0000202"), hex("01f4")});
  pair.deliver(pair.b, forge.request(pair.a, wire::ExchangeType::informational,
                                     {notify(wire::NotifyType::update_sa_addresses),
                                      notify(wire::NotifyType::no_nats_allowed, said)}));
  //= rfc4555#3.9 "If they do not match, a response containing an UNEXPECTED_NAT_DETECTED
  //= notification is sent."
  CHECK((last_sent(pair.b).find("UNEXPECTED_NAT_DETECTED") == std::string::npos) == true_ports);
}

TEST_CASE("mobike: only the one that began the first IKE SA moves the other",
          "[pair][ikev2][mobike][hostile]") {
  Pair pair(mobile(site_a()), mobile(site_b()));
  establish(pair);
  Forge forge(pair);
  auto update = forge.request(pair.b, wire::ExchangeType::informational,
                              {notify(wire::NotifyType::update_sa_addresses)});
  update.src.ip = ip("198.51.100.66");
  pair.deliver(pair.a, update);
  CHECK(path(pair.a.outbound) == "192.0.2.1>192.0.2.2");
}

TEST_CASE("mobike: the responder moves, tells, and the initiator decides",
          "[pair][ikev2][mobike]") {
  Pair pair(mobile(site_a()), mobile(site_b()));
  establish(pair);
  pair.b.address = ip("198.51.100.2");
  REQUIRE(pair.command(pair.b, MoveTo{ip("198.51.100.2")}).ok());
  // <--  HDR, SK {N(NO_ADDITIONAL_ADDRESSES), N(COOKIE2)}, from 198.51.100.2
  CHECK(last_sent(pair.b) == "N(NO_ADDITIONAL_ADDRESSES), N(COOKIE2)");
  pair.drive();
  CHECK(pair.consistent());
  CHECK(path(pair.a.outbound) == "192.0.2.1>198.51.100.2");
  CHECK(path(pair.b.outbound) == "198.51.100.2>192.0.2.1");
}

TEST_CASE("mobike: other addresses of both are told, of either version", "[pair][ikev2][mobike]") {
  auto a = mobile(site_a()), b = mobile(site_b());
  a.connections[0].additional_addrs = {ip("192.0.2.1"), ip("198.51.100.7"), ip("2001:db8::7")};
  b.connections[0].additional_addrs = {ip("203.0.113.9")};
  Pair pair(a, b);
  establish(pair);
  const auto told = [](const Side& side, const char* exchange) {
    std::string out;
    for (const auto* message : side.all<trace::Message>()) {
      if (message->direction != "sent" || message->exchange != exchange) continue;
      for (const auto& payload :
           wire::decode_chain(message->plain, wire::PayloadType(message->plain_first)).payloads)
        if (const auto* n = std::get_if<wire::NotifyPayload>(&payload.body);
            n != nullptr && (n->type == wire::NotifyType::additional_ip4_address ||
                             n->type == wire::NotifyType::additional_ip6_address))
          out += (n->type == wire::NotifyType::additional_ip4_address ? " 4:" : " 6:") +
                 IpAddress::from_octets(n->data).value().to_string();
    }
    return out;
  };
  CHECK(told(pair.a, "IKE_AUTH") == " 4:198.51.100.7 6:2001:db8::7");  // not the one in use
  CHECK(told(pair.b, "IKE_AUTH") == " 4:203.0.113.9");
  // The responder moves to the other one and tells which is left.
  pair.b.address = ip("203.0.113.9");
  REQUIRE(pair.command(pair.b, MoveTo{ip("203.0.113.9")}).ok());
  pair.drive();
  CHECK(told(pair.b, "INFORMATIONAL").empty());
  CHECK(path(pair.a.outbound) == "192.0.2.1>203.0.113.9");
}

TEST_CASE("mobike: no_nats moves through no NAT, and is tried a few times",
          "[pair][ikev2][mobike]") {
  auto a = mobile(site_a());
  a.connections[0].no_nats = true;
  Pair pair(a, mobile(site_b()));
  establish(pair);
  const bool nat = GENERATE(false, true);
  if (nat)
    pair.tamper = [](const Side& from, Datagram& datagram) {
      if (from.address == ip("198.51.100.7")) datagram.src.port = 40'001;
    };
  ByHand hand(pair);
  move_a(pair, "198.51.100.7");
  // HDR, SK {N(UPDATE_SA_ADDRESSES), N(NO_NATS_ALLOWED), N(COOKIE2)}  -->
  CHECK(last_sent(pair.a) == "N(UPDATE_SA_ADDRESSES), N(NO_NATS_ALLOWED), N(COOKIE2)");
  hand.let_go();
  pair.drive(10s);
  unsigned asked = 0;
  for (const auto* message : pair.a.all<trace::Message>())
    asked += message->direction == "sent" && message->attempt == 0 &&
             message->payloads.find("N(UPDATE_SA_ADDRESSES)") == 0;
  //= rfc4555#3.9 "it SHOULD retry the operation several times using new INFORMATIONAL requests."
  CHECK(asked == (nat ? 3 : 1));
  CHECK(pair.a.diagnosed("E-IKE-083") == nat);
  CHECK(path(pair.b.outbound) == (nat ? "192.0.2.2>192.0.2.1" : "192.0.2.2>198.51.100.7"));
}

TEST_CASE("mobike: without it on both sides nothing moves", "[pair][ikev2][mobike]") {
  const bool a_speaks = GENERATE(true, false);
  auto a = site_a(), b = site_b();
  (a_speaks ? a : b).connections[0].mobike = true;
  Pair pair(a, b);
  establish(pair);
  auto moved = pair.command(pair.a, MoveTo{ip("198.51.100.7")});
  REQUIRE_FALSE(moved.ok());
  CHECK(moved.error().code == "E-CMD-002");
  CHECK(path(pair.a.outbound) == "192.0.2.1>192.0.2.2");
}
