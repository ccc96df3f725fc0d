// Redirects (RFC 5685) in all three places, and forged ones.
#include <algorithm>

#include "protocol/ikev2/task.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eap_world.hpp"
#include "tests/support/forge.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using When = policy::Redirect::When;

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

const IpAddress elsewhere = ip("192.0.2.9");

policy::EndpointConfig client() {
  auto config = site_a();
  config.connections[0].follow_redirects = true;
  return config;
}

/// gw-b at 192.0.2.2 sends its clients to 192.0.2.9, where it answers itself: two gateways in one.
policy::EndpointConfig gateway(std::optional<When> when) {
  auto config = site_b();
  config.connections.push_back(config.connections[0]);
  config.connections[1].name = "elsewhere";
  config.connections[1].local_addr = elsewhere;
  if (when) config.connections[0].redirect_to = policy::Redirect{elsewhere, *when};
  return config;
}

void initiate(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
}

std::vector<std::string> said(const Side& side, const std::string& exchange) {
  std::vector<std::string> all;
  for (const auto* message : side.all<trace::Message>())
    if (message->exchange == exchange && message->direction == "sent" && message->attempt == 0)
      all.push_back(message->payloads);
  return all;
}

bool has(const std::string& payloads, const char* what) {
  return payloads.find(what) != std::string::npos;
}

/// A notification that a side sent, as it was on the wire.
wire::NotifyPayload notified(const Side& side, const std::string& exchange, wire::NotifyType type) {
  for (const auto* message : side.all<trace::Message>()) {
    if (message->exchange != exchange || message->direction != "sent") continue;
    const auto payloads =
        message->encrypted
            ? wire::decode_chain(message->plain,
                                 static_cast<wire::PayloadType>(message->plain_first))
                  .payloads
            : wire::decode(message->bytes).message.payloads;
    if (const auto* found = find_notify(payloads, type)) return *found;
  }
  FAIL("it sent no such notification");
  return {};
}

}  // namespace

TEST_CASE("redirect: the notifications on the wire", "[pair][ikev2][redirect]") {
  // RFC 5685, 9: 'SPI Size' and 'Protocol ID' zero in all three.
  //= rfc5685#9.1 "The 'SPI Size' field MUST be set to 0 to indicate that the SPI is not present in
  //= this message."
  //= rfc5685#9.1 "The 'Protocol ID' MUST be set to 0, since the notification is not specific to a
  //= particular security association."
  //= rfc5685#9.2 "The 'SPI Size' field MUST be set to 0 to indicate that the SPI is not present in
  //= this message."
  //= rfc5685#9.2 "The 'Protocol ID' MUST be set to 0, since the notification is not specific to a
  //= particular security association."
  //= rfc5685#9.3 "The 'SPI Size' field MUST be set to 0 to indicate that the SPI is not present in
  //= this message."
  //= rfc5685#9.3 "The 'Protocol ID' MUST be set to 0, since the notification is not specific to a
  //= particular security association."
  Pair pair(client(), gateway(When::init));
  initiate(pair);
  const auto supported = notified(pair.a, "IKE_SA_INIT", wire::NotifyType::redirect_supported);
  const auto redirect = notified(pair.b, "IKE_SA_INIT", wire::NotifyType::redirect);
  const auto from = notified(pair.a, "IKE_SA_INIT", wire::NotifyType::redirected_from);
  for (const auto& each : {supported, redirect, from}) {
    CHECK(each.protocol == wire::ProtocolId::none);
    CHECK(each.spi.empty());
  }
  CHECK(supported.data.empty());
  CHECK(from.data == Bytes{1, 4, 192, 0, 2, 2});
  //= rfc5685#9.2 "The IPv4 address, the IPv6 address, or the FQDN of the new VPN gateway MUST be
  //= encoded as described in Section 3.5 of [2]."
  //= rfc5685#9.2 "The size of the nonce MUST be between 16 and 256 bytes, as described in Section
  //= 3.9 of [2]."
  const auto asked = wire::decode(pair.wire.front().payload).message;
  CHECK(redirect.data ==
        concat({Bytes{1, 4, 192, 0, 2, 9}, wire::first<wire::NoncePayload>(asked.payloads)->data}));
}

