// RFC 7296, sections 2.8 to 2.25, sentence by sentence: rekeying, selectors, nonces, addresses,
// keys, errors.
#include <set>

#include "protocol/keys/ike_keys.hpp"
#include "tests/protocol/rfc7296_support.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

wire::TrafficSelector ts(const char* text) {
  return policy::parse_traffic_selector(text).value();
}

}  // namespace

TEST_CASE("rfc7296 2.8: the responder of CREATE_CHILD_SA receives before it answers", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  const std::size_t before = pair.b.inbound.size();
  while (pair.b.inbound.size() == before) REQUIRE(pair.step(pair.now + 1s));
  // The answer is on its way, the new inbound SA of b is there, and a cannot have used it yet.
  //= rfc7296#2.8 "The responder to a CREATE_CHILD_SA MUST be prepared to accept messages on an SA
  //= before sending its response to"
  CHECK(pair.b.inbound.size() == before + 1);
  CHECK(pair.a.inbound.size() == 1);
  pair.settle();
  CHECK(pair.lost_probes == 0);
  CHECK(pair.consistent());
}

TEST_CASE("rfc7296 2.8: an SA that has expired is not used, nor kept when it cannot be renewed",
          "[rfc7296]") {
  auto a = site_a(), b = site_b();
  a.connections[0].rekey_time = 100s;
  Pair pair(a, b);
  establish(pair);
  SECTION("as long as it lives, it is answered") {
    pair.drive(50s);
    CHECK(Insider(pair, pair.a).ask({}) == "(empty)");
  }
  SECTION("rekeying works: the old one is gone, and what comes on it is not answered") {
    const auto old = pair.a.sas()[0];
    const Datagram late = Insider(pair, pair.a).message({});
    pair.drive(150s);
    //= rfc7296#2.8 "When the lifetime of a Security Association expires, the Security Association
    //= MUST NOT be used."
    CHECK(pair.consistent());
    CHECK(pair.a.sas()[0].spi_i != old.spi_i);
    const unsigned before = pair.b.sent;
    pair.deliver(pair.b, late);
    CHECK(pair.b.diagnostics().back() == "E-IKE-002");
    CHECK(pair.b.sent == before);
  }
  SECTION("rekeying fails: the IKE SA and its Child SAs are closed") {
    pair.lose = [](const Side&, unsigned, const Datagram&) { return true; };
    pair.drive(600s);
    //= rfc7296#2.8 "using the mechanisms described here fail, an implementation MUST close the
    //= IKE SA and any associated Child SAs and"
    CHECK(pair.a.state() == "none");
    CHECK(pair.a.inbound.empty());
    CHECK(pair.a.outbound.empty());
  }
}

TEST_CASE("rfc7296 2.8: a Child SA that cannot be renewed is not used beyond its life",
          "[rfc7296]") {
  auto a = site_a(), b = site_b();
  a.connections[0].children[0].life_time = 100s;
  Pair pair(a, b);
  establish(pair);
  const EspSpi of_a = pair.a.sas()[0].children[0].spi_in, of_b = pair.b.sas()[0].children[0].spi_in;
  pair.drive(99s);
  CHECK(pair.a.inbound.contains(of_a));
  CHECK(pair.b.inbound.contains(of_b));
  pair.drive(2s);
  //= rfc7296#2.8 "When the lifetime of a Security Association expires, the Security Association
  //= MUST NOT be used."
  for (const Side* side : {&pair.a, &pair.b}) {
    CHECK(side->inbound.empty());
    CHECK(side->outbound.empty());
  }
}

