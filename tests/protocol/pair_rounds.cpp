// Several rounds of authentication (RFC 4739) and NULL authentication (RFC 7619): what is on the
// wire, and what is refused.
#include "tests/support/catch.hpp"
#include "tests/support/test_authority.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Words = std::vector<std::string>;
using policy::AuthKind;

Words payloads(const Side& side) {
  Words out;
  for (const auto* message : side.all<trace::Message>())
    if (message->direction == "sent" && message->exchange == "IKE_AUTH")
      out.push_back(message->payloads);
  return out;
}

Words methods_believed(const Side& side) {
  Words out;
  for (const auto* decided : side.all<trace::AuthDecided>())
    if (!decided->local && decided->ok) out.push_back(decided->method);
  return out;
}

void require_nothing_left(const Pair& pair) {
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());
}

/// gw-a proves itself by certificate and then by a shared key.
struct World : TestAuthority {
  Holder root = ca("CN=Root,O=ikelab");
  Holder gw_a = gateway("gw-a"), gw_b = gateway("gw-b");

  Holder gateway(const std::string& name) {
    return issue("CN=" + name + ",O=ikelab", &root, [&](pki::CertificateSpec& spec) {
      spec.alt_names = {{pki::SubjectAltName::Type::dns, name + ".example"}};
    });
  }
  CertifiedConfigs configs = certified(root, gw_a, gw_b);
  policy::ConnectionConfig& a() { return configs.a.connections[0]; }
  policy::ConnectionConfig& b() { return configs.b.connections[0]; }

  static policy::AuthConfig shared(const char* id, const char* key = "a second, shared secret") {
    policy::AuthConfig round;
    round.kind = AuthKind::psk;
    round.id = policy::Identity::parse(id).value();
    round.psk = to_bytes(as_bytes(key));
    return round;
  }
  void two_rounds_of_a() {
    a().more_local = {shared("anna@example")};
    b().more_remote = {shared("anna@example")};
  }
};

}  // namespace

