// Soft and hard limits of SAs: by time, octets and packets; the IKE SA's over_time and reauth_time
// (RFC 7296, 2.8, 2.8.3; RFC 4301, 4.4.2.1).
#include <algorithm>
#include <set>

#include "tests/protocol/esp_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;

namespace {

namespace pairs = ikelab::test;

std::size_t fired(const pairs::Side& side, const std::string& timer) {
  const auto timers = side.all<trace::TimerFired>();
  return static_cast<std::size_t>(std::count_if(timers.begin(), timers.end(),
                                                [&](const auto* t) { return t->timer == timer; }));
}

void establish(pairs::Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
}

}  // namespace

TEST_CASE("lifetimes: jitter keeps within rand_time", "[pair][ikev2][lifetimes]") {
  std::set<std::int64_t> at;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    auto a = pairs::site_a();
    a.connections[0].children[0].rekey_time = 100s;
    a.connections[0].children[0].rand_time = 40s;
    pairs::Pair pair(a, pairs::site_b(), seed);
    establish(pair);
    while (fired(pair.a, "rekey_child") == 0) REQUIRE(pair.step(pair.now + 1000s));
    at.insert(pair.now.ns / 1'000'000'000);
  }
  CHECK(*at.begin() >= 60);
  CHECK(*at.rbegin() <= 100);
  CHECK(at.size() > 6);  // by chance, of the run's own streams
}

TEST_CASE("lifetimes: a Child SA that cannot be rekeyed ends at its life_time",
          "[pair][ikev2][lifetimes]") {
  // In IKE_AUTH no key exchange is negotiated; each rekey is refused with NO_PROPOSAL_CHOSEN.
  constexpr const char* ike = "aes256gcm16-prfsha256-x25519";
  auto a = pairs::site_a(ike, "aes256gcm16-x25519");
  a.connections[0].children[0].rekey_time = 100s;
  a.connections[0].children[0].life_time = 130s;
  pairs::Pair pair(a, pairs::site_b(ike, "aes256gcm16-ecp256"));
  establish(pair);
  pair.drive(129s);
  CHECK(fired(pair.a, "rekey_child") > 1);
  CHECK(fired(pair.a, "expire_child") == 0);
  CHECK(pair.a.inbound.size() == 1);
  pair.drive(2s);
  CHECK(fired(pair.a, "expire_child") == 1);
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());
  CHECK(pair.a.state() == "ESTABLISHED");
}

TEST_CASE("lifetimes: life_time alone ends the Child SA on both sides",
          "[pair][ikev2][lifetimes]") {
  auto b = pairs::site_b();
  b.connections[0].children[0].life_time = 50s;
  pairs::Pair pair(pairs::site_a(), b);
  establish(pair);
  pair.drive(49s);
  CHECK(pair.a.inbound.size() == 1);
  pair.drive(2s);
  CHECK(fired(pair.b, "expire_child") == 1);
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());
  CHECK(pair.a.state() == "ESTABLISHED");
}

TEST_CASE("lifetimes: the IKE SA is deleted when nobody replaces it in over_time",
          "[pair][ikev2][lifetimes]") {
  auto a = pairs::site_a();
  a.connections[0].rekey_time = 100s;
  a.connections[0].over_time = 5s;
  a.connections[0].rand_time = 0s;
  pairs::Pair pair(a, pairs::site_b());
  establish(pair);
  pair.lose = [&](const pairs::Side& from, unsigned, const Datagram& datagram) {
    return &from == &pair.a && datagram.payload[18] == 36;  // CREATE_CHILD_SA never arrives
  };
  pair.drive(104s);
  CHECK(pair.a.state() == "ESTABLISHED");
  CHECK(fired(pair.a, "expire_ike") == 0);
  pair.drive(2s);
  CHECK(fired(pair.a, "expire_ike") == 1);
}

TEST_CASE("lifetimes: reauthentication makes a new IKE SA before the old one goes",
          "[pair][ikev2][lifetimes]") {
  auto a = pairs::site_a();
  a.connections[0].reauth_time = 100s;
  pairs::Pair pair(a, pairs::site_b());
  establish(pair);
  const auto before = pair.a.sas()[0];
  pair.drive(105s);
  //= rfc7296#2.8.3 "Reauthentication is done by creating a new IKE SA from scratch (using
  //= IKE_SA_INIT/IKE_AUTH exchanges, without any REKEY_SA Notify payloads), creating new Child SAs
  //= within the new IKE SA (without REKEY_SA Notify payloads), and finally deleting the old IKE SA"
  CHECK(fired(pair.a, "reauth") == 1);
  REQUIRE(pair.consistent());
  CHECK(pair.a.sas()[0].name == "gw-a#2");
  CHECK(pair.a.inbound.size() == 1);
  CHECK(pair.a.all<trace::AuthDecided>().size() == 4);
  CHECK(pair.lost_probes == 0);
  CHECK(pair.a.sas()[0].children[0].spi_in != before.children[0].spi_in);
}

TEST_CASE("lifetimes: the data path is told limits, and tells when they are reached",
          "[esp][lifetimes]") {
  auto a = pairs::site_a(), b = pairs::site_b();
  a.connections[0].children[0].packets = {8, 10, 0};
  pairs::Pair pair(a, b);
  establish(pair);
  const esp::SaParameters& out = pair.a.outbound.begin()->second;
  CHECK(out.limits.soft_packets == 8);
  CHECK(out.limits.hard_packets == 10);
  CHECK_FALSE(pair.b.outbound.begin()->second.limits.any());

  const auto provider = crypto::openssl_provider();
  const auto rng = crypto::seeded_rng(1, "x")->stream("iv");
  esp::DataPath path(*provider, *rng);
  const EspSpi pair_spi = out.pair;
  path.apply(esp::InstallSa{false, std::move(pair.a.outbound.begin()->second)});
  const Bytes packet = ikelab::test::inner_packet();
  std::vector<std::string> told;
  for (int i = 1; i <= 12; ++i) {
    const auto sealed = path.seal(packet);
    CHECK(sealed.ok() == (i <= 10));
    if (!sealed) CHECK(sealed.error().code == "E-ESP-LIFE");
    while (const auto wish = path.poll_wish()) {
      CHECK(wish->spi_in == pair_spi);
      told.push_back((wish->kind == esp::Wish::Kind::rekey ? "rekey after " : "expire after ") +
                     std::to_string(i));
    }
  }
  CHECK(told == std::vector<std::string>{"rekey after 8", "expire after 11"});
  // and IKE does what is wished
  REQUIRE(pair.command(pair.a, RekeyChild{"net", pair_spi}).ok());
}

TEST_CASE("lifetimes: a wish of the data path becomes a rekey, the last one a DELETE",
          "[pair][ikev2][lifetimes]") {
  pairs::Pair pair(pairs::site_a(), pairs::site_b());
  establish(pair);
  const EspSpi old = pair.a.sas()[0].children[0].spi_in;
  REQUIRE(pair.command(pair.a, RekeyChild{"net", old}).ok());
  pair.drive();
  REQUIRE(pair.consistent());
  const EspSpi fresh = pair.a.sas()[0].children[0].spi_in;
  CHECK(fresh != old);
  CHECK_FALSE(pair.command(pair.a, ExpireChild{old}).ok());  // that one is gone
  REQUIRE(pair.command(pair.a, ExpireChild{fresh}).ok());
  pair.drive();
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());
}
