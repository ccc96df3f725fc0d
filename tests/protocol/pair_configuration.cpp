// Configuration payloads: pools, leases by identity, `dynamic` selectors, and what happens when
// there is no address (RFC 7296, 2.19, 3.15).
#include <algorithm>

#include "protocol/ikev2/leases.hpp"
#include "tests/support/eap_world.hpp"
#include "tests/support/forge.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Words = std::vector<std::string>;

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

policy::PoolConfig pool(const char* name, const char* first, const char* last) {
  policy::PoolConfig made;
  made.name = name;
  made.first = ip(first);
  made.last = ip(last);
  return made;
}

/// gw-a is a client without an inner address of its own.
policy::EndpointConfig client(const char* vip = "0.0.0.0") {
  auto a = site_a();
  a.connections[0].vips = {ip(vip)};
  a.connections[0].children[0].local_ts.clear();
  a.connections[0].children[0].local_dynamic = true;
  return a;
}

/// gw-b gives its clients 10.8.0.1 and 10.8.0.2.
policy::EndpointConfig office() {
  auto b = site_b();
  policy::PoolConfig v4 = pool("office", "10.8.0.1", "10.8.0.2");
  v4.dns = {ip("10.2.0.53")};
  v4.subnets = {policy::parse_traffic_selector("10.2.0.0/24").value()};
  b.pools = {v4};
  b.connections[0].pools = {"office"};
  b.connections[0].remote.id = policy::Identity::any();
  b.connections[0].children[0].remote_ts.clear();
  b.connections[0].children[0].remote_dynamic = true;
  return b;
}

/// A client with three connections, each of another identity.
policy::EndpointConfig three_clients() {
  auto a = client();
  for (const char* name : {"two", "three"}) {
    auto more = a.connections[0];
    more.name = name;
    more.local.id = policy::Identity::parse(std::string(name) + ".example").value();
    a.connections.push_back(more);
  }
  return a;
}

void initiate(Pair& pair, const std::string& connection = "site") {
  REQUIRE(pair.command(pair.a, Initiate{connection, "net"}).ok());
  pair.drive();
}

Words configured(const Side& side) {
  Words out;
  for (const auto* event : side.all<trace::Configured>())
    out.push_back(event->action + " " + event->address);
  return out;
}

std::string selectors(const Side& side) {
  std::string text;
  for (const auto& sa : side.sas())
    for (const auto& child : sa.children)
      for (const auto* set : {&child.local_ts, &child.remote_ts})
        for (const auto& ts : *set) text += (text.empty() ? "" : " ") + policy::to_string(ts);
  return text;
}

/// The CP payload of each message of an exchange that a side sent: "1: 1= 3= 13=", the type and the
/// attributes with their values in hex; "" without CP.
Words sent_configs(const Side& side, const std::string& exchange) {
  Words out;
  for (const auto* message : side.all<trace::Message>()) {
    if (message->direction != "sent" || message->exchange != exchange) continue;
    const auto inside =
        wire::decode_chain(message->plain, wire::PayloadType(message->plain_first)).payloads;
    const auto* config = wire::first<wire::ConfigPayload>(inside);
    std::string text = config == nullptr ? "" : std::to_string(config->type) + ":";
    if (config != nullptr)
      for (const auto& attribute : config->attributes)
        text += " " + std::to_string(attribute.type) + "=" + to_hex(attribute.value);
    out.push_back(text);
  }
  return out;
}

std::string sent_payloads(const Side& side, std::size_t nth) {
  std::vector<std::string> found;
  for (const auto* message : side.all<trace::Message>())
    if (message->direction == "sent") found.push_back(without_extensions(message->payloads));
  return found.at(nth);
}

}  // namespace

