// Fragments as an enemy makes them, without keys and with them (RFC 7383, 2.6 and 5).
#include "protocol/base/bounds.hpp"
#include "tests/protocol/fragment_support.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;
using policy::Fragmentation;

namespace {

/// b waits for the rest of an IKE_AUTH of which it has fragment 1.
struct Waiting {
  Pair pair;
  std::vector<Datagram> parts;

  static CertifiedPair sites() {
    auto sites = certified_sites();
    set_fragments(sites.a, 300);
    set_fragments(sites.b, 300);
    return sites;
  }
  Waiting() : pair(sites().a, sites().b) {
    pair.lose = [](const Side&, unsigned, const Datagram& d) { return part_of(d).has_value(); };
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    parts = fragments_since(pair, 0);
    REQUIRE(parts.size() >= 3);
    pair.lose = nullptr;
    pair.deliver(pair.b, parts[0]);
  }
  /// What b says of a datagram; nothing is sent, and the handshake still ends well.
  std::string refusal(const Datagram& datagram) {
    const std::size_t said = pair.b.diagnostics().size(), sent = pair.wire.size();
    pair.deliver(pair.b, datagram);
    CHECK(pair.wire.size() == sent);
    const auto all = pair.b.diagnostics();
    return all.size() == said ? "" : all.back();
  }
  void finish() {
    for (std::size_t i = 1; i < parts.size(); ++i) pair.deliver(pair.b, parts[i]);
    pair.settle();
    CHECK(pair.consistent());
  }
};

Datagram with_numbers(Datagram datagram, std::uint16_t number, std::uint16_t total) {
  datagram.payload[32] = static_cast<std::uint8_t>(number >> 8);
  datagram.payload[33] = static_cast<std::uint8_t>(number);
  datagram.payload[34] = static_cast<std::uint8_t>(total >> 8);
  datagram.payload[35] = static_cast<std::uint8_t>(total);
  return datagram;
}

void establish(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
}

}  // namespace

TEST_CASE("pair: impossible fragment numbers are dropped", "[pair][ikev2][fragments][hostile]") {
  Waiting w;
  const auto total = part_of(w.parts[0])->total;
  //= rfc7383#2.6 "If any of these tests fail, the message MUST be silently discarded."
  CHECK(w.refusal(with_numbers(w.parts[1], 0, total)) == "E-WIRE-071");
  CHECK(w.refusal(with_numbers(w.parts[1], 0, 0)) == "E-WIRE-071");
  CHECK(w.refusal(with_numbers(w.parts[1], 1, 0)) == "E-WIRE-071");
  CHECK(w.refusal(with_numbers(w.parts[1], static_cast<std::uint16_t>(total + 1), total)) ==
        "E-WIRE-071");
  CHECK(w.refusal(with_numbers(w.parts[1], 65535, 65534)) == "E-WIRE-071");
  CHECK(w.refusal(with_numbers(w.parts[1], 2, static_cast<std::uint16_t>(total - 1))) ==
        "E-IKE-072");
  CHECK(w.refusal(with_numbers(w.parts[1], 2, 65535)) == "E-IKE-073");
  w.finish();
}

TEST_CASE("pair: a fragment that is not authentic changes nothing",
          "[pair][ikev2][fragments][hostile]") {
  Waiting w;
  const auto total = part_of(w.parts[0])->total;
  //= rfc7383#2.6 "If the ICV check fails, the message MUST be silently discarded."
  for (std::size_t i = 28; i < w.parts[1].payload.size(); ++i) {
    if (i >= 28 && i < 36) continue;  // lengths and numbers: other refusals
    Datagram broken = w.parts[1];
    broken.payload[i] ^= 0x10;
    CAPTURE(i);
    REQUIRE(w.refusal(broken) == "E-IKE-011");
  }
  // A larger total of an attacker must not throw away what is held, and numbers are authentic, too.
  CHECK(w.refusal(with_numbers(w.parts[1], 2, static_cast<std::uint16_t>(total + 1))) ==
        "E-IKE-011");
  CHECK(w.refusal(with_numbers(w.parts[1], 3, total)) == "E-IKE-011");
  Datagram short_one = w.parts[1];
  short_one.payload.resize(40);
  short_one.payload[26] = 0, short_one.payload[27] = 40;
  short_one.payload[30] = 0, short_one.payload[31] = 12;
  CHECK(w.refusal(short_one) == "E-IKE-010");
  w.finish();
}

