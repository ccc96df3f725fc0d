// Rekeying and deleting, from either side, alone and at once (RFC
// 7296, 1.3.2, 1.3.3, 1.4.1, 2.8, 2.8.1, 2.8.2, 2.25). ESP probes travel all the while: none may be
// lost.
#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Words = std::vector<std::string>;

constexpr const char* ike = "aes256gcm16-prfsha256-x25519";

void establish(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
}

// Lets a little time pass in small steps, so that probes fly between messages.
void require_clean(Pair& pair, std::size_t children = 1) {
  pair.drive(60s);
  CHECK(pair.consistent());
  CHECK(pair.a.inbound.size() == children);
  CHECK(pair.b.inbound.size() == children);
  CHECK(pair.probes > 0);
  CHECK(pair.lost_probes == 0);
}

}  // namespace

TEST_CASE("pair: a Child SA is rekeyed", "[pair][ikev2][rekey]") {
  const bool by_initiator = GENERATE(true, false);
  const char* esp = GENERATE("aes256gcm16", "aes256gcm16-x25519", "aes128-sha256-ecp256");
  CAPTURE(by_initiator, esp);
  Pair pair(site_a(ike, esp), site_b(ike, esp));
  establish(pair);
  Side& asks = by_initiator ? pair.a : pair.b;
  Side& answers = by_initiator ? pair.b : pair.a;
  const EspSpi old = asks.sas()[0].children[0].spi_in;
  REQUIRE(pair.command(asks, RekeyChild{"net"}).ok());
  // asks  SK {N(REKEY_SA), SA, Ni, [KEi,] TSi, TSr}  -->  answers: receives on the new SA, still
  // sends on the old one
  REQUIRE(pair.step(pair.now + 10ms));
  while (answers.inbound.size() == 1) REQUIRE(pair.step(pair.now + 10ms));
  CHECK(answers.inbound.size() == 2);
  CHECK(answers.outbound.size() == 1);
  // asks  <--  SK {SA, Nr, [KEr,] TSi, TSr}: receives and sends on the new one;  SK {D(old)}  -->;
  // <--  SK {D(old)}
  require_clean(pair);
  CHECK(asks.sas()[0].children[0].spi_in != old);
  CHECK(asks.messages_sent().size() == 4);
  const auto installed = asks.all<trace::SaInstalled>();
  CHECK(installed.back()->reason == "rekey of " + to_string(old));
  // The key schedule says which exchange the nonces came from, and g^ir (new) only with a KE.
  Words names;
  for (const auto* k : asks.all<trace::KeyDerived>()) names.push_back(k->name);
  CHECK((std::find(names.begin(), names.end(), "g^ir (new)") != names.end()) ==
        (std::string(esp) != "aes256gcm16"));
}

TEST_CASE("pair: INVALID_KE_PAYLOAD while rekeying a Child SA", "[pair][ikev2][rekey]") {
  auto a = site_a(ike, "aes256gcm16-x25519-ecp384"), b = site_b(ike, "aes256gcm16-ecp384");
  Pair pair(a, b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  require_clean(pair);
  Words payloads;
  for (const auto* m : pair.b.all<trace::Message>())
    if (m->direction == "sent") payloads.push_back(without_extensions(m->payloads));
  CHECK(payloads == Words{"SA, KE, Nr", "IDr, AUTH, SA, TSi, TSr", "N(INVALID_KE_PAYLOAD)",
                          "SA, Nr, KE, TSi, TSr", "D"});
}

TEST_CASE("pair: both sides rekey the Child SA at once", "[pair][ikev2][rekey][collision]") {
  // Every seed draws other nonces, so that both outcomes of the rule occur.
  std::size_t a_wins = 0, b_wins = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    Pair pair(site_a(), site_b(), seed);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    // SK {N(REKEY_SA), ...}  -->  and  <--  SK {N(REKEY_SA), ...} cross; both are answered; one
    // successor is redundant
    REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
    REQUIRE(pair.command(pair.b, RekeyChild{"net"}).ok());
    require_clean(pair);
    const auto tasks = pair.a.all<trace::TaskEnded>();
    const bool a_goes = std::any_of(tasks.begin(), tasks.end(), [](const auto* t) {
      return t->task == "child_rekey" &&
             t->detail.find("ours has the lowest nonce") != std::string::npos;
    });
    ++(a_goes ? b_wins : a_wins);
  }
  CHECK(a_wins > 0);
  CHECK(b_wins > 0);
}

