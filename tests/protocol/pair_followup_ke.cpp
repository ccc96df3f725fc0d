// Additional key exchanges after CREATE_CHILD_SA, in IKE_FOLLOWUP_KE (RFC 9370, 2.2.4): new Child
// SAs, rekeying of both kinds, losses, collisions, what the responder forgot.
#include <algorithm>

#include "protocol/ikev2/task.hpp"
#include "protocol/keys/ike_keys.hpp"
#include "tests/protocol/fragment_support.hpp"
#include "tests/support/forge.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

using Words = std::vector<std::string>;

namespace {

constexpr const char* ike = "aes256gcm16-prfsha256-x25519-ke1_mlkem512-ke2_ecp256";
constexpr const char* esp = "aes256gcm16-x25519-ke1_mlkem512-ke2_ecp256";

struct Tunnel {
  explicit Tunnel(const char* ike_proposal = ike, const char* esp_proposal = esp,
                  Duration timeout = 2s)
      : pair(patient(site_a(ike_proposal, esp_proposal), timeout),
             site_b(ike_proposal, esp_proposal)) {
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    REQUIRE(pair.consistent());
    sent_before = pair.a.messages_sent().size();
  }
  explicit Tunnel(Duration timeout) : Tunnel(ike, esp, timeout) {}
  static policy::EndpointConfig patient(policy::EndpointConfig config, Duration timeout) {
    config.retransmit.timeout = timeout;
    return config;
  }
  Words sent_by_a() const {
    const Words all = pair.a.messages_sent();
    return {all.begin() + static_cast<std::ptrdiff_t>(sent_before), all.end()};
  }
  Pair pair;
  std::size_t sent_before = 0;
};

const trace::KeyDerived& newest(const Side& side, const std::string& name) {
  const trace::KeyDerived* found = nullptr;
  for (const auto* step : side.all<trace::KeyDerived>())
    if (step->name == name) found = step;
  REQUIRE(found != nullptr);
  return *found;
}

bool is_followup(const Datagram& d) {
  return wire::decode(d.payload).message.header.exchange == wire::ExchangeType::ike_followup_ke;
}

}  // namespace

TEST_CASE("pair: a Child SA is rekeyed with three key exchanges, message by message",
          "[pair][ikev2][kex][rekey]") {
  Tunnel t;
  REQUIRE(t.pair.command(t.pair.a, RekeyChild{"net"}).ok());
  // gw-a  CREATE_CHILD_SA SK {N(REKEY_SA), SA, Ni, KEi, TSi, TSr}  -->  gw-b
  // gw-a  <--  SK {SA, Nr, KEr, TSi, TSr, N(ADDITIONAL_KEY_EXCHANGE)}  gw-b
  REQUIRE(t.pair.step(t.pair.now + 10ms));
  REQUIRE(t.pair.step(t.pair.now + 10ms));
  CHECK(t.pair.b.sas()[0].children.size() == 1);  // nothing is made yet
  CHECK(t.pair.a.sas()[0].children.size() == 1);
  // gw-a  IKE_FOLLOWUP_KE SK {KEi(1), N(ADDITIONAL_KEY_EXCHANGE)}  -->  gw-b      and once more
  // gw-a  <--  IKE_FOLLOWUP_KE SK {KEr(1), N(ADDITIONAL_KEY_EXCHANGE)}  gw-b     the last without N
  t.pair.settle();
  CHECK(t.pair.consistent());
  CHECK(t.sent_by_a() == Words{"CREATE_CHILD_SA request 4", "IKE_FOLLOWUP_KE request 5",
                               "IKE_FOLLOWUP_KE request 6", "INFORMATIONAL request 7"});
  CHECK(t.pair.a.diagnostics().empty());
  CHECK(t.pair.b.diagnostics().empty());
  const auto messages = t.pair.b.all<trace::Message>();
  Words answers;
  for (const auto* m : messages)
    if (m->exchange == "IKE_FOLLOWUP_KE" && m->response) answers.push_back(m->payloads);
  //= rfc9370#2.2.4 "The responder MUST include this notification in a CREATE_CHILD_SA or
  //= IKE_FOLLOWUP_KE response message"
  CHECK(answers == Words{"KE, N(ADDITIONAL_KEY_EXCHANGE)", "KE"});
  // What b sent comes back, and each further key exchange waits for the one before.
  //= rfc9370#2.2.4 "MUST send back this notification intact in the request message of the next
  //= IKE_FOLLOWUP_KE exchange."
  //= rfc9370#2.2.4 "MUST be fully completed before the next one is started."
  Words links;
  for (const trace::Event& event : t.pair.sink.events)
    if (const auto* m = std::get_if<trace::Message>(&event.body);
        m != nullptr && m->direction == "sent" && m->encrypted) {
      const auto inside = wire::decode_chain(m->plain, wire::PayloadType(m->plain_first)).payloads;
      const auto* link = find_notify(inside, wire::NotifyType::additional_key_exchange);
      if (link != nullptr) links.push_back((m->response ? "b " : "a ") + to_hex(link->data));
    }
  REQUIRE(links.size() == 4);
  CHECK(links[0].substr(2) == links[1].substr(2));
  CHECK(links[2].substr(2) == links[3].substr(2));
  CHECK(links[1] != links[3]);
  CHECK(links[0] + links[2] == "b " + links[1].substr(2) + "b " + links[3].substr(2));
  CHECK(newest(t.pair.a, "KEYMAT").function == "prf+(SK_d, g^ir (new) | Ni | Nr | SK(1) | SK(2))");
  CHECK(newest(t.pair.a, "KEYMAT").output == newest(t.pair.b, "KEYMAT").output);
  CHECK(t.pair.lost_probes == 0);
}

