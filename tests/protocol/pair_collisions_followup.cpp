// Rekeying with additional key exchanges, alone and against something: the situations with multiple
// key exchanges that strongSwan's suites test_child_rekey and test_ike_rekey name, step by step
// (RFC 9370, 2.2.4). Nothing is made before the last IKE_FOLLOWUP_KE; who has the lowest nonce
// sends none. Told as in pair_collisions_child.cpp and pair_collisions_ike.cpp.
#include "tests/protocol/collision_support.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

constexpr const char* ike_multi = "aes256gcm16-prfsha256-x25519-ke1_ecp256";
constexpr const char* ike_single = "aes256gcm16-prfsha256-x25519";
constexpr const char* esp_multi = "aes256gcm16-x25519-ke1_ecp256";
constexpr const char* esp_single = "aes256gcm16-x25519";

}  // namespace

// ---- Child SAs ---------------------------------------------------------------------------------

TEST_CASE("child collisions with multiple key exchanges: a regular rekey",
          "[pair][ikev2][collisions][kex]") {
  ChildStage s(GENERATE(false, true), esp_multi, esp_multi);
  s.rekey(s.pair.a);
  // CREATE_CHILD_SA {N(REKEY_SA), SA, Ni, KEi, TSi, TSr}  -->
  s.hand->to_b();
  CHECK(s.b() == "1 INSTALLED");
  // <--  CREATE_CHILD_SA {SA, Nr, KEr, TSi, TSr, N(ADDITIONAL_KEY_EXCHANGE)}
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYING");
  CHECK(ByHand::last_sent(s.pair.a) == "KE, N(ADDITIONAL_KEY_EXCHANGE)");
  // IKE_FOLLOWUP_KE {KEi(1), N(ADDITIONAL_KEY_EXCHANGE)}  -->
  s.hand->to_b();
  CHECK(s.b() == "1 REKEYED, 2 INSTALLED in");
  // <--  IKE_FOLLOWUP_KE {KEr(1)}
  s.hand->to_a();
  CHECK(s.a() == "1 DELETING, 2 INSTALLED");
  // INFORMATIONAL {D}  -->;  <--  INFORMATIONAL {D}
  s.hand->to_b();
  CHECK(s.b() == "2 INSTALLED");
  s.hand->to_a();
  CHECK(s.a() == "2 INSTALLED");
  s.clean();
}

TEST_CASE("child collisions with multiple key exchanges: the responder wants another first method",
          "[pair][ikev2][collisions][kex]") {
  ChildStage s(GENERATE(false, true), "aes256gcm16-x25519-ecp256-ke1_ecp384",
               "aes256gcm16-ecp256-x25519-ke1_ecp384");
  s.rekey(s.pair.a);
  // CREATE_CHILD_SA {..., KEi(x25519), ...}  -->;  <--  {N(INVALID_KE_PAYLOAD)}
  s.hand->to_b();
  CHECK(ByHand::last_sent(s.pair.b) == "N(INVALID_KE_PAYLOAD)");
  s.hand->to_a();
  // CREATE_CHILD_SA {..., KEi(ecp256), ...}  -->;  <--  {..., N(ADDITIONAL_KEY_EXCHANGE)}
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYING");
  CHECK(s.b() == "1 INSTALLED");
  // IKE_FOLLOWUP_KE {KEi(1)}  -->;  <--  IKE_FOLLOWUP_KE {KEr(1)};  and the DELETE
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "1 DELETING, 2 INSTALLED");
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "2 INSTALLED");
  CHECK(s.b() == "2 INSTALLED");
  s.clean();
}