TEST_CASE("pair: both rekey the Child SA at once, and a message is lost",
          "[pair][ikev2][rekey][collision][loss]") {
  const bool of_a = GENERATE(true, false);
  const unsigned nth = GENERATE(1U, 2U, 3U, 4U);
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(of_a, nth, seed);
    Pair pair(site_a(), site_b(), seed);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    pair.lose_nth(of_a ? pair.a : pair.b, nth);
    REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
    REQUIRE(pair.command(pair.b, RekeyChild{"net"}).ok());
    require_clean(pair);
  }
}

TEST_CASE("pair: the IKE SA is rekeyed", "[pair][ikev2][rekey]") {
  const bool by_initiator = GENERATE(true, false);
  CAPTURE(by_initiator);
  Pair pair(site_a(), site_b());
  establish(pair);
  Side& asks = by_initiator ? pair.a : pair.b;
  Side& answers = by_initiator ? pair.b : pair.a;
  const auto before = asks.sas()[0];
  const auto sad_before = asks.sad;
  REQUIRE(pair.command(asks, RekeyIke{}).ok());
  // SK {SA, Ni, KEi}  -->;  <--  SK {SA, Nr, KEr};  on the old SA: SK {D(IKE)}  -->;  <--  SK {}
  require_clean(pair);
  const auto after = asks.sas()[0];
  CHECK(after.spi_i != before.spi_i);
  CHECK(after.spi_r != before.spi_r);
  CHECK(after.original_initiator);  // who rekeys is the new SA's original initiator (2.18)
  CHECK_FALSE(answers.sas()[0].original_initiator);
  CHECK(after.name == (by_initiator ? "gw-a#2" : "gw-b#2"));
  CHECK(after.children[0].spi_in == before.children[0].spi_in);  // inherited, not made anew
  CHECK(asks.sad == sad_before);
  // The new SA carries exchanges, from message id 0, in both directions.
  REQUIRE(pair.command(answers, RekeyChild{"net"}).ok());
  require_clean(pair);
  REQUIRE(pair.command(asks, CheckLiveness{}).ok());
  pair.drive();
  CHECK(asks.messages_sent().back() == "INFORMATIONAL request 0");
  // SKEYSEED of the second SA was made from the first one's SK_d.
  const trace::KeyDerived* last = nullptr;
  for (const auto* k : asks.all<trace::KeyDerived>())
    if (k->name == "SKEYSEED") last = k;
  REQUIRE(last != nullptr);
  CHECK(last->function == "prf(SK_d (old), g^ir (new) | Ni | Nr)");
}

TEST_CASE("pair: IKE rekeying again and again", "[pair][ikev2][rekey]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  for (int i = 0; i < 6; ++i) {
    REQUIRE(pair.command(i % 2 == 0 ? pair.a : pair.b, RekeyIke{}).ok());
    pair.drive();
    REQUIRE(pair.command(i % 3 == 0 ? pair.b : pair.a, RekeyChild{"net"}).ok());
    pair.drive();
  }
  require_clean(pair);
  CHECK(pair.a.sas()[0].name == "gw-a#7");
}

TEST_CASE("pair: both sides rekey the IKE SA at once", "[pair][ikev2][rekey][collision]") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    Pair pair(site_a(), site_b(), seed);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
    REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
    require_clean(pair);
    REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
    require_clean(pair);
  }
}

TEST_CASE("pair: both rekey the IKE SA at once, and a message is lost",
          "[pair][ikev2][rekey][collision][loss]") {
  const bool of_a = GENERATE(true, false);
  const unsigned nth = GENERATE(1U, 2U, 3U, 4U);
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(of_a, nth, seed);
    Pair pair(site_a(), site_b(), seed);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    pair.lose_nth(of_a ? pair.a : pair.b, nth);
    REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
    REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
    require_clean(pair);
  }
}

