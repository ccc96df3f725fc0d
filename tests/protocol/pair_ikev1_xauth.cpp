// XAuth and mode config of IKEv1 between two nodes (draft-ietf-ipsec-isakmp-xauth-06, draft-dukes-
// ike-mode-cfg-02): what is on the wire stands in comments.
#include "protocol/wire/ikev1_iana.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/ikev1_pair.hpp"

using namespace ikelab;
using namespace ikelab::test;
using Said = std::vector<std::string>;

namespace {

policy::AuthConfig user_round(std::string user, std::string_view password) {
  policy::AuthConfig round;
  round.kind = policy::AuthKind::eap;
  round.id = policy::Identity::any();
  round.eap_id = std::move(user);
  round.psk = to_bytes(as_bytes(password));
  return round;
}

struct Office {
  policy::EndpointConfig client, gateway;
};

/// a is a client whose user is anna; b is the gateway, which has its password.
Office office(std::string_view password = "Sunshine2024", bool aggressive = false) {
  Office out{v1_site_a(aggressive), v1_site_b(aggressive)};
  out.client.connections.at(0).more_local = {user_round("anna", password)};
  out.gateway.connections.at(0).more_remote = {user_round("", "")};
  out.gateway.eap_users = {{"anna", to_bytes(as_bytes("Sunshine2024"))}};
  return out;
}

void with_addresses(Office& office) {
  policy::ConnectionConfig& client = office.client.connections.at(0);
  policy::ConnectionConfig& gateway = office.gateway.connections.at(0);
  client.vips = {IpAddress{}};
  client.children.at(0).local_ts.clear();
  client.children.at(0).local_dynamic = true;
  gateway.pools = {"people"};
  gateway.children.at(0).remote_ts.clear();
  gateway.children.at(0).remote_dynamic = true;
  office.gateway.pools = {{"people",
                           IpAddress::parse("10.9.0.1").value(),
                           IpAddress::parse("10.9.0.4").value(),
                           {IpAddress::parse("10.2.0.53").value()},
                           {}}};
}

void bring_up(V1Pair& pair) {
  REQUIRE(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
  pair.settle();
}

}  // namespace

TEST_CASE("xauth: a user is named after phase 1, and before anything else", "[ikev1][xauth]") {
  const bool aggressive = GENERATE(false, true);
  Office sites = office("Sunshine2024", aggressive);
  V1Pair pair(std::move(sites.client), std::move(sites.gateway));
  bring_up(pair);
  //                                  <--  HDR*, HASH, ATTR(REQUEST: user name, password)
  //   HDR*, HASH, ATTR(REPLY)  -->
  //                                  <--  HDR*, HASH, ATTR(SET: status OK)
  //   HDR*, HASH, ATTR(ACK)    -->
  //   HDR*, HASH(1), SA, Ni ...  -->
  Said a = pair.a.said(), b = pair.b.said();
  const Said rest_a(a.end() - 4, a.end()), rest_b(b.end() - 3, b.end());
  CHECK(rest_a == Said{"Transaction: {HASH, ATTR(ISAKMP_CFG_REPLY)}",
                       "Transaction: {HASH, ATTR(ISAKMP_CFG_ACK)}",
                       "Quick Mode: {HASH, SA, NONCE, ID, ID}", "Quick Mode: {HASH}"});
  CHECK(rest_b == Said{"Transaction: {HASH, ATTR(ISAKMP_CFG_REQUEST)}",
                       "Transaction: {HASH, ATTR(ISAKMP_CFG_SET)}",
                       "Quick Mode: {HASH, SA, NONCE, ID, ID}"});
  CHECK(pair.consistent());
  CHECK(pair.a.all<trace::Diagnostic>().empty());
  const auto decided = pair.b.all<trace::AuthDecided>();
  REQUIRE_FALSE(decided.empty());
  CHECK(decided.back()->method == "XAuth");
  CHECK(decided.back()->identity == "anna");
  CHECK(decided.back()->subject == "initiator");
}

TEST_CASE("xauth: a wrong password ends both sides, and gives no SA", "[ikev1][xauth]") {
  Office sites = office("Sunshine2025");
  V1Pair pair(std::move(sites.client), std::move(sites.gateway));
  bring_up(pair);
  CHECK(pair.b.diagnosed("E-IKE1-050"));
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
  CHECK(pair.b.inbound.empty());
  CHECK(pair.b.all<trace::SaInstalled>().empty());
  CHECK_FALSE(pair.a.all<trace::AuthDecided>().back()->ok);
}

TEST_CASE("xauth: a user of another name is not the one who is expected", "[ikev1][xauth]") {
  Office sites = office();
  sites.gateway.connections.at(0).more_remote[0].eap_id = "ben";
  V1Pair pair(std::move(sites.client), std::move(sites.gateway));
  bring_up(pair);
  CHECK(pair.b.diagnosed("E-IKE1-050"));
  CHECK(pair.b.state() == "none");
}

TEST_CASE("xauth: who has no user gets nowhere, and no quick mode is answered", "[ikev1][xauth]") {
  Office sites = office();
  sites.client.connections.at(0).more_local.clear();
  V1Pair pair(std::move(sites.client), std::move(sites.gateway));
  bring_up(pair);
  // the methods of both differ (pre-shared key against XAUTHInitPreShared): no proposal fits
  CHECK(pair.b.diagnosed("E-IKE1-010"));
  CHECK(pair.b.inbound.empty());
}

TEST_CASE("xauth: nobody answers, and the gateway does not wait for ever", "[ikev1][xauth]") {
  Office sites = office();
  V1Pair pair(std::move(sites.client), std::move(sites.gateway));
  pair.lose = [&](const V1Side& from, ikev2::Datagram& d) {
    return &from == &pair.a && d.payload.size() > 18 && d.payload[18] == 6;  // Transaction
  };
  bring_up(pair);
  CHECK(pair.b.state() == "ADMITTING");
  pair.drive(300s);
  CHECK(pair.b.state() == "none");
  CHECK(pair.b.inbound.empty());
}

TEST_CASE("xauth: each message may be lost once", "[ikev1][xauth]") {
  const int lost = GENERATE(0, 1, 2, 3);
  Office sites = office();
  with_addresses(sites);
  V1Pair pair(std::move(sites.client), std::move(sites.gateway));
  int seen = 0;
  pair.lose = [&](const V1Side&, ikev2::Datagram& d) {
    return d.payload.size() > 18 && d.payload[18] == 6 && seen++ == lost;
  };
  bring_up(pair);
  pair.drive(60s);
  INFO(lost);
  CHECK(pair.consistent());
}

TEST_CASE("xauth: a second answer to the same question is no second guess", "[ikev1][xauth]") {
  // The client's REPLY is wrong; what it says after that is not heard.
  Office sites = office("wrong");
  V1Pair pair(std::move(sites.client), std::move(sites.gateway));
  ikev2::Datagram reply;
  pair.lose = [&](const V1Side& from, ikev2::Datagram& d) {
    if (&from == &pair.a && d.payload[18] == 6 && reply.payload.empty()) reply = d;
    return &from == &pair.b && d.payload[18] == 6 && !reply.payload.empty();  // SET is on its way
  };
  bring_up(pair);
  REQUIRE_FALSE(reply.payload.empty());
  const auto judged = pair.b.all<trace::AuthDecided>().size();
  pair.deliver(pair.b, reply);
  pair.settle();
  CHECK(pair.b.all<trace::AuthDecided>().size() == judged);
}

TEST_CASE("mode config: an address for the client, and quick mode for it", "[ikev1][xauth]") {
  Office sites = office();
  with_addresses(sites);
  V1Pair pair(std::move(sites.client), std::move(sites.gateway));
  bring_up(pair);
  const auto got = pair.a.all<trace::Configured>(), given = pair.b.all<trace::Configured>();
  REQUIRE(got.size() == 1);
  REQUIRE(given.size() == 1);
  CHECK(got[0]->action == "got");
  CHECK(got[0]->address == given[0]->address);
  CHECK(got[0]->more == "DNS 10.2.0.53");
  CHECK(given[0]->peer == "anna");
  REQUIRE(pair.consistent());
  const auto& sa = pair.a.outbound.begin()->second;
  CHECK(sa.ts_src.front().start.to_string() == got[0]->address);
  CHECK(sa.ts_src.front().end.to_string() == got[0]->address);
  // the end of the SA gives the address back
  REQUIRE(pair.command(pair.a, ikev2::DeleteIke{}).ok());
  pair.settle();
  CHECK(pair.b.all<trace::Configured>().back()->action == "released");
}

TEST_CASE("mode config: a new phase 1 keeps the address, and asks for the user again",
          "[ikev1][xauth]") {
  Office sites = office();
  with_addresses(sites);
  V1Pair pair(std::move(sites.client), std::move(sites.gateway));
  bring_up(pair);
  REQUIRE(pair.command(pair.a, ikev2::RekeyIke{}).ok());
  pair.settle();
  CHECK(pair.a.state() == "ESTABLISHED");
  CHECK(pair.b.state() == "ESTABLISHED");
  CHECK(pair.b.all<trace::Configured>().size() == 1);
  std::size_t named = 0;
  for (const auto* decided : pair.b.all<trace::AuthDecided>()) named += decided->method == "XAuth";
  CHECK(named == 2);
}

TEST_CASE("mode config: a pool that is empty gives nothing", "[ikev1][xauth]") {
  Office sites = office();
  with_addresses(sites);
  sites.gateway.pools.clear();
  V1Pair pair(std::move(sites.client), std::move(sites.gateway));
  bring_up(pair);
  CHECK(pair.a.diagnosed("E-IKE1-053"));
  CHECK(pair.a.all<trace::Configured>().empty());
}
