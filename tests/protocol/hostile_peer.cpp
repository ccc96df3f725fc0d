// A peer that is authenticated and keeps no rule: messages that open, with payloads nobody may
// send, in orders nobody foresaw. It gets answers or silence; nothing crashes, hangs or grows
// beyond its bounds (RFC 7296, 2.21).
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/task.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/by_hand.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forge.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using wire::ExchangeType;
using wire::NotifyType;
using Payloads = std::vector<wire::Payload>;

/// What both sides said so far, to make worse things of.
std::vector<Payloads> recorded(const Pair& pair) {
  std::vector<Payloads> all;
  for (const Side* side : {&pair.a, &pair.b})
    for (const auto* message : side->all<trace::Message>())
      if (!message->plain.empty())
        all.push_back(
            wire::decode_chain(message->plain, static_cast<wire::PayloadType>(message->plain_first))
                .payloads);
  return all;
}

class Villain {
 public:
  Villain(Pair& pair, std::uint64_t seed)
      : pair_(pair),
        forge_(pair),
        words_(recorded(pair)),
        rng_(crypto::seeded_rng(seed, "villain")->stream("whims")) {}

  void speak() {
    Side& from = below(2) == 0 ? pair_.a : pair_.b;
    Side& to = &from == &pair_.a ? pair_.b : pair_.a;
    if (from.sas().empty() || to.sas().empty()) return;
    static constexpr ExchangeType exchanges[] = {
        ExchangeType::informational, ExchangeType::create_child_sa, ExchangeType::ike_auth,
        ExchangeType::ike_sa_init,   static_cast<ExchangeType>(43), static_cast<ExchangeType>(240)};
    const bool response = below(3) == 0;
    std::uint32_t id = forge_.next_id(response ? to : from);
    if (response && id > 0) --id;
    if (below(8) == 0) id += static_cast<std::uint32_t>(below(5)) - 2;
    Payloads payloads = words_[below(words_.size())];
    for (std::uint64_t k = below(4); k > 0; --k) spoil(payloads, to);
    ikev2::Datagram datagram = forge_.message(
        from, exchanges[std::min<std::uint64_t>(below(12), 5)], response, id, payloads);
    if (datagram.payload.size() > bounds::message_octets) return;
    pair_.wire.push_back(datagram);  // the next id counts it
    pair_.deliver(to, datagram);
  }

 private:
  std::uint64_t below(std::uint64_t n) { return rng_->below(n); }