TEST_CASE("pair: one rekeys the IKE SA, the other the Child SA",
          "[pair][ikev2][rekey][collision]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
  REQUIRE(pair.command(pair.b, RekeyChild{"net"}).ok());
  // Each is refused with TEMPORARY_FAILURE, waits, and tries again (2.25).
  require_clean(pair);
}

TEST_CASE("pair: lifetimes run out", "[pair][ikev2][rekey][timer]") {
  auto a = site_a(), b = site_b();
  for (auto* config : {&a, &b}) {
    config->connections[0].rekey_time = 100s;
    config->connections[0].children[0].rekey_time = 30s;
  }
  Pair pair(a, b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(605s);
  pair.drive(4s);
  pair.settle();
  CHECK(pair.lost_probes == 0);
  std::size_t ike_sas = 0, esp_sas = 0;
  for (const auto* sa : pair.a.all<trace::SaInstalled>())
    ++(sa->protocol == "IKE" ? ike_sas : esp_sas);
  CHECK(ike_sas >= 6);
  CHECK(esp_sas >= 2 * 18);
  CHECK(pair.a.sas().size() <= 2);
  CHECK(pair.a.inbound.size() <= 3);
}

TEST_CASE("pair: a Child SA is deleted", "[pair][ikev2][delete]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Side& asks = GENERATE(true, false) ? pair.a : pair.b;
  REQUIRE(pair.command(asks, DeleteChild{"net"}).ok());
  // SK {D(ESP)}  -->;  <--  SK {D(ESP)}
  pair.drive();
  CHECK(pair.consistent());
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.outbound.empty());
  // It can be made again.
  REQUIRE(pair.command(pair.b, Initiate{"site", "net"}).ok());
  pair.drive();
  CHECK(pair.consistent());
  CHECK(pair.a.inbound.size() == 1);
}

TEST_CASE("pair: both sides delete the Child SA at once", "[pair][ikev2][delete][collision]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  REQUIRE(pair.command(pair.a, DeleteChild{"net"}).ok());
  REQUIRE(pair.command(pair.b, DeleteChild{"net"}).ok());
  pair.drive();
  CHECK(pair.consistent());
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());
  // The answers hold no Delete (1.4.1).
  CHECK(pair.a.all<trace::Message>().back()->payloads.empty());
}

TEST_CASE("pair: one rekeys the Child SA, the other deletes it",
          "[pair][ikev2][delete][collision]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  REQUIRE(pair.command(pair.b, DeleteChild{"net"}).ok());
  pair.drive(60s);
  CHECK(pair.consistent());  // whatever comes of it, both agree
}

TEST_CASE("pair: the IKE SA is deleted", "[pair][ikev2][delete]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Side& asks = GENERATE(true, false) ? pair.a : pair.b;
  REQUIRE(pair.command(asks, DeleteIke{}).ok());
  // SK {D(IKE)}  -->;  <--  SK {}
  pair.drive();
  for (const Side* side : {&pair.a, &pair.b}) {
    CHECK(side->state() == "none");
    CHECK(side->inbound.empty());
    CHECK(side->outbound.empty());
    CHECK(side->all<trace::SaRemoved>().size() == 3);
  }
  pair.drive(100s);
  CHECK(pair.a.endpoint->sas().empty());
  CHECK_FALSE(pair.a.endpoint->poll_timeout());
  CHECK_FALSE(pair.b.endpoint->poll_timeout());
}

TEST_CASE("pair: both sides delete the IKE SA at once, or one while the other rekeys it",
          "[pair][ikev2][delete][collision]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  REQUIRE(pair.command(pair.a, DeleteIke{}).ok());
  SECTION("delete") {
    REQUIRE(pair.command(pair.b, DeleteIke{}).ok());
  }
  SECTION("rekey") {
    REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
  }
  pair.drive(200s);
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());
}
