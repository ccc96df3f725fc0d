// IKE SAs whose rekeying collides with something, or whose messages come late or never: the
// situations that strongSwan's suite test_ike_rekey names, step by step (RFC 7296, 2.8.2, 2.25.2).
// Messages cross by hand; after each step the IKE SAs of both sides are told with the number of
// their Child SAs; 1 is the old one.
#include "tests/protocol/collision_support.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Stage = IkeStage;

/// CREATE_CHILD_SA {SA, Ni, KEi} of both cross, and both are answered: 2 is what a's exchange
/// makes, 3 what b's does.
void collide(Stage& s) {
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  s.hand->to_b();
  CHECK(s.b() == "1 ESTABLISHED 1, 2 ESTABLISHED 0");
  s.hand->to_a();
  CHECK(s.a() == "1 ESTABLISHED 1, 3 ESTABLISHED 0");
}

constexpr const char* x25519_first = "aes256gcm16-prfsha256-x25519-ecp256";
constexpr const char* ecp256_first = "aes256gcm16-prfsha256-ecp256-x25519";

/// A Stage on which each wants another method than the last one that was taken.
struct Contrary : Stage {
  Contrary() : Stage(false, x25519_first, ecp256_first) {}
};

}  // namespace

// ---- one side rekeys ---------------------------------------------------------------------------

TEST_CASE("ike collisions: a regular rekey", "[pair][ikev2][collisions]") {
  Stage s(GENERATE(false, true));
  s.rekey(s.pair.a);
  // CREATE_CHILD_SA {SA, Ni, KEi}  -->
  s.hand->to_b();
  CHECK(s.b() == "1 REKEYED 0, 2 ESTABLISHED 1");
  // <--  CREATE_CHILD_SA {SA, Nr, KEr}
  s.hand->to_a();
  CHECK(s.a() == "1 DELETING 0, 2 ESTABLISHED 1");
  // INFORMATIONAL {D}  -->;  <--  INFORMATIONAL {}
  s.hand->to_b();
  CHECK(s.b() == "2 ESTABLISHED 1");
  s.hand->to_a();
  CHECK(s.a() == "2 ESTABLISHED 1");
  s.clean();
}

TEST_CASE("ike collisions: the responder wants another key exchange method",
          "[pair][ikev2][collisions]") {
  // gw-a's handshake took x25519 of a proposal that gw-b prefers otherwise when it is asked.
  Stage s(false, "aes256gcm16-prfsha256-x25519-ecp256", "aes256gcm16-prfsha256-ecp256-x25519");
  Side& asks = s.pair.b;
  s.rekey(asks);
  // <--  CREATE_CHILD_SA {SA, Ni, KEi}
  s.hand->to_a();
  CHECK(ByHand::last_sent(s.pair.a) == "N(INVALID_KE_PAYLOAD)");
  CHECK(s.a() == "1 ESTABLISHED 1");
  // CREATE_CHILD_SA {N(INVALID_KE_PAYLOAD)}  -->;  <--  CREATE_CHILD_SA {SA, Ni, KEi}
  s.hand->to_b();
  CHECK(s.b() == "1 ESTABLISHED 1");
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYED 0, 2 ESTABLISHED 1");
  // CREATE_CHILD_SA {SA, Nr, KEr}  -->;  <--  INFORMATIONAL {D};  INFORMATIONAL {}  -->
  s.hand->to_b();
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.b() == "2 ESTABLISHED 1");
  s.clean();
}

// ---- both rekey at once ------------------------------------------------------------------------

TEST_CASE("ike collisions: both rekey at once", "[pair][ikev2][collisions]") {
  const Lowest lowest = any_lowest();
  CAPTURE(static_cast<int>(lowest));
  Stage s;
  draw(s.pair, lowest);
  collide(s);
  // CREATE_CHILD_SA {SA, Nr, KEr} of both
  s.hand->to_a();
  s.hand->to_b();
  if (a_loses(lowest)) {
    CHECK(s.a() == "1 REKEYED 0, 2 DELETING 0, 3 ESTABLISHED 1");
    CHECK(s.b() == "1 DELETING 0, 2 REKEYED 0, 3 ESTABLISHED 1");
  } else {
    CHECK(s.a() == "1 DELETING 0, 2 ESTABLISHED 1, 3 REKEYED 0");
    CHECK(s.b() == "1 REKEYED 0, 2 ESTABLISHED 1, 3 DELETING 0");
  }
  // INFORMATIONAL {D} of both, and INFORMATIONAL {}
  s.hand->to_a();
  s.hand->to_b();
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.a() == (a_loses(lowest) ? "3 ESTABLISHED 1" : "2 ESTABLISHED 1"));
  CHECK(s.b() == s.a());
  s.clean();
}

