// A stage for tests of Child SAs whose rekeying collides with something: messages cross by hand,
// and the Child SAs of both sides can be told after each step.
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
      : pair(site_a(stage_ike, esp_a), site_b(stage_ike, esp_b)) {
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

}  // namespace ikelab::test
