// IKE SAs that begin without a Child SA (RFC 6023), and authentication that ends (RFC 4478).
#include <algorithm>

#include "protocol/ikev2/task.hpp"
#include "protocol/wire/decode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using policy::Childless;

policy::EndpointConfig begins(policy::EndpointConfig config, Childless how) {
  config.connections[0].childless = how;
  return config;
}

std::string said(const Side& side, const std::string& exchange) {
  for (const auto* message : side.all<trace::Message>())
    if (message->exchange == exchange && message->direction == "sent") return message->payloads;
  return "";
}

Bytes first_bytes(const Side& side, const std::string& exchange) {
  for (const auto* message : side.all<trace::Message>())
    if (message->exchange == exchange && message->direction == "sent") return message->bytes;
  return {};
}

}  // namespace

TEST_CASE("childless: the Child SA comes by CREATE_CHILD_SA", "[pair][ikev2][childless]") {
  const Childless of_a = GENERATE(Childless::prefer, Childless::force);
  const Childless of_b = GENERATE(Childless::allow, Childless::prefer, Childless::force);
  Pair pair(begins(site_a("aes256gcm16-prfsha256-x25519", "aes256gcm16-x25519"), of_a),
            begins(site_b("aes256gcm16-prfsha256-x25519", "aes256gcm16-x25519"), of_b));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  //= rfc6023#3 "A supporting responder MUST include the Notify payload, described in Section 4,
  //= within the IKE_SA_INIT response."
  CHECK(said(pair.b, "IKE_SA_INIT").find("N(CHILDLESS_IKEV2_SUPPORTED)") != std::string::npos);
  //= rfc6023#3 "A supporting responder that has advertised support by including the notification in
  //= the IKE_SA_INIT response MUST process a modified IKE_AUTH request, and MUST reply with a
  //= modified IKE_AUTH response."
  CHECK(said(pair.a, "IKE_AUTH").find("SA") == std::string::npos);
  CHECK(said(pair.b, "IKE_AUTH").find("SA") == std::string::npos);
  //= rfc6023#4 "Protocol ID (1 octet) MUST be 1, as this message is related to an IKEv2 SA."
  //= rfc6023#4 "SPI Size (1 octet) MUST be zero, in conformance with section 3.10 of [RFC5996]."
  //= rfc6023#4 "Childless Notify Message Type (2 octets) - MUST be 16418, the value assigned for
  //= CHILDLESS_IKEV2_SUPPORTED."
  const auto answer = wire::decode(first_bytes(pair.b, "IKE_SA_INIT")).message;
  const auto* supported = find_notify(answer.payloads, static_cast<wire::NotifyType>(16418));
  REQUIRE(supported != nullptr);
  CHECK(supported->protocol == wire::ProtocolId::ike);
  CHECK(supported->spi.empty());
  // Its first keys have a key exchange of their own.
  CHECK(said(pair.a, "CREATE_CHILD_SA").find("KE") != std::string::npos);
  CHECK(pair.consistent());
  CHECK(pair.a.diagnostics().empty());
  CHECK(pair.b.diagnostics().empty());
}

