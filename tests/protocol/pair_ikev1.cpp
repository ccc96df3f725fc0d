// Exchanges of IKEv1 between two nodes: what is on the wire stands in comments.
#include "protocol/keys/ikev1_keys.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/ikev1_pair.hpp"
#include "tests/support/lab_certificates.hpp"

using namespace ikelab;
using namespace ikelab::test;
using Said = std::vector<std::string>;

namespace {

struct Certified {
  policy::EndpointConfig a, b;
};

Certified certified_v1(bool aggressive, bool encryption = false, bool unknown_ca = false) {
  LabCertificates lab;
  lab.unknown_ca = unknown_ca;
  lab.key_type = "rsa2048";
  CertifiedPair sites = certified_sites(lab);
  const auto proposal =
      policy::parse_proposal("aes128-sha1-modp1024", wire::ProtocolId::ike, policy::Era::historic);
  for (policy::EndpointConfig* config : {&sites.a, &sites.b}) {
    policy::ConnectionConfig& c = config->connections.at(0);
    c.proposals = {proposal.value()};
    c.ikev1 = policy::Ikev1Config{};
    c.ikev1->aggressive = aggressive;
    c.ikev1->rsa_encryption = encryption;
  }
  sites.a.connections[0].ikev1->peer_certificate =
      sites.b.connections[0].local.certificates.front();
  sites.b.connections[0].ikev1->peer_certificate =
      sites.a.connections[0].local.certificates.front();
  return {std::move(sites.a), std::move(sites.b)};
}

void bring_up(V1Pair& pair) {
  REQUIRE(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
  pair.settle();
}

std::vector<std::string> esp_sas(const V1Side& side) {
  std::vector<std::string> out;
  for (const auto& [spi, sa] : side.inbound) out.push_back(to_string(spi));
  return out;
}

}  // namespace

TEST_CASE("ikev1 main mode with a pre-shared key, and quick mode", "[ikev1][pair]") {
  V1Pair pair(v1_site_a(), v1_site_b());
  bring_up(pair);
  //   HDR, SA                      -->
  //                                <--  HDR, SA
  //   HDR, KE, Ni, NAT-D, NAT-D    -->
  //                                <--  HDR, KE, Nr, NAT-D, NAT-D
  //   HDR*, IDii, HASH_I           -->
  //                                <--  HDR*, IDir, HASH_R
  //   HDR*, HASH(1), SA, Ni, IDci, IDcr --> , <-- HASH(2) ..., HASH(3) -->
  CHECK(pair.a.said() == Said{"Main Mode: SA, VID, VID", "Main Mode: KE, NONCE, NAT-D, NAT-D",
                              "Main Mode: {ID, HASH}", "Quick Mode: {HASH, SA, NONCE, ID, ID}",
                              "Quick Mode: {HASH}"});
  CHECK(pair.b.said() == Said{"Main Mode: SA, VID, VID", "Main Mode: KE, NONCE, NAT-D, NAT-D",
                              "Main Mode: {ID, HASH}", "Quick Mode: {HASH, SA, NONCE, ID, ID}"});
  CHECK(pair.consistent());
  CHECK(pair.a.outbound.size() == 1);
  CHECK(pair.a.derived("SKEYID") == pair.b.derived("SKEYID"));
  CHECK_FALSE(pair.a.derived("Ka").empty());
  for (const V1Side* side : {&pair.a, &pair.b}) CHECK(side->all<trace::Diagnostic>().empty());
}

TEST_CASE("ikev1 main mode: another secret ends where HASH is judged", "[ikev1][pair]") {
  policy::EndpointConfig b = v1_site_b();
  b.connections[0].local.psk = b.connections[0].remote.psk = to_bytes(as_bytes("another secret"));
  V1Pair pair(v1_site_a(), std::move(b));
  bring_up(pair);
  // message 5 decrypts to nothing that has payloads: the keys depend on the secret
  CHECK(pair.b.diagnosed("E-IKE1-002"));
  CHECK_FALSE(pair.consistent());
  pair.drive(200s);
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
  CHECK(pair.a.inbound.empty());
}

TEST_CASE("ikev1 aggressive mode with a pre-shared key: three messages, the second shows HASH_R",
          "[ikev1][pair]") {
  V1Pair pair(v1_site_a(true), v1_site_b(true));
  bring_up(pair);
  //   HDR, SA, KE, Ni, IDii        -->
  //                                <--  HDR, SA, KE, Nr, IDir, HASH_R
  //   HDR*, HASH_I                 -->
  CHECK(pair.a.said()[0] == "Aggressive Mode: SA, KE, NONCE, ID, VID, VID");
  CHECK(pair.b.said()[0] == "Aggressive Mode: SA, KE, NONCE, ID, HASH, NAT-D, NAT-D, VID, VID");
  CHECK(pair.a.said()[1] == "Aggressive Mode: {HASH, NAT-D, NAT-D}");
  CHECK(pair.consistent());
}

TEST_CASE("ikev1 aggressive mode is answered only where it is configured", "[ikev1][pair]") {
  V1Pair pair(v1_site_a(true), v1_site_b(false));
  bring_up(pair);
  CHECK(pair.b.diagnosed("E-IKE1-005"));
  CHECK(pair.b.said() == Said{"Informational: N(NO-PROPOSAL-CHOSEN)"});
  CHECK(pair.a.diagnosed("E-IKE1-040"));  // nobody vouches for it: the initiator goes on trying
  CHECK(pair.a.state() == "AUTHENTICATING");
}

TEST_CASE("ikev1 with RSA signatures, main and aggressive", "[ikev1][pair]") {
  for (const bool aggressive : {false, true}) {
    INFO(aggressive);
    Certified sites = certified_v1(aggressive);
    V1Pair pair(std::move(sites.a), std::move(sites.b));
    bring_up(pair);
    CHECK(pair.consistent());
    if (!aggressive) CHECK(pair.a.said()[2] == "Main Mode: {ID, CERT, SIG}");
    const auto decided = pair.b.all<trace::AuthDecided>();
    REQUIRE(decided.size() == 2);
    CHECK(decided[0]->ok);
  }
}

TEST_CASE("ikev1 with RSA signatures: a certificate of a CA that nobody trusts is refused",
          "[ikev1][pair]") {
  Certified sites = certified_v1(false, false, true);
  V1Pair pair(std::move(sites.a), std::move(sites.b));
  bring_up(pair);
  CHECK_FALSE(pair.consistent());
  CHECK(pair.b.diagnosed("E-PKI-010"));
}

TEST_CASE("ikev1 with RSA-encrypted nonces", "[ikev1][pair]") {
  Certified sites = certified_v1(false, true);
  V1Pair pair(std::move(sites.a), std::move(sites.b));
  bring_up(pair);
  //   HDR, KE, <IDii_b>PubKey_r, <Ni_b>PubKey_r -->
  //                                             <-- HDR, KE, <IDir_b>PubKey_i, <Nr_b>PubKey_i
  //   HDR*, HASH_I --> , <-- HDR*, HASH_R
  CHECK(pair.a.said()[1] == "Main Mode: KE, ID, NONCE, NAT-D, NAT-D");
  CHECK(pair.a.said()[2] == "Main Mode: {HASH}");
  CHECK(pair.consistent());
}

TEST_CASE("ikev1 with RSA-encrypted nonces: what does not decrypt is not told from what does",
          "[ikev1][pair]") {
  const auto answers = [](ikev1::Habits habits) {
    Certified sites = certified_v1(false, true);
    V1Pair pair(std::move(sites.a), std::move(sites.b), habits);
    pair.lose = [&](const V1Side& from, ikev2::Datagram& datagram) {
      if (&from == &pair.a &&
          from.sent.size() == 2)  // message 3: one bit of the nonce's ciphertext
        datagram.payload[datagram.payload.size() - 60] ^= 1;
      return false;
    };
    REQUIRE(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
    pair.settle();
    return pair.b.said().size();
  };
  CHECK(answers({}) >= 2);                           // message 4 comes, as always
  CHECK(answers({.tells_bad_padding = true}) == 1);  // message 2, and then silence
}

TEST_CASE("ikev1 quick mode with PFS, and a rekey by a new one", "[ikev1][pair]") {
  V1Pair pair(v1_site_a(false, "aes256-sha256-modp2048", "aes256-sha256-modp2048"),
              v1_site_b(false, "aes256-sha256-modp2048", "aes256-sha256-modp2048"));
  bring_up(pair);
  CHECK(pair.a.said()[3] == "Quick Mode: {HASH, SA, NONCE, KE, ID, ID}");
  REQUIRE(pair.consistent());
  const auto before = esp_sas(pair.a);
  REQUIRE(pair.command(pair.a, ikev2::RekeyChild{"net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
  CHECK(pair.a.inbound.size() == 1);
  CHECK(esp_sas(pair.a) != before);
  CHECK(pair.a.derived("g(qm)^xy") == pair.b.derived("g(qm)^xy"));
  // and from the other side
  REQUIRE(pair.command(pair.b, ikev2::RekeyChild{"net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
}

TEST_CASE("ikev1: no proposal in common is refused with the reason in the trace", "[ikev1][pair]") {
  V1Pair pair(v1_site_a(false, "aes128-sha1-modp1024"), v1_site_b(false, "aes256-sha256-modp2048"));
  bring_up(pair);
  CHECK(pair.b.diagnosed("E-IKE1-010"));
  const auto negotiated = pair.b.all<trace::Negotiated>();
  REQUIRE(negotiated.size() == 1);
  CHECK(negotiated[0]->chosen.empty());
  REQUIRE(negotiated[0]->verdicts.size() == 1);
  CHECK(negotiated[0]->verdicts[0].reason.find("ENCR_AES_CBC") != std::string::npos);
}

TEST_CASE("ikev1: each lost datagram is made good by repetition", "[ikev1][pair]") {
  for (const bool of_a : {true, false})
    for (unsigned nth = 1; nth <= (of_a ? 5U : 4U); ++nth) {
      INFO((of_a ? "a's " : "b's ") << nth);
      V1Pair pair(v1_site_a(), v1_site_b());
      pair.lose = [&](const V1Side& from, ikev2::Datagram&) {
        return (&from == &pair.a) == of_a && from.sent.size() == nth;
      };
      bring_up(pair);
      pair.drive(30s);
      CHECK(pair.consistent());
      CHECK(pair.a.outbound.size() == 1);
      CHECK(pair.b.outbound.size() == 1);
    }
}

TEST_CASE("ikev1: the responder repeats itself only when it is asked again", "[ikev1][pair]") {
  const auto said_to_nobody = [](ikev1::Habits habits) {
    V1Pair pair(v1_site_a(), v1_site_b(), habits);
    REQUIRE(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
    const ikev2::Datagram first = pair.a.sent.front();
    pair.lose = [](const V1Side&, ikev2::Datagram&) { return true; };
    V1Pair other(v1_site_a(), v1_site_b(), habits);  // only ever hears one forged message
    other.lose = [](const V1Side&, ikev2::Datagram&) { return true; };
    other.deliver(other.b, first);
    other.drive(100s);
    CHECK(other.b.state() == "none");  // given up
    return other.b.sent.size();
  };
  CHECK(said_to_nobody({}) == 1);
  CHECK(said_to_nobody({.repeats_to_anybody = true}) >= 4);
}

TEST_CASE("ikev1: deletion of child and SA, told to the peer", "[ikev1][pair]") {
  V1Pair pair(v1_site_a(), v1_site_b());
  bring_up(pair);
  REQUIRE(pair.command(pair.b, ikev2::DeleteChild{"net"}).ok());
  pair.settle();
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.outbound.empty());
  CHECK(pair.a.state() == "ESTABLISHED");
  REQUIRE(pair.command(pair.a, ikev2::DeleteIke{""}).ok());
  pair.settle();
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
}

TEST_CASE("ikev1: a forged deletion in the clear changes nothing", "[ikev1][pair]") {
  V1Pair pair(v1_site_a(), v1_site_b());
  bring_up(pair);
  const auto sa = pair.b.engine->sas().at(0);
  wire::Header header;
  header.spi_i = sa.spi_i;
  header.spi_r = sa.spi_r;
  header.major = 1;
  header.exchange = wire::ExchangeType::v1_informational;
  header.message_id = {77};
  wire::v1::DeletePayload gone;
  gone.spi_size = 16;
  gone.spis = {keys::v1::cookies(sa.spi_i, sa.spi_r)};
  pair.deliver(pair.b, {9,
                        {pair.a.address, 500},
                        {pair.b.address, 500},
                        wire::encode({header, {wire::make_payload(gone)}})});
  CHECK(pair.b.state() == "ESTABLISHED");
  CHECK(pair.b.diagnosed("E-IKE1-040"));
}

TEST_CASE("ikev1: a new phase 1 takes the children over", "[ikev1][pair]") {
  V1Pair pair(v1_site_a(), v1_site_b());
  bring_up(pair);
  const auto before = esp_sas(pair.a);
  const IkeSpi old = pair.a.engine->sas().at(0).spi_i;
  REQUIRE(pair.command(pair.a, ikev2::RekeyIke{""}).ok());
  pair.settle();
  CHECK(pair.consistent());
  CHECK(pair.a.engine->sas().at(0).spi_i != old);
  CHECK(esp_sas(pair.a) == before);
}

TEST_CASE("ikev1 dead peer detection: R-U-THERE is answered, and silence ends the SA",
          "[ikev1][pair]") {
  policy::EndpointConfig a = v1_site_a();
  a.connections[0].dpd_delay = 10s;
  V1Pair pair(std::move(a), v1_site_b());
  bring_up(pair);
  pair.drive(65s);
  CHECK(pair.consistent());
  CHECK(pair.a.said().back() == "Informational: {HASH, N(R-U-THERE)}");
  CHECK(pair.b.said().back() == "Informational: {HASH, N(R-U-THERE-ACK)}");
  pair.lose = [](const V1Side&, ikev2::Datagram&) { return true; };
  pair.drive(60s);
  CHECK(pair.a.state() == "none");
  CHECK(pair.a.inbound.empty());
}

TEST_CASE("ikev1 through a NAT that is not there: ports move to 4500, ESP goes into UDP",
          "[ikev1][pair]") {
  policy::EndpointConfig a = v1_site_a();
  a.connections[0].encap = true;
  V1Pair pair(std::move(a), v1_site_b());
  bring_up(pair);
  REQUIRE(pair.consistent());
  REQUIRE(pair.a.outbound.begin()->second.udp.has_value());
  CHECK(pair.a.outbound.begin()->second.udp->dst == 4500);
  CHECK(pair.a.sent[2].dst.port == 4500);
}

TEST_CASE("ikev1 is not there where nobody asked for it", "[ikev1][pair]") {
  V1Pair pair(v1_site_a(), site_b());  // b speaks version 2 alone
  bring_up(pair);
  CHECK(pair.b.diagnosed("E-WIRE-004"));
  CHECK(pair.b.sent.empty());
}