TEST_CASE("configuration: a client gets an inner address, and its selectors are narrowed to it",
          "[pair][ikev2][configuration]") {
  Pair pair(client(), office());
  initiate(pair);
  REQUIRE(pair.consistent());
  // IDi, AUTH, CP(CFG_REQUEST), SA, TSi, TSr  -->;  <--  IDr, AUTH, CP(CFG_REPLY), SA, TSi, TSr
  //= rfc7296#2.19 "In all cases, the CP payload MUST be inserted before the SA payload."
  CHECK(sent_payloads(pair.a, 1) == "IDi, IDr, AUTH, CP, SA, TSi, TSr");
  CHECK(sent_payloads(pair.b, 1) == "IDr, AUTH, CP, SA, TSi, TSr");
  // What is asked for: an address, DNS servers and subnets, each without a value; no netmask.
  //= rfc7296#2.19 "the IRAC MUST request the IRAS-controlled address (and optionally other
  //= information concerning the protected network) in the IKE_AUTH exchange."
  //= rfc7296#2.19 "CP(CFG_REQUEST) MUST contain at least an INTERNAL_ADDRESS attribute"
  //= rfc7296#4 "it MUST include a CP payload in the first message in the IKE_AUTH exchange
  //= containing at least a field of type INTERNAL_IP4_ADDRESS or INTERNAL_IP6_ADDRESS."
  //= rfc7296#3.15.1 "Non-empty values for this attribute in a CFG_REQUEST do not make sense and
  //= thus MUST NOT be included."
  CHECK(sent_configs(pair.a, "IKE_AUTH") == Words{"1: 1= 3= 13="});
  // ... and given: 10.8.0.1, 10.2.0.53, 10.2.0.0/24; again no netmask, which none was asked for.
  //= rfc7296#4 "it MUST parse the CP payload of type CFG_REQUEST in the first message in the
  //= IKE_AUTH exchange and recognize a field of type INTERNAL_IP4_ADDRESS or INTERNAL_IP6_ADDRESS."
  //= rfc7296#4 "it MUST return a CP payload of type CFG_REPLY containing an address of the
  //= requested type."
  //= rfc7296#3.15.1 "and it MUST be used only with an INTERNAL_IP4_ADDRESS attribute."
  CHECK(sent_configs(pair.b, "IKE_AUTH") == Words{"2: 1=0a080001 3=0a020035 13=0a020000ffffff00"});
  CHECK(pair.a.inner_addresses == std::vector{ip("10.8.0.1")});
  CHECK(selectors(pair.a) == "10.8.0.1/32 10.2.0.0/24");
  CHECK(selectors(pair.b) == "10.2.0.0/24 10.8.0.1/32");
  CHECK(configured(pair.a) == Words{"got 10.8.0.1"});
  CHECK(pair.a.all<trace::Configured>()[0]->more == "DNS 10.2.0.53");
  CHECK(pair.b.all<trace::Configured>()[0]->more == "DNS 10.2.0.53, subnet 10.2.0.0/24");
  CHECK(pair.b.all<trace::Configured>()[0]->peer == "gw-a.example");
}

TEST_CASE("configuration: with several IKE_AUTH exchanges, CP goes where SA goes",
          "[pair][ikev2][configuration][eap]") {
  EapWorld world;
  const auto own = client(), given = office();
  world.client().vips = own.connections[0].vips;
  world.client().children = own.connections[0].children;
  world.b.pools = given.pools;
  world.server().pools = given.connections[0].pools;
  world.server().children = given.connections[0].children;
  Pair pair(world.a, world.b);
  initiate(pair);
  REQUIRE(pair.consistent());
  //= rfc7296#2.19 "In variations of the protocol where there are multiple IKE_AUTH exchanges, the
  //= CP payloads MUST be inserted in the messages containing the SA payloads."
  CHECK(sent_configs(pair.a, "IKE_AUTH") == Words{"1: 1= 3= 13=", "", "", ""});
  CHECK(sent_configs(pair.b, "IKE_AUTH") ==
        Words{"", "", "", "2: 1=0a080001 3=0a020035 13=0a020000ffffff00"});
  CHECK(configured(pair.a) == Words{"got 10.8.0.1"});
}

TEST_CASE("configuration: questions after IKE_AUTH", "[pair][ikev2][configuration]") {
  Pair pair(site_a(), site_b());
  initiate(pair);
  Insider insider(pair, pair.a);
  const auto answer_to = [&](std::vector<wire::ConfigPayload::Attribute> attributes) {
    const std::string payloads =
        insider.ask({wire::make_payload(wire::ConfigPayload{1, std::move(attributes)})});
    ++insider.header.message_id.value;
    return payloads + " " + sent_configs(pair.b, "INFORMATIONAL").back();
  };
  //= rfc7296#2.20 "In that case, it MUST either return an empty string or no CP payload if CP is
  //= not supported."
  CHECK(answer_to({{7, {}}}) == "CP 2: 7=");
  //= rfc7296#3.15.1 "this attribute MUST be zero-length and specifies a query to the responder to
  //= reply back with all of the attributes that it supports."
  CHECK(answer_to({{14, {}}}) == "CP 2: 14=0001000300070008000a000d000e000f");
  //= rfc7296#1.7 "Implementations that conform to this document MUST ignore proposals that have
  //= configuration attribute type 5, the"
  //= rfc7296#3.15.1 "Unrecognized or unsupported attributes MUST be ignored in both requests and
  //= responses."
  CHECK(answer_to({{5, {0, 0, 14, 16}}}) == "CP 2:");
  CHECK(answer_to({{5, {}}, {0x7fff, {1}}, {7, {}}}) == "CP 2: 7=");
  CHECK(pair.consistent());
}

