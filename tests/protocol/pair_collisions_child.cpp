// Child SAs whose rekeying collides with something, or whose messages come late or never: the
// situations that strongSwan's suite test_child_rekey names, step by step (RFC
// 7296, 2.8.1, 2.25, 2.25.1). Messages cross by hand; after each step the Child SAs of both sides
// are told (1 is the old one), with "in" while nothing is sent on one yet.
#include "tests/protocol/collision_support.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Stage = ChildStage;

/// Where both are first refused with INVALID_KE_PAYLOAD, the refused answer drew an Nr as well.
void draw_for_retries(Pair& pair, Lowest lowest) {
  draw(pair, lowest);
  pair.a.nonces_begin.insert(pair.a.nonces_begin.begin() + 1, 0xff);
  pair.b.nonces_begin.insert(pair.b.nonces_begin.begin() + 1, 0xff);
}
/// N(REKEY_SA), SA, Ni, TSi, TSr of both cross; both are answered, and nothing has arrived yet.
void collide(Stage& s) {
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  CHECK(s.a() == "1 REKEYING");
  CHECK(s.b() == "1 REKEYING");
  s.hand->to_b();
  CHECK(s.b() == "1 REKEYING, 2 INSTALLED in");
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYING, 3 INSTALLED in");
}

}  // namespace

// ---- one side rekeys ---------------------------------------------------------------------------

TEST_CASE("child collisions: a regular rekey", "[pair][ikev2][collisions]") {
  Stage s(GENERATE(false, true));
  s.rekey(s.pair.a);
  CHECK(s.a() == "1 REKEYING");
  // CREATE_CHILD_SA {N(REKEY_SA), SA, Ni, TSi, TSr}  -->
  s.hand->to_b();
  CHECK(s.b() == "1 REKEYED, 2 INSTALLED in");
  // <--  CREATE_CHILD_SA {SA, Nr, TSi, TSr}
  s.hand->to_a();
  CHECK(s.a() == "1 DELETING, 2 INSTALLED");
  // INFORMATIONAL {D}  -->
  s.hand->to_b();
  CHECK(s.b() == "2 INSTALLED");
  // <--  INFORMATIONAL {D}
  s.hand->to_a();
  CHECK(s.a() == "2 INSTALLED");
  s.clean();
}

TEST_CASE("child collisions: the responder wants another key exchange method",
          "[pair][ikev2][collisions]") {
  Stage s(GENERATE(false, true), "aes256gcm16-x25519-ecp256", "aes256gcm16-ecp256");
  s.rekey(s.pair.a);
  // CREATE_CHILD_SA {N(REKEY_SA), SA, Ni, KEi, TSi, TSr}  -->
  s.hand->to_b();
  CHECK(s.b() == "1 INSTALLED");
  CHECK(ByHand::last_sent(s.pair.b) == "N(INVALID_KE_PAYLOAD)");
  // <--  CREATE_CHILD_SA {N(INVALID_KE_PAYLOAD)}
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYING");
  // CREATE_CHILD_SA {N(REKEY_SA), SA, Ni, KEi, TSi, TSr}  -->
  s.hand->to_b();
  CHECK(s.b() == "1 REKEYED, 2 INSTALLED in");
  // <--  CREATE_CHILD_SA {SA, Nr, KEr, TSi, TSr};  INFORMATIONAL {D}  -->;  <--  INFORMATIONAL {D}
  s.hand->to_a();
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "2 INSTALLED");
  s.clean();
}

TEST_CASE("child collisions: a replaced Child SA is not rekeyed again",
          "[pair][ikev2][collisions]") {
  Stage s;
  s.rekey(s.pair.a);
  s.hand->to_b();
  CHECK(s.b() == "1 REKEYED, 2 INSTALLED in");
  // The soft limit of the old one comes while its DELETE is awaited: no message.
  REQUIRE(s.pair.command(s.pair.b, RekeyChild{"net", s.spi(s.pair.b, "REKEYED")}).ok());
  CHECK(s.b() == "1 REKEYED, 2 INSTALLED in");
  s.hand->to_a();
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "2 INSTALLED");
  s.clean();
}

