// RFC 7296, section 1, sentence by sentence: which exchange may come when, and what each must hold.
#include "tests/protocol/rfc7296_support.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

std::vector<std::uint16_t> groups(const wire::SaPayload& sa) {
  std::vector<std::uint16_t> out;
  for (const wire::Proposal& proposal : sa.proposals)
    for (const wire::Transform& t : proposal.transforms)
      if (t.type == static_cast<std::uint8_t>(crypto::TransformType::ke)) out.push_back(t.id);
  return out;
}

}  // namespace

TEST_CASE("rfc7296 1: IKE_SA_INIT, then IKE_AUTH, then all others", "[rfc7296]") {
  //= rfc7296#1 "In all cases, all IKE_SA_INIT exchanges MUST complete before any other exchange
  //= type, then all IKE_AUTH exchanges"
  SECTION("an honest life has this order") {
    Pair pair(site_a(), site_b());
    establish(pair);
    REQUIRE(pair.command(pair.a, CheckLiveness{}).ok());
    pair.settle();
    CHECK(pair.a.messages_sent() == std::vector<std::string>{"IKE_SA_INIT request 0",
                                                             "IKE_AUTH request 1",
                                                             "INFORMATIONAL request 2"});
  }
  SECTION("nothing but IKE_AUTH is answered by a half-open SA") {
    //= rfc7296#1.4 "INFORMATIONAL exchanges MUST ONLY occur after the initial exchanges and are
    //= cryptographically protected with the negotiated keys."
    Pair pair(site_a(), site_b());
    pair.lose = [&](const Side& from, unsigned nth, const Datagram&) {
      return &from == &pair.a && nth >= 2;
    };
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    for (const auto exchange :
         {wire::ExchangeType::informational, wire::ExchangeType::create_child_sa}) {
      Insider insider(pair, pair.a);
      insider.header.exchange = exchange;
      insider.header.message_id = {1};
      CHECK(insider.ask({}).empty());
      CHECK(pair.b.diagnosed("E-IKE-016"));
    }
  }
  SECTION("a second IKE_AUTH is not answered") {
    Pair pair(site_a(), site_b());
    establish(pair);
    Insider insider(pair, pair.a);
    insider.header.exchange = wire::ExchangeType::ike_auth;
    CHECK(insider.ask(inside(nth_sent(pair.a, "IKE_AUTH", false))).empty());
    CHECK(pair.consistent());
  }
  SECTION("INFORMATIONAL in the clear is nothing") {
    Pair pair(site_a(), site_b());
    establish(pair);
    Insider insider(pair, pair.a);
    pair.deliver(pair.b, insider.datagram(wire::encode(wire::Message{insider.header, {}})));
    CHECK(pair.b.diagnosed("E-IKE-013"));
    CHECK(pair.consistent());
  }
}

TEST_CASE("rfc7296 1.2: the first certificate holds the key, and AUTH is verified", "[rfc7296]") {
  //= rfc7296#1.2 "If any CERT payloads are included, the first certificate provided MUST contain
  //= the public key used to verify the AUTH field."
  //= rfc7296#3.6 "If multiple certificates are sent, the first certificate MUST contain the
  //= public key associated with the private key used to sign the AUTH payload."
  const auto configs = certified_sites();
  Pair pair(configs.a, configs.b);
  establish(pair);
  for (Side* side : {&pair.a, &pair.b}) {
    const auto payloads = inside(nth_sent(*side, "IKE_AUTH", side == &pair.b));
    const auto* cert = wire::first<wire::CertPayload>(payloads);
    REQUIRE(cert != nullptr);
    const auto& own = (side == &pair.a ? configs.a : configs.b).connections[0].local;
    CHECK(to_hex(cert->data) == to_hex(own.certificates.front()));
  }
  // Both verified the other's AUTH, and each AUTH covers the SA's beginning (2.15).
  //= rfc7296#1.2 "Both parties in the IKE_AUTH exchange MUST verify that all signatures and
  //= Message Authentication Codes (MACs) are computed correctly."
  for (const Side* side : {&pair.a, &pair.b}) {
    unsigned verified = 0;
    for (const auto* decided : side->all<trace::AuthDecided>())
      verified += !decided->local && decided->ok;
    CHECK(verified == 1);
  }
}