TEST_CASE("configuration: an attribute of another time in IKE_AUTH changes nothing",
          "[pair][ikev2][configuration]") {
  const bool added = GENERATE(false, true);
  CAPTURE(added);
  Pair pair(client(), office());
  Forge forge(pair);
  pair.tamper = [&](const Side& from, Datagram& d) {
    if (&from != &pair.a || wire::decode(d.payload).message.header.message_id.value != 1) return;
    const auto* honest = pair.a.all<trace::Message>().back();
    auto payloads =
        wire::decode_chain(honest->plain, wire::PayloadType(honest->plain_first)).payloads;
    for (wire::Payload& payload : payloads)
      if (auto* config = std::get_if<wire::ConfigPayload>(&payload.body); config && added)
        config->attributes.insert(config->attributes.begin(), {5, {0, 0, 14, 16}});
    d = forge.instead(pair.a, d, payloads);
  };
  initiate(pair);
  //= rfc7296#1.7 "Implementations that conform to this document MUST ignore proposals that have
  //= configuration attribute type 5, the"
  CHECK(sent_configs(pair.b, "IKE_AUTH") == Words{"2: 1=0a080001 3=0a020035 13=0a020000ffffff00"});
  CHECK(pair.consistent());
}

TEST_CASE("configuration: the address outlives rekeying and goes with the IKE SA",
          "[pair][ikev2][configuration]") {
  Pair pair(client(), office());
  initiate(pair);
  Side& asks = GENERATE(true, false) ? pair.a : pair.b;
  REQUIRE(pair.command(asks, RekeyIke{}).ok());
  pair.drive();
  REQUIRE(pair.command(asks, RekeyChild{"net"}).ok());
  pair.drive();
  REQUIRE(pair.consistent());
  //= rfc7296#2.19 "That address persists at least until the deletion of the IKE SA."
  CHECK(pair.a.inner_addresses == std::vector{ip("10.8.0.1")});
  CHECK(selectors(pair.a) == "10.8.0.1/32 10.2.0.0/24");
  REQUIRE(pair.command(asks, DeleteIke{}).ok());
  pair.drive();
  CHECK(pair.a.inner_addresses.empty());
  CHECK(configured(pair.b) == Words{"given 10.8.0.1", "released 10.8.0.1"});
}

TEST_CASE("configuration: both rekey the IKE SA at once, and no address is lost or released",
          "[pair][ikev2][configuration][collision]") {
  Pair pair(client(), office());
  initiate(pair);
  REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
  REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
  pair.drive(60s);
  REQUIRE(pair.consistent());
  CHECK(configured(pair.b) == Words{"given 10.8.0.1"});
  CHECK(pair.a.inner_addresses.size() == 1);
  REQUIRE(pair.command(pair.a, DeleteIke{}).ok());
  pair.drive();
  CHECK(configured(pair.b) == Words{"given 10.8.0.1", "released 10.8.0.1"});
}

TEST_CASE("configuration: several clients, exhaustion, and who comes back",
          "[pair][ikev2][configuration]") {
  Pair pair(three_clients(), office());
  initiate(pair);
  initiate(pair, "two");
  CHECK(pair.a.inner_addresses == std::vector{ip("10.8.0.1"), ip("10.8.0.2")});
  initiate(pair, "three");
  //= rfc7296#3.15.4 "If the responder encounters an error while attempting to assign an IP address
  //= to the initiator during the processing of a Configuration payload, it responds with an
  //= INTERNAL_ADDRESS_FAILURE notification."
  std::string last;
  for (const auto* message : pair.b.all<trace::Message>()) last = message->payloads;
  CHECK(last.find("N(INTERNAL_ADDRESS_FAILURE)") != std::string::npos);
  CHECK(pair.a.sas().size() == 3);  // the IKE SA is up all the same
  CHECK(pair.a.inbound.size() == 2);
  // The first goes, and the third still has none; asked anew, it gets what became free.
  const auto named = [&](const std::string& connection) {
    for (const auto& sa : pair.a.sas())
      if (sa.connection == connection) return sa.name;
    return std::string();
  };
  REQUIRE(pair.command(pair.a, DeleteIke{named("site")}).ok());
  REQUIRE(pair.command(pair.a, DeleteIke{named("three")}).ok());
  pair.drive();
  initiate(pair, "three");
  CHECK(pair.a.inner_addresses == std::vector{ip("10.8.0.2"), ip("10.8.0.1")});
  REQUIRE(pair.command(pair.a, DeleteIke{named("two")}).ok());
  pair.drive();
  initiate(pair, "two");  // the same as before: leases go by identity
  CHECK(pair.a.inner_addresses == std::vector{ip("10.8.0.1"), ip("10.8.0.2")});
}

