// AUTH as it was before RFC 7427: RSA and ECDSA by method number (RFC 7296, 3.8; RFC 4754), with
// peers that say nothing of SIGNATURE_HASH_ALGORITHMS.
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lab_certificates.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

CertifiedPair sites(const char* key, bool a_knows = false, bool b_knows = false) {
  LabCertificates lab;
  lab.key_type = key;
  auto pair = certified_sites(lab);
  pair.a.connections[0].signature_authentication = a_knows;
  pair.b.connections[0].signature_authentication = b_knows;
  return pair;
}

std::string method_of_a(const Side& b) {
  for (const auto* decided : b.all<trace::AuthDecided>())
    if (!decided->local) return decided->method;
  return {};
}

}  // namespace

TEST_CASE("pair: signatures from before RFC 7427", "[pair][ikev2][legacy]") {
  struct Row {
    const char *key, *method;
  };
  for (const Row& row : {Row{"rsa2048", "RSA Digital Signature"},
                         Row{"p256", "ECDSA with SHA-256 on the P-256 curve"},
                         Row{"p384", "ECDSA with SHA-384 on the P-384 curve"}}) {
    INFO(row.key);
    auto configs = sites(row.key);
    for (const std::uint64_t seed : {7, 8, 9, 10}) {  // r and s of every length
      Pair pair(configs.a, configs.b, seed);
      REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
      pair.drive();
      CHECK(pair.consistent());
      CHECK(method_of_a(pair.b) == row.method);
    }
  }
}

TEST_CASE("pair: Ed25519 has no old method", "[pair][ikev2][legacy][refusal]") {
  auto configs = sites("ed25519");
  Pair pair(configs.a, configs.b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(40s);
  CHECK(pair.a.state() == "none");
  CHECK(pair.a.all<trace::TaskEnded>().back()->detail.find("RFC 7427") != std::string::npos);
}

TEST_CASE("pair: one side alone knows RFC 7427", "[pair][ikev2][legacy]") {
  for (const bool a_knows : {false, true}) {
    auto configs = sites("p256", a_knows, !a_knows);
    Pair pair(configs.a, configs.b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    CHECK(pair.consistent());
    CHECK(method_of_a(pair.b) == "ECDSA with SHA-256 on the P-256 curve");
  }
}

TEST_CASE("pair: both know RFC 7427, and one signs in the old way all the same",
          "[pair][ikev2][legacy][refusal]") {
  // An initiator that announces hashes, and whose peer does too, has no reason for a method in
  // which SHA-1 may stand. What a man in the middle would gain by stripping the notification is
  // covered by AUTH; what a careless peer sends is refused.
  for (const char* key : {"rsa2048", "p256"}) {
    INFO(key);
    auto configs = sites(key, true, true);
    Pair pair(configs.a, configs.b);
    // gw-a does not hear of gw-b's hashes, so it falls back; gw-b heard of gw-a's.
    pair.tamper = [&pair](const Side& from, Datagram& d) {
      if (&from != &pair.b) return;
      auto decoded = wire::decode(d.payload);
      if (decoded.message.header.exchange != wire::ExchangeType::ike_sa_init) return;
      std::erase_if(decoded.message.payloads, [](const wire::Payload& p) {
        const auto* n = std::get_if<wire::NotifyPayload>(&p.body);
        return n != nullptr && n->type == wire::NotifyType::signature_hash_algorithms;
      });
      d.payload = wire::encode(decoded.message);
    };
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive(40s);
    CHECK(pair.a.state() == "none");
    CHECK(pair.b.state() == "none");
    CHECK(pair.b.diagnosed("E-AUTH-013"));
  }
}