TEST_CASE("child collisions: a replaced Child SA reaches its hard limit",
          "[pair][ikev2][collisions]") {
  Stage s;
  s.rekey(s.pair.a);
  s.hand->to_b();
  // <--  CREATE_CHILD_SA {SA, Nr, TSi, TSr}
  s.hand->to_a();
  CHECK(s.a() == "1 DELETING, 2 INSTALLED");
  // No DELETE of b: it could overtake an answer that is late. The successor takes over.
  REQUIRE(s.pair.command(s.pair.b, ExpireChild{s.spi(s.pair.b, "REKEYED")}).ok());
  CHECK(s.b() == "2 INSTALLED");
  // INFORMATIONAL {D}  -->;  <--  INFORMATIONAL {}
  s.hand->to_b();
  CHECK(ByHand::last_sent(s.pair.b).empty());
  s.hand->to_a();
  CHECK(s.a() == "2 INSTALLED");
  s.clean();
}

TEST_CASE("child collisions: the responder deletes the new Child SA before the old one is gone",
          "[pair][ikev2][collisions]") {
  Stage s;
  s.rekey(s.pair.a);
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "1 DELETING, 2 INSTALLED");
  s.erase(s.pair.b, s.spi(s.pair.b, "INSTALLED"));
  CHECK(s.b() == "1 REKEYED, 2 DELETING in");
  // <--  INFORMATIONAL {D(2)};  INFORMATIONAL {D(1)}  -->
  s.hand->to_a();
  CHECK(s.a() == "1 DELETING");
  s.hand->to_b();
  CHECK(s.b() == "2 DELETING");
  // INFORMATIONAL {D(2)}  -->;  <--  INFORMATIONAL {D(1)}
  s.hand->to_b();
  CHECK(s.b().empty());
  s.hand->to_a();
  CHECK(s.a().empty());
  s.hand->let_go();
  s.pair.drive(60s);
  CHECK(s.pair.consistent());
  CHECK(s.pair.a.inbound.empty());
}

TEST_CASE("child collisions: the responder does not have the Child SA any more",
          "[pair][ikev2][collisions]") {
  Stage s;
  // b loses it without a word: what it says of that never arrives, and the answer is a's word for
  // it
  s.erase(s.pair.b);
  const Datagram lost = s.hand->take_to_a();
  s.rekey(s.pair.a);
  // CREATE_CHILD_SA {N(REKEY_SA), ...}  -->: b is closing it, and says so (2.25.1)
  s.hand->to_b();
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  // <--  CREATE_CHILD_SA {N(TEMPORARY_FAILURE)}: a waits, and only then tries again (2.25)
  s.hand->to_a();
  CHECK(s.a() == "1 INSTALLED");
  CHECK(s.hand->quiet());
  // <--  INFORMATIONAL {D}
  s.hand->late_to_a(lost);
  s.hand->to_b();
  CHECK(s.a().empty());
  s.hand->let_go();
  s.pair.drive(60s);
  CHECK(s.pair.consistent());
}

TEST_CASE("child collisions: a responder deletes the old Child SA itself",
          "[pair][ikev2][collisions]") {
  Stage s;
  s.rekey(s.pair.a);
  s.hand->to_b();
  const Datagram answer = s.hand->take_to_a();
  s.erase(s.pair.b, s.spi(s.pair.b, "REKEYED"));
  // <--  INFORMATIONAL {D(1)}, before the answer to the rekey
  s.hand->to_a();
  CHECK(s.a().empty());
  // INFORMATIONAL {D(1)}  -->
  s.hand->to_b();
  CHECK(s.b() == "2 INSTALLED");
  // <--  CREATE_CHILD_SA {SA, Nr, TSi, TSr}: nothing is left to be deleted
  s.hand->late_to_a(answer);
  CHECK(s.a() == "2 INSTALLED");
  CHECK(s.hand->quiet());
}

