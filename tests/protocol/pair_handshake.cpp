// IKE_SA_INIT and IKE_AUTH between two endpoints: what is on the wire, every algorithm, COOKIE,
// INVALID_KE_PAYLOAD.
#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/support/lab_certificates.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

using Words = std::vector<std::string>;

TEST_CASE("pair: a tunnel with a pre-shared key, message by message", "[pair][ikev2]") {
  Pair pair(site_a(), site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  CHECK(pair.a.state() == "INITIATING");
  // gw-a  SA, KE, Ni, N(NAT_DETECTION_...), N(SIGNATURE_HASH_ALGORITHMS), ...  -->  gw-b
  REQUIRE(pair.step(pair.now + 10ms));
  CHECK(pair.b.state() == "HALF_OPEN");
  CHECK(pair.b.endpoint->half_open() == 1);
  // gw-a  <--  SA, KE, Nr, N(NAT_DETECTION_...), N(SIGNATURE_HASH_ALGORITHMS), ...  gw-b
  REQUIRE(pair.step(pair.now + 10ms));
  CHECK(pair.a.state() == "AUTHENTICATING");
  // gw-a  SK {IDi, IDr, AUTH, SA, TSi, TSr}  -->  gw-b
  REQUIRE(pair.step(pair.now + 10ms));
  CHECK(pair.b.state() == "ESTABLISHED");
  CHECK(pair.b.endpoint->half_open() == 0);
  // gw-a  <--  SK {IDr, AUTH, SA, TSi, TSr}  gw-b
  pair.settle();
  CHECK(pair.consistent());
  CHECK(pair.a.messages_sent() == Words{"IKE_SA_INIT request 0", "IKE_AUTH request 1"});
  CHECK(pair.b.messages_sent() == Words{"IKE_SA_INIT response 0", "IKE_AUTH response 1"});
  CHECK(pair.a.diagnostics().empty());
  CHECK(pair.b.diagnostics().empty());
  CHECK(pair.a.sas()[0].name == "gw-a#1");
  CHECK(pair.b.sas()[0].name == "gw-b#1");
  const auto messages = pair.a.all<trace::Message>();
  CHECK(without_extensions(messages[0]->payloads) == "SA, KE, Ni");
  CHECK(messages[2]->payloads == "IDi, IDr, AUTH, SA, TSi, TSr");
  CHECK(messages[3]->payloads == "IDr, AUTH, SA, TSi, TSr");
  CHECK(messages[3]->plain_first == static_cast<std::uint64_t>(wire::PayloadType::id_r));
  // Inbound before outbound, on both sides.
  for (const Side* side : {&pair.a, &pair.b}) {
    REQUIRE(side->sad.size() == 2);
    CHECK(side->sad[0].substr(0, 10) == "install in");
    CHECK(side->sad[1].substr(0, 11) == "install out");
  }
}

TEST_CASE("pair: nobody listens: no event is made, and the same is on the wire", "[pair][ikev2]") {
  const auto wire_of = [](trace::Kinds events) {
    auto a = site_a(), b = site_b();
    a.events = b.events = events;
    Pair pair(a, b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    REQUIRE(pair.command(pair.b, RekeyChild{"net"}).ok());
    pair.settle();
    REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
    pair.settle();
    for (const Side* side : {&pair.a, &pair.b})
      for (const trace::LocalEvent& event : side->events) CHECK(events.test(event.body.index()));
    CHECK(pair.a.events.empty() == events.none());
    CHECK(pair.consistent());
    Bytes all;
    for (const Datagram& datagram : pair.wire) all = concat({all, datagram.payload});
    return all;
  };
  const Bytes told = wire_of(trace::all_kinds);
  CHECK(told == wire_of({}));
  CHECK(told == wire_of(trace::kinds_of<trace::SaInstalled, trace::Message>()));
}

TEST_CASE("pair: what the trace tells of a handshake", "[pair][ikev2][trace]") {
  Pair pair(site_a(), site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  for (const Side* side : {&pair.a, &pair.b}) {
    Words keys;
    for (const auto* k : side->all<trace::KeyDerived>()) keys.push_back(k->name);
    CHECK(keys == Words{"g^ir", "SKEYSEED", "SK_d", "SK_ei", "SK_er", "SK_pi", "SK_pr", "KEYMAT",
                        "ESP encryption key, initiator to responder",
                        "ESP encryption key, responder to initiator"});
    const auto auth = side->all<trace::AuthDecided>();
    REQUIRE(auth.size() == 2);
    for (const auto* decided : auth) {
      CHECK(decided->ok);
      REQUIRE(decided->parts.size() == 3);
      CHECK(decided->parts[2].end == decided->octets.size());
    }
    Words installed;
    for (const auto* sa : side->all<trace::SaInstalled>())
      installed.push_back(sa->protocol + " " + sa->direction);
    CHECK(installed == Words{"IKE ", "ESP in", "ESP out"});
  }
  // Both sides derived the same secrets.
  const auto ours = pair.a.all<trace::KeyDerived>(), theirs = pair.b.all<trace::KeyDerived>();
  REQUIRE(ours.size() == theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) CHECK(ours[i]->output == theirs[i]->output);
  const auto negotiated = pair.b.all<trace::Negotiated>();
  REQUIRE(negotiated.size() == 2);
  CHECK(negotiated[0]->protocol == "IKE");
  CHECK(negotiated[0]->chosen == "aes256gcm16-prfsha256-x25519");
  CHECK(negotiated[0]->verdicts.size() == 1);
  CHECK(negotiated[1]->chosen == "aes256gcm16");
}

TEST_CASE("pair: without disclosure no secret is in the trace", "[pair][ikev2][trace]") {
  auto a = site_a(), b = site_b();
  a.disclose_secrets = b.disclose_secrets = false;
  Pair pair(a, b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
  const Bytes all = pair.encoded();
  const auto holds = [&](ByteView secret) {
    return std::search(all.begin(), all.end(), secret.begin(), secret.end()) != all.end();
  };
  for (const auto& [spi, sa] : pair.a.inbound) CHECK_FALSE(holds(sa.encryption_key.reveal()));
  CHECK_FALSE(holds(as_bytes("a long shared secret")));
  for (const auto* k : pair.a.all<trace::KeyDerived>()) {
    CHECK(k->output.empty());
    CHECK(k->length > 0);
  }
  for (const auto* m : pair.a.all<trace::Message>()) CHECK(m->plain.empty());
  // The twin: with disclosure the same key is found.
  Pair open(site_a(), site_b());
  REQUIRE(open.command(open.a, Initiate{"site", "net"}).ok());
  open.settle();
  const Bytes told = open.encoded(),
              key = to_bytes(open.a.inbound.begin()->second.encryption_key.reveal());
  CHECK(std::search(told.begin(), told.end(), key.begin(), key.end()) != told.end());
}

TEST_CASE("pair: every cipher, PRF and key exchange, for IKE and ESP", "[pair][ikev2]") {
  const auto [ike, esp] = GENERATE(table<const char*, const char*>({
      {"aes128gcm16-prfsha256-x25519", "aes128gcm16"},
      {"aes256gcm16-prfsha384-ecp384", "aes256gcm16"},
      {"chacha20poly1305-prfsha256-x25519", "chacha20poly1305"},
      {"aes128-sha256-ecp256", "aes128-sha256"},
      {"aes192-sha384-modp2048", "aes192-sha384"},
      {"aes256-sha512-modp3072", "aes256-sha512"},
      {"aes256-sha256-prfsha512-ecp521", "aes256-sha256"},
  }));
  CAPTURE(ike, esp);
  Pair pair(site_a(ike, esp), site_b(ike, esp));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
  REQUIRE(pair.command(pair.b, CheckLiveness{}).ok());  // the other direction's keys work too
  pair.settle();
  CHECK(pair.b.messages_sent().back() == "INFORMATIONAL request 0");
  CHECK(pair.b.all<trace::TaskEnded>().back()->outcome == "done");
}

TEST_CASE("pair: signatures with certificates of every key type", "[pair][ikev2][auth]") {
  LabCertificates lab;
  lab.key_type = GENERATE("p256", "p384", "rsa2048", "ed25519");
  CAPTURE(lab.key_type);
  const auto sites = certified_sites(lab);
  Pair pair(sites.a, sites.b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
  // The responder asks for certificates in IKE_SA_INIT, the initiator in IKE_AUTH.
  const auto messages = pair.a.all<trace::Message>();
  REQUIRE(messages.size() == 4);
  CHECK(without_extensions(messages[1]->payloads) == "SA, KE, Nr, CERTREQ");
  CHECK(messages[2]->payloads == "IDi, CERT, CERTREQ, IDr, AUTH, SA, TSi, TSr");
  CHECK(messages[3]->payloads == "IDr, CERT, AUTH, SA, TSi, TSr");
}

TEST_CASE("pair: identities by distinguished name", "[pair][ikev2][auth]") {
  auto sites = certified_sites();
  sites.a.connections[0].local.id = sites.b.connections[0].remote.id =
      policy::Identity::parse("CN=gw-a,O=ikelab").value();
  SECTION("the certificate's subject is the identity") {
    Pair pair(sites.a, sites.b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    CHECK(pair.consistent());
  }
  SECTION("another subject is refused") {
    sites.b.connections[0].remote.id = policy::Identity::parse("CN=gw-x,O=ikelab").value();
    Pair pair(sites.a, sites.b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    CHECK(pair.a.state() == "none");
    CHECK(pair.b.state() == "none");
  }
}

TEST_CASE("pair: COOKIE", "[pair][ikev2][cookie]") {
  auto b = site_b();
  b.cookie_threshold = 0;  // always
  Pair pair(site_a(), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  // gw-a  SA, KE, Ni  -->  gw-b;  gw-a  <--  N(COOKIE)  gw-b, which keeps nothing
  REQUIRE(pair.step(pair.now + 10ms));
  CHECK(pair.b.state() == "none");
  CHECK(pair.b.endpoint->half_open() == 0);
  // gw-a  N(COOKIE), SA, KE, Ni  -->  gw-b, and on as ever
  pair.settle();
  CHECK(pair.consistent());
  CHECK(pair.a.messages_sent() ==
        Words{"IKE_SA_INIT request 0", "IKE_SA_INIT request 0", "IKE_AUTH request 1"});
  const auto messages = pair.a.all<trace::Message>();
  CHECK(messages[1]->payloads == "N(COOKIE)");
  CHECK(without_extensions(messages[2]->payloads) == "N(COOKIE), SA, KE, Ni");
  // All but the COOKIE is unchanged (RFC 7296, 2.6).
  const Bytes &first = messages[0]->bytes, &second = messages[2]->bytes;
  CHECK(std::equal(first.begin() + 28, first.end(),
                   second.end() - static_cast<std::ptrdiff_t>(first.size() - 28), second.end()));
}

TEST_CASE("pair: a COOKIE of another address is worth nothing", "[pair][ikev2][cookie]") {
  auto b = site_b();
  b.cookie_threshold = 0;
  b.connections[0].remote_addr = {};  // anybody may come
  Pair pair(site_a(), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  REQUIRE(pair.step(pair.now + 10ms));
  REQUIRE(pair.step(pair.now + 10ms));  // the second request, with the COOKIE, is now on the wire
  auto stolen = pair.wire.back();
  stolen.src.ip = IpAddress::parse("203.0.113.66").value();
  pair.deliver(pair.b, stolen);
  CHECK(pair.b.state() == "none");
  CHECK(pair.b.all<trace::Message>().back()->payloads == "N(COOKIE)");
  CHECK(pair.b.all<trace::Message>().back()->dst == "203.0.113.66:500");
  pair.settle();
  CHECK(pair.consistent());  // the true one goes through
}

TEST_CASE("pair: a flood of IKE_SA_INIT turns cookies on, and off again", "[pair][ikev2][cookie]") {
  auto b = site_b();
  b.cookie_threshold = 3;
  b.connections[0].remote_addr = {};
  Pair pair(site_a(), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  const auto request = pair.wire.front();
  for (std::uint8_t i = 0; i < 20; ++i) {
    auto forged = request;
    forged.src.ip = IpAddress::v4(0xcb007100U + i);
    pair.deliver(pair.b, forged);
  }
  CHECK(pair.b.endpoint->half_open() == 3);
  pair.drive(
      31s);  // half-open SAs expire; gw-a's handshake has gone through meanwhile, with a cookie
  CHECK(pair.b.endpoint->half_open() == 0);
  CHECK(pair.consistent());
}

TEST_CASE("pair: INVALID_KE_PAYLOAD", "[pair][ikev2]") {
  Pair pair(site_a("aes256gcm16-prfsha256-x25519-ecp384"), site_b("aes256gcm16-prfsha256-ecp384"));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  // gw-a  SA, KE(CURVE25519), Ni  -->;  <--  N(INVALID_KE_PAYLOAD: ECP_384);  gw-a  SA,
  // KE(ECP_384), Ni  -->
  pair.settle();
  CHECK(pair.consistent());
  CHECK(pair.a.messages_sent() ==
        Words{"IKE_SA_INIT request 0", "IKE_SA_INIT request 0", "IKE_AUTH request 1"});
  CHECK(pair.a.all<trace::Message>()[1]->payloads == "N(INVALID_KE_PAYLOAD)");
  CHECK(pair.a.all<trace::Message>()[1]->spi_r == "0000000000000000");
  CHECK(pair.b.sas()[0].name == "gw-b#1");  // what was refused took no name
  CHECK(pair.a.all<trace::SaInstalled>()[0]->ke == "ECP_384");
}

TEST_CASE("pair: INVALID_KE_PAYLOAD for a method that was not offered ends it", "[pair][ikev2]") {
  Pair pair(site_a("aes256gcm16-prfsha256-x25519-ecp384"), site_b("aes256gcm16-prfsha256-ecp384"));
  pair.tamper = [&](const Side& from, Datagram& d) {
    if (&from == &pair.b) d.payload.back() = 14;  // an attacker: "use MODP_2048" instead of 20
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.a.state() == "none");
  CHECK(pair.a.messages_sent() == Words{"IKE_SA_INIT request 0"});
}

TEST_CASE("pair: COOKIE and INVALID_KE_PAYLOAD together", "[pair][ikev2][cookie]") {
  auto b = site_b("aes256gcm16-prfsha256-ecp384");
  b.cookie_threshold = 0;
  Pair pair(site_a("aes256gcm16-prfsha256-x25519-ecp384"), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
  CHECK(pair.a.messages_sent().size() == 4);
}

TEST_CASE("pair: the same seed gives the same trace to the byte, another seed another",
          "[pair][ikev2][determinism]") {
  const auto run = [](std::uint64_t seed) {
    auto sites = certified_sites();
    Pair pair(sites.a, sites.b, seed);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    REQUIRE(pair.command(pair.b, RekeyChild{"net"}).ok());
    pair.drive();
    REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
    pair.drive();
    REQUIRE(pair.consistent());
    return pair.encoded();
  };
  const Bytes first = run(7);
  CHECK(first == run(7));
  CHECK(first != run(8));
}

TEST_CASE("pair: two children: the second follows by CREATE_CHILD_SA", "[pair][ikev2]") {
  auto a = site_a(), b = site_b();
  for (auto* config : {&a, &b}) {
    auto voice = config->connections[0].children[0];
    voice.name = "voice";
    for (auto* set : {&voice.local_ts, &voice.remote_ts})
      for (auto& ts : *set)
        ts.start = ts.end = IpAddress::v4(ts.start.to_v4() + (1U << 16 | 256U));  // 10.x+1.1.0
    config->connections[0].children.push_back(voice);
  }
  Pair pair(a, b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  REQUIRE(
      pair.command(pair.a, Initiate{"site", "voice"}).ok());  // while the IKE SA is still coming up
  pair.settle();
  CHECK(pair.consistent());
  REQUIRE(pair.a.sas()[0].children.size() == 2);
  CHECK(pair.a.messages_sent() ==
        Words{"IKE_SA_INIT request 0", "IKE_AUTH request 1", "CREATE_CHILD_SA request 2"});
  CHECK(pair.command(pair.a, Initiate{"site", "voice"}).error().code == "E-CMD-002");
}
