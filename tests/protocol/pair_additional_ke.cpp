// Additional key exchanges before IKE_AUTH: IKE_INTERMEDIATE (RFC 9242) and what goes in it (RFC
// 9370), ML-KEM alone and beside an elliptic curve.
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/keys/auth_octets.hpp"
#include "tests/protocol/fragment_support.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

using Words = std::vector<std::string>;

namespace {

constexpr const char* hybrid = "aes256gcm16-prfsha384-x25519-ke1_mlkem768";
constexpr const char* threefold = "aes256gcm16-prfsha256-x25519-ke1_mlkem512-ke2_ecp256";
constexpr const char* plain = "aes256gcm16-prfsha384-x25519";

void establish(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
}

std::vector<const trace::KeyDerived*> derived(const Side& side, const std::string& name) {
  std::vector<const trace::KeyDerived*> found;
  for (const auto* step : side.all<trace::KeyDerived>())
    if (step->name == name) found.push_back(step);
  return found;
}

Bytes newest(const Side& side, const std::string& name) {
  const auto all = derived(side, name);
  REQUIRE_FALSE(all.empty());
  return all.back()->output;
}

const trace::SaInstalled& ike_sa(const Side& side) {
  const auto all = side.all<trace::SaInstalled>();
  const auto at =
      std::find_if(all.begin(), all.end(), [](const auto* sa) { return sa->protocol == "IKE"; });
  REQUIRE(at != all.end());
  return **at;
}

/// Of the messages of this exchange, those with their octets changed on the way.
void tamper_with(Pair& pair, wire::ExchangeType exchange, bool response) {
  pair.tamper = [=](const Side&, Datagram& d) {
    const auto header = wire::decode(d.payload).message.header;
    if (header.exchange == exchange && header.response == response) d.payload.back() ^= 1;
  };
}

}  // namespace

TEST_CASE("pair: x25519 and ML-KEM-768, message by message", "[pair][ikev2][kex]") {
  Pair pair(site_a(hybrid), site_b(hybrid));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  // gw-a  SA, KE, Ni, ..., N(INTERMEDIATE_EXCHANGE_SUPPORTED)  -->  gw-b
  REQUIRE(pair.step(pair.now + 10ms));
  // gw-a  <--  SA, KE, Nr, ..., N(INTERMEDIATE_EXCHANGE_SUPPORTED)  gw-b
  REQUIRE(pair.step(pair.now + 10ms));
  const auto announced = [](const Side& side) {
    for (const auto* m : side.all<trace::Message>())
      if (m->direction == "sent" && m->exchange == "IKE_SA_INIT")
        return m->payloads.find("N(INTERMEDIATE_EXCHANGE_SUPPORTED)") != std::string::npos;
    return false;
  };
  //= rfc9370#2.2.1 "then it MUST also negotiate the use of the IKE_INTERMEDIATE exchange"
  CHECK(announced(pair.a));
  //= rfc9370#2.2.1 "it MUST also return this notification in the IKE_SA_INIT response message"
  CHECK(announced(pair.b));
  Pair without(site_a(plain), site_b(plain));
  establish(without);
  CHECK_FALSE(announced(without.a));
  CHECK_FALSE(announced(without.b));
  // gw-a  IKE_INTERMEDIATE SK {KEi(1)}  -->  gw-b
  REQUIRE(pair.step(pair.now + 10ms));
  //= rfc9242#3.2 "The IKE SA MUST NOT be considered as established until the IKE_AUTH exchange is
  //= successfully completed."
  CHECK(pair.b.state() == "HALF_OPEN");
  CHECK(pair.a.state() == "AUTHENTICATING");
  // gw-a  <--  IKE_INTERMEDIATE SK {KEr(1)}  gw-b
  pair.settle();
  CHECK(pair.consistent());
  CHECK(pair.a.diagnostics().empty());
  CHECK(pair.b.diagnostics().empty());
  //= rfc9242#3.2 "The Message IDs for IKE_INTERMEDIATE exchanges MUST be chosen according to the
  //= standard IKEv2 rule, described in Section 2.2 of [RFC7296], i.e., it is set to 1 for the first
  //= IKE_INTERMEDIATE exchange, 2 for the next (if any), and so on."
  CHECK(pair.a.messages_sent() ==
        Words{"IKE_SA_INIT request 0", "IKE_INTERMEDIATE request 1", "IKE_AUTH request 2"});
  CHECK(ike_sa(pair.a).ke == "CURVE25519, ML_KEM_768");
  CHECK(pair.b.all<trace::Negotiated>()[0]->chosen == hybrid);

  // Every step is told, with what it was made from; both sides made the same.
  for (const char* name : {"SK(1)", "SKEYSEED(1)", "IntAuth_i1", "IntAuth_r1", "SK_d", "SK_ei"})
    CHECK(newest(pair.a, name) == newest(pair.b, name));
  CHECK(derived(pair.a, "SK_d").size() == 2);
  CHECK(derived(pair.a, "SK_d")[0]->output != derived(pair.a, "SK_d")[1]->output);
  CHECK(derived(pair.a, "SKEYSEED(1)")[0]->function == "prf(SK_d(0), SK(1) | Ni | Nr)");
  // AUTH covers the exchange.
  for (const auto* auth : pair.b.all<trace::AuthDecided>()) {
    REQUIRE(auth->parts.size() == 6);
    CHECK(auth->parts[3].label == "IntAuth_i");
    CHECK(auth->parts[5].label == "IKE_AUTH_MID");
    CHECK(to_bytes(ByteView(auth->octets).last(4)) == Bytes{0, 0, 0, 2});
  }
}