TEST_CASE("rfc7296 2.8.1, 2.8.2: both rekey at once", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  SECTION("Child SAs: while there are two, both receive") {
    REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
    REQUIRE(pair.command(pair.b, RekeyChild{"net"}).ok());
    std::size_t most = 0;
    while (pair.step(pair.now + 500ms)) most = std::max(most, pair.a.inbound.size());
    //= rfc7296#2.8.1 "When there are two SAs eligible to receive packets, a node MUST accept
    //= incoming packets through either SA."
    CHECK(most == 3);
    CHECK(pair.lost_probes == 0);
    CHECK(pair.consistent());
  }
  SECTION("IKE SAs: one survives, with the Child SA, and its maker deletes the other") {
    const auto child = pair.a.sas()[0].children[0];
    REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
    REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
    pair.drive(2s);
    REQUIRE(pair.consistent());
    //= rfc7296#2.8.2 "SHOULD be deleted by the node that created it, and the other surviving new
    //= IKE SA MUST inherit all the Child SAs."
    REQUIRE(pair.a.sas()[0].children.size() == 1);
    CHECK(pair.a.sas()[0].children[0].spi_in == child.spi_in);
    Bytes lowest;
    std::string lowest_spi;
    for (const Side* side : {&pair.a, &pair.b})
      for (const auto* m : side->all<trace::Message>()) {
        if (m->direction != "sent" || m->exchange != "CREATE_CHILD_SA" || m->response) continue;
        const auto payloads = inside(*m);
        const Bytes nonce = wire::first<wire::NoncePayload>(payloads)->data;
        const Bytes spi = wire::first<wire::SaPayload>(payloads)->proposals.at(0).spi;
        const Side& other = side == &pair.a ? pair.b : pair.a;
        Bytes lower = nonce;
        for (const auto* answer : other.all<trace::Message>())
          if (answer->direction == "sent" && answer->exchange == "CREATE_CHILD_SA" &&
              answer->response)
            lower = std::min(lower, wire::first<wire::NoncePayload>(inside(*answer))->data);
        if (lowest.empty() || lower < lowest) {
          lowest = lower;
          lowest_spi = to_hex(spi);
        }
      }
    CHECK(to_string(pair.a.sas()[0].spi_i) != lowest_spi);
  }
}

