// EAP in IKE_AUTH (RFC 7296, 2.16), between two endpoints: each method message by message, what
// AUTH covers at the end, EAP-only (RFC 5998), several rounds (RFC 4739).
#include "tests/support/catch.hpp"
#include "tests/support/eap_world.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Words = std::vector<std::string>;
using policy::AuthKind;
using wire::EapType;

/// Brings the tunnel up and compares what must be equal.
void require_up(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  for (const Side* side : {&pair.a, &pair.b})
    for (const auto* d : side->all<trace::Diagnostic>())
      UNSCOPED_INFO(d->code << " " << d->message);
  REQUIRE(pair.consistent());
  CHECK(pair.a.diagnostics().empty());
  CHECK(pair.b.diagnostics().empty());
}

Words methods(const Side& side, bool local) {
  Words out;
  for (const auto* decided : side.all<trace::AuthDecided>())
    if (decided->local == local && decided->ok) out.push_back(decided->method);
  return out;
}

Bytes derived(const Side& side, const std::string& name) {
  for (const auto* key : side.all<trace::KeyDerived>())
    if (key->name == name) return key->output;
  return {};
}

}  // namespace

TEST_CASE("pair: EAP-MSCHAPv2, message by message", "[pair][ikev2][eap]") {
  EapWorld world;
  Pair pair(world.a, world.b);
  require_up(pair);
  //= rfc7296#2.16 "An initiator indicates a desire to use EAP by leaving out the AUTH payload from
  //= the first message in the IKE_AUTH exchange."
  CHECK(auth_payloads(pair.a) == Words{"IDi, CERTREQ, IDr, SA, TSi, TSr",
                                       "EAP(Response/EAP-MSCHAPv2)", "EAP(Response/EAP-MSCHAPv2)",
                                       "AUTH"});
  //= rfc7296#2.16 "Once the protocol exchange defined by the chosen EAP authentication method has
  //= successfully terminated, the responder MUST send an EAP payload containing the Success
  //= message."
  CHECK(auth_payloads(pair.b) == Words{"IDr, CERT, AUTH, EAP(Request/EAP-MSCHAPv2)",
                                       "EAP(Request/EAP-MSCHAPv2)", "EAP(Success)",
                                       "AUTH, SA, TSi, TSr"});
  //= rfc7296#2.16 "Following such an extended exchange, the EAP AUTH payloads MUST be included in
  //= the two messages following the one containing the EAP Success message."
  //
  // Both derived the same key, and AUTH was made of it.
  //= rfc7296#2.16 "that shared key MUST be used by both the initiator and responder to generate
  //= AUTH payloads in messages 7 and 8 using the syntax for shared secrets specified in Section
  //= 2.15."
  CHECK(derived(pair.a, "MSK").size() == 64);
  CHECK(derived(pair.a, "MSK") == derived(pair.b, "MSK"));
  CHECK(methods(pair.b, false) ==
        Words{"EAP-MSCHAPv2", "Shared Key Message Integrity Code with the MSK of EAP-MSCHAPv2"});
  CHECK(methods(pair.a, false) ==
        Words{"ECDSA with SHA-256",
              "Shared Key Message Integrity Code with the MSK of EAP-MSCHAPv2"});
}

TEST_CASE("pair: the MSK makes AUTH, and no other key", "[pair][ikev2][eap]") {
  // Two runs from one seed that differ in the password alone.
  EapWorld one, two;
  two.client().local.psk = to_bytes(as_bytes("another"));
  two.b.eap_users = {{"anna.example", two.client().local.psk}};
  Pair first(one.a, one.b), second(two.a, two.b);
  require_up(first);
  require_up(second);
  REQUIRE(derived(first.a, "MSK") != derived(second.a, "MSK"));
  const auto keys_of = [](const Pair& pair) {
    std::vector<std::string> keys;
    for (const auto* key : pair.a.all<trace::KeyDerived>())
      if (key->name.find("SK_") == 0 || key->name.find("ESP ") == 0 || key->name == "KEYMAT")
        keys.push_back(key->name + " " + to_hex(key->output));
    return keys;
  };
  //= rfc7296#2.16 "This shared key generated during an IKE exchange MUST NOT be used for any other
  //= purpose."
  CHECK(keys_of(first).size() == 8);  // seven of the IKE SA, and KEYMAT
  CHECK(keys_of(first) == keys_of(second));
}

TEST_CASE("pair: EAP-Identity asks where it is told to", "[pair][ikev2][eap]") {
  EapWorld world;
  world.client().local.id = policy::Identity::parse("somebody.example").value();
  world.client().local.eap_id = "anna.example";
  world.server().remote.eap_id = "%any";
  Pair pair(world.a, world.b);
  require_up(pair);
  CHECK(auth_payloads(pair.b).front() == "IDr, CERT, AUTH, EAP(Request/Identity)");
  CHECK(auth_payloads(pair.a).at(1) == "EAP(Response/Identity)");
}

TEST_CASE("pair: EAP-MD5 gives no key: SK_pi and SK_pr make AUTH", "[pair][ikev2][eap]") {
  EapWorld world(EapType::md5_challenge);
  Pair pair(world.a, world.b);
  require_up(pair);
  CHECK(derived(pair.a, "MSK").empty());
  //= rfc7296#2.16 "If EAP methods that do not generate a shared key are used, the AUTH payloads in
  //= messages 7 and 8 MUST be generated using SK_pi and SK_pr, respectively."
  CHECK(methods(pair.b, false).back() ==
        "Shared Key Message Integrity Code with SK_p, as MD5-Challenge gives no key");
}

