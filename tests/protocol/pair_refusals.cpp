// What is refused, by whom, and what is left afterwards. Each refusal stands beside a handshake
// that differs in one thing and works (pair_handshake.cpp).
#include "tests/support/catch.hpp"
#include "tests/support/lab_certificates.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

const trace::AuthDecided& last_verdict(const Side& side) {
  const auto all = side.all<trace::AuthDecided>();
  REQUIRE(!all.empty());
  return *all.back();
}

void require_nothing_left(const Pair& pair) {
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());
  CHECK(pair.a.outbound.empty());
  CHECK(pair.b.outbound.empty());
}

policy::Identity id(const char* text) {
  return policy::Identity::parse(text).value();
}

}  // namespace

TEST_CASE("pair: NO_PROPOSAL_CHOSEN in IKE_SA_INIT", "[pair][ikev2][refusal]") {
  Pair pair(site_a("aes256gcm16-prfsha256-x25519"), site_b("aes256gcm16-prfsha384-ecp384"));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  // gw-a  SA, KE, Ni  -->;  <--  N(NO_PROPOSAL_CHOSEN)
  pair.drive();
  require_nothing_left(pair);
  const auto negotiated = pair.b.all<trace::Negotiated>();
  REQUIRE(negotiated.size() == 1);
  CHECK(negotiated[0]->chosen.empty());
  REQUIRE(negotiated[0]->verdicts.size() == 1);
  CHECK(negotiated[0]->verdicts[0].reason ==
        "no common PRF: offered PRF_HMAC_SHA2_256; configured PRF_HMAC_SHA2_384; no common KE "
        "method: offered CURVE25519; configured ECP_384");
  CHECK(pair.a.all<trace::TaskEnded>().back()->detail == "the peer answered NO_PROPOSAL_CHOSEN");
}