TEST_CASE("rfc7296 2.9: narrowing keeps the first selectors", "[rfc7296]") {
  auto a = site_a(), b = site_b();
  // As a packet that wants an SA asks: its own addresses first, then the whole policy.
  a.connections[0].children[0].remote_ts = {ts("10.2.0.77/32"), ts("10.0.0.0/8")};
  Pair pair(a, b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  const auto selectors = pair.b.sas().at(0).children.at(0).local_ts;
  //= rfc7296#2.9 "selector of TSi and TSr, then the responder MUST narrow the Traffic Selectors
  //= to a subset that includes the initiator's"
  const auto wanted = ts("10.2.0.77/32");
  CHECK(std::any_of(selectors.begin(), selectors.end(), [&](const wire::TrafficSelector& s) {
    return s.start <= wanted.start && wanted.end <= s.end;
  }));
  //= rfc7296#2.9.2 "Thus, the new SA MUST NOT have narrower selectors than the original."
  //= rfc7296#2.9.2 "The responder MUST NOT narrow down the Traffic Selectors narrower than the
  //= scope currently in use."
  const auto before = pair.a.sas()[0].children[0];
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.settle();
  const auto after = pair.a.sas()[0].children[0];
  REQUIRE(after.spi_in != before.spi_in);
  CHECK(after.remote_ts == before.remote_ts);
  CHECK(after.local_ts == before.local_ts);
}

TEST_CASE("rfc7296 2.10, 3.9: nonces", "[rfc7296]") {
  std::set<std::string> nonces;
  std::size_t count = 0;
  for (const char* ike : {"aes256gcm16-prfsha256-x25519", "aes256gcm16-prfsha512-x25519"}) {
    Pair pair(site_a(ike), site_b(ike), count + 7);
    establish(pair);
    for (int i = 0; i < 5; ++i) {
      REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
      pair.settle();
    }
    for (const Side* side : {&pair.a, &pair.b})
      for (const auto* m : side->all<trace::Message>()) {
        const auto payloads = inside(*m);
        const auto* nonce = wire::first<wire::NoncePayload>(payloads);
        if (nonce == nullptr || m->direction != "sent") continue;
        //= rfc7296#2.10 "Nonces used in IKEv2 MUST be randomly chosen, MUST be at least 128 bits
        //= in size, and MUST be at least half the"
        //= rfc7296#3.9 "The size of the Nonce Data MUST be between 16 and 256 octets, inclusive."
        CHECK(nonce->data.size() >= 32);  // half of HMAC-SHA-512's key, and 16 at least
        CHECK(nonce->data.size() <= 256);
        ++count;
        nonces.insert(to_hex(nonce->data));
      }
  }
  //= rfc7296#3.9 "Nonce values MUST NOT be reused."
  CHECK(nonces.size() == count);
  CHECK(count == 24);
}

TEST_CASE("rfc7296 2.11, 2.23: any port may ask, and is answered there", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Datagram init = pair.wire.front();
  init.payload[3] ^= 1;
  init.src.port = 12'345;
  pair.deliver(pair.b, init);
  //= rfc7296#2.11 "An implementation MUST accept incoming requests even if the source port is not
  //= 500 or 4500, and MUST respond to"
  //= rfc7296#2.11 "It MUST specify the address and port at which the request was received as the
  //= source address and port in the response."
  //= rfc7296#2.23 "For this reason, even though IKE packets MUST be sent to and from UDP port 500
  //= or 4500, they MUST be accepted coming"
  const Datagram& answer = pair.wire.back();
  CHECK(answer.dst.to_string() == init.src.to_string());
  CHECK(answer.src.to_string() == init.dst.to_string());
}

TEST_CASE("rfc7296 2.12: a closed connection leaves no keys", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  const std::size_t derived = pair.b.all<trace::KeyDerived>().size();
  const Datagram last = pair.wire.back();
  REQUIRE(pair.command(pair.a, DeleteIke{}).ok());
  pair.drive(600s);
  //= rfc7296#2.12 "requires that when a connection is closed, each endpoint MUST forget not only
  //= the keys used by the connection but also"
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());
  CHECK(pair.b.endpoint->sas().empty());  // nothing lingers: what held the keys is gone
  pair.deliver(pair.b, last);
  CHECK(pair.b.all<trace::KeyDerived>().size() == derived);
  CHECK(pair.b.diagnosed("E-IKE-002"));  // the message is one of nobody's SA
}

TEST_CASE("rfc7296 2.13, 2.14, 2.17: lengths and order of keys", "[rfc7296]") {
  const auto provider = crypto::openssl_provider();
  for (const char* keyword : {"prfsha256", "prfsha384", "prfsha512"}) {
    const crypto::Algorithm& prf = *crypto::find_keyword(crypto::TransformType::prf, keyword);
    keys::KeySchedule schedule(*provider, prf);
    const Bytes ni(32, 1), nr(32, 2);
    const keys::Transforms ike{crypto::find_keyword(crypto::TransformType::encr, "aes256"),
                               crypto::find_keyword(crypto::TransformType::integ, "sha256")};
    const auto made =
        schedule.ike_keys(Secret(Bytes(prf.output_size, 3)), {ni, nr}, {1}, {2}, ike).value();
    //= rfc7296#2.13 "The preferred key size MUST be used as the length of SK_d, SK_pi, and SK_pr
    //= (see Section 2.14)."
    //= rfc7296#2.14 "The lengths of SK_d, SK_pi, and SK_pr MUST be the preferred key length of
    //= the PRF agreed upon."
    for (const Secret* secret : {&made.sk_d, &made.sk_pi, &made.sk_pr})
      CHECK(secret->reveal().size() == prf.key_size);
    // KEYMAT, cut: initiator's encryption key, its integrity key, then the responder's (2.17).
    //= rfc7296#2.17 "In any case, keying material for each Child SA MUST be taken from the
    //= expanded KEYMAT using the following rules:"
    //= rfc7296#2.17 "defines the order, namely: the encryption key (if any) MUST be taken from
    //= the first bits and the integrity key (if"
    const auto child = schedule.child_keys(made.sk_d, nullptr, {ni, nr}, ike).value();
    const auto keymat =
        keys::prf_plus(*provider, prf, made.sk_d.reveal(), concat({ni, nr}), 128).value();
    CHECK(to_hex(keymat.reveal()) == to_hex(concat({child.encr_initiator_to_responder.reveal(),
                                                    child.integ_initiator_to_responder.reveal(),
                                                    child.encr_responder_to_initiator.reveal(),
                                                    child.integ_responder_to_initiator.reveal()})));
  }
}

