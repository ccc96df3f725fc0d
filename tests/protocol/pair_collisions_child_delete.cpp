// Child SAs that one side rekeys while the other deletes them, or does something to the IKE SA: the
// rest of the situations that strongSwan's suite test_child_rekey names (RFC 7296, 2.25.1, 2.25.2).
#include "tests/protocol/collision_support.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Stage = ChildStage;

}  // namespace

// ---- one rekeys, the other deletes -------------------------------------------------------------

TEST_CASE("child collisions: rekey against delete", "[pair][ikev2][collisions]") {
  Stage s(GENERATE(false, true));
  s.rekey(s.pair.a);
  s.erase(s.pair.b);
  // CREATE_CHILD_SA {N(REKEY_SA), ...}  -->;  <--  INFORMATIONAL {D}
  s.hand->to_b();
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  CHECK(s.b() == "1 DELETING");
  s.hand->to_a();
  CHECK(ByHand::last_sent(s.pair.a) == "D");
  CHECK(s.a().empty());
  // <--  CREATE_CHILD_SA {N(TEMPORARY_FAILURE)};  INFORMATIONAL {D}  -->
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.a().empty());
  CHECK(s.b().empty());
  s.hand->let_go();
  s.pair.drive(60s);
  CHECK(s.pair.consistent());  // and nothing was made anew
  CHECK(s.pair.a.inbound.empty());
}

TEST_CASE("child collisions: rekey against a delete that is late", "[pair][ikev2][collisions]") {
  Stage s(GENERATE(false, true));
  s.erase(s.pair.b);
  const Datagram erase = s.hand->take_to_a();
  s.rekey(s.pair.a);
  // CREATE_CHILD_SA {N(REKEY_SA), ...}  -->;  <--  CREATE_CHILD_SA {N(TEMPORARY_FAILURE)}
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "1 INSTALLED");  // to be tried again later
  // <--  INFORMATIONAL {D};  INFORMATIONAL {D}  -->
  s.hand->late_to_a(erase);
  s.hand->to_b();
  CHECK(s.a().empty());
  CHECK(s.b().empty());
  s.hand->let_go();
  s.pair.drive(60s);
  CHECK(s.pair.consistent());
}

TEST_CASE("child collisions: delete against a rekey that is late", "[pair][ikev2][collisions]") {
  Stage s(GENERATE(false, true));
  s.rekey(s.pair.a);
  const Datagram request = s.hand->take_to_b();
  s.erase(s.pair.b);
  // <--  INFORMATIONAL {D};  INFORMATIONAL {D}  -->
  s.hand->to_a();
  CHECK(s.a().empty());
  s.hand->to_b();
  CHECK(s.b().empty());
  // CREATE_CHILD_SA {N(REKEY_SA), ...}, late  -->;  <--  CREATE_CHILD_SA {N(CHILD_SA_NOT_FOUND)}
  s.hand->late_to_b(request);
  CHECK(ByHand::last_sent(s.pair.b) == "N(CHILD_SA_NOT_FOUND)");
  s.hand->to_a();
  CHECK(s.a().empty());
  CHECK(s.hand->quiet());
}

TEST_CASE("child collisions: the new Child SA is deleted before the answer that tells of it",
          "[pair][ikev2][collisions]") {
  Stage s(GENERATE(false, true));
  s.rekey(s.pair.a);
  // CREATE_CHILD_SA {N(REKEY_SA), ...}  -->
  s.hand->to_b();
  const Datagram answer = s.hand->take_to_a();
  s.erase(s.pair.b, s.spi(s.pair.b, "INSTALLED"));
  // <--  INFORMATIONAL {D(2)};  INFORMATIONAL {}  -->
  s.hand->to_a();
  CHECK(ByHand::last_sent(s.pair.a).empty());
  CHECK(s.a() == "1 REKEYING");
  s.hand->to_b();
  CHECK(s.b() == "1 REKEYED");
  // <--  CREATE_CHILD_SA {SA, Nr, TSi, TSr}, late: the rekey is done, and so is the tunnel
  s.hand->late_to_a(answer);
  CHECK(s.a() == "1 DELETING");
  // INFORMATIONAL {D(1)}  -->;  <--  INFORMATIONAL {D(1)}
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a().empty());
  CHECK(s.b().empty());
  CHECK(s.hand->quiet());
}

// ---- Child SA against IKE SA -------------------------------------------------------------------

TEST_CASE("child collisions: rekey of the Child SA against rekey of the IKE SA",
          "[pair][ikev2][collisions]") {
  Stage s(GENERATE(false, true));
  s.rekey(s.pair.a);
  REQUIRE(s.pair.command(s.pair.b, RekeyIke{}).ok());
  // CREATE_CHILD_SA {N(REKEY_SA), ...}  -->;  <--  CREATE_CHILD_SA {SA, Ni, KEi}
  s.hand->to_b();
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  s.hand->to_a();
  CHECK(ByHand::last_sent(s.pair.a) == "N(TEMPORARY_FAILURE)");
  // <--  CREATE_CHILD_SA {N(TEMPORARY_FAILURE)} of both: nothing changed, and both wait
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.a() == "1 INSTALLED");
  CHECK(s.b() == "1 INSTALLED");
  CHECK(s.pair.consistent());
  s.clean();
}

TEST_CASE("child collisions: rekey of the Child SA against delete of the IKE SA",
          "[pair][ikev2][collisions]") {
  Stage s(GENERATE(false, true));
  s.rekey(s.pair.a);
  REQUIRE(s.pair.command(s.pair.b, DeleteIke{}).ok());
  // CREATE_CHILD_SA {N(REKEY_SA), ...}  -->;  <--  INFORMATIONAL {D}
  s.hand->to_b();
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  s.hand->to_a();
  CHECK(s.pair.a.state() == "none");
  // <--  CREATE_CHILD_SA {N(TEMPORARY_FAILURE)}, for nobody;  INFORMATIONAL {}  -->
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.pair.b.state() == "none");
  CHECK(s.pair.a.inbound.empty());
  CHECK(s.pair.b.inbound.empty());
}