TEST_CASE("keys: SKEYSEED(1) and the keys after it, by hand", "[pair][ikev2][kex][keys]") {
  Pair pair(site_a(hybrid), site_b(hybrid));
  establish(pair);
  // prf(SK_d(0), SK(1) | Ni | Nr), with nothing but the PRF and what the trace says went in.
  const auto& step = *derived(pair.a, "SKEYSEED(1)")[0];
  const auto input = [&](const char* name) {
    for (const auto& in : step.inputs)
      if (in.name == name) return in.value;
    FAIL(name);
    return Bytes{};
  };
  const auto* prf = crypto::find_keyword(crypto::TransformType::prf, "prfsha384");
  const Bytes data = concat({input("SK(1)"), input("Ni"), input("Nr")});
  CHECK(to_bytes(pair.a.provider->prf(*prf, input("SK_d"), data).value().reveal()) == step.output);
  CHECK(input("SK_d") == derived(pair.a, "SK_d")[0]->output);
  CHECK(input("SK(1)").size() == 32);  // FIPS 203: a shared secret key has 32 octets
}

TEST_CASE("pair: IntAuth is made of the plaintext", "[pair][ikev2][kex][keys]") {
  Pair pair(site_a(hybrid), site_b(hybrid));
  establish(pair);
  const auto& step = *derived(pair.b, "IntAuth_i1")[0];
  REQUIRE(step.inputs.size() == 3);
  const Bytes& associated = step.inputs[1].value;
  const Bytes& content = step.inputs[2].value;
  REQUIRE(associated.size() == 32);
  const auto sent = std::find_if(pair.wire.begin(), pair.wire.end(), [](const Datagram& d) {
    return wire::decode(d.payload).message.header.exchange == wire::ExchangeType::ike_intermediate;
  });
  // The header as on the wire up to Next Payload, which says SK whatever the form of the message,
  // and lengths without IV and ICV: RFC 9242, figure 1.
  CHECK(std::equal(associated.begin(), associated.begin() + 16, sent->payload.begin()));
  CHECK(associated[16] == 46);
  CHECK(associated[18] == 43);
  CHECK((associated[26] << 8 | associated[27]) == static_cast<int>(32 + content.size()));
  CHECK(associated[28] == 34);
  CHECK((associated[30] << 8 | associated[31]) == static_cast<int>(4 + content.size()));
  CHECK(content.size() == 8 + 1184);
}