TEST_CASE("pair: two rounds of the initiator", "[pair][ikev2][rounds]") {
  World world;
  world.two_rounds_of_a();
  Pair pair(world.configs.a, world.configs.b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  CHECK(pair.consistent());
  CHECK(pair.a.diagnostics().empty());
  CHECK(pair.b.diagnostics().empty());
  //= rfc4739#2.1 "The peers announce support for this IKEv2 extension by including a
  //= MULTIPLE_AUTH_SUPPORTED notification in the IKE_SA_INIT response (responder) and the first
  //= IKE_AUTH request (initiator)."
  CHECK(pair.b.all<trace::Message>().at(1)->payloads.find("N(MULTIPLE_AUTH_SUPPORTED)") !=
        std::string::npos);
  //= rfc4739#2.1 "The next IKE_AUTH message sent by this peer will contain a second identity payload
  //= (IDi or IDr) and starts another authentication exchange."
  CHECK(payloads(pair.a) ==
        Words{"IDi, CERT, CERTREQ, IDr, AUTH, N(ANOTHER_AUTH_FOLLOWS), SA, TSi, TSr, "
              "N(MULTIPLE_AUTH_SUPPORTED)",
              "IDi, AUTH"});
  CHECK(payloads(pair.b) == Words{"IDr, CERT, AUTH", "SA, TSi, TSr"});
  CHECK(methods_believed(pair.b) ==
        Words{"ECDSA with SHA-256", "Shared Key Message Integrity Code"});
  // the second AUTH covers the second identity
  CHECK(pair.b.all<trace::AuthDecided>().back()->identity == "anna@example");
}

TEST_CASE("pair: two rounds of the responder", "[pair][ikev2][rounds]") {
  World world;
  world.b().more_local = {World::shared("vault.example")};
  world.a().more_remote = {World::shared("vault.example")};
  Pair pair(world.configs.a, world.configs.b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  CHECK(pair.consistent());
  CHECK(payloads(pair.a).back().empty());  // it has nothing to say, and asks for the rest
  CHECK(payloads(pair.b) ==
        Words{"IDr, CERT, AUTH, N(ANOTHER_AUTH_FOLLOWS)", "IDr, AUTH, SA, TSi, TSr"});
}

TEST_CASE("pair: rounds that do not fit", "[pair][ikev2][rounds][refusal]") {
  World world;
  world.two_rounds_of_a();
  SECTION("the second proof is wrong: nothing of the first one is left") {
    world.b().more_remote[0].psk = to_bytes(as_bytes("another second secret"));
    Pair pair(world.configs.a, world.configs.b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    require_nothing_left(pair);
    CHECK(pair.b.diagnostics() == Words{"E-AUTH-011"});
    CHECK(payloads(pair.b).back() == "N(AUTHENTICATION_FAILED)");
  }
  SECTION("one round where two are expected") {
    world.a().more_local.clear();
    Pair pair(world.configs.a, world.configs.b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    require_nothing_left(pair);
    CHECK(pair.b.diagnostics() == Words{"E-AUTH-015"});
  }
  SECTION("the peer does not know of rounds") {
    world.b().more_remote.clear();
    Pair pair(world.configs.a, world.configs.b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive(40s);  // the responder's half-open SA expires
    require_nothing_left(pair);
    CHECK(payloads(pair.a).empty());  // our identity did not leave for nothing
    CHECK(pair.a.all<trace::TaskEnded>().back()->detail.find("several rounds") !=
          std::string::npos);
  }
  SECTION("the initiator does not believe the responder, between two rounds") {
    world.a().remote.authorities = {world.ca("CN=Other").certificate};
    Pair pair(world.configs.a, world.configs.b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    require_nothing_left(pair);  // gw-b was told, and does not wait
    CHECK(pair.b.all<trace::TaskEnded>().back()->detail == "the peer does not believe us");
    CHECK(payloads(pair.a).size() == 1);
  }
}

TEST_CASE("pair: nothing of the Child SA before the last round", "[pair][ikev2][rounds]") {
  World world;
  world.two_rounds_of_a();
  Pair pair(world.configs.a, world.configs.b);
  unsigned nth = 0;
  pair.lose = [&](const Side& from, unsigned, const Datagram&) {
    return &from == &pair.a && ++nth >= 3;  // the second round never arrives
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(20s);
  CHECK(pair.b.state() == "HALF_OPEN");
  CHECK(pair.b.inbound.empty());
  CHECK(pair.b.all<trace::SaInstalled>().empty());
  pair.drive(20s);
  CHECK(pair.b.state() == "none");  // and it is not kept for ever
}

TEST_CASE("pair: NULL authentication", "[pair][ikev2][null]") {
  auto a = site_a(), b = site_b();
  const auto nobody = [](policy::AuthConfig& auth) {
    auth.kind = AuthKind::null;
    auth.id = policy::Identity::any();
    auth.psk.clear();
  };
  SECTION("of both sides: keys from SK_pi and SK_pr, no names") {
    for (auto* config : {&a, &b})
      nobody(config->connections[0].local), nobody(config->connections[0].remote);
    Pair pair(a, b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    CHECK(pair.consistent());
    CHECK(methods_believed(pair.b) == Words{"NULL Authentication"});
    CHECK(pair.b.all<trace::AuthDecided>().front()->identity == "nobody (ID_NULL)");
  }
  SECTION("where somebody is expected") {
    nobody(a.connections[0].local);
    Pair pair(a, b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    require_nothing_left(pair);
    //= rfc7619#2 "if that host receives an AUTH payload containing the NULL Authentication method
    //= type, it MUST return an AUTHENTICATION_FAILED notification."
    CHECK(payloads(pair.b).back() == "N(AUTHENTICATION_FAILED)");
  }
}