TEST_CASE("child collisions: the DELETE after a rekey is never answered",
          "[pair][ikev2][collisions]") {
  Stage s;
  s.rekey(s.pair.a);
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "1 DELETING, 2 INSTALLED");
  s.pair.drive(200s);  // no message arrives any more
  CHECK(s.pair.a.state() == "none");
  std::map<std::string, int> removed;
  for (const auto* sa : s.pair.a.all<trace::SaRemoved>()) ++removed[sa->spi];
  CHECK(removed.size() == 5);  // the IKE SA, and two ESP SAs of each of the two
  for (const auto& [spi, times] : removed) CHECK(times == 1);
}

// ---- both rekey at once ------------------------------------------------------------------------

TEST_CASE("child collisions: both rekey at once", "[pair][ikev2][collisions]") {
  const Lowest lowest = any_lowest();
  CAPTURE(static_cast<int>(lowest));
  Stage s;
  draw(s.pair, lowest);
  collide(s);
  // <--  CREATE_CHILD_SA {SA, Nr, TSi, TSr} of both
  s.hand->to_a();
  s.hand->to_b();
  if (a_loses(lowest)) {
    CHECK(s.a() == "1 REKEYED, 2 DELETING in, 3 INSTALLED in");
    CHECK(s.b() == "1 DELETING, 2 INSTALLED in, 3 INSTALLED");
  } else {
    CHECK(s.a() == "1 DELETING, 2 INSTALLED, 3 INSTALLED in");
    CHECK(s.b() == "1 REKEYED, 2 INSTALLED in, 3 DELETING in");
  }
  // INFORMATIONAL {D} of both: the winner's of the old one, the loser's of its own
  s.hand->to_a();
  s.hand->to_b();
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.a() == (a_loses(lowest) ? "3 INSTALLED" : "2 INSTALLED"));
  CHECK(s.b() == s.a());
  s.clean();
}

TEST_CASE("child collisions: both rekey at once, and an answer is late",
          "[pair][ikev2][collisions]") {
  const Lowest lowest = any_lowest();
  CAPTURE(static_cast<int>(lowest));
  Stage s;
  draw(s.pair, lowest);
  collide(s);
  const Datagram answer = s.hand->take_to_a();
  // CREATE_CHILD_SA {SA, Nr, TSi, TSr}  -->: b knows the outcome, and deletes
  s.hand->to_b();
  // <--  INFORMATIONAL {D} of the old one, or of b's own
  s.hand->to_a();
  CHECK(s.a() == (a_loses(lowest) ? "3 INSTALLED" : "1 REKEYING"));
  // INFORMATIONAL {D}  -->
  s.hand->to_b();
  CHECK(s.b() == (a_loses(lowest) ? "2 INSTALLED in, 3 INSTALLED" : "1 REKEYED, 2 INSTALLED in"));
  // <--  CREATE_CHILD_SA {SA, Nr, TSi, TSr}, late
  s.hand->late_to_a(answer);
  CHECK(s.a() == (a_loses(lowest) ? "2 DELETING in, 3 INSTALLED" : "1 DELETING, 2 INSTALLED"));
  // INFORMATIONAL {D}  -->;  <--  INFORMATIONAL {D}
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == (a_loses(lowest) ? "3 INSTALLED" : "2 INSTALLED"));
  CHECK(s.b() == s.a());
  s.clean();
}