TEST_CASE("pair: another pre-shared key", "[pair][ikev2][refusal]") {
  auto b = site_b();
  b.connections[0].local.psk = b.connections[0].remote.psk =
      to_bytes(as_bytes("a long shared secre7"));
  Pair pair(site_a(), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  // gw-a  SK {IDi, ... AUTH ...}  -->;  <--  SK {N(AUTHENTICATION_FAILED)}
  pair.drive();
  require_nothing_left(pair);
  CHECK_FALSE(last_verdict(pair.b).ok);
  CHECK(pair.b.diagnosed("E-AUTH-011"));
  CHECK(pair.b.all<trace::Message>().back()->payloads == "N(AUTHENTICATION_FAILED)");
  CHECK(pair.a.all<trace::SaInstalled>().empty());
}

TEST_CASE("pair: the responder is not who it should be", "[pair][ikev2][refusal]") {
  auto a = site_a(), b = site_b();
  a.connections[0].remote.id =
      policy::Identity::any();  // no IDr is asked for, then it is checked late
  a.connections[0].remote.psk = to_bytes(as_bytes("a long shared secret"));
  Pair pair(a, b);
  // The responder's AUTH is broken on the way back: the initiator cannot tell that from an
  // impostor, but for the ICV. So: another PSK of the responder for its own AUTH.
  SECTION("the initiator tells the responder, which closes too") {
    auto c = site_b();
    c.connections[0].local.id = id("gw-x.example");
    auto strict = site_a();
    strict.connections[0].remote.id = id("gw-b.example");
    Pair other(strict, c);
    REQUIRE(other.command(other.a, Initiate{"site", "net"}).ok());
    other.drive();
    require_nothing_left(other);
    CHECK(other.a.diagnosed("E-AUTH-010"));
    // gw-a  SK {N(AUTHENTICATION_FAILED)}  -->  in an INFORMATIONAL exchange of its own (RFC
    // 7296, 2.21.2)
    CHECK(other.a.messages_sent().back() == "INFORMATIONAL request 2");
  }
  SECTION("the twin") {
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    CHECK(pair.consistent());
  }
}

TEST_CASE("pair: an identity that the responder does not know", "[pair][ikev2][refusal]") {
  auto a = site_a();
  a.connections[0].local.id = id("gw-q.example");
  Pair pair(a, site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  require_nothing_left(pair);
  CHECK(pair.b.diagnosed("E-AUTH-010"));
  CHECK(last_verdict(pair.b).identity == "gw-q.example");
}

TEST_CASE("pair: certificates that do not hold", "[pair][ikev2][refusal][auth]") {
  LabCertificates lab;
  std::string code;
  SECTION("expired") {
    lab.not_after = 1'789'999'999;  // a second before the epoch
    code = "E-PKI-011";
  }
  SECTION("not yet valid") {
    lab.not_before = 1'790'000'001;
    code = "E-PKI-012";
  }
  SECTION("issued by an unknown CA") {
    lab.unknown_ca = true;
    code = "E-PKI-010";
  }
  SECTION("for another name") {
    lab.alt_name_of_a = "gw-evil.example";
    code = "E-AUTH-012";
  }
  const auto sites = certified_sites(lab);
  Pair pair(sites.a, sites.b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  require_nothing_left(pair);
  CAPTURE(pair.b.diagnostics(), code);
  CHECK(pair.b.diagnosed(code));
  CHECK_FALSE(last_verdict(pair.b).ok);
}

TEST_CASE("pair: a signature by a key that is not the certificate's",
          "[pair][ikev2][refusal][auth]") {
  auto sites = certified_sites();
  sites.a.connections[0].local.private_key = sites.b.connections[0].local.private_key;
  Pair pair(sites.a, sites.b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  require_nothing_left(pair);
  CHECK(pair.b.diagnosed("E-AUTH-011"));
}

TEST_CASE("pair: one side wants a shared key, the other a signature",
          "[pair][ikev2][refusal][auth]") {
  const auto sites = certified_sites();
  Pair pair(site_a(), sites.b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  require_nothing_left(pair);
  CHECK(pair.b.diagnosed("E-AUTH-013"));
}

TEST_CASE("pair: traffic selectors are narrowed", "[pair][ikev2][ts]") {
  auto a = site_a();
  a.connections[0].children[0].remote_ts = {policy::parse_traffic_selector("10.0.0.0/8").value()};
  Pair pair(a, site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  REQUIRE(pair.consistent());
  CHECK(policy::to_string(pair.a.sas()[0].children[0].remote_ts.at(0)) == "10.2.0.0/24");
}

TEST_CASE("pair: TS_UNACCEPTABLE leaves the IKE SA without a Child SA",
          "[pair][ikev2][ts][refusal]") {
  auto a = site_a();
  a.connections[0].children[0].remote_ts = {policy::parse_traffic_selector("10.99.0.0/24").value()};
  Pair pair(a, site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  // <--  SK {IDr, AUTH, N(TS_UNACCEPTABLE)}
  pair.drive();
  CHECK(pair.consistent());
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());
  CHECK(pair.b.all<trace::Message>().back()->payloads == "IDr, AUTH, N(TS_UNACCEPTABLE)");
  // A Child SA of one's own later is refused the same way, and the IKE SA still stands.
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  CHECK(pair.b.all<trace::Message>().back()->payloads == "N(TS_UNACCEPTABLE)");
  CHECK(pair.consistent());
}

TEST_CASE("pair: NO_PROPOSAL_CHOSEN for the Child SA only", "[pair][ikev2][refusal]") {
  Pair pair(site_a("aes256gcm16-prfsha256-x25519", "aes128-sha256"), site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  CHECK(pair.consistent());
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.all<trace::Message>().back()->payloads == "IDr, AUTH, N(NO_PROPOSAL_CHOSEN)");
}

TEST_CASE("pair: nobody is configured for that address", "[pair][ikev2][refusal]") {
  auto b = site_b();
  b.connections[0].remote_addr = IpAddress::parse("192.0.2.77").value();
  Pair pair(site_a(), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(1s);
  CHECK(pair.b.sent == 0);
  CHECK(pair.b.diagnosed("E-IKE-003"));
}

TEST_CASE("pair: commands that name nothing, or cannot be", "[pair][ikev2][command]") {
  Pair pair(site_a(), site_b());
  CHECK(pair.command(pair.a, Initiate{"sight", "net"}).error().code == "E-CMD-001");
  CHECK(pair.command(pair.a, Initiate{"site", "nett"}).error().code == "E-CMD-001");
  CHECK(pair.command(pair.a, RekeyIke{}).error().code == "E-CMD-001");
  CHECK(pair.command(pair.a, RekeyIke{"gw-a#9"}).error().code == "E-CMD-001");
  CHECK(pair.command(pair.a, RekeyChild{"net"}).error().code == "E-CMD-001");
  CHECK(pair.command(pair.a, DeleteIke{}).error().code == "E-CMD-001");
  CHECK(pair.command(pair.a, DeleteChild{"net"}).error().code == "E-CMD-001");
  CHECK(pair.command(pair.a, CheckLiveness{}).error().code == "E-CMD-001");
  auto warrior = site_a();
  warrior.connections[0].remote_addr = {};
  Pair answering(warrior, site_b());
  CHECK(answering.command(answering.a, Initiate{"site", "net"}).error().code == "E-CMD-002");
  CHECK(pair.wire.empty());
}