TEST_CASE("keys: KEYMAT of additional key exchanges, by hand", "[pair][ikev2][kex][keys]") {
  Tunnel t;
  REQUIRE(t.pair.command(t.pair.a, RekeyChild{"net"}).ok());
  t.pair.settle();
  const auto& step = newest(t.pair.b, "KEYMAT");
  const auto input = [&](const char* name) {
    for (const auto& in : step.inputs)
      if (in.name == name) return in.value;
    FAIL(name);
    return Bytes{};
  };
  const auto* prf = crypto::find_keyword(crypto::TransformType::prf, "prfsha256");
  const Bytes seed =
      concat({input("g^ir (new)"), input("Ni"), input("Nr"), input("SK(1)"), input("SK(2)")});
  const auto keymat =
      keys::prf_plus(*t.pair.a.provider, *prf, input("SK_d"), seed, step.output.size());
  CHECK(to_bytes(keymat.value().reveal()) == step.output);
  CHECK(input("SK(1)").size() == 32);
}

TEST_CASE("pair: the IKE SA is rekeyed with additional key exchanges",
          "[pair][ikev2][kex][rekey]") {
  const bool by_a = GENERATE(true, false);
  Tunnel t;
  Side& side = by_a ? t.pair.a : t.pair.b;
  REQUIRE(t.pair.command(side, RekeyIke{}).ok());
  t.pair.settle();
  CHECK(t.pair.consistent());
  CHECK(t.pair.a.diagnostics().empty());
  CHECK(t.pair.b.diagnostics().empty());
  CHECK(newest(t.pair.a, "SKEYSEED").function ==
        "prf(SK_d (old), g^ir (new) | Ni | Nr | SK(1) | SK(2))");
  CHECK(newest(t.pair.a, "SK_d").output == newest(t.pair.b, "SK_d").output);
  // And again, from the other side, under the successor.
  REQUIRE(t.pair.command(by_a ? t.pair.b : t.pair.a, RekeyIke{}).ok());
  t.pair.settle();
  CHECK(t.pair.consistent());
}

TEST_CASE("pair: lost messages among the further key exchanges", "[pair][ikev2][kex][loss]") {
  const bool ike_sa = GENERATE(true, false);
  const bool of_a = GENERATE(true, false);
  const unsigned nth = GENERATE(1U, 2U, 3U);
  INFO((ike_sa ? "IKE SA, " : "Child SA, ") << (of_a ? "gw-a " : "gw-b ") << nth);
  Tunnel t;
  t.pair.lose_nth(of_a ? t.pair.a : t.pair.b, nth);
  if (ike_sa)
    REQUIRE(t.pair.command(t.pair.a, RekeyIke{}).ok());
  else
    REQUIRE(t.pair.command(t.pair.a, RekeyChild{"net"}).ok());
  t.pair.drive(20s);
  CHECK(t.pair.consistent());
  CHECK(t.pair.lost_probes == 0);
}