TEST_CASE("child collisions with multiple key exchanges: both rekey at once",
          "[pair][ikev2][collisions][kex]") {
  const Lowest lowest = any_lowest();
  CAPTURE(static_cast<int>(lowest));
  ChildStage s(false, esp_multi, esp_multi);
  draw(s.pair, lowest);
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYING");
  CHECK(s.b() == "1 REKEYING");
  // <--  CREATE_CHILD_SA {..., N(ADDITIONAL_KEY_EXCHANGE)} of both
  s.hand->to_a();
  s.hand->to_b();
  //= rfc9370#2.2.4 "the initiator of this exchange just stops the rekeying process and it MUST NOT
  //= initiate the IKE_FOLLOWUP_KE exchange."
  Contest contest(s, lowest);
  Side &winner = contest.winner(), &loser = contest.loser();
  CHECK(ByHand::last_sent(winner) == "KE, N(ADDITIONAL_KEY_EXCHANGE)");
  CHECK(ByHand::last_sent(loser) == "SA, Nr, KE, TSi, TSr, N(ADDITIONAL_KEY_EXCHANGE)");
  // IKE_FOLLOWUP_KE of the winner makes the only new one
  contest.to_loser();
  CHECK(s.hand->children(loser) == "1 REKEYED, 2 INSTALLED in");
  contest.to_winner();
  CHECK(s.hand->children(winner) == "1 DELETING, 2 INSTALLED");
  contest.to_loser();
  contest.to_winner();
  CHECK(s.a() == "2 INSTALLED");
  CHECK(s.b() == "2 INSTALLED");
  CHECK(failed(loser, "child_rekey") == 0);
  s.clean();
}

TEST_CASE("child collisions with multiple key exchanges: both rekey at once, one with one exchange",
          "[pair][ikev2][collisions][kex]") {
  // Each as responder takes its own first: a's exchange is made with one, b's with two.
  const Lowest lowest = any_lowest();
  CAPTURE(static_cast<int>(lowest));
  auto a = site_a(stage_ike, esp_multi), b = site_b(stage_ike, esp_single);
  const auto more = [](policy::EndpointConfig& config, const char* esp) {
    config.connections[0].children[0].esp_proposals.push_back(
        policy::parse_proposal(esp, wire::ProtocolId::esp).value());
  };
  more(a, esp_single);
  more(b, esp_multi);
  ChildStage s(a, b);
  draw(s.pair, lowest);
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  s.hand->to_b();
  CHECK(s.b() == "1 REKEYING, 2 INSTALLED in");
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYING");
  // <--  CREATE_CHILD_SA {SA, Nr, KEr, TSi, TSr}: a's one is made on both sides
  s.hand->to_a();
  CHECK(s.a() == (a_loses(lowest) ? "1 REKEYING, 2 DELETING in" : "1 DELETING, 2 INSTALLED"));
  // CREATE_CHILD_SA {SA, Nr, KEr, TSi, TSr, N(ADDITIONAL_KEY_EXCHANGE)}  -->
  s.hand->to_b();
  CHECK(s.b() == (a_loses(lowest) ? "1 REKEYING, 2 INSTALLED in" : "1 REKEYED, 2 INSTALLED in"));
  if (a_loses(lowest)) {
    // INFORMATIONAL {D} of 2  -->;  <--  IKE_FOLLOWUP_KE {KEi(1)}, and the answer
    s.hand->to_b();
    CHECK(s.b() == "1 REKEYING");
    s.hand->to_a();
    CHECK(s.a() == "1 REKEYED, 2 DELETING in, 3 INSTALLED in");
    s.hand->to_a();
    CHECK(s.a() == "1 REKEYED, 3 INSTALLED in");
    // IKE_FOLLOWUP_KE {KEr(1)}  -->;  <--  INFORMATIONAL {D} of 1
    s.hand->to_b();
    CHECK(s.b() == "1 DELETING, 3 INSTALLED");
    s.hand->to_a();
    s.hand->to_b();
  } else {
    // INFORMATIONAL {D} of 1  -->: b sends no IKE_FOLLOWUP_KE
    s.hand->to_b();
    s.hand->to_a();
  }
  CHECK(s.a() == (a_loses(lowest) ? "3 INSTALLED" : "2 INSTALLED"));
  CHECK(s.b() == s.a());
  s.clean();
}