TEST_CASE("pair: every ML-KEM, alone, first and second", "[pair][ikev2][kex]") {
  const auto ike = GENERATE(as<std::string>{}, "aes256gcm16-prfsha384-mlkem512",
                            "aes256gcm16-prfsha384-mlkem768", "aes256-sha512-prfsha512-mlkem1024",
                            "aes256-sha256-prfsha256-ecp256-ke1_mlkem1024",
                            "chacha20poly1305-prfsha256-mlkem768-ke1_x25519", threefold,
                            "aes256gcm16-prfsha256-x25519-ke3_mlkem512-ke7_ecp384");
  INFO(ike);
  Pair pair(site_a(ike.c_str()), site_b(ike.c_str()));
  establish(pair);
  CHECK(pair.b.all<trace::Negotiated>()[0]->chosen == ike);
  CHECK(pair.a.diagnostics().empty());
  CHECK(pair.b.diagnostics().empty());
}

TEST_CASE("pair: two additional key exchanges, one after the other", "[pair][ikev2][kex]") {
  Pair pair(site_a(threefold), site_b(threefold));
  establish(pair);
  //= rfc9242#3.2 "these exchanges MUST be sequential and MUST all be completed before the IKE_AUTH
  //= exchange is initiated."
  CHECK(pair.a.messages_sent() == Words{"IKE_SA_INIT request 0", "IKE_INTERMEDIATE request 1",
                                        "IKE_INTERMEDIATE request 2", "IKE_AUTH request 3"});
  CHECK(derived(pair.a, "SK_d").size() == 3);
  CHECK(derived(pair.a, "SKEYSEED(2)")[0]->function == "prf(SK_d(1), SK(2) | Ni | Nr)");
  CHECK(newest(pair.a, "IntAuth_i2") == newest(pair.b, "IntAuth_i2"));
  CHECK(newest(pair.a, "IntAuth_r2") == newest(pair.b, "IntAuth_r2"));
  const auto auth = pair.a.all<trace::AuthDecided>();
  CHECK(auth[0]->octets.back() == 3);
  // KEi(1), KEr(1), KEi(2), KEr(2): in the order of the transform types, one after the other.
  //= rfc9370#2.2.1 "MUST take place in a series of IKE_INTERMEDIATE exchanges following the
  //= IKE_SA_INIT exchange"
  //= rfc9370#2.2.1 "MUST be fully completed before the next one is started."
  std::vector<std::string> order;
  for (const trace::Event& event : pair.sink.events)
    if (const auto* m = std::get_if<trace::Message>(&event.body);
        m != nullptr && m->direction == "sent" && m->exchange == "IKE_INTERMEDIATE") {
      const auto inside = wire::decode_chain(m->plain, wire::PayloadType(m->plain_first)).payloads;
      order.push_back((m->response ? "KEr " : "KEi ") +
                      std::to_string(wire::first<wire::KePayload>(inside)->method));
    }
  CHECK(order == Words{"KEi 35", "KEr 35", "KEi 19", "KEr 19"});
}