TEST_CASE("child collisions: both rekey at once, and the new Child SA is deleted before an answer",
          "[pair][ikev2][collisions]") {
  const Lowest lowest = any_lowest();
  CAPTURE(static_cast<int>(lowest));
  Stage s;
  draw(s.pair, lowest);
  collide(s);
  const Datagram answer = s.hand->take_to_a();
  // CREATE_CHILD_SA {SA, Nr, TSi, TSr}  -->;  <--  INFORMATIONAL {D};  INFORMATIONAL {D}  -->
  s.hand->to_b();
  s.hand->to_a();
  s.hand->to_b();
  // b deletes what is left of the collision: what a's exchange made, or what its own did
  s.erase(s.pair.b, a_loses(lowest) ? s.pair.b.sas()[0].children.back().spi_in
                                    : s.spi(s.pair.b, "INSTALLED"));
  if (a_loses(lowest)) {
    // b has two left: its own, and a's redundant one. Both go.
    s.hand->to_a();
    s.hand->to_b();
    s.erase(s.pair.b, s.spi(s.pair.b, "INSTALLED"));
  }
  // <--  INFORMATIONAL {D};  INFORMATIONAL {}  -->: a does not know the one whose answer is late
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.a() == (a_loses(lowest) ? "" : "1 REKEYING"));
  // <--  CREATE_CHILD_SA {SA, Nr, TSi, TSr}, late: nothing is installed
  s.hand->late_to_a(answer);
  CHECK(s.a() == (a_loses(lowest) ? "" : "1 DELETING"));
  CHECK(s.pair.a.diagnosed("E-IKE-085"));
  s.hand->let_go();
  s.pair.drive(60s);
  CHECK(s.pair.consistent());
  CHECK(s.pair.a.inbound.empty());
}

TEST_CASE("child collisions: a request is late, and the other side never saw a collision",
          "[pair][ikev2][collisions]") {
  const bool delete_first = GENERATE(true, false);
  Stage s;
  draw(s.pair, GENERATE(Lowest::ni_of_a, Lowest::ni_of_b, Lowest::nr_of_a));
  s.rekey(s.pair.a);
  const Datagram request = s.hand->take_to_b();
  s.rekey(s.pair.b);
  // <--  CREATE_CHILD_SA {N(REKEY_SA), ...};  CREATE_CHILD_SA {SA, Nr, TSi, TSr}  -->
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYING, 2 INSTALLED in");
  s.hand->to_b();
  CHECK(s.b() == "1 DELETING, 2 INSTALLED");
  // CREATE_CHILD_SA {N(REKEY_SA), ...}, late  -->: b is closing the old one (2.25.1)
  s.hand->late_to_b(request);
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  const Datagram erase = s.hand->take_to_a(), refusal = s.hand->take_to_a();
  // <--  INFORMATIONAL {D} and CREATE_CHILD_SA {N(TEMPORARY_FAILURE)}, in either order
  s.hand->late_to_a(delete_first ? erase : refusal);
  CHECK(s.a() == (delete_first ? "2 INSTALLED" : "1 REKEYED, 2 INSTALLED in"));
  s.hand->late_to_a(delete_first ? refusal : erase);
  CHECK(s.a() == "2 INSTALLED");
  // INFORMATIONAL {D}  -->
  s.hand->to_b();
  CHECK(s.b() == "2 INSTALLED");
  s.clean();
}

TEST_CASE("child collisions: a request is so late that the old Child SA is gone",
          "[pair][ikev2][collisions]") {
  const bool delete_new_too = GENERATE(false, true);
  Stage s;
  draw(s.pair, GENERATE(Lowest::ni_of_a, Lowest::ni_of_b, Lowest::nr_of_a));
  s.rekey(s.pair.a);
  const Datagram request = s.hand->take_to_b();
  s.rekey(s.pair.b);
  s.hand->to_a();
  s.hand->to_b();
  // <--  INFORMATIONAL {D};  INFORMATIONAL {D}  -->
  s.hand->to_a();
  CHECK(s.a() == "2 INSTALLED");
  s.hand->to_b();
  CHECK(s.b() == "2 INSTALLED");
  if (delete_new_too) {
    // <--  INFORMATIONAL {D(2)};  INFORMATIONAL {D(2)}  -->
    s.erase(s.pair.b);
    s.hand->to_a();
    s.hand->to_b();
    CHECK(s.b().empty());
  }
  // CREATE_CHILD_SA {N(REKEY_SA), ...}, late  -->;  <--  CREATE_CHILD_SA {N(CHILD_SA_NOT_FOUND)}
  s.hand->late_to_b(request);
  CHECK(ByHand::last_sent(s.pair.b) == "N(CHILD_SA_NOT_FOUND)");
  s.hand->to_a();
  CHECK(s.a() == (delete_new_too ? "" : "2 INSTALLED"));
  CHECK(s.hand->quiet());  // and no new one is made from scratch: the old one was replaced
  if (!delete_new_too) s.clean();
}

