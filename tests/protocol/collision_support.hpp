// Stages for tests of SAs whose rekeying collides with something: messages cross by hand, and the
// Child SAs or IKE SAs of both sides can be told after each step.
#pragma once
#include "tests/support/by_hand.hpp"
#include "tests/support/catch.hpp"

namespace ikelab::test {

inline constexpr const char* stage_ike = "aes256gcm16-prfsha256-x25519";

/// An IKE SA with one Child SA "net", and then messages by hand. `a` of a test is gw-a or, swapped,
/// the responder of the handshake.
struct ChildStage {
  explicit ChildStage(bool swapped = false, const char* esp_a = "aes256gcm16",
                      const char* esp_b = "aes256gcm16")
      : ChildStage(site_a(stage_ike, esp_a), site_b(stage_ike, esp_b), swapped) {}
  ChildStage(policy::EndpointConfig config_a, policy::EndpointConfig config_b, bool swapped = false)
      : pair(std::move(config_a), std::move(config_b)) {
    Side& begins = swapped ? pair.b : pair.a;
    REQUIRE(pair.command(begins, ikev2::Initiate{"site", "net"}).ok());
    pair.settle();
    REQUIRE(pair.consistent());
    hand.emplace(pair);
    REQUIRE(a() == "1 INSTALLED");
    REQUIRE(b() == "1 INSTALLED");
  }
  std::string a() { return hand->children(pair.a); }
  std::string b() { return hand->children(pair.b); }
  void rekey(Side& side) { REQUIRE(pair.command(side, ikev2::RekeyChild{"net"}).ok()); }
  void erase(Side& side, EspSpi spi = {}) {
    REQUIRE(pair.command(side, ikev2::DeleteChild{"net", spi}).ok());
  }
  static EspSpi spi(const Side& side, const std::string& state) {
    const auto sas = side.sas();
    for (const auto& child : sas.at(0).children)
      if (child.state == state) return child.spi_in;
    FAIL("no Child SA is " + state);
    return {};
  }
  /// Nothing is on its way, both agree, and no probe was lost.
  void clean(std::size_t children = 1) {
    CHECK(hand->quiet());
    hand->let_go();
    pair.drive(200s);
    CHECK(pair.consistent());
    CHECK(pair.a.inbound.size() == children);
    CHECK(pair.b.inbound.size() == children);
    CHECK(pair.lost_probes == 0);
  }

  Pair pair;
  std::optional<ByHand> hand;
};

/// The same for IKE SAs: "1 REKEYED 0" is an IKE SA without Child SAs.
struct IkeStage {
  explicit IkeStage(bool swapped = false, const char* ike_a = stage_ike,
                    const char* ike_b = stage_ike)
      : IkeStage(site_a(ike_a), site_b(ike_b), swapped) {}
  IkeStage(policy::EndpointConfig config_a, policy::EndpointConfig config_b, bool swapped = false)
      : pair(std::move(config_a), std::move(config_b)) {
    Side& begins = swapped ? pair.b : pair.a;
    REQUIRE(pair.command(begins, ikev2::Initiate{"site", "net"}).ok());
    pair.settle();
    REQUIRE(pair.consistent());
    hand.emplace(pair);
    REQUIRE(a() == "1 ESTABLISHED 1");
    REQUIRE(b() == "1 ESTABLISHED 1");
  }
  std::string a() { return hand->ike_sas(pair.a); }
  std::string b() { return hand->ike_sas(pair.b); }
  void rekey(Side& side) { REQUIRE(pair.command(side, ikev2::RekeyIke{}).ok()); }
  void erase(Side& side) { REQUIRE(pair.command(side, ikev2::DeleteIke{}).ok()); }
  void clean() {
    CHECK(hand->quiet());
    hand->let_go();
    pair.drive(200s);
    CHECK(pair.consistent());
    CHECK(pair.a.inbound.size() == 1);
    CHECK(pair.lost_probes == 0);
    // what survived works
    REQUIRE(pair.command(pair.a, ikev2::RekeyChild{"net"}).ok());
    pair.drive();
    CHECK(pair.consistent());
  }

  Pair pair;
  std::optional<ByHand> hand;
};

/// Which of the four nonces is the lowest. The exchange that it belongs to makes the redundant SA
/// (RFC 7296, 2.8.1, 2.8.2). Each side draws its Ni first, then the Nr of its answer.
enum class Lowest { ni_of_a, ni_of_b, nr_of_a, nr_of_b };
inline bool a_loses(Lowest lowest) {
  return lowest == Lowest::ni_of_a || lowest == Lowest::nr_of_b;
}
inline void draw(Pair& pair, Lowest lowest) {
  const auto octet = [&](Lowest which) { return std::uint8_t(which == lowest ? 0x00 : 0xff); };
  pair.a.nonces_begin = {octet(Lowest::ni_of_a), octet(Lowest::nr_of_a)};
  pair.b.nonces_begin = {octet(Lowest::ni_of_b), octet(Lowest::nr_of_b)};
}
inline Lowest any_lowest() {
  return GENERATE(Lowest::ni_of_a, Lowest::ni_of_b, Lowest::nr_of_a, Lowest::nr_of_b);
}

/// Both began the same, and one of them goes no further.
template <class Stage>
struct Contest {
  Contest(Stage& stage_in, Lowest lowest) : stage(stage_in), a_lost(a_loses(lowest)) {}
  Stage& stage;
  bool a_lost;
  Side& winner() { return a_lost ? stage.pair.b : stage.pair.a; }
  Side& loser() { return a_lost ? stage.pair.a : stage.pair.b; }
  void to_winner() { a_lost ? stage.hand->to_b() : stage.hand->to_a(); }
  void to_loser() { a_lost ? stage.hand->to_a() : stage.hand->to_b(); }
};

/// How many of its own tasks of that name failed.
inline std::size_t failed(const Side& side, const char* task) {
  std::size_t count = 0;
  for (const auto* ended : side.all<trace::TaskEnded>())
    count += ended->task == task && ended->role == "initiator" && ended->outcome == "failed";
  return count;
}

}  // namespace ikelab::test