TEST_CASE("pair: an optional additional key exchange is left out by who does not know it",
          "[pair][ikev2][kex]") {
  const auto [ours, theirs, chosen] = GENERATE(table<const char*, const char*, const char*>({
      {"aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke1_none", plain, plain},
      {"aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke1_none",
       "aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke1_none", hybrid},
      {plain, "aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke1_none", plain},
      {"aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke1_none", hybrid, hybrid},
      {"aes256gcm16-prfsha384-x25519-ke1_none-ke1_mlkem768",
       "aes256gcm16-prfsha384-x25519-ke1_none", plain},
  }));
  INFO(ours << " " << theirs);
  Pair pair(site_a(ours), site_b(theirs));
  establish(pair);
  const std::string told = pair.b.all<trace::Negotiated>()[0]->chosen;
  CHECK((told == chosen || told == std::string(chosen) + "-ke1_none"));
  const auto sent = pair.a.messages_sent();
  const bool more = std::find(sent.begin(), sent.end(), "IKE_INTERMEDIATE request 1") != sent.end();
  //= rfc9370#2.2.1 "MUST NOT take place."
  //= rfc9370#2.2.1 "MUST treat all of the omitted"
  CHECK(more == (std::string(chosen) == hybrid));
}

TEST_CASE("pair: a needed additional key exchange is not left out", "[pair][ikev2][kex]") {
  const auto [ours, theirs] = GENERATE(table<const char*, const char*>({
      {hybrid, plain},
      {plain, hybrid},
      {hybrid, "aes256gcm16-prfsha384-x25519-ke1_mlkem1024"},
      // The same method twice is no choice (RFC 9370, 2.2.1).
      {"aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke2_mlkem768",
       "aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke2_mlkem768"},
  }));
  INFO(ours << " " << theirs);
  Pair pair(site_a(ours), site_b(theirs));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
  CHECK_FALSE(pair.b.all<trace::Negotiated>()[0]->verdicts[0].accepted);
  //= rfc9370#2.2.1 "the responder MUST select one of the algorithms proposed using this type."
  //= rfc9370#2.2.1 "then the responder MUST reject the message with an error notification of type
  //= NO_PROPOSAL_CHOSEN."
  CHECK(pair.b.all<trace::Message>().back()->payloads == "N(NO_PROPOSAL_CHOSEN)");
}

TEST_CASE("pair: methods are chosen so that none stands twice", "[pair][ikev2][kex]") {
  const char* ours = "aes256gcm16-prfsha256-x25519-ke1_ecp256-ke1_mlkem512-ke2_ecp256";
  Pair pair(site_a(ours), site_b(ours));
  establish(pair);
  //= rfc9370#2.2.1 "the responder's choice MUST NOT contain duplicated algorithms"
  CHECK(pair.b.all<trace::Negotiated>()[0]->chosen ==
        "aes256gcm16-prfsha256-x25519-ke1_mlkem512-ke2_ecp256");
}