TEST_CASE("configuration: a client that asks for nothing gets no Child SA where a pool is needed",
          "[pair][ikev2][configuration]") {
  auto a = client();
  a.connections[0].vips.clear();
  Pair pair(a, office());
  initiate(pair);
  //= rfc7296#2.19 "IRAS MUST fail the request, and terminate the Child SA creation with a
  //= FAILED_CP_REQUIRED error."
  CHECK(pair.b.all<trace::Message>().back()->payloads.find("N(FAILED_CP_REQUIRED)") !=
        std::string::npos);
  //= rfc7296#2.19 "The responder MUST NOT send a CFG_REPLY without having first received a
  //= CP(CFG_REQUEST) from the initiator"
  CHECK(sent_configs(pair.b, "IKE_AUTH") == Words{""});
  CHECK(pair.a.state() == "ESTABLISHED");
  CHECK(pair.a.inbound.empty());
}

TEST_CASE("configuration: a gateway without pools answers no request",
          "[pair][ikev2][configuration]") {
  auto b = office();
  b.connections[0].pools.clear();
  b.connections[0].children[0].remote_dynamic = false;
  b.connections[0].children[0].remote_ts = {policy::parse_traffic_selector("0.0.0.0/0").value()};
  Pair pair(client(), b);
  initiate(pair);
  CHECK(sent_payloads(pair.b, 1) == "IDr, AUTH, SA, TSi, TSr");
  CHECK(pair.a.diagnosed("E-IKE-081"));  // it wanted an inner address, and has none to send from
  CHECK(pair.a.state() == "ESTABLISHED");
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());  // and was told so
}

TEST_CASE("configuration: IPv6, and an address that is wished for",
          "[pair][ikev2][configuration]") {
  auto a = client("2001:db8:8::7");
  a.connections[0].vips.push_back(ip("10.8.0.2"));
  a.connections[0].children[0].remote_ts.push_back(
      policy::parse_traffic_selector("2001:db8:2::/64").value());
  auto b = office();
  b.pools.push_back(pool("six", "2001:db8:8::1", "2001:db8:8::ff"));
  b.pools.back().dns = {ip("2001:db8:2::53")};
  b.connections[0].pools.push_back("six");
  b.connections[0].children[0].local_ts.push_back(
      policy::parse_traffic_selector("2001:db8:2::/64").value());
  Pair pair(a, b);
  initiate(pair);
  REQUIRE(pair.consistent());
  CHECK(pair.a.inner_addresses == std::vector{ip("10.8.0.2"), ip("2001:db8:8::7")});
  CHECK(selectors(pair.b) == "10.2.0.0/24 2001:db8:2::/64 2001:db8:8::7/128 10.8.0.2/32");
}

TEST_CASE("configuration: without virtual addresses, dynamic is the outer address",
          "[pair][ikev2][configuration]") {
  auto a = site_a(), b = site_b();
  for (auto* config : {&a, &b}) {
    auto& child = config->connections[0].children[0];
    child.local_ts.clear();
    child.remote_ts.clear();
    child.local_dynamic = child.remote_dynamic = true;
  }
  Pair pair(a, b);
  initiate(pair);
  REQUIRE(pair.consistent());
  CHECK(selectors(pair.a) == "192.0.2.1/32 192.0.2.2/32");
}

TEST_CASE("configuration: who is not authenticated gets no address",
          "[pair][ikev2][configuration]") {
  auto a = client();
  a.connections[0].local.psk = to_bytes(as_bytes("another secret"));
  Pair pair(a, office());
  initiate(pair);
  CHECK(configured(pair.b).empty());
  CHECK(pair.b.state() == "none");
}

TEST_CASE("leases: one more is refused, and holders are counted", "[ikev2][configuration]") {
  Leases leases;
  const policy::PoolConfig two = pool("p", "10.8.0.1", "10.8.0.2");
  CHECK(leases.take(two, "anna", ip("10.8.0.2")) == ip("10.8.0.2"));
  CHECK(leases.take(two, "bert", ip("10.8.0.2")) == ip("10.8.0.1"));  // it is taken
  CHECK(leases.take(two, "carl", {}) == std::nullopt);
  leases.hold(ip("10.8.0.2"));
  CHECK_FALSE(leases.release(ip("10.8.0.2")));
  CHECK(leases.take(two, "carl", {}) == std::nullopt);
  CHECK(leases.release(ip("10.8.0.2")));
  CHECK(leases.online() == 1);
  CHECK(leases.take(two, "carl", {}) == ip("10.8.0.2"));  // anna is gone, and nothing else is left
  CHECK(leases.release(ip("10.8.0.1")));
  CHECK(leases.take(two, "bert", ip("192.0.2.99")) == ip("10.8.0.1"));  // not of the pool
}