TEST_CASE("pair: both rekey at once, with further key exchanges", "[pair][ikev2][kex][collision]") {
  // b begins so many messages later; however the exchanges interleave, one SA is left.
  const bool ike_sa = GENERATE(true, false);
  const int later = GENERATE(0, 1, 2, 3, 4, 5, 6);
  INFO((ike_sa ? "IKE SA, " : "Child SA, ") << later);
  Tunnel t;
  const auto rekey = [&](Side& side) {
    return ike_sa ? t.pair.command(side, RekeyIke{}) : t.pair.command(side, RekeyChild{"net"});
  };
  REQUIRE(rekey(t.pair.a).ok());
  for (int i = 0; i < later; ++i) t.pair.step(t.pair.now + 10ms);
  (void)rekey(t.pair.b);  // the last ones find that a's is already in place
  t.pair.drive(90s);
  CHECK(t.pair.consistent());
  CHECK(t.pair.lost_probes == 0);
}

TEST_CASE("pair: what the responder forgot it does not go on with", "[pair][ikev2][kex][hostile]") {
  Tunnel t(10s);  // the repetitions go on for longer than the responder waits
  // Every further exchange is lost until the responder's patience ends.
  t.pair.lose = [](const Side&, unsigned, const Datagram& d) { return is_followup(d); };
  REQUIRE(t.pair.command(t.pair.a, RekeyChild{"net"}).ok());
  t.pair.drive(62s);
  //= rfc9370#2.2.4 "The responder MUST handle this situation gracefully and delete the associated
  //= state"
  CHECK(t.pair.b.diagnosed("E-IKE-082"));
  t.pair.lose = nullptr;
  t.pair.drive(60s);
  const auto messages = t.pair.a.all<trace::Message>();
  //= rfc9370#2.2.4 "it MUST send back a new error type notification STATE_NOT_FOUND."
  CHECK(std::any_of(messages.begin(), messages.end(),
                    [](const auto* m) { return m->payloads == "N(STATE_NOT_FOUND)"; }));
  //= rfc9370#2.2.4 "it MUST cancel this exchange and MUST treat the whole series of exchanges
  //= started from the CREATE_CHILD_SA exchange as failed."
  std::string outcome;
  for (const auto* ended : t.pair.a.all<trace::TaskEnded>())
    if (ended->task == "child_rekey" && outcome.empty()) outcome = ended->outcome;
  CHECK(outcome == "failed");
  // The old Child SA goes on, and is rekeyed again in a while.
  t.pair.drive(30s);
  CHECK(t.pair.consistent());
}

TEST_CASE("pair: a responder that always forgets", "[pair][ikev2][kex][hostile]") {
  // Each answer to the first of two IKE_FOLLOWUP_KE is lost, and STATE_NOT_FOUND comes instead.
  Tunnel t;
  const auto lose_answers = [](const Side& from, unsigned, const Datagram& d) {
    return is_followup(d) && wire::decode(d.payload).message.header.response && from.sent > 0;
  };
  t.pair.lose = lose_answers;
  Forge forge(t.pair);
  const auto ask_in_vain = [&] {
    const std::size_t before = t.pair.wire.size();
    REQUIRE(t.pair.command(t.pair.a, RekeyChild{"net"}).ok());
    const auto answered = [&] {
      return t.pair.wire.size() > before && is_followup(t.pair.wire.back()) &&
             wire::decode(t.pair.wire.back().payload).message.header.response;
    };
    while (!answered()) REQUIRE(t.pair.step(t.pair.now + 1s));
    t.pair.deliver(t.pair.a, forge.instead(t.pair.b, t.pair.wire.back(),
                                           {notify(wire::NotifyType::state_not_found)}));
    t.pair.drive(1s);
  };
  ask_in_vain();
  ask_in_vain();
  CHECK(t.pair.a.state() == "ESTABLISHED");
  SECTION("once more: the IKE SA is deleted") {
    ask_in_vain();
    //= rfc9370#2.2.4 "after several retries, it MUST treat this situation as a fatal error and
    //= delete"
    CHECK(t.pair.a.state() == "none");
    CHECK(t.pair.b.state() == "none");
  }
  SECTION("it remembers again in time") {
    t.pair.lose = nullptr;
    REQUIRE(t.pair.command(t.pair.a, RekeyChild{"net"}).ok());
    t.pair.settle();
    t.pair.lose = lose_answers;
    ask_in_vain();
    CHECK(t.pair.a.state() == "ESTABLISHED");
  }
}

