// A responder computes g^ir and the keys of an IKE SA when a message comes that may need them, and
// once (RFC 8019, 3 and 4.6). What a key exchange value must be is looked at before (RFC 6989).
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

std::uint64_t secrets_computed(const Side& side) {
  return side.provider->counts()[static_cast<std::size_t>(crypto::Operation::ke_derive)];
}

/// gw-b is half-open, gw-a's IKE_AUTH is on its way and in `auth`.
Datagram half_open(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.step(pair.now + 10ms);
  pair.step(pair.now + 10ms);
  REQUIRE(pair.b.state() == "HALF_OPEN");
  const Datagram auth = pair.wire.back();
  REQUIRE(wire::decode(auth.payload).message.header.exchange == wire::ExchangeType::ike_auth);
  return auth;
}

/// `like` with noise in its Encrypted payload, and with another header.
Datagram noise(
    const Datagram& like, std::uint8_t octet,
    const std::function<void(wire::Header&)>& change = [](wire::Header&) {}) {
  Datagram made = like;
  wire::Header header = wire::decode(like.payload).message.header;
  change(header);
  made.payload = wire::encode(
      {header, {wire::make_payload(wire::SkPayload{wire::PayloadType::id_i, Bytes(80, octet)})}});
  return made;
}

}  // namespace

TEST_CASE("pair: IKE_SA_INIT costs the responder no shared secret", "[pair][ikev2][late-keys]") {
  Pair pair(site_a(), site_b());
  half_open(pair);
  CHECK(secrets_computed(pair.b) == 0);
  CHECK(pair.b.all<trace::KeyDerived>().empty());
  pair.settle();
  CHECK(pair.consistent());
  CHECK(secrets_computed(pair.b) == 1);
}

TEST_CASE("pair: noise that cannot be IKE_AUTH costs no shared secret",
          "[pair][ikev2][late-keys][hostile]") {
  Pair pair(site_a(), site_b());
  const Datagram auth = half_open(pair);
  const auto sent = [&](const std::function<void(wire::Header&)>& change) {
    pair.deliver(pair.b, noise(auth, 7, change));
    return pair.b.diagnostics().back();
  };
  CHECK(sent([](wire::Header& h) { h.exchange = wire::ExchangeType::create_child_sa; }) ==
        "E-IKE-016");
  CHECK(sent([](wire::Header& h) { h.exchange = wire::ExchangeType::informational; }) ==
        "E-IKE-016");
  CHECK(sent([](wire::Header& h) { h.exchange = wire::ExchangeType::ike_intermediate; }) ==
        "E-IKE-016");
  CHECK(sent([](wire::Header& h) { h.message_id = {0}; }) == "E-IKE-014");
  CHECK(sent([](wire::Header& h) { h.message_id = {2}; }) == "E-IKE-014");
  CHECK(sent([](wire::Header& h) { h.response = true; }) == "E-IKE-017");
  CHECK(secrets_computed(pair.b) == 0);
  pair.settle();
  CHECK(pair.consistent());
}

TEST_CASE("pair: noise as IKE_AUTH costs one shared secret, however much comes",
          "[pair][ikev2][late-keys][hostile]") {
  Pair pair(site_a(), site_b());
  const Datagram auth = half_open(pair);
  for (std::uint8_t i = 0; i < 5; ++i) {
    pair.deliver(pair.b, noise(auth, i));
    CHECK(pair.b.diagnostics().back() == "E-IKE-011");
  }
  //= rfc8019#4.6 "then the Responder SHOULD still keep the computed SK_* keys"
  CHECK(secrets_computed(pair.b) == 1);
  pair.settle();
  CHECK(pair.consistent());
  CHECK(secrets_computed(pair.b) == 1);
}

TEST_CASE("pair: a bad public value is refused in IKE_SA_INIT, and nothing is kept",
          "[pair][ikev2][late-keys][hostile]") {
  struct Case {
    const char* proposal;
    Bytes value;
  };
  const Case cases[] = {
      {"aes256gcm16-prfsha256-x25519", Bytes(32)},
      {"aes256gcm16-prfsha256-x25519", Bytes(31, 9)},
      {"aes256gcm16-prfsha256-ecp256", Bytes(64, 1)},
      {"aes256gcm16-prfsha256-modp2048", Bytes(256)},
      {"aes256gcm16-prfsha256-modp2048", Bytes(256, 0xff)},
  };
  for (const Case& c : cases) {
    INFO(c.proposal);
    Pair pair(site_a(c.proposal), site_b(c.proposal));
    pair.tamper = [&](const Side& from, Datagram& d) {
      auto message = wire::decode(d.payload).message;
      for (wire::Payload& p : message.payloads)
        if (auto* ke = std::get_if<wire::KePayload>(&p.body); ke && &from == &pair.a)
          ke->data = c.value;
      if (&from == &pair.a) d.payload = wire::encode(message);
    };
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    //= rfc6989#2.5 "MUST NOT use that message when creating the IKE security association (SA)."
    CHECK(pair.b.state() == "none");
    CHECK(pair.b.endpoint->half_open() == 0);
    CHECK(secrets_computed(pair.b) == 0);
    CHECK(pair.a.state() == "none");
  }
}
