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

/// The AUTH payload that a side sent.
wire::AuthPayload auth_sent(const Side& side) {
  for (const auto* message : side.all<trace::Message>())
    if (message->direction == "sent" && message->exchange == "IKE_AUTH") {
      const auto inside =
          wire::decode_chain(message->plain, wire::PayloadType(message->plain_first)).payloads;
      if (const auto* auth = wire::first<wire::AuthPayload>(inside)) return *auth;
    }
  return {};
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

TEST_CASE("pair: both know RFC 7427, and sign as it says", "[pair][ikev2][rfc7427]") {
  for (const char* key : {"rsa2048", "p256", "ed25519"}) {
    for (const bool both : {true, false}) {
      if (!both && std::string_view(key) == "ed25519") continue;  // has no older method
      CAPTURE(key, both);
      auto configs = sites(key, true, both);
      Pair pair(configs.a, configs.b);
      REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
      pair.drive();
      REQUIRE(pair.consistent());
      for (const Side* side : {&pair.a, &pair.b}) {
        //= rfc7427#3 "If both ends send and receive SIGNATURE_HASH_ALGORITHMS Notify payloads, and
        //= signature authentication is to be used, then the authentication method specified in this
        //= Authentication payload MUST be used."
        CHECK((auth_sent(*side).method == wire::AuthMethod::digital_signature) == both);
      }
    }
  }
}

TEST_CASE("pair: a signature takes a hash that the peer announced", "[pair][ikev2][rfc7427]") {
  struct Row {
    const char *key, *announced, *signs;  ///< "": it does not sign at all
  };
  for (const Row& row : {Row{"rsa2048", "0002", "SHA-256"}, Row{"rsa2048", "0003", "SHA-384"},
                         Row{"rsa2048", "0004", "SHA-512"}, Row{"p256", "00040002", "SHA-256"},
                         Row{"rsa2048", "0005", ""}, Row{"p256", "0001", ""},
                         Row{"ed25519", "0005", "Ed25519"}, Row{"ed25519", "000200030004", ""}}) {
    CAPTURE(row.key, row.announced);
    auto configs = sites(row.key, true, true);
    Pair pair(configs.a, configs.b);
    // gw-b's announcement becomes another one on its way: what gw-a then signs cannot be right, but
    // it shows what it signs with.
    pair.tamper = [&](const Side& from, Datagram& datagram) {
      if (&from != &pair.b || datagram.payload[18] != 34) return;
      wire::Message message = wire::decode(datagram.payload).message;
      for (wire::Payload& payload : message.payloads)
        if (auto* notify = std::get_if<wire::NotifyPayload>(&payload.body);
            notify != nullptr && notify->type == wire::NotifyType::signature_hash_algorithms)
          notify->data = hex(row.announced);
      datagram.payload = wire::encode(message);
    };
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    std::string method;
    for (const auto* decided : pair.a.all<trace::AuthDecided>())
      if (decided->local) method = decided->method;
    //= rfc7427#4 "When calculating the digital signature, a peer MUST pick one algorithm sent by
    //= the other peer."
    CHECK(method.find(row.signs) != std::string::npos);
    CHECK(method.empty() == (*row.signs == 0));
    CHECK(pair.b.inbound.empty());
  }
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