TEST_CASE("pair: a link that is none, and another method", "[pair][ikev2][kex][hostile]") {
  Tunnel t;
  Insider forger(t.pair, t.pair.a);
  const auto key = wire::make_payload(wire::KePayload{35, Bytes(800, 7)});
  const auto link = notify(wire::NotifyType::additional_key_exchange, Bytes(8, 1));
  forger.header.exchange = wire::ExchangeType::ike_followup_ke;
  forger.header.message_id = {4};
  t.pair.deliver(t.pair.b, forger.message({key, link}));
  const auto sent = t.pair.b.all<trace::Message>();
  CHECK(sent.back()->payloads == "N(STATE_NOT_FOUND)");
  CHECK(t.pair.b.state() == "ESTABLISHED");
  CHECK(t.pair.b.sas()[0].children.size() == 1);
}

TEST_CASE("pair: the peer's own words lead to its exchange, and no other's",
          "[pair][ikev2][kex][hostile]") {
  // An initiator that skips the first method: the SA is not made.
  Tunnel t;
  REQUIRE(t.pair.command(t.pair.a, RekeyChild{"net"}).ok());
  const auto agreed = [&] {
    for (const auto* m : t.pair.a.all<trace::Message>())
      if (m->exchange == "IKE_FOLLOWUP_KE") return true;
    return false;
  };
  while (!agreed()) REQUIRE(t.pair.step(t.pair.now + 1s));
  t.pair.lose = [](const Side&, unsigned, const Datagram&) { return true; };
  Bytes link;
  for (const auto* m : t.pair.a.all<trace::Message>())
    if (m->exchange == "CREATE_CHILD_SA" && m->response) {
      const auto inside =
          wire::decode_chain(m->plain, static_cast<wire::PayloadType>(m->plain_first));
      const auto* n = find_notify(inside.payloads, wire::NotifyType::additional_key_exchange);
      REQUIRE(n != nullptr);
      link = n->data;
    }
  Insider forger(t.pair, t.pair.a);
  forger.header = wire::decode(t.pair.wire.back().payload).message.header;
  forger.header.exchange = wire::ExchangeType::ike_followup_ke;
  forger.header.initiator = true;
  forger.header.response = false;
  forger.header.message_id = {5};
  t.pair.deliver(t.pair.b,
                 forger.message({wire::make_payload(wire::KePayload{19, Bytes(64, 7)}),
                                 notify(wire::NotifyType::additional_key_exchange, link)}));
  //= rfc9370#2.2.4 "MUST match the n-th negotiated additional key exchange."
  CHECK(t.pair.b.all<trace::Message>().back()->payloads == "N(INVALID_SYNTAX)");
  CAPTURE(t.pair.b.diagnostics(), t.pair.b.state(), t.pair.b.sad);
  CHECK(t.pair.b.sas().at(0).children.size() == 1);
}

TEST_CASE("pair: fragments of further key exchanges", "[pair][ikev2][kex][fragments]") {
  auto a = site_a("aes256gcm16-prfsha384-x25519-ke1_mlkem1024", "aes256gcm16-x25519-ke1_mlkem1024");
  auto b = site_b("aes256gcm16-prfsha384-x25519-ke1_mlkem1024", "aes256gcm16-x25519-ke1_mlkem1024");
  set_fragments(a, 576);
  set_fragments(b, 576);
  Pair pair(a, b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  const std::size_t before = pair.wire.size();
  REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
  pair.settle();
  CHECK(pair.consistent());
  CHECK(fragments_since(pair, before).size() >= 6);
}
