// Several messages under way at once, each in fragments, which come mixed (RFC 7296, 2.3; RFC 7383,
// 2.6).
#include <set>

#include "tests/protocol/fragment_support.hpp"
#include "tests/protocol/window_support.hpp"
#include "tests/support/by_hand.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

/// Three Child SAs, a window of three in both directions, and every encrypted message in fragments
/// once they are up.
struct Mixed {
  Mixed() : pair(small(three_children(site_a(), 3)), small(three_children(site_b(), 3))) {
    for (const char* child : {"net", "two", "three"}) {
      REQUIRE(pair.command(pair.a, Initiate{"site", child}).ok());
      pair.settle();
    }
    REQUIRE(pair.consistent());
    REQUIRE(pair.a.inbound.size() == 3);
    hand.emplace(pair);
  }
  static policy::EndpointConfig small(policy::EndpointConfig config) {
    set_fragments(config, 150, policy::Fragmentation::force);
    return config;
  }
  void rekey_all() {
    for (const char* child : {"net", "two", "three"})
      REQUIRE(pair.command(pair.a, RekeyChild{child}).ok());
  }
  std::vector<Datagram> taken(Datagram (ByHand::*take)(), unsigned count) {
    std::vector<Datagram> out;
    for (unsigned i = 0; i < count; ++i) out.push_back(((*hand).*take)());
    return out;
  }
  Pair pair;
  std::optional<ByHand> hand;
};

std::uint32_t id_of(const Datagram& datagram) {
  return wire::decode(datagram.payload).message.header.message_id.value;
}

/// In another order, the same for the same seed.
void shuffle(std::vector<Datagram>& all, unsigned seed) {
  const auto rng = crypto::seeded_rng(seed, "mixed")->stream("order");
  for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[rng->below(i)]);
}

/// The first fragment of each message, then the second of each, and so on.
void deal(std::vector<Datagram>& all) {
  std::stable_sort(all.begin(), all.end(), [](const Datagram& x, const Datagram& y) {
    return part_of(x)->number < part_of(y)->number;
  });
}

}  // namespace

TEST_CASE("pair: fragments of several messages come mixed, both ways",
          "[pair][ikev2][fragments][window]") {
  const unsigned seed = GENERATE(range(0U, 12U));
  CAPTURE(seed);
  Mixed s;
  const auto mix = [&](std::vector<Datagram>& all) {
    if (seed == 0)
      deal(all);
    else
      shuffle(all, seed);
  };
  const unsigned before_a = s.pair.a.sent, before_b = s.pair.b.sent;
  s.rekey_all();
  auto requests = s.taken(&ByHand::take_to_b, s.pair.a.sent - before_a);
  REQUIRE(requests.size() >= 9);  // three requests of three fragments or more
  REQUIRE(id_of(requests.front()) + 2 == id_of(requests.back()));
  mix(requests);
  for (const Datagram& part : requests) s.hand->late_to_b(part);
  auto responses = s.taken(&ByHand::take_to_a, s.pair.b.sent - before_b);
  REQUIRE(responses.size() >= 6);
  mix(responses);
  for (const Datagram& part : responses) s.hand->late_to_a(part);
  s.hand->let_go();
  CHECK(s.pair.consistent());
  CHECK(s.pair.a.inbound.size() == 3);
  CHECK(s.pair.lost_probes == 0);
  // Nothing had to be repeated, nothing was thrown away.
  for (const Side* side : {&s.pair.a, &s.pair.b}) {
    for (const auto* m : side->all<trace::Message>()) CHECK(m->attempt == 0);
    CHECK(side->diagnostics().empty());
  }
  for (const auto* ended : s.pair.a.all<trace::TaskEnded>()) CHECK(ended->outcome == "done");
}

TEST_CASE("pair: of several messages in fragments one is not whole, and the others do not wait",
          "[pair][ikev2][fragments][window]") {
  Mixed s;
  const unsigned before = s.pair.a.sent;
  s.rekey_all();
  auto requests = s.taken(&ByHand::take_to_b, s.pair.a.sent - before);
  deal(requests);
  const Datagram missing = requests.front();
  for (std::size_t i = 1; i < requests.size(); ++i) s.hand->late_to_b(requests[i]);
  std::set<std::uint64_t> answered;
  for (const auto* m : s.pair.b.all<trace::Message>())
    if (m->direction == "sent" && m->exchange == "CREATE_CHILD_SA") answered.insert(m->message_id);
  CHECK(answered.size() == 4);  // two before, and two of three now
  CHECK_FALSE(answered.contains(id_of(missing)));
  s.hand->late_to_b(missing);
  s.hand->let_go();
  CHECK(s.pair.consistent());
}

TEST_CASE("pair: parts of several messages are forgotten, each in its own time",
          "[pair][ikev2][fragments][window]") {
  Mixed s;
  Insider forger(s.pair, s.pair.a);
  std::uint32_t next = 0;
  for (const Datagram& d : s.pair.wire)
    if (const auto header = wire::decode(d.payload).message.header;
        header.initiator && !header.response)
      next = std::max(next, header.message_id.value + 1);
  for (const std::uint32_t ahead : {0U, 2U}) {
    forger.header.message_id = {next + ahead};
    s.pair.deliver(s.pair.b, forger.fragment(1, 3, Bytes(20, 1)));
    s.pair.drive(5s);
  }
  forger.header.message_id = {next + 3};  // beyond the window: not held
  s.pair.deliver(s.pair.b, forger.fragment(1, 3, Bytes(20, 1)));
  CHECK(s.pair.b.diagnostics() == std::vector<std::string>{"E-IKE-014"});
  s.pair.drive(300s);
  auto codes = s.pair.b.diagnostics();
  std::erase(codes, "E-IKE-014");
  CHECK(codes == std::vector<std::string>{"E-IKE-074", "E-IKE-074"});
}
