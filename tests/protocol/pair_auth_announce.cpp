// SUPPORTED_AUTH_METHODS (RFC 9593): said, heard, heeded; and announcements that are none.
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lab_certificates.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

CertifiedPair sites(const char* key) {
  LabCertificates lab;
  lab.key_type = key;
  auto both = certified_sites(lab);
  both.a.connections[0].announce_auth = both.b.connections[0].announce_auth = true;
  return both;
}

bool said(const Side& side, const std::string& exchange) {
  for (const auto* message : side.all<trace::Message>())
    if (message->exchange == exchange && message->direction == "sent" &&
        message->payloads.find("N(SUPPORTED_AUTH_METHODS)") != std::string::npos)
      return true;
  return false;
}

std::string method_of(const Side& judge) {
  for (const auto* decided : judge.all<trace::AuthDecided>())
    if (!decided->local) return decided->method;
  return {};
}

/// The responder's announcement is another one. AUTH of the responder covers it, so that the
/// initiator must not check it: only what the initiator does with it is looked at.
void announce(Pair& pair, Bytes data) {
  pair.tamper = [&pair, data = std::move(data)](const Side& from, Datagram& d) {
    if (&from != &pair.b) return;
    auto decoded = wire::decode(d.payload);
    if (decoded.message.header.exchange != wire::ExchangeType::ike_sa_init) return;
    for (wire::Payload& payload : decoded.message.payloads)
      if (auto* n = std::get_if<wire::NotifyPayload>(&payload.body);
          n != nullptr && n->type == wire::NotifyType::supported_auth_methods)
        n->data = data;
    d.payload = wire::encode(decoded.message);
  };
}

Bytes digital_signature(crypto::SignatureScheme scheme) {
  const ByteView identifier = crypto::algorithm_identifier(scheme);
  return concat({Bytes{static_cast<std::uint8_t>(3 + identifier.size()), 14, 0}, identifier});
}

}  // namespace

TEST_CASE("auth announce: both say it, the initiator only when it heard it",
          "[pair][ikev2][rfc9593]") {
  const bool responder_says = GENERATE(true, false);
  auto both = sites("p256");
  both.b.connections[0].announce_auth = responder_says;
  Pair pair(both.a, both.b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
  CHECK(said(pair.b, "IKE_SA_INIT") == responder_says);
  CHECK(said(pair.a, "IKE_AUTH") == responder_says);
}

TEST_CASE("auth announce: RSA signs as the peer says", "[pair][ikev2][rfc9593]") {
  using crypto::SignatureScheme;
  const SignatureScheme scheme =
      GENERATE(SignatureScheme::rsa_pkcs1_sha384, SignatureScheme::rsa_pss_sha512,
               SignatureScheme::rsa_pss_sha256);
  auto both = sites("rsa2048");
  Pair pair(both.a, both.b);
  announce(pair, digital_signature(scheme));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  // gw-b does not believe AUTH, which covers what it said really; but the scheme is the one asked.
  CHECK(method_of(pair.b) == crypto::to_string(scheme));
}

TEST_CASE("auth announce: nothing that will do, and no name is told", "[pair][ikev2][rfc9593]") {
  auto both = sites("p256");
  std::string code = "E-AUTH-041";
  Bytes data;
  SECTION("a shared key alone") {
    data = {2, 2};
  }
  SECTION("NULL alone") {
    data = {2, 13};
  }
  SECTION("signatures, none of which our key makes") {
    data = digital_signature(crypto::SignatureScheme::ed25519);
    code = "";
  }
  Pair pair(both.a, both.b);
  announce(pair, data);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(40s);
  CHECK(pair.a.state() == "none");
  if (!code.empty()) CHECK(pair.a.diagnosed(code));
  for (const auto* message : pair.a.all<trace::Message>()) CHECK(message->exchange != "IKE_AUTH");
}

TEST_CASE("auth announce: what is not understood is left out", "[pair][ikev2][rfc9593]") {
  auto both = sites("p256");
  const Bytes known = digital_signature(crypto::SignatureScheme::ecdsa_sha256);
  Bytes data;
  SECTION("empty: it comes later, or never") {}
  SECTION("a method of tomorrow before one of today") {
    data = concat({Bytes{5, 200, 0, 1, 2}, known});
  }
  SECTION("an AlgorithmIdentifier that nobody knows") {
    data = concat({Bytes{6, 14, 0, 0x30, 0x01, 0x00}, known});
  }
  SECTION("cut short") {
    data = concat({known, Bytes{40, 14}});
  }
  SECTION("a length of nothing") {
    data = concat({known, Bytes{0, 0, 0}});
  }
  Pair pair(both.a, both.b);
  announce(pair, data);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(method_of(pair.b).find("ECDSA") != std::string::npos);
}

TEST_CASE("auth announce: shared keys", "[pair][ikev2][rfc9593]") {
  auto a = site_a(), b = site_b();
  a.connections[0].announce_auth = b.connections[0].announce_auth = true;
  Pair pair(a, b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
  CHECK(said(pair.a, "IKE_AUTH"));
}
