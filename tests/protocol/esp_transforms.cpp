// Which transforms ESP takes, in swanctl's words, and what a choice without integrity costs.
#include "tests/protocol/esp_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

std::string parsed(const char* text, wire::ProtocolId protocol = wire::ProtocolId::esp) {
  const auto proposal = policy::parse_proposal(text, protocol);
  return proposal.ok() ? policy::to_string(*proposal) : proposal.error().code;
}

}  // namespace

TEST_CASE("ESP proposals in swanctl's words", "[esp][policy]") {
  for (const char* text :
       {"aes128ccm16", "aes256ccm8", "aes192ccm12", "aes128gcm8", "aes256gcm12", "aes128gmac",
        "null-sha256", "aes128ctr-sha256", "aes256-sha1", "aes128ccm16-esn", "null-sha384-esn",
        "aes256gcm16-esn-noesn", "aes128-noauth"}) {
    INFO(text);
    const std::string expected =
        text == std::string("aes256gcm16-esn-noesn") ? "aes256gcm16-esn" : std::string(text);
    CHECK(parsed(text) == expected);  // noesn goes without saying
  }
  CHECK(parsed("aes128ccm64") == "aes128ccm8");
  CHECK(parsed("aes256ccm128-noesn") == "aes256ccm16");
  CHECK(policy::parse_proposal("aes128gcm16-esn-noesn", wire::ProtocolId::esp)->transforms.size() ==
        3);  // both are offered
}

TEST_CASE("ESP proposals that protect nothing, or that RFCs forbid", "[esp][policy]") {
  CHECK(parsed("null") == "E-POL-002");
  CHECK(parsed("null-noauth") == "E-POL-002");
  CHECK(parsed("aes128") == "E-POL-002");            // without integrity only when it is said
  CHECK(parsed("aes128ctr-noauth") == "E-POL-002");  // RFC 3686, 3.3
  CHECK(parsed("aes128gmac-sha256") == "E-POL-002");
  CHECK(parsed("aes128gcm16-noauth") == "E-POL-002");
  const auto ike = wire::ProtocolId::ike;
  CHECK(parsed("null-sha256-x25519", ike) == "E-POL-002");
  CHECK(parsed("aes128gmac-prfsha256-x25519", ike) == "E-POL-002");
  CHECK(parsed("aes128-noauth-prfsha256-x25519", ike) == "E-POL-002");
  CHECK(parsed("aes128ccm16-prfsha256-x25519", ike) == "aes128ccm16-prfsha256-x25519");
  CHECK(parsed("aes128ctr-sha256-x25519", ike) == "aes128ctr-sha256-prfsha256-x25519");
}

TEST_CASE("Child SAs come up with every transform, ESN or not", "[esp][pair]") {
  for (const char* esp : {"aes128ccm16", "aes256ccm8", "aes128gmac", "null-sha256", "aes256gcm12",
                          "aes192ctr-sha384-esn", "aes128-sha1", "chacha20poly1305-esn"}) {
    INFO(esp);
    Pair pair(site_a("aes256gcm16-prfsha256-x25519", esp),
              site_b("aes256gcm16-prfsha256-x25519", esp));
    REQUIRE(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
    pair.drive();
    CHECK(pair.consistent());
    CHECK_FALSE(pair.a.diagnosed("E-ESP-NO-INTEGRITY"));
    // What IKE installed carries packets.
    CountingRng rng;
    esp::DataPath a(*pair.a.provider, rng), b(*pair.b.provider, rng);
    for (auto& [spi, sa] : pair.a.outbound) a.apply(esp::InstallSa{false, std::move(sa)});
    for (auto& [spi, sa] : pair.b.inbound) b.apply(esp::InstallSa{true, std::move(sa)});
    const auto sealed = a.seal(inner_packet());
    REQUIRE(sealed.ok());
    const auto opened = b.open(sealed->packet);
    REQUIRE(opened.ok());
    CHECK(opened->inner == inner_packet());
  }
}

TEST_CASE("IKE itself runs over CCM and CTR", "[esp][pair]") {
  for (const char* ike : {"aes128ccm16-prfsha256-x25519", "aes256ccm8-prfsha384-ecp256",
                          "aes128ctr-sha256-x25519", "aes128gcm12-prfsha256-x25519"}) {
    INFO(ike);
    Pair pair(site_a(ike), site_b(ike));
    REQUIRE(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
    pair.drive();
    CHECK(pair.consistent());
  }
}

TEST_CASE("encryption without integrity says so loudly", "[esp][pair]") {
  Pair pair(site_a("aes256gcm16-prfsha256-x25519", "aes128-noauth"),
            site_b("aes256gcm16-prfsha256-x25519", "aes128-noauth"));
  REQUIRE(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
  pair.drive();
  CHECK(pair.consistent());
  for (const Side* side : {&pair.a, &pair.b}) {
    const auto warnings = side->all<trace::Diagnostic>();
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0]->code == "E-ESP-NO-INTEGRITY");
    CHECK(warnings[0]->severity == "warning");
  }
  // And it is never slipped in: a peer that wants integrity does not take it.
  Pair other(site_a("aes256gcm16-prfsha256-x25519", "aes128-noauth"),
             site_b("aes256gcm16-prfsha256-x25519", "aes128-sha256"));
  REQUIRE(other.command(other.a, ikev2::Initiate{"site", "net"}).ok());
  other.drive();
  CHECK(other.b.inbound.empty());
}