TEST_CASE("childless: prefer goes on as usual where the peer does not know it",
          "[pair][ikev2][childless]") {
  //= rfc6023#3 "The initiator MUST NOT send the modified IKE_AUTH request if the notification was
  //= not present."
  Pair pair(begins(site_a(), Childless::prefer), site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(said(pair.a, "IKE_AUTH").find("TSi") != std::string::npos);
  CHECK(pair.consistent());
}

TEST_CASE("childless: allow answers a usual request in the usual way", "[pair][ikev2][childless]") {
  //= rfc6023#3 "Such a responder MUST NOT reply with a modified IKE_AUTH response if the initiator
  //= did not send a modified IKE_AUTH request."
  Pair pair(site_a(), begins(site_b(), Childless::allow));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(said(pair.b, "IKE_AUTH").find("TSi") != std::string::npos);
  CHECK(pair.consistent());
}

TEST_CASE("childless: switched off it is as if it were not there", "[pair][ikev2][childless]") {
  //= rfc6023#3 "A supporting responder that has been configured not to support this extension to
  //= the protocol MUST behave as the same as if it didn't support this extension.  It MUST NOT
  //= advertise the capability with a notification"
  Pair pair(begins(site_a(), Childless::prefer), begins(site_b(), Childless::never));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(said(pair.b, "IKE_SA_INIT").find("CHILDLESS") == std::string::npos);
  CHECK(pair.consistent());
}

TEST_CASE("childless: force makes no IKE SA otherwise", "[pair][ikev2][childless]") {
  const bool initiator = GENERATE(true, false);
  Pair pair(initiator ? begins(site_a(), Childless::force) : site_a(),
            initiator ? site_b() : begins(site_b(), Childless::force));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(40s);
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
  CHECK((initiator ? pair.a : pair.b).diagnosed("E-AUTH-040"));
}

TEST_CASE("auth_lifetime: the initiator authenticates again in time", "[pair][ikev2][lifetime]") {
  auto b = site_b();
  b.connections[0].auth_lifetime = 600s;
  Pair pair(site_a(), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  //= rfc4478#2 "The Responder MUST send this information to the Initiator in an AUTH_LIFETIME
  //= notification either in the last message of an IKE_AUTH exchange, or in an INFORMATIONAL
  //= request, which may be sent at any time."
  CHECK(said(pair.b, "IKE_AUTH").find("N(AUTH_LIFETIME)") != std::string::npos);
  //= rfc4478#2 "The AUTH_LIFETIME notification MUST be protected and MAY be sent by the original
  //= Responder at any time."
  //= rfc4478#3 "Protocol ID (1 octet) MUST be 0."
  for (const auto* message : pair.b.all<trace::Message>()) {
    if (message->exchange != "IKE_AUTH" || message->direction != "sent") continue;
    CHECK(message->encrypted);
    const auto chain =
        wire::decode_chain(message->plain, static_cast<wire::PayloadType>(message->plain_first));
    const auto* told = find_notify(chain.payloads, wire::NotifyType::auth_lifetime);
    REQUIRE(told != nullptr);
    CHECK(told->protocol == wire::ProtocolId::none);
    CHECK(told->data == Bytes{0, 0, 2, 0x58});  // 600 seconds
  }
  pair.drive(530s);
  CHECK(pair.a.sas().at(0).name == "gw-a#1");
  //= rfc4478#2 "An Initiator that received an AUTH_LIFETIME notification SHOULD repeat the Initial
  //= exchange within the time indicated in the notification."
  pair.drive(60s);
  CHECK(pair.consistent());
  CHECK(pair.a.sas().at(0).name == "gw-a#2");
  pair.drive(600s);  // and again
  CHECK(pair.consistent());
  CHECK(pair.a.sas().at(0).name == "gw-a#3");
}

TEST_CASE("auth_lifetime: who does not is let go, rekeyed or not", "[pair][ikev2][lifetime]") {
  //= rfc4478#2 "The original Responder that sends the AUTH_LIFETIME notification SHOULD send a
  //= DELETE notification soon after the end of the lifetime period, unless the IKE SA is deleted
  //= before the lifetime period elapses."
  //= rfc4478#2 "If the IKE SA is rekeyed, then the time limit applies to the new SA."
  const bool rekeyed = GENERATE(false, true);
  auto b = site_b();
  b.connections[0].auth_lifetime = 600s;
  Pair pair(site_a(), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  if (rekeyed) {
    pair.drive(100s);
    REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
    pair.drive(1s);
    REQUIRE(pair.consistent());
  }
  // The initiator's new IKE_SA_INIT never arrives.
  pair.lose = [&pair](const Side& from, unsigned, const Datagram& d) {
    return &from == &pair.a && d.payload.size() > 18 && d.payload[18] == 34;
  };
  pair.drive(610s);
  const auto all = pair.b.sas();
  CHECK(all.empty());
  CHECK(pair.b.inbound.empty());
}