TEST_CASE("rfc7296 1.2: with a shared secret, the ID says whose", "[rfc7296]") {
  //= rfc7296#1.2 "If either side uses a shared secret for authentication, the names in the ID
  //= payload MUST correspond to the key used to generate the AUTH payload."
  auto b = site_b();
  policy::ConnectionConfig other = b.connections[0];  // the same addresses, another peer and secret
  other.name = "other";
  other.remote.id = policy::Identity::parse("gw-x.example").value();
  other.local.psk = other.remote.psk = to_bytes(as_bytes("another secret of another peer"));
  b.connections.insert(b.connections.begin(), other);
  SECTION("the peer's own secret is taken for its ID") {
    Pair pair(site_a(), b);
    establish(pair);
  }
  SECTION("another's name with one's own secret is refused") {
    auto a = site_a();
    a.connections[0].local.id = policy::Identity::parse("gw-x.example").value();
    Pair pair(a, b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    CHECK(pair.a.state() == "none");
    CHECK(pair.b.diagnosed("E-AUTH-011"));
  }
}

TEST_CASE("rfc7296 1.2: INVALID_KE_PAYLOAD, and the whole offer again", "[rfc7296]") {
  Pair pair(site_a("aes256gcm16-prfsha256-x25519-ecp256"), site_b("aes256gcm16-prfsha256-ecp256"));
  establish(pair);
  // SA, KE(x25519), Ni  -->;  <--  N(INVALID_KE_PAYLOAD: ecp256);  SA, KE(ecp256), Ni  -->
  const auto first = inside(nth_sent(pair.a, "IKE_SA_INIT", false, 0));
  const auto second = inside(nth_sent(pair.a, "IKE_SA_INIT", false, 1));
  //= rfc7296#1.2 "In this case, the initiator MUST retry the IKE_SA_INIT with the corrected
  //= Diffie-Hellman group."
  CHECK(wire::first<wire::KePayload>(first)->method == 31);
  CHECK(wire::first<wire::KePayload>(second)->method == 19);
  //= rfc7296#1.2 "The initiator MUST again propose its full set of acceptable cryptographic
  //= suites because the rejection message"
  CHECK(to_hex(wire::encode_body(first[0].body)) == to_hex(wire::encode_body(second[0].body)));
  //= rfc7296#3.4 "Diffie-Hellman group (other than NONE), the message MUST be rejected with a
  //= Notify payload of type INVALID_KE_PAYLOAD."
  CHECK(nth_sent(pair.b, "IKE_SA_INIT", true, 0).payloads == "N(INVALID_KE_PAYLOAD)");
}

TEST_CASE("rfc7296 1.3: the group of KEi in CREATE_CHILD_SA", "[rfc7296]") {
  const char* esp = "aes256gcm16-x25519-ecp256";
  SECTION("it is among the groups offered, and the one hoped for: the first") {
    Pair pair(site_a("aes256gcm16-prfsha256-x25519", esp),
              site_b("aes256gcm16-prfsha256-x25519", esp));
    establish(pair);
    REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
    pair.settle();
    const auto request = inside(nth_sent(pair.a, "CREATE_CHILD_SA", false));
    const auto offered = groups(*wire::first<wire::SaPayload>(request));
    //= rfc7296#1.3 "If a CREATE_CHILD_SA exchange includes a KEi payload, at least one of the SA
    //= offers MUST include the Diffie-Hellman group of the KEi."
    //= rfc7296#1.3 "The Diffie-Hellman group of the KEi MUST be an element of the group the
    //= initiator expects the responder to accept"
    //= rfc7296#3.4 "This Diffie-Hellman Group Num MUST match a Diffie-Hellman group specified in
    //= a proposal in the SA payload that"
    CHECK(offered == std::vector<std::uint16_t>{31, 19});
    CHECK(wire::first<wire::KePayload>(request)->method == offered.front());
    //= rfc7296#1.3.3 "The REKEY_SA notification MUST be included in a CREATE_CHILD_SA exchange if
    //= the purpose of the exchange is to replace an existing ESP or AH SA."
    CHECK(nth_sent(pair.a, "CREATE_CHILD_SA", false).payloads.find("N(REKEY_SA)") == 0);
  }
  SECTION("another group selected: INVALID_KE_PAYLOAD with the right one") {
    Pair pair(site_a("aes256gcm16-prfsha256-x25519", esp),
              site_b("aes256gcm16-prfsha256-x25519", "aes256gcm16-ecp256"));
    establish(pair);
    REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
    pair.settle();
    //= rfc7296#1.3 "group (other than NONE), the responder MUST reject the request and indicate
    //= its preferred Diffie-Hellman group"
    const auto answer = inside(nth_sent(pair.b, "CREATE_CHILD_SA", true));
    REQUIRE(answer.size() == 1);
    const auto* notify = wire::first<wire::NotifyPayload>(answer);
    CHECK(notify->type == wire::NotifyType::invalid_ke_payload);
    CHECK(to_hex(notify->data) == "0013");
    CHECK(pair.consistent());
  }
  SECTION("no group in any proposal: no KE payload") {
    Pair pair(site_a(), site_b());
    establish(pair);
    REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
    pair.settle();
    //= rfc7296#3.4 "If none of the proposals in that SA payload specifies a Diffie-Hellman group,
    //= the KE payload MUST NOT be present."
    const auto request = inside(nth_sent(pair.a, "CREATE_CHILD_SA", false));
    CHECK(groups(*wire::first<wire::SaPayload>(request)).empty());
    CHECK(wire::first<wire::KePayload>(request) == nullptr);
  }
}

TEST_CASE("rfc7296 3.3.6: NONE among the groups, and a KE payload all the same", "[rfc7296]") {
  // SA {ENCR_AES_GCM_16, x25519, NONE}, Ni, KEi(x25519), TSi, TSr: gw-b is configured without a
  // group, and so takes NONE; or with x25519, and takes that.
  const bool pfs = GENERATE(false, true);
  CAPTURE(pfs);
  Pair pair(site_a(),
            site_b("aes256gcm16-prfsha256-x25519", pfs ? "aes256gcm16-x25519" : "aes256gcm16"));
  establish(pair);
  auto proposal = policy::parse_proposal("aes256gcm16-x25519", wire::ProtocolId::esp).value();
  proposal.number = 1;
  proposal.spi = Bytes{1, 2, 3, 4};
  proposal.transforms.push_back({static_cast<std::uint8_t>(crypto::TransformType::ke), 0, {}});
  const auto key =
      pair.a.provider->key_exchange(*crypto::find_keyword(crypto::TransformType::ke, "x25519"),
                                    *crypto::seeded_rng(5, "ke")->stream("ke"));
  const auto child = pair.a.sas()[0].children.at(0);
  Insider insider(pair, pair.a);
  insider.header.exchange = wire::ExchangeType::create_child_sa;
  const std::string answer =
      insider.ask({wire::make_payload(wire::SaPayload{{proposal}}),
                   wire::make_payload(wire::NoncePayload{Bytes(32, 7)}),
                   wire::make_payload(wire::KePayload{31, (*key)->public_value()}),
                   wire::make_payload(wire::TsPayload{false, child.local_ts}),
                   wire::make_payload(wire::TsPayload{true, child.remote_ts})});
  //= rfc7296#3.3.6 "and the responder selects that Diffie-Hellman group, then it MUST ignore the
  //= initiator's KE payload and omit the KE payload from the response."
  CHECK(answer == (pfs ? "SA, Nr, KE, TSi, TSr" : "SA, Nr, TSi, TSr"));
  CHECK(pair.b.inbound.size() == 2);
  const auto taken =
      groups(*wire::first<wire::SaPayload>(inside(nth_sent(pair.b, "CREATE_CHILD_SA", true))));
  CHECK(taken == std::vector<std::uint16_t>{static_cast<std::uint16_t>(pfs ? 31 : 0)});
}

TEST_CASE("rfc7296 1.3.1: transport mode is asked for and granted, or the SA goes", "[rfc7296]") {
  auto a = site_a(), b = site_b();
  for (auto* config : {&a, &b}) {
    policy::ChildConfig& child = config->connections[0].children[0];
    child.mode = policy::ChildMode::transport;
    const auto self = config == &a ? "192.0.2.1/32" : "192.0.2.2/32";
    const auto peer = config == &a ? "192.0.2.2/32" : "192.0.2.1/32";
    child.local_ts = {policy::parse_traffic_selector(self).value()};
    child.remote_ts = {policy::parse_traffic_selector(peer).value()};
  }
  SECTION("both want it") {
    Pair pair(a, b);
    establish(pair);
    //= rfc7296#1.3.1 "If the request is accepted, the response MUST also include a notification
    //= of type USE_TRANSPORT_MODE."
    CHECK(nth_sent(pair.b, "IKE_AUTH", true).payloads.find("N(USE_TRANSPORT_MODE)") !=
          std::string::npos);
    CHECK(pair.b.inbound.begin()->second.transport);
  }
  SECTION("the responder declines: the SA is of tunnel mode at both ends, as strongSwan takes it") {
    b.connections[0].children[0].mode = policy::ChildMode::tunnel;
    Pair pair(a, b);
    establish(pair);
    CHECK(nth_sent(pair.b, "IKE_AUTH", true).payloads.find("N(USE_TRANSPORT_MODE)") ==
          std::string::npos);
    CHECK_FALSE(pair.a.inbound.begin()->second.transport);
    CHECK_FALSE(pair.b.inbound.begin()->second.transport);
  }
}

TEST_CASE("rfc7296 1.3.2: rekeying the IKE SA has a KE payload", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  SECTION("ours") {
    REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
    pair.settle();
    //= rfc7296#1.3.2 "The KEi payload MUST be included."
    //= rfc7296#2.18 "Therefore, implementations MUST perform a new Diffie-Hellman exchange when
    //= rekeying the IKE SA."
    const auto request = inside(nth_sent(pair.a, "CREATE_CHILD_SA", false));
    REQUIRE(wire::first<wire::KePayload>(request) != nullptr);
    const auto first = inside(nth_sent(pair.a, "IKE_SA_INIT", false));
    CHECK(to_hex(wire::first<wire::KePayload>(request)->data) !=
          to_hex(wire::first<wire::KePayload>(first)->data));
    //= rfc7296#2.18 "In other words, an initiator MUST NOT propose the value "NONE" for the
    //= Diffie-Hellman transform, and a responder MUST NOT accept such a proposal."
    for (const std::uint16_t group : groups(*wire::first<wire::SaPayload>(request)))
      CHECK(group != 0);
  }
  SECTION("without one it is not accepted") {
    REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
    pair.settle();
    auto request = inside(nth_sent(pair.a, "CREATE_CHILD_SA", false));
    std::erase_if(request, [](const wire::Payload& p) {
      return std::holds_alternative<wire::KePayload>(p.body);
    });
    Pair other(site_a(), site_b());
    establish(other);
    Insider insider(other, other.a);
    insider.header.exchange = wire::ExchangeType::create_child_sa;
    const std::string answer = insider.ask(request);
    CHECK(answer.find("SA") == std::string::npos);
    CHECK(other.b.sas().size() <= 1);
  }
}

TEST_CASE("rfc7296 1.4: control messages travel under their own IKE SA", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  const auto old = pair.a.sas()[0];
  REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
  pair.settle();
  const auto heir = pair.a.sas()[0];
  REQUIRE(heir.spi_i != old.spi_i);
  //= rfc7296#1.4 "Control messages that pertain to an IKE SA MUST be sent under that IKE SA."
  //= rfc7296#2.8 "deletes the old IKE SA, and the Delete payload to delete itself MUST be the
  //= last request sent over the old IKE SA."
  // SK {D(IKE)} of the old SA, its last request
  CHECK(nth_sent(pair.a, "INFORMATIONAL", false).payloads == "D");
  CHECK(nth_sent(pair.a, "INFORMATIONAL", false).spi_i == to_string(old.spi_i));
  std::string last_on_old;
  for (const auto* m : pair.a.all<trace::Message>())
    if (m->direction == "sent" && !m->response && m->spi_i == to_string(old.spi_i))
      last_on_old = m->payloads;
  CHECK(last_on_old == "D");
  //= rfc7296#1.4 "Control messages that pertain to Child SAs MUST be sent under the protection of
  //= the IKE SA that generated them"
  REQUIRE(pair.command(pair.b, DeleteChild{"net"}).ok());
  pair.settle();
  CHECK(nth_sent(pair.b, "INFORMATIONAL", false).spi_i == to_string(heir.spi_i));
  CHECK(pair.a.inbound.empty());
  //= rfc7296#2.18 "The new IKE SA MUST reset its message counters to 0."
  CHECK(nth_sent(pair.b, "INFORMATIONAL", false).message_id == 0);
}

TEST_CASE("rfc7296 1.4: every INFORMATIONAL request is answered", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  //= rfc7296#1.4 "The recipient of an INFORMATIONAL exchange request MUST send some response;
  //= otherwise, the sender will assume the"
  //= rfc7296#4 "Every implementation MUST be capable of responding to an INFORMATIONAL exchange,
  //= but a minimal implementation MAY"
  for (Side* side : {&pair.a, &pair.b}) {
    Insider insider(pair, *side);
    CHECK(insider.ask({}) == "(empty)");
    insider.header.message_id.value++;
    CHECK(insider.ask({notify(wire::NotifyType{16385}, Bytes{0, 0, 0, 1})}) == "(empty)");
  }
  CHECK(pair.consistent());
}

TEST_CASE("rfc7296 1.4.1: deleting a Child SA", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  const auto child = pair.a.sas()[0].children[0];
  SECTION("both SAs of the pair go, at both ends") {
    REQUIRE(pair.command(pair.a, DeleteChild{"net"}).ok());
    pair.settle();
    //= rfc7296#1.4.1 "When an SA is closed, both members of the pair MUST be closed (that is,
    //= deleted)."
    //= rfc7296#1.4.1 "Each endpoint MUST close its incoming SAs and allow the other endpoint to
    //= close the other SA in each pair."
    //= rfc7296#1.4.1 "The recipient MUST close the designated SAs."
    //= rfc7296#2.4 "If an IKE endpoint chooses to delete Child SAs, it MUST send Delete payloads
    //= to the other end notifying it of the deletion."
    const auto request = inside(nth_sent(pair.a, "INFORMATIONAL", false));
    const auto* gone = wire::first<wire::DeletePayload>(request);
    REQUIRE(gone != nullptr);
    REQUIRE(gone->spis.size() == 1);
    CHECK(to_hex(gone->spis[0]) == to_string(child.spi_in));
    //= rfc7296#3.11 "It is possible to send multiple SPIs in a Delete payload; however, each SPI
    //= MUST be for the same protocol."
    //= rfc7296#3.11 "Mixing of protocol identifiers MUST NOT be performed in the Delete payload."
    //= rfc7296#3.11 "It MUST be zero for IKE (SPI is in message header) or four for AH and ESP."
    CHECK(gone->protocol == wire::ProtocolId::esp);
    CHECK(gone->spi_size == 4);
    for (const Side* side : {&pair.a, &pair.b}) {
      CHECK(side->inbound.empty());
      CHECK(side->outbound.empty());
    }
    // <--  SK {D}: the responder names its own inbound SA
    const auto answer = inside(nth_sent(pair.b, "INFORMATIONAL", true));
    const auto* theirs = wire::first<wire::DeletePayload>(answer);
    REQUIRE(theirs != nullptr);
    CHECK(to_hex(theirs->spis.at(0)) == to_string(child.spi_out));
  }
  SECTION("both delete it at once") {
    REQUIRE(pair.command(pair.a, DeleteChild{"net"}).ok());
    REQUIRE(pair.command(pair.b, DeleteChild{"net"}).ok());
    // Processing the request the outgoing SA goes, processing the response the incoming one.
    //= rfc7296#1.4.1 "it has already issued a delete request, it MUST delete the outgoing SAs
    //= while processing the request and the incoming"
    //= rfc7296#1.4.1 "A node MAY refuse to accept incoming data on half-closed connections but
    //= MUST NOT unilaterally close them and reuse the SPIs."
    const std::string removed_out = "remove out " + to_string(child.spi_out);
    const std::string removed_in = "remove in " + to_string(child.spi_in);
    const auto has = [&](const std::string& change) {
      return std::find(pair.a.sad.begin(), pair.a.sad.end(), change) != pair.a.sad.end();
    };
    while (!has(removed_out)) REQUIRE(pair.step(pair.now + 1s));
    CHECK_FALSE(has(removed_in));
    pair.settle();
    CHECK(has(removed_in));
    //= rfc7296#1.4.1 "In that case, the responses MUST NOT include Delete payloads for the
    //= deleted SAs, since that would result in duplicate"
    CHECK(nth_sent(pair.a, "INFORMATIONAL", true).payloads.empty());
    CHECK(nth_sent(pair.b, "INFORMATIONAL", true).payloads.empty());
    CHECK(pair.consistent());
  }
}

TEST_CASE("rfc7296 1.5, 2.21.4: notices outside an IKE SA change nothing and are not answered",
          "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  const unsigned sent_before = pair.b.sent;
  Insider insider(pair, pair.a);
  insider.header.spi_i = {0x1122334455667788};
  insider.header.spi_r = {};
  for (const bool response : {true, false})
    for (const auto type : {wire::NotifyType::invalid_spi, wire::NotifyType::invalid_ike_spi}) {
      CAPTURE(response, static_cast<int>(type));
      insider.header.response = response;
      //= rfc7296#1.5 "This message is not part of an INFORMATIONAL exchange, and the receiving
      //= node MUST NOT respond to it because doing so could cause a message loop."
      //= rfc7296#2.21.4 "If the message is marked as a response, the node can audit the
      //= suspicious event but MUST NOT respond."
      //= rfc7296#2.21.4 "A peer receiving such an unprotected Notify payload MUST NOT respond and
      //= MUST NOT change the state of any existing SAs."
      //= rfc7296#2.21.4 "The recipient MUST NOT change the state of any SAs as a result, but may
      //= wish to audit the event to aid in diagnosing malfunctions."
      //= rfc7296#3.1 "An IKE endpoint MUST NOT generate a response to a message that is marked as
      //= being a response (with one exception; see Section 2.21.2)."
      pair.deliver(pair.b, insider.datagram(wire::encode(
                               wire::Message{insider.header, {notify(type, Bytes{1, 2, 3, 4})}})));
      // The same with the SA's own SPIs, which anybody on the path can read.
      Insider known(pair, pair.a);
      known.header.response = response;
      pair.deliver(pair.b, known.datagram(wire::encode(
                               wire::Message{known.header, {notify(type, Bytes{1, 2, 3, 4})}})));
    }
  pair.settle();
  CHECK(pair.b.sent == sent_before);
  //= rfc7296#2.4 "of DoS attacks from the network, an endpoint MUST NOT conclude that the other
  //= endpoint has failed based on any"
  CHECK(pair.consistent());
}
