// AUTH that covers both messages of IKE_SA_INIT (draft-ietf-ipsecme-ikev2-downgrade-prevention).
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

policy::EndpointConfig with_full_transcript(policy::EndpointConfig config) {
  config.connections[0].full_transcript_auth = true;
  return config;
}

void establish(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
}

}  // namespace

TEST_CASE("pair: AUTH over both messages of IKE_SA_INIT", "[pair][ikev2][kex][downgrade]") {
  const bool both = GENERATE(true, false);
  Pair pair(with_full_transcript(site_a()), both ? with_full_transcript(site_b()) : site_b());
  establish(pair);
  const auto auth = pair.b.all<trace::AuthDecided>();
  REQUIRE(auth.size() == 2);
  for (const auto* decided : auth) {
    REQUIRE(decided->parts.size() == (both ? 5U : 3U));
    if (!both) continue;
    // Eight octets of zero, what the signer received, what it sent.
    CHECK(decided->parts[0].label == "zero prefix");
    CHECK(ByteView(decided->octets).first(8).back() == 0);
    const bool initiator = decided->subject == "initiator";
    CHECK(decided->parts[1].label == (initiator ? "RealMessage2" : "RealMessage1"));
    CHECK(decided->parts[2].label == (initiator ? "RealMessage1" : "RealMessage2"));
    const Bytes& first = pair.wire[0].payload;
    const Bytes& second = pair.wire[1].payload;
    CHECK(decided->parts[1].end - decided->parts[1].begin ==
          (initiator ? second.size() : first.size()));
  }
}

TEST_CASE("pair: what a changed answer to IKE_SA_INIT does to the initiator's AUTH",
          "[pair][ikev2][kex][downgrade]") {
  // A payload more in the response, which changes no key. By RFC 7296 only the responder's AUTH
  // covers it, so that the responder believes the initiator; with the whole transcript it does not.
  const bool full = GENERATE(false, true);
  Pair pair(full ? with_full_transcript(site_a()) : site_a(),
            full ? with_full_transcript(site_b()) : site_b());
  pair.tamper = [](const Side&, Datagram& d) {
    auto decoded = wire::decode(d.payload);
    const auto& header = decoded.message.header;
    if (header.exchange != wire::ExchangeType::ike_sa_init || !header.response) return;
    decoded.message.payloads.push_back(wire::make_payload(wire::VendorIdPayload{{1, 2, 3, 4}}));
    d.payload = wire::encode(decoded.message);
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.a.state() == "none");  // either way the initiator sees it
  CHECK(pair.b.all<trace::AuthDecided>()[0]->ok == !full);
  CHECK(pair.b.sad.empty() == full);  // it had installed the Child SA
}