TEST_CASE("redirect: instead of an answer to IKE_SA_INIT", "[pair][ikev2][redirect]") {
  Pair pair(client(), gateway(When::init));
  initiate(pair);
  REQUIRE(said(pair.a, "IKE_SA_INIT").size() == 2);
  CHECK(has(said(pair.a, "IKE_SA_INIT")[0], "N(REDIRECT_SUPPORTED)"));
  CHECK(said(pair.b, "IKE_SA_INIT") == std::vector<std::string>{"N(REDIRECT)"});
  //= rfc5685#3 "In the IKE_SA_INIT exchange with the new VPN gateway, the client MUST include the
  //= REDIRECTED_FROM payload"
  CHECK(has(said(pair.a, "IKE_SA_INIT")[1], "N(REDIRECTED_FROM)"));
  CHECK_FALSE(has(said(pair.a, "IKE_SA_INIT")[1], "N(REDIRECT_SUPPORTED)"));
  CHECK(pair.wire.back().dst.ip == elsewhere);
  // RFC 5685, 3: nothing was made, and the responder's SPI is zero.
  const auto answer = std::find_if(pair.wire.begin(), pair.wire.end(),
                                   [](const Datagram& d) { return d.src.ip == ip("192.0.2.2"); });
  REQUIRE(answer != pair.wire.end());
  CHECK(wire::decode(answer->payload).message.header.spi_r.value == 0);
  CHECK(pair.b.state() == "none");
  // The other gateway is there: the next repetition reaches it.
  pair.b.address = elsewhere;
  pair.drive(10s);
  CHECK(pair.consistent());
  CHECK(pair.b.sas().at(0).connection == "elsewhere");
}

TEST_CASE("redirect: who says nothing of it is not redirected", "[pair][ikev2][redirect]") {
  //= rfc5685#3 "If the IKE_SA_INIT request did not indicate support for the redirect mechanism, the
  //= responder MUST NOT send the REDIRECT payload to the VPN client."
  const When when = GENERATE(When::init, When::auth);
  Pair pair(site_a(), gateway(when));
  initiate(pair);
  CHECK(pair.consistent());
  //= rfc5685#3 "The gateway MUST keep track of those clients that indicated support for the redirect
  //= mechanism and those that didn't."
  CHECK_FALSE(pair.command(pair.b, RedirectTo{elsewhere}).ok());
}

TEST_CASE("redirect: a forged one is as if it had not come", "[pair][ikev2][redirect]") {
  //= rfc5685#3 "it MUST verify that the nonce data matches the value sent in the IKE_SA_INIT
  //= request.  If the values do not match, the client MUST silently discard the response (and keep
  //= waiting for another response)."
  const bool asked = GENERATE(true, false);
  Pair pair(asked ? client() : site_a(), gateway(std::nullopt));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  const Datagram request = pair.wire.back();
  wire::Message forged;
  forged.header = wire::decode(request.payload).message.header;
  forged.header.initiator = false;
  forged.header.response = true;
  Bytes data = concat({Bytes{1, 4}, elsewhere.octets(), Bytes(32, 0x55)});
  SECTION("another nonce") {}
  SECTION("no nonce") {
    data.resize(6);
  }
  SECTION("a length that is not there") {
    data = {1, 40, 1, 2};
  }
  SECTION("a name") {
    data = {3, 3, 'g', 'w', '2'};
  }
  SECTION("nothing at all") {
    data = {};
  }
  forged.payloads = {notify(wire::NotifyType::redirect, data)};
  pair.deliver(pair.a, {900, request.dst, request.src, wire::encode(forged)});
  CHECK(pair.a.diagnosed("E-IKE-090"));
  pair.settle();
  CHECK(pair.consistent());
  CHECK(said(pair.a, "IKE_SA_INIT").size() == 1);
}