TEST_CASE("rfc7296 2.15: shared secrets are octets as they were written", "[rfc7296]") {
  const std::string long_one(64, 'x');
  const auto with = [](policy::EndpointConfig config, const std::string& secret) {
    config.connections[0].local.psk = config.connections[0].remote.psk = to_bytes(as_bytes(secret));
    return config;
  };
  //= rfc7296#2.15 "management interface by which the shared secret is provided MUST accept ASCII
  //= strings of at least 64 octets and MUST NOT"
  SECTION("64 octets of ASCII") {
    Pair pair(with(site_a(), long_one), with(site_b(), long_one));
    establish(pair);
  }
  SECTION("a terminator would be another secret") {
    Pair pair(with(site_a(), long_one), with(site_b(), long_one + '\0'));
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    CHECK(pair.a.state() == "none");
  }
}

TEST_CASE("rfc7296 2.21: errors of the Child SA do not fail the authentication", "[rfc7296]") {
  Pair pair(site_a("aes256gcm16-prfsha256-x25519", "aes256gcm16"),
            site_b("aes256gcm16-prfsha256-x25519", "chacha20poly1305"));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  //= rfc7296#2.21.2 "(FAILED_CP_REQUIRED, NO_PROPOSAL_CHOSEN, and so on), and the initiator MUST
  //= NOT fail the authentication because of this."
  CHECK(pair.a.state() == "ESTABLISHED");
  CHECK(pair.b.state() == "ESTABLISHED");
  CHECK(pair.a.inbound.empty());
  CHECK(sent(pair.b, "IKE_AUTH", true).at(0)->payloads == "IDr, AUTH, N(NO_PROPOSAL_CHOSEN)");
}

TEST_CASE("rfc7296 2.21.3: errors on an authenticated SA are answered", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Insider insider(pair, pair.a);
  //= rfc7296#2.21.3 "After the IKE SA is authenticated, all requests having errors MUST result in
  //= a response notifying the other end of the error."
  //= rfc7296#3.10.1 "leaking information to someone probing a node, this status MUST be sent in
  //= response to any error not covered by one"
  CHECK(insider.ask({Insider::raw(wire::PayloadType::delete_, Bytes{3, 4, 0, 9, 1})}) ==
        "N(INVALID_SYNTAX)");
}

TEST_CASE("rfc7296 2.21.4: messages of no SA are not answered, and change nothing", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Datagram lost = pair.wire.at(2);
  for (std::size_t i = 8; i < 16; ++i) lost.payload[i] ^= 0x55;  // an SPIr of nobody
  const std::size_t before = pair.wire.size();
  pair.deliver(pair.b, lost);
  pair.settle();
  CHECK(pair.wire.size() == before);  // silent, as strongSwan
  CHECK(pair.b.diagnosed("E-IKE-002"));
  CHECK(pair.consistent());
}

