// Quick crash detection (RFC 6290): a peer that lost its SAs proves it, and nobody else can.
#include "protocol/base/bounds.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

policy::EndpointConfig careful(policy::EndpointConfig config, std::uint8_t secret) {
  config.connections[0].quick_crash_detection = true;
  config.connections[0].dpd_delay = 30s;
  config.lasting_secret = Bytes(32, secret);
  return config;
}

/// The node forgets everything at once; what it kept is its configuration.
void crash(Side& side, const policy::EndpointConfig& config, std::uint64_t seed) {
  side.endpoint =
      std::make_unique<Endpoint>(config, *side.provider, crypto::seeded_rng(seed, config.node));
  side.inbound.clear();
  side.outbound.clear();
  side.outbound_order.clear();
}

void establish(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
}

std::string first_said(const Side& side, const std::string& exchange) {
  for (const auto* message : side.all<trace::Message>())
    if (message->exchange == exchange && message->direction == "sent") return message->payloads;
  return "";
}

}  // namespace

TEST_CASE("crash: the first answer after it is proof enough", "[pair][ikev2][qcd]") {
  const auto a = careful(site_a(), 1), b = careful(site_b(), 2);
  Pair pair(a, b);
  establish(pair);
  CHECK(first_said(pair.a, "IKE_AUTH").find("N(QUICK_CRASH_DETECTION)") != std::string::npos);
  CHECK(first_said(pair.b, "IKE_AUTH").find("N(QUICK_CRASH_DETECTION)") != std::string::npos);
  crash(pair.b, b, 77);
  pair.drive(31s);  // one liveness check
  // HDR(A,B), N(INVALID_IKE_SPI), N(QUICK_CRASH_DETECTION), in the clear, and a new IKE SA
  CHECK(pair.consistent());
  CHECK(pair.a.sas().at(0).name == "gw-a#2");
}

TEST_CASE("crash: of the initiator, and the responder only lets go", "[pair][ikev2][qcd]") {
  const auto a = careful(site_a(), 1), b = careful(site_b(), 2);
  Pair pair(a, b);
  establish(pair);
  crash(pair.a, a, 77);
  pair.drive(31s);
  CHECK(pair.b.state() == "none");
  CHECK(pair.b.inbound.empty());
}

TEST_CASE("crash: strangers are told only so often", "[pair][ikev2][qcd]") {
  const auto b = careful(site_b(), 2);
  Pair pair(careful(site_a(), 1), b);
  establish(pair);
  const Datagram request = pair.wire.at(2);  // IKE_AUTH, of an IKE SA that is forgotten now
  crash(pair.b, b, 77);
  const unsigned before = pair.b.sent;
  for (int i = 0; i < 1000; ++i) pair.deliver(pair.b, request);
  CHECK(pair.b.sent - before == bounds::notices_in_a_second);
}

TEST_CASE("crash: without the token nobody is believed", "[pair][ikev2][qcd]") {
  //= rfc6290#4.5 "If the QCD_TOKEN cannot be validated, a response MUST NOT be sent, and the event
  //= may be logged."
  const auto a = careful(site_a(), 1);
  auto b = careful(site_b(), 2);
  bool shown = true;
  SECTION("another secret: a stranger at the same address") {
    b.lasting_secret = Bytes(32, 9);
  }
  SECTION("INVALID_IKE_SPI alone") {
    b.connections[0].quick_crash_detection = false;
    shown = false;
  }
  Pair pair(a, careful(site_b(), 2));
  establish(pair);
  crash(pair.b, b, 77);
  pair.drive(40s);
  CHECK(pair.a.state() == "ESTABLISHED");
  CHECK(pair.a.diagnosed("E-IKE-091") == shown);
}

TEST_CASE("crash: a token heard before is of its IKE SA alone", "[pair][ikev2][qcd]") {
  const auto a = careful(site_a(), 1), b = careful(site_b(), 2);
  Pair pair(a, b);
  establish(pair);
  REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
  pair.drive(1s);
  REQUIRE(pair.consistent());
  // RFC 6290, 4.3: each tells the new IKE SA's token, and that one proves the crash.
  crash(pair.b, b, 77);
  pair.drive(31s);
  CHECK(pair.consistent());
  CHECK(pair.a.sas().at(0).name == "gw-a#3");
}

TEST_CASE("crash: who keeps no secret gives no token", "[pair][ikev2][qcd]") {
  auto b = careful(site_b(), 2);
  b.lasting_secret.clear();
  Pair pair(careful(site_a(), 1), b);
  establish(pair);
  CHECK(first_said(pair.b, "IKE_AUTH").find("QUICK_CRASH") == std::string::npos);
  crash(pair.b, b, 77);
  pair.drive(31s);
  CHECK(pair.a.state() == "ESTABLISHED");  // liveness checks still find it out, later
}

TEST_CASE("crash: a stranger's request is answered once, and an answer never",
          "[pair][ikev2][qcd]") {
  const auto b = careful(site_b(), 2);
  Pair pair(careful(site_a(), 1), b);
  establish(pair);
  crash(pair.b, b, 77);
  REQUIRE(pair.command(pair.a, CheckLiveness{}).ok());
  const Datagram request = pair.wire.back();
  pair.settle();
  const auto before = pair.b.sent;
  Datagram as_answer = request;
  as_answer.payload[19] |= 0x20;  // the Response flag: two such gateways must not talk for ever
  pair.deliver(pair.b, as_answer);
  CHECK(pair.b.sent == before);
}
