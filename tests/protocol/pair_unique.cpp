// INITIAL_CONTACT and `unique`: what becomes of another IKE SA with the same peer (RFC 7296, 2.4).
#include "tests/support/catch.hpp"
#include "tests/support/eap_world.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using policy::Unique;

/// gw-a comes up, forgets everything without a word, and comes again: a crash. Both IKE SAs of gw-b
/// are in its one endpoint.
struct Crash {
  Crash(Unique of_a, Unique of_b) {
    auto a = site_a(), b = site_b();
    a.connections[0].unique = of_a;
    b.connections[0].unique = of_b;
    pair.emplace(a, b);
    REQUIRE(pair->command(pair->a, Initiate{"site", "net"}).ok());
    pair->settle();
    REQUIRE(pair->consistent());
    // The endpoint is made anew, with the randomness of another start.
    pair->a.provider = crypto::openssl_provider();
    pair->a.endpoint =
        std::make_unique<Endpoint>(a, *pair->a.provider, crypto::seeded_rng(99, "gw-a"));
    pair->a.inbound.clear();
    pair->a.outbound.clear();
    pair->a.outbound_order.clear();
    REQUIRE(pair->command(pair->a, Initiate{"site", "net"}).ok());
    pair->settle();
    for (const auto* message : pair->a.all<trace::Message>())
      if (message->exchange == "IKE_AUTH" && message->direction == "sent")
        said = message->payloads.find("N(INITIAL_CONTACT)") != std::string::npos;
    pair->drive(1s);
  }
  std::optional<Pair> pair;
  bool said = false;
};

}  // namespace

TEST_CASE("unique: by default nobody says INITIAL_CONTACT, and both IKE SAs stay",
          "[pair][ikev2][unique]") {
  const Crash crash(Unique::no, Unique::no);
  //= rfc7296#2.4 "This notification MUST NOT be sent by an entity that may be replicated (e.g., a
  //= roaming user's credentials where the user is allowed to connect to the corporate firewall from
  //= two remote systems at the same time)."
  CHECK_FALSE(crash.said);
  CHECK(crash.pair->b.sas().size() == 2);
}

TEST_CASE("unique: INITIAL_CONTACT ends the other IKE SA at once", "[pair][ikev2][unique]") {
  Crash crash(Unique::replace, Unique::no);
  CHECK(crash.said);
  //= rfc7296#2.4 "The INITIAL_CONTACT notification asserts that this IKE SA is the only IKE SA
  //= currently active between the authenticated identities."
  CHECK(crash.pair->b.sas().size() == 1);
  CHECK(crash.pair->b.inbound.size() == 1);
  CHECK(crash.pair->consistent());
}

TEST_CASE("unique: INITIAL_CONTACT is in the first IKE_AUTH message, and never again",
          "[pair][ikev2][unique][eap]") {
  EapWorld world;
  world.client().unique = Unique::replace;
  Pair pair(world.a, world.b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  for (const Command& command : {Command{RekeyChild{"net"}}, Command{RekeyIke{}}}) {
    REQUIRE(pair.command(pair.a, command).ok());
    pair.drive();
  }
  REQUIRE(pair.consistent());
  std::vector<std::size_t> said;
  std::size_t sent = 0;
  for (const auto* message : pair.a.all<trace::Message>()) {
    if (message->direction != "sent") continue;
    if (message->payloads.find("N(INITIAL_CONTACT)") != std::string::npos) said.push_back(sent);
    ++sent;
  }
  //= rfc7296#2.4 "The INITIAL_CONTACT notification, if sent, MUST be in the first IKE_AUTH request
  //= or response, not as a separate exchange afterwards"
  CHECK(said == std::vector<std::size_t>{1});  // 0 is IKE_SA_INIT
  CHECK(sent > 7);
}

TEST_CASE("unique: never does not even hear INITIAL_CONTACT", "[pair][ikev2][unique]") {
  const Crash crash(Unique::replace, Unique::never);
  CHECK(crash.said);
  CHECK(crash.pair->b.sas().size() == 2);
}

TEST_CASE("unique: replace ends the other one with a DELETE, keep the new one",
          "[pair][ikev2][unique]") {
  const bool replace = GENERATE(true, false);
  CAPTURE(replace);
  Crash crash(Unique::no, replace ? Unique::replace : Unique::keep);
  CHECK_FALSE(crash.said);
  crash.pair->drive(200s);  // the lost endpoint never answers the DELETE
  REQUIRE(crash.pair->b.sas().size() == 1);
  CHECK(crash.pair->b.sas()[0].name == (replace ? "gw-b#2" : "gw-b#1"));
  CHECK(crash.pair->a.sas().size() == (replace ? 1U : 0U));
}

TEST_CASE("unique: a second connection of the same two is no initial contact",
          "[pair][ikev2][unique]") {
  auto a = site_a(), b = site_b();
  a.connections[0].unique = b.connections[0].unique = Unique::replace;
  a.connections.push_back(a.connections[0]);
  a.connections[1].name = "again";
  Pair pair(a, b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  REQUIRE(pair.command(pair.a, Initiate{"again", "net"}).ok());
  pair.drive();
  CHECK(pair.consistent());  // one is left on both sides, in agreement
  CHECK(pair.a.sas()[0].connection == "again");
}