TEST_CASE("ike collisions: both rekey at once, and an answer is late",
          "[pair][ikev2][collisions]") {
  const Lowest lowest = any_lowest();
  CAPTURE(static_cast<int>(lowest));
  Stage s;
  draw(s.pair, lowest);
  collide(s);
  const Datagram answer = s.hand->take_to_a();
  // CREATE_CHILD_SA {SA, Nr, KEr}  -->: b knows the outcome, and deletes
  s.hand->to_b();
  CHECK(s.b() == (a_loses(lowest) ? "1 DELETING 0, 2 REKEYED 0, 3 ESTABLISHED 1"
                                  : "1 REKEYED 0, 2 ESTABLISHED 1, 3 DELETING 0"));
  // <--  INFORMATIONAL {D} on the old SA: a takes what b made;  or on the redundant one
  s.hand->to_a();
  CHECK(s.a() == (a_loses(lowest) ? "3 ESTABLISHED 1" : "1 ESTABLISHED 1"));
  // INFORMATIONAL {}  -->
  s.hand->to_b();
  // <--  CREATE_CHILD_SA {SA, Nr, KEr}, late: for an SA that is gone;  or the end of the collision
  s.hand->late_to_a(answer);
  if (!a_loses(lowest)) {
    CHECK(s.a() == "1 DELETING 0, 2 ESTABLISHED 1");
    s.hand->to_b();
    s.hand->to_a();
  }
  CHECK(s.a() == (a_loses(lowest) ? "3 ESTABLISHED 1" : "2 ESTABLISHED 1"));
  // b waits for a DELETE of what a's exchange made, and not for ever
  CHECK(s.b() == (a_loses(lowest) ? "2 REKEYED 0, 3 ESTABLISHED 1" : "2 ESTABLISHED 1"));
  s.clean();
}

TEST_CASE("ike collisions: one request never arrives", "[pair][ikev2][collisions]") {
  Stage s;
  draw(s.pair, GENERATE(Lowest::ni_of_a, Lowest::ni_of_b, Lowest::nr_of_a));
  s.rekey(s.pair.a);
  s.hand->take_to_b();
  s.rekey(s.pair.b);
  // <--  CREATE_CHILD_SA {SA, Ni, KEi};  CREATE_CHILD_SA {SA, Nr, KEr}  -->
  s.hand->to_a();
  CHECK(s.a() == "1 ESTABLISHED 1, 2 ESTABLISHED 0");
  s.hand->to_b();
  CHECK(s.b() == "1 DELETING 0, 2 ESTABLISHED 1");
  // <--  INFORMATIONAL {D}: b never saw a's request; its own stands
  s.hand->to_a();
  CHECK(s.a() == "2 ESTABLISHED 1");
  s.hand->to_b();
  CHECK(s.b() == "2 ESTABLISHED 1");
  s.clean();
}

TEST_CASE("ike collisions: one request is late", "[pair][ikev2][collisions]") {
  const bool delete_first = GENERATE(true, false);
  Stage s;
  draw(s.pair, GENERATE(Lowest::ni_of_a, Lowest::ni_of_b, Lowest::nr_of_a));
  s.rekey(s.pair.a);
  const Datagram request = s.hand->take_to_b();
  s.rekey(s.pair.b);
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.b() == "1 DELETING 0, 2 ESTABLISHED 1");
  // CREATE_CHILD_SA {SA, Ni, KEi}, late  -->: b is closing the old SA (2.25.2)
  s.hand->late_to_b(request);
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  const Datagram erase = s.hand->take_to_a(), refusal = s.hand->take_to_a();
  // <--  INFORMATIONAL {D} and CREATE_CHILD_SA {N(TEMPORARY_FAILURE)}, in either order
  s.hand->late_to_a(delete_first ? erase : refusal);
  CHECK(s.a() == (delete_first ? "2 ESTABLISHED 1" : "1 REKEYED 0, 2 ESTABLISHED 1"));
  s.hand->late_to_a(delete_first ? refusal : erase);
  CHECK(s.a() == "2 ESTABLISHED 1");
  // INFORMATIONAL {}  -->
  s.hand->to_b();
  CHECK(s.b() == "2 ESTABLISHED 1");
  s.clean();
}