  void spoil(Payloads& payloads, const Side& victim) {
    if (payloads.empty()) payloads.push_back(notify(any_notify(), rng_->bytes(below(40))));
    const std::size_t at = below(payloads.size());
    switch (below(10)) {
      case 0:
        payloads.erase(payloads.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 1:
        for (std::uint64_t k = below(40); k > 0; --k) payloads.push_back(payloads[at]);
        break;
      case 2:
        std::swap(payloads[at], payloads[below(payloads.size())]);
        break;
      case 3:
        payloads.push_back(notify(any_notify(), rng_->bytes(below(40))));
        break;
      case 4:
        payloads.push_back(wire::make_payload(wire::DeletePayload{
            below(2) == 0 ? wire::ProtocolId::esp : wire::ProtocolId::ike, spis(victim), 4}));
        break;
      case 5: {
        wire::ConfigPayload config{static_cast<std::uint8_t>(below(6)), {}};
        for (std::uint64_t k = below(80); k > 0; --k)
          config.attributes.push_back(
              {static_cast<std::uint16_t>(below(20)), rng_->bytes(below(20))});
        payloads.push_back(wire::make_payload(std::move(config)));
        break;
      }
      case 6:
        payloads.push_back({static_cast<wire::PayloadType>(below(256)), below(2) == 0,
                            wire::UnknownPayload{static_cast<wire::PayloadType>(60 + below(100)),
                                                 rng_->bytes(below(60))}});
        payloads.back().type = std::get<wire::UnknownPayload>(payloads.back().body).type;
        break;
      default:
        spoil_one(payloads[at], victim);
    }
  }

  void spoil_one(wire::Payload& payload, const Side& victim) {
    if (auto* nonce = std::get_if<wire::NoncePayload>(&payload.body)) {
      nonce->data = rng_->bytes(below(300));
    } else if (auto* ke = std::get_if<wire::KePayload>(&payload.body)) {
      ke->method = static_cast<std::uint16_t>(below(40));
      ke->data = rng_->bytes(below(100));
    } else if (auto* told = std::get_if<wire::NotifyPayload>(&payload.body)) {
      told->type = any_notify();
      const auto some = spis(victim);
      if (!some.empty()) told->spi = some[below(some.size())];
      told->protocol = wire::ProtocolId::esp;
    } else if (auto* ts = std::get_if<wire::TsPayload>(&payload.body)) {
      for (auto& selector : ts->selectors) {
        selector.protocol = static_cast<std::uint8_t>(below(256));
        selector.start_port = static_cast<std::uint16_t>(below(65'536));
        std::swap(selector.start, selector.end);
      }
      while (below(3) != 0 && !ts->selectors.empty() && ts->selectors.size() < 90)
        ts->selectors.push_back(ts->selectors.front());
    } else if (auto* sa = std::get_if<wire::SaPayload>(&payload.body)) {
      for (auto& proposal : sa->proposals) {
        proposal.spi = rng_->bytes(below(2) == 0 ? 4 : below(12));
        proposal.protocol = static_cast<wire::ProtocolId>(below(5));
        for (auto& transform : proposal.transforms)
          if (below(4) == 0) transform.id = static_cast<std::uint16_t>(below(50));
      }
      while (below(3) != 0 && !sa->proposals.empty() && sa->proposals.size() < 60)
        sa->proposals.push_back(sa->proposals.front());
    }
  }

  NotifyType any_notify() {
    static constexpr std::uint16_t of_interest[] = {
        7,     11,    14,    17,    24,    35,    36,    38,    40,    41,    43,
        44,    16384, 16385, 16386, 16387, 16388, 16389, 16390, 16391, 16393, 16394,
        16396, 16397, 16399, 16400, 16401, 16402, 16404, 16405, 16430};
    if (below(4) == 0) return static_cast<NotifyType>(below(65'536));
    return static_cast<NotifyType>(of_interest[below(std::size(of_interest))]);
  }

  std::vector<Bytes> spis(const Side& victim) {
    std::vector<Bytes> out;
    for (const auto& sa : victim.sas())
      for (const auto& child : sa.children) out.push_back(octets_of(child.spi_out));
    out.push_back(rng_->bytes(4));
    return out;
  }

  Pair& pair_;
  Forge forge_;
  std::vector<Payloads> words_;
  std::unique_ptr<crypto::Rng> rng_;
};

/// Everything an endpoint speaks, so that as much as possible can be abused.
policy::EndpointConfig everything(policy::EndpointConfig config) {
  auto& connection = config.connections[0];
  connection.mobike = true;
  connection.dpd_delay = 20s;
  connection.children[0].rekey_time = 60s;
  connection.rekey_time = 100s;
  if (config.node == "gw-a") {
    connection.vips = {IpAddress{}};
  } else {
    policy::PoolConfig pool;
    pool.name = "p";
    pool.first = IpAddress::parse("10.1.0.1").value();
    pool.last = IpAddress::parse("10.1.0.9").value();
    config.pools = {pool};
    connection.pools = {"p"};
  }
  return config;
}

}  // namespace

TEST_CASE("hostile peer: whatever it says, both ends stay within their bounds",
          "[pair][ikev2][hostile]") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    Pair pair(everything(site_a()), everything(site_b()), seed);
    for (int round = 0; round < 4; ++round) {
      static_cast<void>(pair.command(pair.a, Initiate{"site", "net"}));
      pair.drive(2s);
      static_cast<void>(pair.command(round % 2 == 0 ? pair.a : pair.b, RekeyChild{"net"}));
      static_cast<void>(pair.command(pair.b, RekeyIke{}));
      if (round % 2 == 1) pair.drive(1s);  // else the villain speaks into the middle of it
      Villain villain(pair, seed * 100 + static_cast<std::uint64_t>(round));
      for (int i = 0; i < 60; ++i) {
        villain.speak();
        if (i % 7 == 0) pair.step(pair.now + 50ms);
      }
      for (const Side* side : {&pair.a, &pair.b}) {
        CHECK(side->endpoint->sas().size() <= 150);
        for (const IkeSaInfo& sa : side->endpoint->sas())
          CHECK(sa.children.size() <= bounds::children_in_ike_sa);
      }
      pair.drive(400s);
    }
    // Whatever is left has timers that end it, or lives on in peace: nothing spins.
    CHECK(pair.sink.events.size() < 200'000);
    pair.drive(2000s);
    for (const Side* side : {&pair.a, &pair.b}) CHECK(side->endpoint->sas().size() <= 20);
  }
}

TEST_CASE("hostile peer: Child SAs without end are refused with NO_ADDITIONAL_SAS",
          "[pair][ikev2][hostile]") {
  Pair pair(site_a(), site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  Payloads wish;
  for (const auto* message : pair.a.all<trace::Message>())
    if (message->exchange == "CREATE_CHILD_SA" && !message->plain.empty())
      wish =
          wire::decode_chain(message->plain, static_cast<wire::PayloadType>(message->plain_first))
              .payloads;
  pair.settle();
  std::erase_if(wish,
                [](const auto& p) { return std::holds_alternative<wire::NotifyPayload>(p.body); });
  Forge forge(pair);
  for (std::size_t i = 0; i < bounds::children_in_ike_sa + 5; ++i) {
    const auto request = forge.request(pair.a, ExchangeType::create_child_sa, wish);
    pair.wire.push_back(request);
    pair.deliver(pair.b, request);
  }
  CHECK(pair.b.sas()[0].children.size() == bounds::children_in_ike_sa);
  //= rfc7296#1.3 "The responder sends a NO_ADDITIONAL_SAS notification to indicate that a
  //= CREATE_CHILD_SA request is unacceptable because the responder is unwilling to accept any more
  //= Child SAs on this IKE SA."
  CHECK(ByHand::last_sent(pair.b) == "N(NO_ADDITIONAL_SAS)");
}

TEST_CASE("hostile peer: a Child SA that it lost is silently deleted and made anew",
          "[pair][ikev2][collisions]") {
  Pair pair(site_a(), site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  ByHand hand(pair);
  Forge forge(pair);
  // b forgets its Child SA: in a's place somebody says DELETE, and a thinks it asked for liveness
  REQUIRE(pair.command(pair.a, CheckLiveness{}).ok());
  hand.late_to_b(forge.instead(
      pair.a, hand.take_to_b(),
      {wire::make_payload(wire::DeletePayload{
          wire::ProtocolId::esp, {octets_of(pair.a.sas()[0].children[0].spi_in)}, 4})}));
  CHECK(hand.children(pair.b).empty());
  hand.to_a();
  CHECK(hand.children(pair.a) == "1 INSTALLED");
  // CREATE_CHILD_SA {N(REKEY_SA), ...}  -->;  <--  CREATE_CHILD_SA {N(CHILD_SA_NOT_FOUND)}
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  hand.to_b();
  CHECK(ByHand::last_sent(pair.b) == "N(CHILD_SA_NOT_FOUND)");
  hand.to_a();
  //= rfc7296#2.25 "A peer that receives a CHILD_SA_NOT_FOUND notification SHOULD silently delete the
  //= Child SA (if it still exists) and send a request to create a new Child SA from scratch"
  CHECK(hand.children(pair.a).empty());
  CHECK(without_extensions(ByHand::last_sent(pair.a)) == "SA, Ni, TSi, TSr");
  hand.let_go();
  pair.drive();
  CHECK(pair.consistent());
  CHECK(pair.a.inbound.size() == 1);
}

TEST_CASE("hostile peer: what is not spoken here is refused politely",
          "[pair][ikev2][hostile][notify]") {
  Pair pair(site_a(), site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  Forge forge(pair);
  const auto ask = [&](ExchangeType exchange, Payloads payloads) {
    const auto request = forge.request(pair.a, exchange, payloads);
    pair.wire.push_back(request);
    pair.deliver(pair.b, request);
    return without_extensions(ByHand::last_sent(pair.b));
  };
  // Status notifications that nobody knows are ignored (3.10.1), unknown payloads skipped (2.5).
  CHECK(ask(ExchangeType::informational, {notify(static_cast<NotifyType>(40'000))}).empty());
  CHECK(ask(ExchangeType::informational, {notify(static_cast<NotifyType>(40'001), Bytes(3))})
            .empty());
  CHECK(ask(ExchangeType::informational, {wire::make_payload(wire::UnknownPayload{
                                             static_cast<wire::PayloadType>(99), Bytes(4)})})
            .empty());
  CHECK(ask(ExchangeType::informational, {wire::make_payload(wire::VendorIdPayload{Bytes(16)})})
            .empty());
  // A question after IKE_AUTH (2.20, 3.15.1).
  wire::ConfigPayload question{1, {{7, {}}, {14, {}}}};
  CHECK(ask(ExchangeType::informational, {wire::make_payload(question)}) == "CP");
  // DELETE of what is not there (2.25.1), of the peer's own SA, and of everything.
  CHECK(ask(ExchangeType::informational,
            {wire::make_payload(wire::DeletePayload{wire::ProtocolId::esp, {Bytes(4, 9)}, 4})})
            .empty());
  CHECK(pair.consistent());
  // IPCOMP_SUPPORTED is not answered in kind.
  CHECK(ask(ExchangeType::informational,
            {wire::make_payload(wire::DeletePayload{
                 wire::ProtocolId::esp, {octets_of(pair.a.sas()[0].children[0].spi_in)}, 4}),
             wire::make_payload(wire::DeletePayload{wire::ProtocolId::ike, {}, 0})})
            .empty());
  CHECK(pair.b.state() == "none");
}