TEST_CASE("child collisions with multiple key exchanges: both rekey at once, and an answer is late",
          "[pair][ikev2][collisions][kex]") {
  const Lowest lowest = GENERATE(Lowest::ni_of_a, Lowest::nr_of_b);  // b wins
  const bool after_delete = GENERATE(false, true);
  CAPTURE(static_cast<int>(lowest), after_delete);
  ChildStage s(false, esp_multi, esp_multi);
  draw(s.pair, lowest);
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  s.hand->to_b();
  s.hand->to_a();
  const Datagram answer = s.hand->take_to_a();
  // CREATE_CHILD_SA {...}  -->: b has won, and goes on;  <--  IKE_FOLLOWUP_KE {KEi(1)}
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYING, 2 INSTALLED in");
  // IKE_FOLLOWUP_KE {KEr(1)}  -->
  s.hand->to_b();
  CHECK(s.b() == "1 DELETING, 2 INSTALLED");
  if (!after_delete) {
    s.hand->late_to_a(answer);
    CHECK(s.a() == "1 REKEYED, 2 INSTALLED in");
  }
  // <--  INFORMATIONAL {D};  INFORMATIONAL {D}  -->
  s.hand->to_a();
  CHECK(s.a() == "2 INSTALLED");
  s.hand->to_b();
  if (after_delete) s.hand->late_to_a(answer);
  CHECK(s.a() == "2 INSTALLED");
  CHECK(s.b() == "2 INSTALLED");
  s.clean();
}

TEST_CASE("child collisions with multiple key exchanges: a request is late",
          "[pair][ikev2][collisions][kex]") {
  const Lowest lowest = any_lowest();
  enum class Refusal { before_followup, before_delete, after_delete };
  const Refusal arrives =
      GENERATE(Refusal::before_followup, Refusal::before_delete, Refusal::after_delete);
  CAPTURE(static_cast<int>(lowest), static_cast<int>(arrives));
  ChildStage s(false, esp_multi, esp_multi);
  draw(s.pair, lowest);
  s.rekey(s.pair.a);
  const Datagram request = s.hand->take_to_b();
  s.rekey(s.pair.b);
  // <--  CREATE_CHILD_SA of b: a sees the collision;  the answer  -->: b does not, and goes on
  s.hand->to_a();
  s.hand->to_b();
  const Datagram followup = s.hand->take_to_a();
  // CREATE_CHILD_SA of a, late  -->
  s.hand->late_to_b(request);
  //= rfc9370#2.2.4 "a TEMPORARY_FAILURE notification MUST be sent in response to such a request."
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  const Datagram refusal = s.hand->take_to_a();
  if (arrives == Refusal::before_followup) {
    s.hand->late_to_a(refusal);
    CHECK(s.a() == "1 REKEYING");
  }
  // <--  IKE_FOLLOWUP_KE {KEi(1)}
  s.hand->late_to_a(followup);
  CHECK(s.a() == (arrives == Refusal::before_followup ? "1 REKEYED, 2 INSTALLED in"
                                                      : "1 REKEYING, 2 INSTALLED in"));
  s.hand->to_b();
  CHECK(s.b() == "1 DELETING, 2 INSTALLED");
  if (arrives == Refusal::before_delete) {
    s.hand->late_to_a(refusal);
    CHECK(s.a() == "1 REKEYED, 2 INSTALLED in");
  }
  // <--  INFORMATIONAL {D};  INFORMATIONAL {D}  -->
  s.hand->to_a();
  s.hand->to_b();
  if (arrives == Refusal::after_delete) s.hand->late_to_a(refusal);
  CHECK(s.a() == "2 INSTALLED");
  CHECK(s.b() == "2 INSTALLED");
  s.clean();
}