TEST_CASE("ike collisions: both rekey at once with methods that the other does not want",
          "[pair][ikev2][collisions]") {
  const Lowest lowest = any_lowest();
  const bool retry_late = GENERATE(false, true);
  CAPTURE(static_cast<int>(lowest), retry_late);
  Contrary s;
  draw(s.pair, lowest);
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  // Both begin with ecp256, which the handshake took: b takes it of a, a would rather have x25519.
  s.hand->to_b();
  s.hand->to_a();
  CHECK(ByHand::last_sent(s.pair.a) == "N(INVALID_KE_PAYLOAD)");
  CHECK(s.b() == "1 ESTABLISHED 1, 2 ESTABLISHED 0");
  // <--  CREATE_CHILD_SA {SA, Nr, KEr}: a's own is through
  s.hand->to_a();
  CHECK(s.a() == "1 DELETING 0, 2 ESTABLISHED 1");
  // CREATE_CHILD_SA {N(INVALID_KE_PAYLOAD)}  -->: b tries again ...
  s.hand->to_b();
  if (retry_late) {  // ... and its retry comes after a's DELETE was answered
    const Datagram retry = s.hand->take_to_a();
    s.hand->to_b();
    CHECK(s.b() == "2 ESTABLISHED 1");
    s.hand->late_to_a(retry);
    s.hand->to_a();
  } else {
    // <--  CREATE_CHILD_SA {SA, Ni, KEi}: a is closing that SA;  INFORMATIONAL {D}  -->
    s.hand->to_a();
    CHECK(ByHand::last_sent(s.pair.a) == "N(TEMPORARY_FAILURE)");
    s.hand->to_b();
    s.hand->to_b();
    s.hand->to_a();
  }
  CHECK(s.a() == "2 ESTABLISHED 1");
  CHECK(s.b() == "2 ESTABLISHED 1");
  s.hand->let_go();
  s.clean();
}

// ---- one rekeys, the other deletes -------------------------------------------------------------

TEST_CASE("ike collisions: rekey against delete", "[pair][ikev2][collisions]") {
  Stage s(GENERATE(false, true));
  s.rekey(s.pair.a);
  s.erase(s.pair.b);
  // CREATE_CHILD_SA {SA, Ni, KEi}  -->;  <--  INFORMATIONAL {D}
  s.hand->to_b();
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  CHECK(s.b() == "1 DELETING 1");
  s.hand->to_a();
  CHECK(s.a().empty());
  // <--  CREATE_CHILD_SA {N(TEMPORARY_FAILURE)}, for nobody;  INFORMATIONAL {}  -->
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.b().empty());
  CHECK(s.pair.a.inbound.empty());
  CHECK(s.pair.b.inbound.empty());
  CHECK(s.hand->quiet());
}

TEST_CASE("ike collisions: rekey against a delete that is lost", "[pair][ikev2][collisions]") {
  Stage s(GENERATE(false, true));
  s.rekey(s.pair.a);
  s.erase(s.pair.b);
  s.hand->take_to_a();
  // CREATE_CHILD_SA {SA, Ni, KEi}  -->;  <--  CREATE_CHILD_SA {N(TEMPORARY_FAILURE)}
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "1 ESTABLISHED 1");  // to be tried again later
  CHECK(s.b() == "1 DELETING 1");
  // <--  INFORMATIONAL {D} again, two seconds later
  s.hand->let_go();
  s.pair.drive(3s);
  CHECK(s.a().empty());
  CHECK(s.b().empty());
  CHECK(s.pair.a.inbound.empty());
}