TEST_CASE("pair: a response that chooses a method twice", "[pair][ikev2][kex][hostile]") {
  const char* ours = "aes256gcm16-prfsha256-x25519-ke1_ecp256-ke1_mlkem512-ke2_ecp256-ke2_mlkem512";
  const bool twice = GENERATE(true, false);
  Pair pair(site_a(ours), site_b(ours));
  pair.tamper = [&](const Side& from, Datagram& d) {
    if (&from != &pair.b || !twice) return;
    auto decoded = wire::decode(d.payload);
    for (wire::Payload& p : decoded.message.payloads)
      if (auto* sa = std::get_if<wire::SaPayload>(&p.body))
        for (wire::Transform& t : sa->proposals.at(0).transforms)
          if (t.type == 7) t.id = 19;  // ECP-256 as ke2, as it is as ke1
    d.payload = wire::encode(decoded.message);
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  //= rfc9370#2.2.1 "If the responder's message contains one or more duplicated choices, the
  //= initiator should log the error and MUST treat the exchange as failed."
  CHECK((pair.a.state() == "none") == twice);
  //= rfc9370#2.2.1 "The initiator MUST NOT initiate any IKE_INTERMEDIATE (or IKE_FOLLOWUP_KE)
  //= exchanges, so that no new SA is created."
  CHECK((pair.a.messages_sent().size() == 1) == twice);
  CHECK(pair.consistent() == !twice);
}

TEST_CASE("pair: without IKE_INTERMEDIATE there is no place for more", "[pair][ikev2][kex]") {
  // Somebody on the path takes the notification out of the request: nothing quantum-safe is agreed
  // on, and where it is needed nothing at all.
  Pair pair(site_a(hybrid), site_b(hybrid));
  pair.tamper = [](const Side&, Datagram& d) {
    auto decoded = wire::decode(d.payload);
    if (decoded.message.header.exchange != wire::ExchangeType::ike_sa_init) return;
    std::erase_if(decoded.message.payloads, [](const wire::Payload& p) {
      const auto* n = std::get_if<wire::NotifyPayload>(&p.body);
      return n && n->type == wire::NotifyType::intermediate_exchange_supported;
    });
    d.payload = wire::encode(decoded.message);
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.b.state() == "none");
}

TEST_CASE("pair: without IKE_INTERMEDIATE proposals with additional types are skipped",
          "[pair][ikev2][kex]") {
  // NONE among them does not help: the type itself is one that nobody knows then.
  const char* optional = "aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke1_none";
  const auto offered = [](std::initializer_list<const char*> proposals) {
    std::vector<wire::Proposal> out;
    for (const char* text : proposals) {
      out.push_back(policy::parse_proposal(text, wire::ProtocolId::ike).value());
      out.back().number = static_cast<std::uint8_t>(out.size());
    }
    return out;
  };
  const auto chosen = [&](std::initializer_list<const char*> proposals, bool additional) {
    const auto found =
        policy::select(offered(proposals), offered({optional, plain}), additional).chosen;
    return found ? int(found->number) : 0;
  };
  //= rfc9370#2.2.1 "MUST treat any"
  CHECK(chosen({optional}, false) == 0);
  CHECK(chosen({optional}, true) == 1);
  CHECK(chosen({optional, plain}, false) == 2);
  CHECK(chosen({hybrid, plain}, false) == 2);
  CHECK(chosen({hybrid, plain}, true) == 1);
}

TEST_CASE("pair: messages of IKE_INTERMEDIATE that are lost", "[pair][ikev2][kex][loss]") {
  const bool of_a = GENERATE(true, false);
  const unsigned nth = GENERATE(2U, 3U, 4U);
  INFO((of_a ? "gw-a " : "gw-b ") << nth);
  Pair pair(site_a(threefold), site_b(threefold));
  pair.lose_nth(of_a ? pair.a : pair.b, nth);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(20s);
  CHECK(pair.consistent());
  CHECK(newest(pair.a, "SK_d") == newest(pair.b, "SK_d"));
}

TEST_CASE("pair: everything arrives twice, keys change once", "[pair][ikev2][kex][loss]") {
  Pair pair(site_a(threefold), site_b(threefold));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  for (int i = 0; i < 8; ++i) {
    if (!pair.step(pair.now + 10ms)) break;
    const Datagram again = pair.wire[pair.wire.size() >= 2 ? pair.wire.size() - 2 : 0];
    pair.deliver(again.src.ip == pair.a.address ? pair.b : pair.a, again);
  }
  pair.settle();
  CHECK(pair.consistent());
  CHECK(derived(pair.b, "SK_d").size() == 3);
  CHECK_FALSE(pair.b.diagnosed("E-IKE-011"));  // a repeated request opens with the keys it had
}

TEST_CASE("pair: IKE_INTERMEDIATE in fragments, and IntAuth all the same",
          "[pair][ikev2][kex][fragments]") {
  auto a = site_a(hybrid), b = site_b(hybrid);
  const bool lossy = GENERATE(false, true);
  set_fragments(a, 400);
  set_fragments(b, 576);
  Pair pair(a, b);
  if (lossy) pair.lose_nth(pair.a, 3);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(20s);
  CHECK(pair.consistent());
  const auto parts = fragments_since(pair, 0);
  CHECK(parts.size() >= 6);
  CHECK(wire::decode(parts[0].payload).message.header.exchange ==
        wire::ExchangeType::ike_intermediate);
  // The same as if it had gone whole: Next Payload says SK, the lengths are those of the whole.
  //= rfc9242#3.3.2 "The prf calculations MUST be applied to whole messages only, before possible
  //= IKE fragmentation."
  //= rfc9242#3.3.2 "If the message was received in fragmented form, it MUST be reconstructed before
  //= calculating the prf as if it were received unfragmented."
  const Bytes& associated = derived(pair.b, "IntAuth_i1")[0]->inputs[1].value;
  CHECK(associated[16] == 46);
  CHECK((associated[26] << 8 | associated[27]) == 32 + 8 + 1184);
}

TEST_CASE("pair: a path that carries no large datagrams carries ML-KEM in fragments",
          "[pair][ikev2][kex][fragments]") {
  auto a = site_a(hybrid), b = site_b(hybrid);
  set_fragments(a, 1280);
  set_fragments(b, 1280);
  a.connections[0].fragment_probing = b.connections[0].fragment_probing = true;
  Pair pair(a, b);
  pair.lose = [](const Side&, unsigned, const Datagram& d) { return ip_size(d) > 700; };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(60s);
  CHECK(pair.consistent());
}

TEST_CASE("pair: IKE_INTERMEDIATE changed on the way does not open", "[pair][ikev2][kex]") {
  const bool response = GENERATE(false, true);
  Pair pair(site_a(hybrid), site_b(hybrid));
  tamper_with(pair, wire::ExchangeType::ike_intermediate, response);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK((response ? pair.a : pair.b).diagnosed("E-IKE-011"));
  CHECK(pair.b.state() == "HALF_OPEN");
  // The twin: it was only once, and the repetition goes through.
  pair.tamper = nullptr;
  pair.drive(20s);
  CHECK(pair.consistent());
}

TEST_CASE("pair: who broke the first key exchange cannot change IKE_INTERMEDIATE unseen",
          "[pair][ikev2][kex]") {
  // The forger has SK_ei, as a quantum computer would give it; it adds a payload that nobody needs,
  // so that both sides agree on keys. AUTH covers what b received, and that is not what a sent.
  Pair pair(site_a(hybrid), site_b(hybrid));
  bool forged = false;
  pair.tamper = [&](const Side& from, Datagram& d) {
    const auto decoded = wire::decode(d.payload);
    if (forged || &from != &pair.a ||
        decoded.message.header.exchange != wire::ExchangeType::ike_intermediate)
      return;
    forged = true;
    const Bytes key = newest(pair.a, "SK_ei");
    policy::Suite suite;
    suite.encr = crypto::find(crypto::TransformType::encr, 20, 256);
    const Bytes plain = open_message(*pair.a.provider, suite, {key, {}}, d.payload,
                                     decoded.message.payloads.front())
                            .value();
    auto payloads = wire::decode_chain(plain, wire::PayloadType::ke).payloads;
    payloads.push_back(wire::make_payload(wire::VendorIdPayload{{1, 2, 3, 4}}));
    d.payload = seal_message(*pair.a.provider, suite, {key, {}}, decoded.message.header, payloads,
                             Bytes(8, 9))
                    .value();
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(forged);
  CHECK(newest(pair.a, "SK_d") == newest(pair.b, "SK_d"));
  CHECK(pair.b.diagnosed("E-AUTH-011"));
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
}

namespace {

/// A pair that stands after IKE_SA_INIT, and messages forged with a's keys.
struct AfterInit {
  explicit AfterInit(const char* ike) : pair(site_a(ike), site_b(ike)) {
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    REQUIRE(pair.step(pair.now + 10ms));
    REQUIRE(pair.step(pair.now + 10ms));
    pair.lose = [](const Side& from, unsigned, const Datagram&) { return from.sent > 0; };
  }
  void forge(wire::ExchangeType exchange, std::uint32_t id,
             const std::vector<wire::Payload>& payloads) {
    Insider forger(pair, pair.a);
    forger.header.exchange = exchange;
    forger.header.message_id = {id};
    pair.deliver(pair.b, forger.message(payloads));
  }
  Pair pair;
};

wire::Payload ke_of(std::uint16_t method, std::size_t octets) {
  return wire::make_payload(wire::KePayload{method, Bytes(octets, 7)});
}

}  // namespace

TEST_CASE("pair: additional key exchanges out of order, superfluous, missing",
          "[pair][ikev2][kex][hostile]") {
  using wire::ExchangeType;
  SECTION("the second method first") {
    AfterInit t(threefold);
    t.forge(ExchangeType::ike_intermediate, 1, {ke_of(19, 64)});
    //= rfc9370#2.2.2 "MUST match the n-th negotiated additional key exchange."
    CHECK(t.pair.b.diagnosed("E-IKE-080"));
    CHECK(t.pair.b.state() == "none");
  }
  SECTION("an impossible public value") {
    AfterInit t(threefold);
    t.forge(ExchangeType::ike_intermediate, 1, {ke_of(35, 799)});
    CHECK(t.pair.b.diagnosed("E-IKE-080"));
    CHECK(t.pair.b.state() == "none");
  }
  SECTION("IKE_AUTH before them") {
    AfterInit t(threefold);
    auto esp = policy::parse_proposal("aes256gcm16", wire::ProtocolId::esp).value();
    esp.spi = {1, 2, 3, 4};
    const wire::TrafficSelector any{0, 0, 65535, IpAddress::parse("0.0.0.0").value(),
                                    IpAddress::parse("255.255.255.255").value()};
    t.forge(ExchangeType::ike_auth, 1,
            {wire::make_payload(wire::IdPayload{false, wire::IdType::ipv4_addr, Bytes(4, 1)}),
             wire::make_payload(wire::AuthPayload{wire::AuthMethod::shared_key, Bytes(32, 1)}),
             wire::make_payload(wire::SaPayload{{esp}}),
             wire::make_payload(wire::TsPayload{false, {any}}),
             wire::make_payload(wire::TsPayload{true, {any}})});
    CHECK(t.pair.b.diagnosed("E-IKE-016"));
    CHECK(t.pair.b.state() == "HALF_OPEN");
  }
  SECTION("one more than was agreed on") {
    AfterInit t("aes256gcm16-prfsha384-x25519-ke1_none-ke1_mlkem768");
    t.forge(ExchangeType::ike_intermediate, 1, {ke_of(36, 1184)});
    CHECK(t.pair.b.diagnosed("E-IKE-080"));
    CHECK(t.pair.b.state() == "none");
  }
  SECTION("IKE_INTERMEDIATE that nobody agreed on") {
    AfterInit t(plain);
    t.forge(ExchangeType::ike_intermediate, 1, {});
    CHECK(t.pair.b.diagnosed("E-IKE-016"));
  }
  //= rfc9242#3.2 "Implementations MUST verify that Message IDs in the IKE_INTERMEDIATE messages
  //= they receive actually follow this rule."
  SECTION("another Message ID") {
    AfterInit t(hybrid);
    t.forge(ExchangeType::ike_intermediate, 2, {ke_of(36, 1184)});
    CHECK(t.pair.b.diagnosed("E-IKE-014"));
    CHECK(t.pair.b.state() == "HALF_OPEN");
  }
  SECTION("empty ones without end") {
    AfterInit t(hybrid);
    for (std::uint32_t id = 1; id <= bounds::intermediate_exchanges; ++id)
      t.forge(ExchangeType::ike_intermediate, id, {});
    CHECK_FALSE(t.pair.b.diagnosed("E-IKE-016"));
    t.forge(ExchangeType::ike_intermediate, bounds::intermediate_exchanges + 1, {});
    CHECK(t.pair.b.diagnosed("E-IKE-016"));
  }
}

TEST_CASE("pair: IKE_INTERMEDIATE is encrypted or refused", "[pair][ikev2][kex][hostile]") {
  //= rfc9242#3.2 "the Encrypted payload MUST be present in the IKE_INTERMEDIATE exchange messages,
  //= and payloads containing large amounts of data MUST be placed inside it."
  AfterInit t(hybrid);
  wire::Message clear;
  clear.header = wire::decode(t.pair.wire[1].payload).message.header;
  clear.header.exchange = wire::ExchangeType::ike_intermediate;
  clear.header.initiator = true;
  clear.header.response = false;
  clear.header.message_id = {1};
  clear.payloads = {ke_of(36, 1184)};
  t.pair.deliver(t.pair.b, {9999, t.pair.wire[0].src, t.pair.wire[0].dst, wire::encode(clear)});
  CHECK(t.pair.b.diagnosed("E-IKE-013"));
  CHECK(t.pair.b.state() == "HALF_OPEN");
}

TEST_CASE("pair: a NAT moves IKE_INTERMEDIATE to port 4500", "[pair][ikev2][kex][nat]") {
  auto a = site_a(hybrid), b = site_b(hybrid);
  a.connections[0].local_addr = IpAddress::parse("10.0.0.2").value();
  Pair pair(a, b);
  pair.nat = Nat{IpAddress::parse("192.0.2.1").value(), {}, 40'001};
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.a.state() == "ESTABLISHED");
  CHECK(pair.b.state() == "ESTABLISHED");
  for (const Datagram& d : pair.wire) {
    const auto header = wire::decode(d.payload).message.header;
    if (header.exchange != wire::ExchangeType::ike_sa_init && header.initiator)
      CHECK(d.dst.port == 4500);
  }
}

TEST_CASE("keys: what IntAuth takes from the headers of fragments", "[keys][kex]") {
  // RESERVED of fragment 1, Next Payload of the first payload inside, lengths of the whole.
  Bytes header(28, 1);
  header[16] = 53;
  const Bytes content(300, 7);
  const Bytes associated = keys::int_auth_associated({header, 34, 0x55, content});
  REQUIRE(associated.size() == 32);
  CHECK(associated[16] == 46);
  CHECK(to_bytes(ByteView(associated).subspan(24, 4)) == Bytes{0, 0, 1, 0x4c});
  CHECK(associated[28] == 34);
  //= rfc9242#3.3.2 "While reconstructing, the RESERVED field in the reconstructed Encrypted payload
  //= header MUST be set to the value of the RESERVED field in the Encrypted Fragment payload header
  //= from the first fragment (with the Fragment Number field set to 1)."
  CHECK(associated[29] == 0x55);
  CHECK(to_bytes(ByteView(associated).subspan(30, 2)) == Bytes{1, 0x30});
}

TEST_CASE("pair: data in INTERMEDIATE_EXCHANGE_SUPPORTED is ignored", "[pair][ikev2][kex]") {
  Pair pair(site_a(hybrid), site_b(hybrid));
  pair.tamper = [](const Side&, Datagram& d) {
    auto decoded = wire::decode(d.payload);
    if (decoded.message.header.exchange != wire::ExchangeType::ike_sa_init) return;
    for (wire::Payload& p : decoded.message.payloads)
      if (auto* n = std::get_if<wire::NotifyPayload>(&p.body);
          n && n->type == wire::NotifyType::intermediate_exchange_supported)
        n->data = {1, 2, 3};
    d.payload = wire::encode(decoded.message);
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  for (int i = 0; i < 3; ++i) REQUIRE(pair.step(pair.now + 10ms));
  //= rfc9242#3.1 "Implementations MUST ignore non-empty Notification Data if they don't understand
  //= its purpose."
  const auto sent = pair.a.messages_sent();
  CHECK(sent.back() == "IKE_INTERMEDIATE request 1");
}