TEST_CASE("child collisions with multiple key exchanges: rekey against delete",
          "[pair][ikev2][collisions][kex]") {
  ChildStage s(GENERATE(false, true), esp_multi, esp_multi);
  s.rekey(s.pair.a);
  s.hand->to_b();
  s.hand->to_a();
  s.erase(s.pair.b);
  // IKE_FOLLOWUP_KE {KEi(1)}  -->  meets  <--  INFORMATIONAL {D}
  s.hand->to_b();
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  CHECK(s.b() == "1 DELETING");
  s.hand->to_a();
  CHECK(s.a().empty());
  s.hand->to_b();
  CHECK(s.b().empty());
  // <--  IKE_FOLLOWUP_KE {N(TEMPORARY_FAILURE)}
  s.hand->to_a();
  CHECK(s.a().empty());
  CHECK(failed(s.pair.a, "child_rekey") == 1);
  CHECK(s.hand->quiet());
  CHECK(s.pair.a.inbound.empty());
  CHECK(s.pair.b.inbound.empty());
}

TEST_CASE("child collisions with multiple key exchanges: the winner never goes on",
          "[pair][ikev2][collisions][kex]") {
  // b wins, and then nothing of b's IKE_FOLLOWUP_KE arrives for a long time: what gave way to it
  // is rekeyed all the same.
  ChildStage s(false, esp_multi, esp_multi);
  draw(s.pair, Lowest::ni_of_a);
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  s.hand->to_b();
  s.hand->to_a();
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYING");
  s.pair.drive(61s);
  CHECK(s.pair.a.diagnosed("E-IKE-082"));
  CHECK(s.a() == "1 INSTALLED");
}

// ---- IKE SAs -----------------------------------------------------------------------------------

TEST_CASE("ike collisions with multiple key exchanges: a regular rekey",
          "[pair][ikev2][collisions][kex]") {
  IkeStage s(GENERATE(false, true), ike_multi, ike_multi);
  s.rekey(s.pair.a);
  // CREATE_CHILD_SA {SA, Ni, KEi}  -->;  <--  {SA, Nr, KEr, N(ADDITIONAL_KEY_EXCHANGE)}
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "1 ESTABLISHED 1");
  CHECK(s.b() == "1 ESTABLISHED 1");
  // IKE_FOLLOWUP_KE {KEi(1), N(ADDITIONAL_KEY_EXCHANGE)}  -->;  <--  {KEr(1)}
  s.hand->to_b();
  CHECK(s.b() == "1 REKEYED 0, 2 ESTABLISHED 1");
  s.hand->to_a();
  CHECK(s.a() == "1 DELETING 0, 2 ESTABLISHED 1");
  // INFORMATIONAL {D}  -->;  <--  INFORMATIONAL {}
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "2 ESTABLISHED 1");
  CHECK(s.b() == "2 ESTABLISHED 1");
  s.clean();
}

TEST_CASE("ike collisions with multiple key exchanges: the responder wants another first method",
          "[pair][ikev2][collisions][kex]") {
  IkeStage s(false, "aes256gcm16-prfsha256-x25519-ecp256-ke1_ecp384",
             "aes256gcm16-prfsha256-ecp256-x25519-ke1_ecp384");
  // b, which asked for ecp256, now takes what a proposes first, when it asks itself.
  s.rekey(s.pair.b);
  s.hand->to_a();
  CHECK(ByHand::last_sent(s.pair.a) == "N(INVALID_KE_PAYLOAD)");
  s.hand->to_b();
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.b() == "1 ESTABLISHED 1");
  s.hand->to_a();
  CHECK(s.a() == "1 REKEYED 0, 2 ESTABLISHED 1");
  s.hand->to_b();
  CHECK(s.b() == "1 DELETING 0, 2 ESTABLISHED 1");
  s.hand->to_a();
  s.hand->to_b();
  CHECK(s.a() == "2 ESTABLISHED 1");
  CHECK(s.b() == "2 ESTABLISHED 1");
  s.clean();
}