TEST_CASE("pair: fragments that nobody agreed on", "[pair][ikev2][fragments][hostile]") {
  auto a = site_a(), b = site_b();
  a.connections[0].fragmentation = Fragmentation::no;
  Pair pair(a, b);
  establish(pair);
  Insider forger(pair, pair.a);
  forger.header.message_id = {2};
  const std::size_t before = pair.wire.size();
  pair.deliver(pair.b, forger.fragment(1, 1, {}));
  CHECK(pair.b.diagnosed("E-IKE-070"));
  CHECK(pair.wire.size() == before);
  CHECK(pair.consistent());
}

TEST_CASE("pair: fragments of messages that are not due", "[pair][ikev2][fragments][hostile]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Insider forger(pair, pair.a);
  const std::size_t before = pair.wire.size();
  const auto refused = [&](std::uint32_t id, wire::ExchangeType exchange, bool response) {
    forger.header.message_id = {id};
    forger.header.exchange = exchange;
    forger.header.response = response;
    pair.deliver(pair.b, forger.fragment(1, 1, {}));
    return pair.b.diagnostics().back();
  };
  using wire::ExchangeType;
  CHECK(refused(3, ExchangeType::informational, false) == "E-IKE-014");
  CHECK(refused(0, ExchangeType::informational, false) == "E-IKE-014");
  CHECK(refused(2, ExchangeType::ike_auth, false) == "E-IKE-016");
  CHECK(refused(0, ExchangeType::informational, true) == "E-IKE-017");
  CHECK(pair.wire.size() == before);
  CHECK(pair.consistent());
}

TEST_CASE("pair: more fragments than before begin the message anew",
          "[pair][ikev2][fragments][hostile]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Insider forger(pair, pair.a);
  forger.header.message_id = {2};
  const auto delivered = [&](std::uint16_t number, std::uint16_t total, ByteView chunk,
                             wire::PayloadType first = wire::PayloadType::none) {
    const std::size_t before = pair.wire.size();
    pair.deliver(pair.b, forger.fragment(number, total, chunk, first));
    return pair.wire.size() - before;
  };
  const auto chain = wire::encode_chain({wire::make_payload(
      wire::NotifyPayload{wire::ProtocolId::none, {}, wire::NotifyType::initial_contact, {}})});
  const ByteView all = chain.bytes;
  CHECK(delivered(1, 2, Bytes(30, 0xff), wire::PayloadType::sa) == 0);
  //= rfc7383#2.6 "the receiver MUST discard all received fragments and start the reassembly process
  //= over with just the received IKE Fragment message."
  CHECK(delivered(3, 3, all.subspan(6)) == 0);
  //= rfc7383#2.6 "check that the value in the Total Fragments field is equal to or greater than the
  //= Total Fragments field in the fragments that have already been stored in the reassembling
  //= queue"
  CHECK(delivered(2, 2, Bytes(30, 0xff)) == 0);
  CHECK(pair.b.diagnostics() == std::vector<std::string>{"E-IKE-072"});
  CHECK(delivered(2, 3, all.subspan(2, 4)) == 0);
  CHECK(delivered(1, 3, all.first(2), chain.first) == 1);
  CHECK(pair.b.all<trace::Message>().back()->direction == "sent");
  const auto messages = pair.b.all<trace::Message>();
  CHECK(messages[messages.size() - 2]->payloads == "N(INITIAL_CONTACT)");
  CHECK(pair.consistent());
}

TEST_CASE("pair: fragments of another exchange do not mix", "[pair][ikev2][fragments][hostile]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Insider forger(pair, pair.a);
  forger.header.message_id = {2};
  pair.deliver(pair.b, forger.fragment(1, 2, {}));
  forger.header.exchange = wire::ExchangeType::create_child_sa;
  pair.deliver(pair.b, forger.fragment(2, 2, {}));
  CHECK(pair.b.diagnostics() == std::vector<std::string>{"E-IKE-072"});
  forger.header.exchange = wire::ExchangeType::informational;
  const std::size_t before = pair.wire.size();
  pair.deliver(pair.b, forger.fragment(2, 2, {}));
  CHECK(pair.wire.size() == before + 1);
}