TEST_CASE("child collisions: both rekey at once with methods that the other does not want",
          "[pair][ikev2][collisions]") {
  const Lowest lowest = any_lowest();
  CAPTURE(static_cast<int>(lowest));
  Stage s(false, "aes256gcm16-x25519-ecp256", "aes256gcm16-ecp256-x25519");
  draw_for_retries(s.pair, lowest);
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  // CREATE_CHILD_SA {N(REKEY_SA), ..., KEi, ...} of both; <--  CREATE_CHILD_SA
  // {N(INVALID_KE_PAYLOAD)}
  s.hand->to_b();
  s.hand->to_a();
  CHECK(ByHand::last_sent(s.pair.a) == "N(INVALID_KE_PAYLOAD)");
  CHECK(ByHand::last_sent(s.pair.b) == "N(INVALID_KE_PAYLOAD)");
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.a() == "1 REKEYING");
  CHECK(s.b() == "1 REKEYING");
  // CREATE_CHILD_SA {N(REKEY_SA), ..., KEi, ...} of both, with what was asked for
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.b() == "1 REKEYING, 2 INSTALLED in");
  CHECK(s.a() == "1 REKEYING, 3 INSTALLED in");
  // the answers, and the DELETEs
  for (int i = 0; i < 3; ++i) {
    s.hand->to_a();
    s.hand->to_b();
  }
  CHECK(s.a() == (a_loses(lowest) ? "3 INSTALLED" : "2 INSTALLED"));
  CHECK(s.b() == s.a());
  s.clean();
}

TEST_CASE("child collisions: the same, and one of the retries is late",
          "[pair][ikev2][collisions]") {
  Stage s(false, "aes256gcm16-x25519-ecp256", "aes256gcm16-ecp256-x25519");
  draw_for_retries(s.pair, GENERATE(Lowest::ni_of_a, Lowest::ni_of_b, Lowest::nr_of_a));
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  s.hand->to_b();
  s.hand->to_a();
  s.hand->to_a();
  s.hand->to_b();
  const Datagram retry = s.hand->take_to_b();
  // <--  CREATE_CHILD_SA {N(REKEY_SA), ...};  CREATE_CHILD_SA {SA, Nr, KEr, TSi, TSr}  -->
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYING, 2 INSTALLED in");
  s.hand->to_b();
  CHECK(s.b() == "1 DELETING, 2 INSTALLED");
  // CREATE_CHILD_SA {N(REKEY_SA), ...}, late  -->
  s.hand->late_to_b(retry);
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  // <--  INFORMATIONAL {D};  <--  CREATE_CHILD_SA {N(TEMPORARY_FAILURE)};  INFORMATIONAL {D}  -->
  s.hand->to_a();
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.a() == "2 INSTALLED");
  CHECK(s.b() == "2 INSTALLED");
  s.clean();
}

TEST_CASE("child collisions: a peer that lost deletes the old Child SA all the same",
          "[pair][ikev2][collisions]") {
  Stage s;
  draw(s.pair, Lowest::ni_of_b);  // b loses
  collide(s);
  const Datagram answer = s.hand->take_to_a();
  // CREATE_CHILD_SA {SA, Nr, TSi, TSr}  -->: b knows that it lost, and deletes its own
  s.hand->to_b();
  CHECK(s.b() == "1 REKEYED, 2 INSTALLED in, 3 DELETING in");
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.a() == "1 REKEYING");
  // <--  INFORMATIONAL {D(1)}, which was a's to send
  s.erase(s.pair.b, s.spi(s.pair.b, "REKEYED"));
  s.hand->to_a();
  CHECK(s.a().empty());
  s.hand->to_b();
  // <--  CREATE_CHILD_SA {SA, Nr, TSi, TSr}
  s.hand->late_to_a(answer);
  CHECK(s.a() == "2 INSTALLED");
  CHECK(s.b() == "2 INSTALLED");
  CHECK(s.hand->quiet());
}