TEST_CASE("redirect: on the path, the nonce is no defence, and the PAD is",
          "[pair][ikev2][redirect]") {
  // RFC 5685, 11: who sees the request can echo the nonce. Whoever stands there then must still
  // prove to be gw-b.
  Pair pair(client(), gateway(std::nullopt));
  auto rogue = site_b();
  rogue.connections[0].local_addr = elsewhere;
  rogue.connections[0].local.psk = to_bytes(as_bytes("not the key"));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  const Datagram request = pair.wire.back();
  const auto message = wire::decode(request.payload).message;
  wire::Message forged;
  forged.header = message.header;
  forged.header.initiator = false;
  forged.header.response = true;
  forged.payloads = {notify(wire::NotifyType::redirect,
                            concat({Bytes{1, 4}, elsewhere.octets(),
                                    wire::first<wire::NoncePayload>(message.payloads)->data}))};
  pair.b.endpoint =
      std::make_unique<Endpoint>(rogue, *pair.b.provider, crypto::seeded_rng(3, "rogue"));
  pair.b.address = elsewhere;
  pair.deliver(pair.a, {900, request.dst, request.src, wire::encode(forged)});
  pair.drive(60s);
  CHECK(pair.wire.back().dst.ip != ip("192.0.2.2"));
  CHECK(pair.a.state() == "none");
  CHECK(pair.a.all<trace::SaInstalled>().empty());
  //= rfc5685#3 "it MUST use the same Peer Authorization Database (PAD) and Security Policy Database
  //= (SPD) entries as it would have used with the original gateway.  Receiving a redirect
  //= notification MUST NOT result in the modification of any PAD or SPD entries."
  //= rfc5685#11 "The redirect mechanism MUST NOT update any state on the client apart from the VPN
  //= gateway information."
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  CHECK(pair.wire.back().dst.ip == ip("192.0.2.2"));  // the next attempt is where it always was
}

TEST_CASE("redirect: beside AUTH, when both are believed", "[pair][ikev2][redirect]") {
  Pair pair(client(), gateway(When::auth));
  initiate(pair);
  CHECK(has(said(pair.b, "IKE_AUTH").at(0), "N(REDIRECT)"));
  CHECK_FALSE(has(said(pair.b, "IKE_AUTH").at(0), "TSi"));
  //= rfc5685#6 "The gateway MUST verify the client's AUTH payload before sending the REDIRECT
  //= payload, and the client MUST verify the gateway's AUTH payload before acting on the REDIRECT
  //= payload."
  CHECK(has(said(pair.b, "IKE_AUTH").at(0), "AUTH"));
  for (const Side* side : {&pair.a, &pair.b}) CHECK(side->all<trace::AuthDecided>().back()->ok);
  //= rfc5685#9.2 "It MUST NOT be included in the REDIRECT payload if sent in an IKE_AUTH response or
  //= in a gateway-initiated redirect message."
  CHECK(notified(pair.b, "IKE_AUTH", wire::NotifyType::redirect).data == Bytes{1, 4, 192, 0, 2, 9});
  CHECK(pair.b.state() == "none");  // the client deleted it
  pair.b.address = elsewhere;
  pair.drive(10s);
  CHECK(pair.consistent());
  CHECK(pair.b.sas().at(0).connection == "elsewhere");
}

TEST_CASE("redirect: in the middle of a session, make before break", "[pair][ikev2][redirect]") {
  Pair pair(client(), gateway(std::nullopt));
  initiate(pair);
  REQUIRE(pair.consistent());
  REQUIRE(pair.command(pair.b, RedirectTo{elsewhere}).ok());
  pair.settle();
  CHECK(said(pair.b, "INFORMATIONAL").at(0) == "N(REDIRECT)");
  //= rfc5685#5 "The REDIRECT payload MUST carry information about the new VPN gateway.  The gateway
  //= MUST NOT include any nonce data in the REDIRECT payload, since it is a gateway- initiated
  //= redirect and is protected by the IKEv2 security association."
  CHECK(notified(pair.b, "INFORMATIONAL", wire::NotifyType::redirect).data ==
        Bytes{1, 4, 192, 0, 2, 9});
  CHECK(pair.a.sas().size() == 2);  // the old one carries on until the new one is up
  pair.b.address = elsewhere;
  pair.drive(10s);
  CHECK(pair.a.sas().size() <= 2);
  const auto all = pair.a.sas();
  CHECK(std::any_of(all.begin(), all.end(), [](const IkeSaInfo& sa) {
    return sa.state == "ESTABLISHED" && !sa.children.empty() && sa.name == "gw-a#2";
  }));
}

