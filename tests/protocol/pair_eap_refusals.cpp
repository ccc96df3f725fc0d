// EAP in IKE_AUTH where something is wrong: what leaves, what is said, and that nothing is left.
// Each refusal has its twin that works in pair_eap.cpp.
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eap_world.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Words = std::vector<std::string>;
using wire::EapType;

/// Tries to bring the tunnel up; nothing may be left of it.
void require_refused(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(40s);
  require_nothing_left(pair);
  CHECK(pair.a.all<trace::SaInstalled>().empty());
  CHECK(pair.b.all<trace::SaInstalled>().empty());
}

std::size_t eap_sent(const Side& side) {
  std::size_t count = 0;
  for (const std::string& text : auth_payloads(side))
    count += text.find("EAP(") != std::string::npos;
  return count;
}

std::string last_reason(const Side& side) {
  const auto all = side.all<trace::AuthDecided>();
  return all.empty() ? std::string() : all.back()->reason;
}

}  // namespace

TEST_CASE("pair: a rogue gateway gets no word of EAP", "[pair][ikev2][eap][refusal]") {
  // CVE-2015-4171: the client sent its EAP response before it had looked at the certificate.
  EapWorld world;
  world.server().remote.eap_id = "%any";  // the rogue asks for a name first
  world.client().local.eap_id = "anna@secret.example";
  SECTION("with a certificate of a CA that nobody trusts") {
    const Holder rogue = world.ca("CN=Rogue");
    EapWorld::dress(world.server().local, world.issue_for("gw-b.example", &rogue));
  }
  SECTION("with a good certificate of somebody else") {
    EapWorld::dress(world.server().local, world.issue_for("gw-x.example"));
  }
  SECTION("with the name and certificate of somebody else") {
    EapWorld::dress(world.server().local, world.issue_for("gw-x.example"));
    world.server().local.id = policy::Identity::parse("gw-x.example").value();
  }
  SECTION("that would rather do without a certificate") {
    world.server().local.kind = policy::AuthKind::null;
  }
  Pair pair(world.a, world.b);
  require_refused(pair);
  //= rfc7296#5 "An implementation using EAP MUST also use a public-key-based authentication of the
  //= server to the client before the EAP authentication begins, even if the EAP method offers
  //= mutual authentication."
  CHECK(eap_sent(pair.a) == 0);
  CHECK(auth_payloads(pair.a).size() == 1);
  for (const auto* message : pair.a.all<trace::Message>())
    CHECK(to_text(message->plain).find("secret.example") == std::string::npos);
}

TEST_CASE("pair: a wrong password and an unknown user look alike", "[pair][ikev2][eap][refusal]") {
  for (const EapType method : {EapType::mschapv2, EapType::md5_challenge}) {
    EapWorld wrong(method), unknown(method);
    wrong.client().local.psk = to_bytes(as_bytes("clientpass"));
    unknown.b.eap_users.clear();
    Pair one(wrong.a, wrong.b), two(unknown.a, unknown.b);
    require_refused(one);
    require_refused(two);
    CHECK(auth_payloads(one.b) == auth_payloads(two.b));
    std::vector<std::size_t> sizes[2];
    for (std::size_t i = 0; i < 2; ++i)
      for (const auto* message : (i == 0 ? one : two).b.all<trace::Message>())
        sizes[i].push_back(message->bytes.size());
    CHECK(sizes[0] == sizes[1]);
    //= rfc7296#2.16 "Similarly, if the authentication method has failed, the responder MUST send an
    //= EAP payload containing the Failure message."
    CHECK(auth_payloads(one.b).back() == "EAP(Failure), N(AUTHENTICATION_FAILED)");
    CHECK(last_reason(one.b) == "the password is wrong, or the user is not known");
    if (method == EapType::mschapv2) CHECK(last_reason(one.a).find("E=691") != std::string::npos);
  }
}

TEST_CASE("pair: a gateway that does not know the password", "[pair][ikev2][eap][refusal]") {
  // It has a good certificate, but cannot prove itself in MS-CHAPv2.
  EapWorld world;
  world.eap_only();
  world.b.eap_users[0].secret = to_bytes(as_bytes("guess"));
  Pair pair(world.a, world.b);
  require_refused(pair);
}