TEST_CASE("rfc7296 2.25: after TEMPORARY_FAILURE the exchange is tried again, later", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  // b rekeys the IKE SA; a asks for a new Child SA within it: TEMPORARY_FAILURE (2.25.2).
  REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.settle();
  bool refused = false;
  for (const Side* side : {&pair.a, &pair.b})
    for (const auto* m : sent(*side, "CREATE_CHILD_SA", true))
      refused = refused || m->payloads == "N(TEMPORARY_FAILURE)";
  CHECK(refused);
  const std::size_t asked = sent(pair.a, "CREATE_CHILD_SA", false).size();
  pair.settle();
  //= rfc7296#2.25 "a peer receives a TEMPORARY_FAILURE notification, it MUST NOT immediately
  //= retry the operation; it MUST wait so"
  CHECK(sent(pair.a, "CREATE_CHILD_SA", false).size() == asked);  // not at once
  pair.drive(120s);
  CHECK(sent(pair.a, "CREATE_CHILD_SA", false).size() > asked);
  CHECK(pair.consistent());
}

TEST_CASE("rfc7296 4: four messages make two SAs", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  //= rfc7296#4 "Every implementation MUST be capable of doing four-message IKE_SA_INIT and
  //= IKE_AUTH exchanges establishing two SAs (one for IKE, one for ESP or AH)."
  CHECK(pair.wire.size() == 4);
  CHECK(pair.a.inbound.size() == 1);
  CHECK(pair.a.outbound.size() == 1);
}

TEST_CASE("rfc7296 5: neither NONE nor ENCR_NULL for the IKE SA", "[rfc7296]") {
  //= rfc7296#5 "protection negotiated in the IKE SA, implementations MUST NOT negotiate NONE as
  //= the IKE integrity protection algorithm"
  CHECK_FALSE(policy::parse_proposal("null-sha256-x25519", wire::ProtocolId::ike).ok());
  CHECK_FALSE(policy::parse_proposal("aes256-prfsha256-x25519", wire::ProtocolId::ike).ok());
  //= rfc7296#5 "For this reason, a PRF whose output is less than 128 bits (e.g., 3DES-CBC) MUST
  //= NOT be used with this protocol."
  for (const crypto::Algorithm& algorithm : crypto::algorithms())
    if (algorithm.type == crypto::TransformType::prf) CHECK(algorithm.output_size >= 16);
}

TEST_CASE("rfc7296 4: a peer that rekeys nothing", "[rfc7296]") {
  const bool ike_sa = GENERATE(true, false);
  Pair pair(site_a(), site_b());
  establish(pair);
  const auto old = pair.a.sas()[0];
  pair.lose = [&](const Side& from, unsigned, const Datagram&) { return &from == &pair.b; };
  if (ike_sa)
    REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
  else
    REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  Insider insider(pair, pair.b);
  insider.header.exchange = wire::ExchangeType::create_child_sa;
  insider.header.response = true;
  insider.header.message_id = {2};
  const wire::NotifyType answer =
      GENERATE(wire::NotifyType::no_additional_sas, wire::NotifyType::no_proposal_chosen);
  const std::size_t before = sent(pair.a, "IKE_SA_INIT", false).size();
  pair.deliver(pair.a, insider.message({notify(answer)}));
  pair.lose = nullptr;
  pair.drive(2s);
  const auto begun = sent(pair.a, "IKE_SA_INIT", false).size() - before;
  if (answer == wire::NotifyType::no_proposal_chosen) {  // another refusal: nothing of the kind
    CHECK(begun == 0);
    return;
  }
  //= rfc7296#4 "If the responder rejects the CREATE_CHILD_SA request with a NO_ADDITIONAL_SAS
  //= notification, the implementation MUST be capable of instead deleting the old SA and creating a
  //= new one."
  CHECK(begun == 1);
  pair.drive(30s);
  REQUIRE(pair.a.sas().size() == 1);
  CHECK(pair.a.sas()[0].spi_i != old.spi_i);
  REQUIRE(pair.a.sas()[0].children.size() == 1);
  CHECK(pair.a.sas()[0].children[0].spi_in != old.children[0].spi_in);
}