TEST_CASE("ike collisions with multiple key exchanges: both rekey at once",
          "[pair][ikev2][collisions][kex]") {
  const Lowest lowest = any_lowest();
  CAPTURE(static_cast<int>(lowest));
  IkeStage s(false, ike_multi, ike_multi);
  draw(s.pair, lowest);
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "1 ESTABLISHED 1");
  CHECK(s.b() == "1 ESTABLISHED 1");
  s.hand->to_a();
  s.hand->to_b();
  Contest contest(s, lowest);
  Side &winner = contest.winner(), &loser = contest.loser();
  CHECK(ByHand::last_sent(winner) == "KE, N(ADDITIONAL_KEY_EXCHANGE)");
  CHECK(ByHand::last_sent(loser).find("SA, Nr, KE") == 0);  // it goes no further
  contest.to_loser();
  CHECK(s.hand->ike_sas(loser) == "1 REKEYED 0, 2 ESTABLISHED 1");
  contest.to_winner();
  CHECK(s.hand->ike_sas(winner) == "1 DELETING 0, 2 ESTABLISHED 1");
  contest.to_loser();
  contest.to_winner();
  CHECK(s.a() == "2 ESTABLISHED 1");
  CHECK(s.b() == "2 ESTABLISHED 1");
  CHECK(failed(loser, "ike_rekey") == 0);
  s.clean();
}

TEST_CASE("ike collisions with multiple key exchanges: both rekey at once, one with one exchange",
          "[pair][ikev2][collisions][kex]") {
  const Lowest lowest = any_lowest();
  CAPTURE(static_cast<int>(lowest));
  auto a = site_a(ike_multi), b = site_b(ike_single);
  const auto more = [](policy::EndpointConfig& config, const char* ike) {
    config.connections[0].proposals.push_back(
        policy::parse_proposal(ike, wire::ProtocolId::ike).value());
  };
  more(a, ike_single);
  more(b, ike_multi);
  IkeStage s(a, b);
  draw(s.pair, lowest);
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  s.hand->to_b();
  CHECK(s.b() == "1 ESTABLISHED 1, 2 ESTABLISHED 0");
  s.hand->to_a();
  CHECK(s.a() == "1 ESTABLISHED 1");
  // <--  CREATE_CHILD_SA {SA, Nr, KEr}: a's one is made on both sides
  s.hand->to_a();
  CHECK(s.a() ==
        (a_loses(lowest) ? "1 ESTABLISHED 1, 2 DELETING 0" : "1 DELETING 0, 2 ESTABLISHED 1"));
  // CREATE_CHILD_SA {SA, Nr, KEr, N(ADDITIONAL_KEY_EXCHANGE)}  -->
  s.hand->to_b();
  CHECK(s.b() ==
        (a_loses(lowest) ? "1 ESTABLISHED 1, 2 ESTABLISHED 0" : "1 REKEYED 0, 2 ESTABLISHED 1"));
  if (a_loses(lowest)) {
    // INFORMATIONAL {D} of 2  -->;  <--  IKE_FOLLOWUP_KE {KEi(1)}, and the answer
    s.hand->to_b();
    CHECK(s.b() == "1 ESTABLISHED 1");
    s.hand->to_a();
    s.hand->to_a();
    CHECK(s.a() == "1 REKEYED 0, 3 ESTABLISHED 1");
    s.hand->to_b();
    CHECK(s.b() == "1 DELETING 0, 3 ESTABLISHED 1");
    s.hand->to_a();
    s.hand->to_b();
  } else {
    s.hand->to_b();
    s.hand->to_a();
  }
  CHECK(s.a() == (a_loses(lowest) ? "3 ESTABLISHED 1" : "2 ESTABLISHED 1"));
  CHECK(s.b() == s.a());
  s.clean();
}