TEST_CASE("redirect: beside AUTH that is not believed", "[pair][ikev2][redirect]") {
  auto a = client();
  const bool of_a = GENERATE(true, false);
  auto b = gateway(When::auth);
  (of_a ? a : b).connections[0].local.psk = to_bytes(as_bytes("another key"));
  Pair pair(a, b);
  initiate(pair);
  pair.drive(40s);
  CHECK(pair.a.state() == "none");
  CHECK(said(pair.a, "IKE_SA_INIT").size() == 1);  // nobody was sent anywhere
}

TEST_CASE("redirect: a loop ends", "[pair][ikev2][redirect]") {
  //= rfc5685#7 "To prevent this, the client SHOULD be configured to not accept more than a certain
  //= number of redirects (MAX_REDIRECTS) within a short time period (REDIRECT_LOOP_DETECT_PERIOD)
  //= for a particular IKEv2 SA setup."
  auto b = gateway(When::init);
  b.connections[1].redirect_to = policy::Redirect{ip("192.0.2.2"), When::init};
  Pair pair(client(), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  // Both addresses are gw-b's: whoever is asked is there.
  pair.tamper = [&pair](const Side& from, Datagram& d) {
    if (&from == &pair.a) pair.b.address = d.dst.ip;
  };
  pair.drive(200s);
  CHECK(said(pair.a, "IKE_SA_INIT").size() == 6);  // the first, and MAX_REDIRECTS of them
  CHECK(pair.a.diagnosed("E-IKE-090"));
  CHECK(pair.a.state() == "none");
}

TEST_CASE("redirect: only the responder redirects", "[pair][ikev2][redirect]") {
  //= rfc5685#10 "only the original responder can redirect the original initiator to another
  //= server."
  auto b = gateway(std::nullopt);
  b.connections[0].follow_redirects = true;
  Pair pair(client(), b);
  initiate(pair);
  CHECK_FALSE(pair.command(pair.a, RedirectTo{elsewhere}).ok());
  CHECK(pair.command(pair.b, RedirectTo{elsewhere}).ok());
}

TEST_CASE("redirect: with EAP, in the last IKE_AUTH response", "[pair][ikev2][redirect][eap]") {
  //= rfc5685#6 "The client and the gateway MUST verify the AUTH payloads as described above."
  //= rfc5685#6 "In all of the cases above, the client MUST accept the REDIRECT notification only in
  //= the first IKE_AUTH response or the last IKE_AUTH response."
  EapWorld world;
  world.client().follow_redirects = true;
  world.server().redirect_to = policy::Redirect{elsewhere, When::auth};
  Pair pair(world.a, world.b);
  initiate(pair);
  const auto answers = said(pair.b, "IKE_AUTH");
  REQUIRE(answers.size() > 2);
  for (std::size_t i = 0; i + 1 < answers.size(); ++i) CHECK_FALSE(has(answers[i], "N(REDIRECT)"));
  CHECK(has(answers.back(), "AUTH"));
  CHECK(has(answers.back(), "N(REDIRECT)"));
  CHECK(std::any_of(pair.wire.begin(), pair.wire.end(),
                    [](const Datagram& d) { return d.dst.ip == elsewhere; }));
}

TEST_CASE("redirect: with EAP, not in a response between the first and the last",
          "[pair][ikev2][redirect][eap]") {
  //= rfc5685#6 "It MUST NOT accept the REDIRECT notification in an intermediate IKE_AUTH response."
  EapWorld world;
  world.client().follow_redirects = true;
  Pair pair(world.a, world.b);
  // The gateway puts it into its second response, where nobody may heed it.
  unsigned answers = 0;
  pair.tamper = [&](const Side& from, Datagram& d) {
    const wire::Message outer = wire::decode(d.payload).message;
    if (&from != &pair.b || outer.header.exchange != wire::ExchangeType::ike_auth) return;
    if (++answers != 2) return;
    const auto* said_last = pair.b.all<trace::Message>().back();
    auto payloads =
        wire::decode_chain(said_last->plain, static_cast<wire::PayloadType>(said_last->plain_first))
            .payloads;
    payloads.push_back(
        notify(wire::NotifyType::redirect, concat({Bytes{1, 4}, elsewhere.octets()})));
    Insider insider(pair, pair.b);
    insider.header = outer.header;
    d.payload = insider.message(payloads).payload;
  };
  initiate(pair);
  CHECK(answers > 2);
  CHECK(pair.consistent());
  CHECK(said(pair.a, "IKE_SA_INIT").size() == 1);
}