TEST_CASE("pair: EAP-TLS 1.2 and 1.3", "[pair][ikev2][eap][tls]") {
  for (const unsigned version : {2U, 3U}) {
    INFO("TLS 1." << version);
    EapWorld world(EapType::tls);
    world.client().local.tls_version_max = version;
    Pair pair(world.a, world.b);
    require_up(pair);
    CHECK(derived(pair.a, "MSK").size() == 64);
    CHECK(derived(pair.a, "MSK") == derived(pair.b, "MSK"));
    const auto keys = pair.a.all<trace::KeyDerived>();
    const auto material = std::find_if(keys.begin(), keys.end(),
                                       [](const auto* key) { return key->name == "Key_Material"; });
    REQUIRE(material != keys.end());
    CHECK((*material)->algorithm == "TLS 1." + std::to_string(version));
    CHECK(auth_payloads(pair.b).at(1) == "EAP(Request/EAP-TLS)");
  }
}

TEST_CASE("pair: EAP-TLS with a chain goes in fragments", "[pair][ikev2][eap][tls]") {
  EapWorld world(EapType::tls);
  const Holder sub = world.ca("CN=Sub", &world.root), low = world.ca("CN=Low", &sub);
  world.user = world.issue_for("anna.example", &low);
  auto& own = world.client().local;
  EapWorld::dress(own, world.user);
  own.certificates.push_back(low.certificate);
  own.certificates.push_back(sub.certificate);
  Pair pair(world.a, world.b);
  require_up(pair);
  unsigned packets = 0;
  for (const std::string& text : auth_payloads(pair.a)) packets += text.find("EAP") == 0;
  CHECK(packets > 4);
}

TEST_CASE("pair: EAP-TLS is the same in the same run, and another in another",
          "[pair][ikev2][eap][tls]") {
  for (const unsigned version : {2U, 3U}) {
    EapWorld world(EapType::tls);
    world.client().local.tls_version_max = version;
    Pair one(world.a, world.b), two(world.a, world.b), other(world.a, world.b, 8);
    for (Pair* pair : {&one, &two, &other}) require_up(*pair);
    CHECK(one.encoded() == two.encoded());
    CHECK(derived(one.a, "MSK") != derived(other.a, "MSK"));
  }
}

TEST_CASE("pair: EAP without a certificate of the responder", "[pair][ikev2][eap]") {
  for (const EapType method : {EapType::mschapv2, EapType::tls}) {
    EapWorld world(method);
    world.eap_only();
    Pair pair(world.a, world.b);
    require_up(pair);
    //= rfc5998#3 "it omits the public-key-based AUTH payload and CERT payloads from message 4."
    CHECK(auth_payloads(pair.b).front().find("IDr, EAP(Request") == 0);
    CHECK(auth_payloads(pair.a).front() == "IDi, IDr, SA, TSi, TSr, N(EAP_ONLY_AUTHENTICATION)");
  }
}

TEST_CASE("pair: the method is settled by Nak where the gateway is open to it",
          "[pair][ikev2][eap]") {
  EapWorld world(EapType::tls);
  world.server().remote.eap_method = EapType::none;  // begins with EAP-MSCHAPv2
  Pair pair(world.a, world.b);
  require_up(pair);
  CHECK(auth_payloads(pair.a).at(1) == "EAP(Response/Nak)");
  CHECK(auth_payloads(pair.b).at(1) == "EAP(Request/EAP-TLS)");
}

TEST_CASE("pair: certificate, then EAP: two factors", "[pair][ikev2][eap][rounds]") {
  EapWorld world;
  auto eap_of_client = world.client().local;
  eap_of_client.id = policy::Identity::parse("anna").value();
  auto& first = world.client().local;
  first.kind = AuthKind::pubkey;
  world.client().more_local = {eap_of_client};
  auto eap_of_server = world.server().remote;
  world.server().remote.kind = AuthKind::pubkey;
  world.server().more_remote = {eap_of_server};
  world.b.eap_users = {{"anna", to_bytes(as_bytes("clientPass"))}};
  SECTION("both right") {
    Pair pair(world.a, world.b);
    require_up(pair);
    //= rfc4739#2.1 "As in IKEv2, EAP-based authentication is always requested by the initiator (by
    //= omitting the AUTH payload)."
    CHECK(auth_payloads(pair.a).at(1) == "IDi");
    CHECK(auth_payloads(pair.b) == Words{"IDr, CERT, AUTH", "EAP(Request/EAP-MSCHAPv2)",
                                         "EAP(Request/EAP-MSCHAPv2)", "EAP(Success)",
                                         "AUTH, SA, TSi, TSr"});
    CHECK(methods(pair.b, false).size() == 3);
  }
  SECTION("a stolen certificate is not enough") {
    world.client().more_local[0].psk = to_bytes(as_bytes("guess"));
    Pair pair(world.a, world.b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    require_nothing_left(pair);
    CHECK(methods(pair.b, false) == Words{"ECDSA with SHA-256"});
  }
  SECTION("a password alone is not enough") {
    world.client().local = eap_of_client;
    world.client().more_local.clear();
    Pair pair(world.a, world.b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    require_nothing_left(pair);
    CHECK(pair.b.diagnosed("E-AUTH-014"));
  }
}

TEST_CASE("pair: EAP, then another EAP", "[pair][ikev2][eap][rounds]") {
  EapWorld world;
  auto second = world.client().local;
  second.eap_method = EapType::tls;
  world.client().more_local = {second};
  auto expected = world.server().remote;
  expected.eap_method = EapType::tls;
  world.server().more_remote = {expected};
  Pair pair(world.a, world.b);
  require_up(pair);
  const auto said = auth_payloads(pair.a);
  CHECK(std::count(said.begin(), said.end(), "AUTH, N(ANOTHER_AUTH_FOLLOWS)") == 1);
  CHECK(said.back() == "AUTH");
}