TEST_CASE("ike collisions with multiple key exchanges: both rekey at once, and an answer is late",
          "[pair][ikev2][collisions][kex]") {
  const Lowest lowest = GENERATE(Lowest::ni_of_a, Lowest::nr_of_b);  // b wins
  const bool after_delete = GENERATE(false, true);
  CAPTURE(static_cast<int>(lowest), after_delete);
  IkeStage s(false, ike_multi, ike_multi);
  draw(s.pair, lowest);
  s.rekey(s.pair.a);
  s.rekey(s.pair.b);
  s.hand->to_b();
  s.hand->to_a();
  const Datagram answer = s.hand->take_to_a();
  s.hand->to_b();
  s.hand->to_a();
  CHECK(s.a() == "1 ESTABLISHED 1, 2 ESTABLISHED 0");
  s.hand->to_b();
  CHECK(s.b() == "1 DELETING 0, 2 ESTABLISHED 1");
  if (!after_delete) {
    s.hand->late_to_a(answer);
    CHECK(s.a() == "1 REKEYED 0, 2 ESTABLISHED 1");
  }
  s.hand->to_a();
  CHECK(s.a() == "2 ESTABLISHED 1");
  s.hand->to_b();
  if (after_delete) s.hand->late_to_a(answer);
  CHECK(s.a() == "2 ESTABLISHED 1");
  CHECK(s.b() == "2 ESTABLISHED 1");
  s.clean();
}

TEST_CASE("ike collisions with multiple key exchanges: a request is late",
          "[pair][ikev2][collisions][kex]") {
  const Lowest lowest = any_lowest();
  const bool after_delete = GENERATE(false, true);
  CAPTURE(static_cast<int>(lowest), after_delete);
  IkeStage s(false, ike_multi, ike_multi);
  draw(s.pair, lowest);
  s.rekey(s.pair.a);
  const Datagram request = s.hand->take_to_b();
  s.rekey(s.pair.b);
  s.hand->to_a();
  s.hand->to_b();
  const Datagram followup = s.hand->take_to_a();
  s.hand->late_to_b(request);
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  const Datagram refusal = s.hand->take_to_a();
  s.hand->late_to_a(followup);
  CHECK(s.a() == "1 ESTABLISHED 1, 2 ESTABLISHED 0");
  s.hand->to_b();
  CHECK(s.b() == "1 DELETING 0, 2 ESTABLISHED 1");
  if (!after_delete) {
    s.hand->late_to_a(refusal);
    CHECK(s.a() == "1 REKEYED 0, 2 ESTABLISHED 1");
  }
  s.hand->to_a();
  CHECK(s.a() == "2 ESTABLISHED 1");
  s.hand->to_b();
  if (after_delete) s.hand->late_to_a(refusal);
  CHECK(s.a() == "2 ESTABLISHED 1");
  CHECK(s.b() == "2 ESTABLISHED 1");
  s.clean();
}

TEST_CASE("ike collisions with multiple key exchanges: rekey against delete",
          "[pair][ikev2][collisions][kex]") {
  IkeStage s(GENERATE(false, true), ike_multi, ike_multi);
  s.rekey(s.pair.a);
  s.hand->to_b();
  s.hand->to_a();
  s.erase(s.pair.b);
  // IKE_FOLLOWUP_KE {KEi(1)}  -->  meets  <--  INFORMATIONAL {D}
  s.hand->to_b();
  CHECK(ByHand::last_sent(s.pair.b) == "N(TEMPORARY_FAILURE)");
  CHECK(s.b() == "1 DELETING 1");
  s.hand->to_a();
  CHECK(s.a().empty());
  s.hand->to_b();
  CHECK(s.b().empty());
  // <--  IKE_FOLLOWUP_KE {N(TEMPORARY_FAILURE)}: the IKE SA is gone already
  s.hand->to_a();
  CHECK(s.a().empty());
  CHECK(s.pair.a.inbound.empty());
  CHECK(s.pair.b.inbound.empty());
}