TEST_CASE("pair: a whole that breaks the grammar ends the SA",
          "[pair][ikev2][fragments][hostile]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Insider forger(pair, pair.a);
  forger.header.message_id = {2};
  pair.deliver(pair.b, forger.fragment(2, 2, Bytes(3, 0xff)));
  pair.deliver(pair.b, forger.fragment(1, 2, Bytes(3, 0xff), wire::PayloadType::sa));
  CHECK(pair.b.state() == "none");
  CHECK(pair.b.all<trace::Message>().back()->payloads == "N(INVALID_SYNTAX)");
}

TEST_CASE("pair: a flood of authentic fragments ends the SA, and no memory is lost to it",
          "[pair][ikev2][fragments][hostile]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Insider forger(pair, pair.a);
  forger.header.message_id = {2};
  std::uint16_t number = 2;
  std::size_t held = 0;
  while (pair.b.state() == "ESTABLISHED" && number <= 100) {
    held += 1200;
    pair.deliver(pair.b, forger.fragment(number++, 500, Bytes(1200)));
  }
  //= rfc7383#5 "In either case, the receiver SHOULD drop the connection and discard all the
  //= received fragments."
  CHECK(pair.b.state() == "none");
  CHECK(pair.b.diagnosed("E-IKE-073"));
  //= rfc7383#5 "It is NOT RECOMMENDED for this value to exceed 64 KB"
  CHECK(held <= 64 * 1024 + 1200);
  CHECK(held > 60'000);
  CHECK(pair.b.inbound.empty());
}

TEST_CASE("pair: fragments with little or nothing in them", "[pair][ikev2][fragments][hostile]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Insider forger(pair, pair.a);
  forger.header.message_id = {2};
  const auto most = static_cast<std::uint16_t>(bounds::fragments_in_message);
  const std::size_t before = pair.wire.size();
  for (std::uint16_t number = 1; number <= most; ++number)
    pair.deliver(pair.b, forger.fragment(number, most, {}));
  CHECK(pair.wire.size() == before + 1);  // an empty INFORMATIONAL: b is alive
  CHECK(pair.consistent());
}

TEST_CASE("pair: a flood while the initiator is not yet known",
          "[pair][ikev2][fragments][hostile]") {
  Pair pair(site_a(), site_b());
  pair.lose = [&](const Side& from, unsigned nth, const Datagram&) {
    return &from == &pair.a && nth > 1;
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  Insider forger(pair, pair.a);
  forger.header.message_id = {1};
  forger.header.exchange = wire::ExchangeType::ike_auth;
  for (std::uint16_t number = 2; number < 100 && pair.b.state() == "HALF_OPEN"; ++number)
    pair.deliver(pair.b, forger.fragment(number, 500, Bytes(1200)));
  CHECK(pair.b.state() == "none");
  CHECK(pair.b.endpoint->half_open() == 0);
  CHECK(pair.b.diagnosed("E-IKE-073"));
}

TEST_CASE("pair: broken fragments during the handshake do not disturb it",
          "[pair][ikev2][fragments][hostile][fuzz]") {
  const std::uint64_t seed = GENERATE(1ULL, 2ULL, 3ULL);
  const auto rng = crypto::seeded_rng(seed, "noise")->stream("mutations");
  const auto sites = Waiting::sites();
  Pair pair(sites.a, sites.b, seed);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  for (int steps = 0; steps < 20; ++steps) {
    for (int i = 0; i < 50; ++i) {
      Datagram broken = pair.wire[rng->below(pair.wire.size())];
      if (broken.payload[18] == 34) continue;  // IKE_SA_INIT is not protected
      const std::size_t at = 28 + rng->below(broken.payload.size() - 28);
      broken.payload[at] ^= static_cast<std::uint8_t>(1U << rng->below(8));
      pair.deliver(broken.dst.ip == pair.a.address ? pair.a : pair.b, broken);
    }
    if (!pair.step(pair.now + 1s)) break;
  }
  pair.settle();
  CHECK(pair.consistent());
}