TEST_CASE("pair: EAP-only needs a method that proves both", "[pair][ikev2][eap][refusal]") {
  EapWorld world(EapType::md5_challenge);
  world.eap_only();
  SECTION("the responder does not begin another") {
    Pair pair(world.a, world.b);
    require_refused(pair);
    CHECK(pair.b.diagnosed("E-AUTH-019"));
  }
  SECTION("a responder with a certificate is not what was configured") {
    world.server().local.kind = policy::AuthKind::pubkey;
    Pair pair(world.a, world.b);
    require_refused(pair);
    CHECK(pair.a.diagnosed("E-AUTH-013"));
    CHECK(eap_sent(pair.a) == 0);
  }
  SECTION("an initiator that wants a certificate does not get EAP instead") {
    world.client().remote.kind = policy::AuthKind::pubkey;
    Pair pair(world.a, world.b);
    require_refused(pair);
    CHECK(pair.b.diagnosed("E-AUTH-020"));
    CHECK(eap_sent(pair.a) == 0);
  }
}

TEST_CASE("pair: EAP with a responder that proves itself by a shared key",
          "[pair][ikev2][eap][refusal]") {
  //= rfc7296#2.16 "authenticate the initiator to the responder and MUST be used in conjunction with
  //= a public-key-signature-based authentication of the responder to the initiator."
  EapWorld world;
  world.client().remote.kind = policy::AuthKind::psk;
  Pair pair(world.a, world.b);
  require_refused(pair);
  CHECK(auth_payloads(pair.a).empty());  // not even IDi leaves
  CHECK(pair.a.all<trace::TaskEnded>().back()->detail.find("by certificate") != std::string::npos);
}

TEST_CASE("pair: another EAP method than ours", "[pair][ikev2][eap][refusal]") {
  EapWorld world;
  world.server().remote.eap_method = EapType::md5_challenge;
  Pair pair(world.a, world.b);
  require_refused(pair);
  CHECK(auth_payloads(pair.a).back() == "EAP(Response/Nak)");
}

TEST_CASE("pair: EAP-TLS and the wrong certificates", "[pair][ikev2][eap][tls][refusal]") {
  struct Flaw {
    const char* name;
    void (*apply)(EapWorld& world);
  };
  const Flaw flaws[] = {
      {"a client of another CA",
       [](EapWorld& world) {
         const Holder other = world.ca("CN=Other");
         EapWorld::dress(world.client().local, world.issue_for("anna.example", &other));
       }},
      {"a client with somebody else's name",
       [](EapWorld& world) {
         EapWorld::dress(world.client().local, world.issue_for("bert.example"));
       }},
      {"a client whose certificate ran out",
       [](EapWorld& world) {
         const auto past = [](pki::CertificateSpec& spec) {
           spec.alt_names = {{pki::SubjectAltName::Type::dns, "anna.example"}};
           spec.not_after = test_epoch - one_day;
         };
         EapWorld::dress(world.client().local, world.issue("CN=anna", &world.root, past));
       }},
      {"a server of another CA, EAP-only",
       [](EapWorld& world) {
         world.eap_only();
         const Holder other = world.ca("CN=Other");
         EapWorld::dress(world.server().local, world.issue_for("gw-b.example", &other));
       }},
      {"a server with somebody else's name, EAP-only",
       [](EapWorld& world) {
         world.eap_only();
         EapWorld::dress(world.server().local, world.issue_for("gw-x.example"));
       }},
  };
  for (const unsigned version : {2U, 3U})
    for (const Flaw& flaw : flaws) {
      INFO(flaw.name << ", TLS 1." << version);
      EapWorld world(EapType::tls);
      world.client().local.tls_version_max = version;
      flaw.apply(world);
      Pair pair(world.a, world.b);
      require_refused(pair);
    }
}

TEST_CASE("pair: an EAP that stops in the middle leaves nothing", "[pair][ikev2][eap][refusal]") {
  //= rfc7296#2.16 "Extensible authentication is implemented in IKE as additional IKE_AUTH exchanges
  //= that MUST be completed in order to initialize the IKE SA."
  for (const unsigned last : {2U, 3U, 4U}) {  // of gw-a's datagrams that arrive; five are needed
    EapWorld world;
    Pair pair(world.a, world.b);
    pair.lose = [&](const Side& from, unsigned nth, const Datagram&) {
      return &from == &pair.a && nth > last;
    };
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive(20s);
    CHECK(pair.b.state() == "HALF_OPEN");
    CHECK(pair.b.inbound.empty());
    pair.drive(120s);
    require_nothing_left(pair);
    CHECK(pair.b.all<trace::SaInstalled>().empty());
  }
}
