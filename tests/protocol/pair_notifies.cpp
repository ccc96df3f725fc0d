// Every notification type once in each place where a peer may put it: errors in responses fail
// their request and nothing else, errors and status types in requests change only what they are for
// (RFC 7296, 2.21, 3.10.1). What a type does where it is due has tests of its own:
// tests/conformance/notifies.tsv says which.
#include <set>

#include "protocol/wire/decode.hpp"
#include "tests/support/by_hand.hpp"
#include "tests/support/forge.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using wire::NotifyType;

void establish(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
}

/// All that have a name, errors or status types.
std::vector<NotifyType> known(bool errors) {
  std::vector<NotifyType> out;
  const unsigned begin = errors ? 1 : 16'384, end = errors ? 100 : 16'500;
  for (unsigned number = begin; number < end; ++number) {
    const auto type = static_cast<NotifyType>(number);
    if (wire::name(type).find("unassigned") == std::string::npos) out.push_back(type);
  }
  return out;
}

/// With as many octets of zero as its type must have.
wire::Payload of(NotifyType type) {
  for (const std::size_t size : {0U, 1U, 2U, 3U, 4U, 8U, 16U, 20U}) {
    const wire::Payload payload = notify(type, Bytes(size));
    const auto encoded = wire::encode_chain({payload});
    if (!wire::has_error(wire::decode_chain(encoded.bytes, encoded.first).diagnostics))
      return payload;
  }
  FAIL("no size will do for " << wire::name(type));
  return {};
}

}  // namespace

TEST_CASE("notifies: each error in the response to a rekey fails it, and the Child SA stays",
          "[pair][ikev2][notifies]") {
  // These do more: a new IKE SA, a Child SA from scratch.
  const std::set<NotifyType> own = {NotifyType::no_additional_sas, NotifyType::child_sa_not_found};
  const auto errors = known(true);
  CHECK(errors.size() >= 20);
  for (const NotifyType type : errors) {
    if (own.contains(type)) continue;
    CAPTURE(wire::name(type));
    Pair pair(site_a(), site_b());
    establish(pair);
    const auto before = pair.a.sas()[0];
    pair.lose = [&](const Side& from, unsigned, const Datagram&) { return &from == &pair.b; };
    REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
    Insider insider(pair, pair.b);
    insider.header.exchange = wire::ExchangeType::create_child_sa;
    insider.header.response = true;
    insider.header.message_id = {2};
    pair.deliver(pair.a, insider.message({of(type)}));
    CHECK(pair.a.all<trace::TaskEnded>().back()->outcome == "failed");
    CHECK(pair.a.state() == "ESTABLISHED");
    REQUIRE(pair.a.sas()[0].children.size() == 1);
    CHECK(pair.a.sas()[0].spi_i == before.spi_i);
    CHECK(pair.a.sas()[0].children[0].spi_in == before.children[0].spi_in);
    CHECK(pair.a.sas()[0].children[0].state == "INSTALLED");
    CHECK(pair.a.inbound.size() == 1);
  }
}

TEST_CASE("notifies: each error instead of AUTH ends the attempt", "[pair][ikev2][notifies]") {
  for (const NotifyType type : known(true)) {
    CAPTURE(wire::name(type));
    Pair pair(site_a(), site_b());
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    REQUIRE(pair.step(pair.now + 10ms));
    REQUIRE(pair.step(pair.now + 10ms));
    REQUIRE(pair.a.state() == "AUTHENTICATING");
    pair.lose = [&](const Side& from, unsigned, const Datagram&) { return &from == &pair.b; };
    pair.settle();
    Insider insider(pair, pair.b);
    insider.header.exchange = wire::ExchangeType::ike_auth;
    insider.header.response = true;
    insider.header.message_id = {1};
    pair.deliver(pair.a, insider.message({of(type)}));
    CHECK(pair.a.state() == "none");
    CHECK(pair.a.inbound.empty());
    CHECK(pair.a.all<trace::SaInstalled>().empty());
  }
}

TEST_CASE("notifies: each error in a request, and nothing comes of it", "[pair][ikev2][notifies]") {
  for (const NotifyType type : known(true)) {
    CAPTURE(wire::name(type));
    Pair pair(site_a(), site_b());
    establish(pair);
    Insider insider(pair, pair.a);
    CHECK(insider.ask({of(type)}) == "(empty)");
    if (type == NotifyType::authentication_failed) {  // but this one ends the IKE SA
      CHECK(pair.b.state() == "none");
      continue;
    }
    CHECK(pair.b.state() == "ESTABLISHED");
    CHECK(pair.b.sas()[0].children.size() == 1);
    pair.drive(5s);
    CHECK(pair.b.inbound.size() == 1);
  }
}

TEST_CASE("notifies: each status type in a request where it is not due changes nothing",
          "[pair][ikev2][notifies]") {
  const auto types = known(false);
  CHECK(types.size() >= 35);
  for (const NotifyType type : types) {
    CAPTURE(wire::name(type));
    Pair pair(site_a(), site_b());
    establish(pair);
    const auto before = pair.b.sas()[0];
    Insider insider(pair, pair.a);
    const std::string answer = insider.ask({of(type)});
    CHECK(answer == "(empty)");
    REQUIRE(pair.b.state() == "ESTABLISHED");
    REQUIRE(pair.b.sas()[0].children.size() == 1);
    CHECK(pair.b.sas()[0].children[0].spi_in == before.children[0].spi_in);
    CHECK(pair.b.outbound.begin()->second.dst == pair.a.address);
  }
}

TEST_CASE("notifies: ESP_TFC_PADDING_NOT_SUPPORTED keeps padding away", "[pair][ikev2][notifies]") {
  auto a = site_a(), b = site_b();
  a.connections[0].children[0].tfc_padding = 500;
  Pair pair(a, b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  REQUIRE(pair.step(pair.now + 10ms));
  const bool said = GENERATE(true, false);
  // gw-b's answer to IKE_AUTH with the notification more
  pair.settle();
  REQUIRE(pair.consistent());
  CHECK(pair.a.outbound.begin()->second.tfc_padding == 500);
  // ... and in a rekey, in the name of gw-b
  pair.lose = [&](const Side& from, unsigned, const Datagram&) { return &from == &pair.b; };
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.settle();
  const trace::Message* honest = nullptr;
  for (const auto* m : pair.b.all<trace::Message>())
    if (m->direction == "sent" && m->exchange == "CREATE_CHILD_SA") honest = m;
  REQUIRE(honest != nullptr);
  auto payloads =
      wire::decode_chain(honest->plain, wire::PayloadType(honest->plain_first)).payloads;
  if (said) payloads.push_back(notify(NotifyType::esp_tfc_padding_not_supported));
  Insider insider(pair, pair.b);
  insider.header.exchange = wire::ExchangeType::create_child_sa;
  insider.header.response = true;
  insider.header.message_id = {2};
  pair.deliver(pair.a, insider.message(payloads));
  const EspSpi fresh = pair.a.outbound_order.back();
  CHECK(pair.a.outbound.at(fresh).tfc_padding == (said ? 0U : 500U));
}
