// Message ids: windows larger than one, for the peer's requests and for ours, in any order; what is
// beyond them; ids that end (RFC 7296, 2.2, 2.3).
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/exchange_window.hpp"
#include "protocol/ikev2/task.hpp"
#include "protocol/wire/decode.hpp"
#include "tests/protocol/window_support.hpp"
#include "tests/support/by_hand.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forge.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Incoming = ExchangeWindow::Incoming;

/// The data of each SET_WINDOW_SIZE that a side sent, in hex.
std::vector<std::string> window_sizes_said(const Side& side) {
  std::vector<std::string> out;
  for (const auto* message : side.all<trace::Message>())
    if (message->direction == "sent" && message->encrypted) {
      const auto inside =
          wire::decode_chain(message->plain, wire::PayloadType(message->plain_first)).payloads;
      if (const auto* size = find_notify(inside, wire::NotifyType::set_window_size))
        out.push_back(to_hex(size->data));
    }
  return out;
}

struct Stage {
  explicit Stage(unsigned window) : pair(site_a(), with(window)), forge(pair) {
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    first = forge.next_id(pair.a);
  }
  static policy::EndpointConfig with(unsigned window) {
    auto b = site_b();
    b.connections[0].window_size = window;
    return b;
  }
  /// A liveness check with that id above the first; how many messages b sent for it.
  unsigned ask(std::uint32_t ahead) {
    const unsigned before = pair.b.sent;
    pair.deliver(
        pair.b, forge.message(pair.a, wire::ExchangeType::informational, false, first + ahead, {}));
    return pair.b.sent - before;
  }
  Pair pair;
  Forge forge;
  std::uint32_t first = 0;
};

}  // namespace

TEST_CASE("window: requests come in any order within the window", "[pair][ikev2][window]") {
  Stage s(4);
  CHECK(ByHand::last_sent(s.pair.b).find("N(SET_WINDOW_SIZE)") != std::string::npos);
  //= rfc7296#2.3 "The data associated with a SET_WINDOW_SIZE notification MUST be 4 octets long and
  //= contain the big endian representation of the number of messages the sender promises to keep."
  CHECK(window_sizes_said(s.pair.b) == std::vector<std::string>{"00000004"});
  CHECK(window_sizes_said(s.pair.a).empty());  // one at a time goes without saying
  for (const std::uint32_t id : {2U, 0U, 3U, 1U}) CHECK(s.ask(id) == 1);
  std::vector<std::uint64_t> answered;
  for (const auto* message : s.pair.b.all<trace::Message>())
    if (message->direction == "sent" && message->exchange == "INFORMATIONAL")
      answered.push_back(message->message_id - s.first);
  CHECK(answered == std::vector<std::uint64_t>{2, 0, 3, 1});
  CHECK(s.ask(4) == 1);
}

TEST_CASE("window: one beyond it is not answered, and INVALID_MESSAGE_ID says so, not too often",
          "[pair][ikev2][window]") {
  const unsigned window = GENERATE(1U, 4U);
  Stage s(window);
  CHECK(s.ask(window) == 1);  // not an answer: a request of b
  //= rfc7296#2.3 "Instead, inform the other side by initiating an INFORMATIONAL exchange with
  //= Notification Data containing the four-octet invalid Message ID."
  CHECK(ByHand::last_sent(s.pair.b) == "N(INVALID_MESSAGE_ID)");
  CHECK(s.pair.b.diagnosed("E-IKE-014"));
  s.pair.settle();
  //= rfc7296#2.3 "Sending this notification is OPTIONAL, and notifications of this type MUST be
  //= rate limited."
  for (int second = 0; second < 59; ++second) {
    CHECK(s.ask(window + 1) == 0);
    s.pair.drive(1s);
  }
  s.pair.drive(1s);
  CHECK(s.ask(window + 1) == 1);
  s.pair.settle();
  CHECK(s.ask(0) == 1);  // the due one still is
  CHECK(s.pair.consistent());
}

TEST_CASE("window: an old request is not answered and not reported", "[pair][ikev2][window]") {
  Stage s(1);
  CHECK(s.ask(0) == 1);
  CHECK(s.ask(1) == 1);
  CHECK(s.ask(0) == 0);
}

TEST_CASE("window: answers are kept as long as their requests may be repeated", "[ikev2][window]") {
  ExchangeWindow window({});
  window.set_size(3);
  const Bytes request = {1, 2, 3};
  for (const std::uint32_t id : {1U, 0U}) {
    CHECK(window.classify({id}, request) == Incoming::fresh);
    window.response_sent({id}, {request, {{9}}, {}, 0});
  }
  CHECK(window.classify({0}, request) == Incoming::repeated);
  CHECK(window.classify({1}, request) == Incoming::repeated);
  CHECK(window.classify({1}, Bytes{7}) == Incoming::outside);  // not the same to the octet
  CHECK(window.classify({4}, request) == Incoming::fresh);
  CHECK(window.classify({5}, request) == Incoming::outside);
  CHECK(window.is_ahead({5}));
  window.response_sent({4}, {request, {{9}}, {}, 0});
  //= rfc7296#2.1 "The responder MUST remember each response until it receives a request whose
  //= sequence number is larger than or equal to the sequence number in the response plus its window
  //= size"
  CHECK(window.classify({1}, request) == Incoming::outside);
  CHECK_FALSE(window.is_ahead({1}));
  CHECK(window.classify({2}, request) == Incoming::fresh);
  window.set_size(10'000);
  CHECK(window.is_ahead({2 + bounds::exchange_window}));
}

// ---- our own requests
// ----------------------------------------------------------------------------

namespace {

/// gw-a has three Child SAs with gw-b, which keeps state for `window` requests.
struct Busy {
  explicit Busy(unsigned window, std::uint32_t last_id = 0xffff'ffff)
      : pair(three(site_a(), 1, last_id), three(site_b(), window, 0xffff'ffff)) {
    for (const char* child : {"net", "two", "three"}) {
      REQUIRE(pair.command(pair.a, Initiate{"site", child}).ok());
      pair.settle();
    }
    REQUIRE(pair.consistent());
    REQUIRE(pair.a.inbound.size() == 3);
    hand.emplace(pair);
  }
  static policy::EndpointConfig three(policy::EndpointConfig config, unsigned window,
                                      std::uint32_t last_id) {
    config.last_message_id = last_id;
    return three_children(std::move(config), window);
  }
  void rekey_all() {
    for (const char* child : {"net", "two", "three"})
      REQUIRE(pair.command(pair.a, RekeyChild{child}).ok());
    REQUIRE(pair.command(pair.a, CheckLiveness{}).ok());
  }
  /// What gw-a sent that has not arrived.
  std::vector<Datagram> take_all_to_b() {
    std::vector<Datagram> out;
    const std::size_t sent = pair.a.sent;
    for (std::size_t i = taken; i < sent; ++i) out.push_back(hand->take_to_b());
    taken = sent;
    return out;
  }
  Pair pair;
  std::optional<ByHand> hand;
  std::size_t taken = 0;
};

}  // namespace

TEST_CASE("window: as many of our requests are under way as the peer said",
          "[pair][ikev2][window]") {
  const unsigned window = GENERATE(1U, 2U, 3U, 8U);
  CAPTURE(window);
  Busy s(window);
  const unsigned before = s.pair.a.sent;
  s.rekey_all();  // four requests
  //= rfc7296#2.3 "An IKE endpoint MUST NOT exceed the peer's stated window size for transmitted IKE
  //= requests."
  //= rfc7296#2.3 "An IKE endpoint MUST wait for a response to each of its messages before sending a
  //= subsequent message unless it has received a SET_WINDOW_SIZE Notify message from its peer"
  CHECK(s.pair.a.sent - before == std::min(window, 4U));
  s.hand->let_go();
  s.pair.drive(60s);
  CHECK(s.pair.consistent());
  CHECK(s.pair.a.inbound.size() == 3);
  CHECK(s.pair.lost_probes == 0);
  for (const auto* ended : s.pair.a.all<trace::TaskEnded>()) CHECK(ended->outcome == "done");
}

TEST_CASE("window: request X waits for the responses up to X - N, however many others came",
          "[pair][ikev2][window]") {
  Busy s(3);
  for (int i = 0; i < 5; ++i) REQUIRE(s.pair.command(s.pair.a, CheckLiveness{}).ok());
  const auto first = s.pair.a.messages_sent().size();
  // requests 0, 1, 2 of five; the answers to 1 and 2 come, that to 0 does not
  const Datagram zero = s.hand->take_to_b();
  s.hand->to_b();
  s.hand->to_b();
  s.hand->to_a();
  s.hand->to_a();
  //= rfc7296#2.3 "it MUST wait until it has received responses to all requests up through request
  //= X-N."
  CHECK(s.pair.a.messages_sent().size() == first);
  s.hand->late_to_b(zero);
  s.hand->to_a();
  CHECK(s.pair.a.messages_sent().size() == first + 2);
  s.hand->let_go();
  s.pair.drive(10s);
  CHECK(s.pair.consistent());
}

TEST_CASE("window: requests and responses in any order", "[pair][ikev2][window]") {
  // Three rekeys and a liveness check, all under way; the requests arrive in one order, the
  // responses in another.
  std::vector<std::size_t> order = {0, 1, 2, 3};
  const int permutation = GENERATE(range(0, 24));
  for (int i = 0; i < permutation; ++i) std::next_permutation(order.begin(), order.end());
  Busy s(4);
  s.rekey_all();
  std::vector<Datagram> requests, responses;
  for (int i = 0; i < 4; ++i) requests.push_back(s.hand->take_to_b());
  for (const std::size_t i : order) s.hand->late_to_b(requests[i]);
  for (int i = 0; i < 4; ++i) responses.push_back(s.hand->take_to_a());
  for (const std::size_t i : order) s.hand->late_to_a(responses[i]);
  s.hand->let_go();
  s.pair.drive(60s);
  CHECK(s.pair.consistent());
  CHECK(s.pair.a.inbound.size() == 3);
  CHECK(s.pair.lost_probes == 0);
  CHECK(s.pair.a.diagnostics().empty());
  CHECK(s.pair.b.diagnostics().empty());
}

TEST_CASE("window: each outstanding request is repeated on its own",
          "[pair][ikev2][window][loss]") {
  Busy s(4);
  const Bytes answered = [&] {
    s.rekey_all();
    const Datagram lost = s.hand->take_to_b();  // of the first one; the others arrive
    for (int i = 0; i < 3; ++i) s.hand->to_b();
    for (int i = 0; i < 3; ++i) s.hand->to_a();
    return lost.payload;
  }();
  const std::size_t before = s.pair.wire.size();
  s.pair.drive(3s);
  unsigned again = 0;
  for (std::size_t i = before; i < s.pair.wire.size(); ++i)
    again += s.pair.wire[i].payload == answered;
  CHECK(again == 1);
  for (const auto& words : s.pair.a.messages_sent())
    if (words.find("again") != std::string::npos) CHECK(words.find("CREATE_CHILD_SA") == 0);
  s.hand->let_go();
  s.pair.drive(60s);
  CHECK(s.pair.consistent());
  CHECK(s.pair.a.inbound.size() == 3);
}

TEST_CASE("window: what touches the same SA waits its turn", "[pair][ikev2][window]") {
  Busy s(8);
  const auto sent = [&] { return s.pair.a.sent; };
  const unsigned before = sent();
  SECTION("two rekeys of one Child SA: the second finds it replaced") {
    const EspSpi spi = s.pair.a.sas()[0].children[0].spi_in;
    REQUIRE(s.pair.command(s.pair.a, RekeyChild{"", spi}).ok());
    REQUIRE(s.pair.command(s.pair.a, RekeyChild{"", spi}).ok());
    CHECK(sent() == before + 1);
  }
  SECTION("nothing goes beside a rekey of the IKE SA") {
    REQUIRE(s.pair.command(s.pair.a, RekeyIke{}).ok());
    REQUIRE(s.pair.command(s.pair.a, RekeyChild{"net"}).ok());
    REQUIRE(s.pair.command(s.pair.a, CheckLiveness{}).ok());
    CHECK(sent() == before + 1);
  }
  SECTION("nor is the IKE SA deleted over the head of others") {
    REQUIRE(s.pair.command(s.pair.a, RekeyChild{"net"}).ok());
    REQUIRE(s.pair.command(s.pair.a, CheckLiveness{}).ok());
    REQUIRE(s.pair.command(s.pair.a, DeleteIke{}).ok());
    CHECK(sent() == before + 2);
    s.hand->let_go();
    s.pair.drive(60s);
    CHECK(s.pair.a.state() == "none");
    CHECK(s.pair.b.state() == "none");
    return;
  }
  s.hand->let_go();
  s.pair.drive(60s);
  CHECK(s.pair.consistent());
  CHECK(s.pair.lost_probes == 0);
}

TEST_CASE("window: a rekeyed IKE SA has what its own exchange said", "[pair][ikev2][window]") {
  Busy s(4);
  s.hand->let_go();
  Side& asks = GENERATE(true, false) ? s.pair.a : s.pair.b;
  REQUIRE(s.pair.command(asks, RekeyIke{}).ok());
  s.pair.drive();
  REQUIRE(s.pair.consistent());
  ByHand hand(s.pair);
  unsigned before = s.pair.a.sent;
  for (int i = 0; i < 6; ++i) REQUIRE(s.pair.command(s.pair.a, CheckLiveness{}).ok());
  CHECK(s.pair.a.sent - before == 4);
  // gw-a never said anything: gw-b has one under way
  before = s.pair.b.sent;
  for (int i = 0; i < 3; ++i) REQUIRE(s.pair.command(s.pair.b, CheckLiveness{}).ok());
  CHECK(s.pair.b.sent - before == 1);
}

TEST_CASE("window: SET_WINDOW_SIZE only grows", "[pair][ikev2][window]") {
  // So many requests of gw-b are under way after gw-a said these sizes, one after the other.
  const auto room_after = [](std::initializer_list<const char*> sizes) {
    Stage s(1);
    std::uint32_t id = s.first;
    for (const char* size : sizes) {
      s.pair.deliver(s.pair.b,
                     s.forge.message(s.pair.a, wire::ExchangeType::informational, false, id++,
                                     {notify(wire::NotifyType::set_window_size, hex(size))}));
      s.pair.settle();
    }
    s.pair.lose = [](const Side&, unsigned, const Datagram&) { return true; };
    const unsigned before = s.pair.b.sent;
    for (int i = 0; i < 20; ++i) REQUIRE(s.pair.command(s.pair.b, CheckLiveness{}).ok());
    return s.pair.b.sent - before;
  };
  CHECK(room_after({}) == 1);
  CHECK(room_after({"00000003"}) == 3);
  CHECK(room_after({"00000003", "00000002"}) == 3);
  CHECK(room_after({"00000003", "00000000"}) == 3);
  CHECK(room_after({"ffffffff"}) == bounds::exchange_window);
}

TEST_CASE("window: before Message IDs end, the IKE SA is rekeyed", "[pair][ikev2][window]") {
  const unsigned window = GENERATE(1U, 4U);
  Busy s(window, 40);
  s.hand->let_go();
  const IkeSpi first = s.pair.a.sas()[0].spi_i;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(s.pair.command(s.pair.a, CheckLiveness{}).ok());
    s.pair.drive(1s);
  }
  //= rfc7296#2.2 "In the unlikely event that Message IDs grow too large to fit in 32 bits, the IKE
  //= SA MUST be closed or rekeyed."
  CHECK(s.pair.consistent());
  CHECK(s.pair.a.sas()[0].spi_i != first);
  for (const auto* message : s.pair.a.all<trace::Message>())
    if (message->direction == "sent" && !message->response) CHECK(message->message_id <= 40);
  CHECK(s.pair.lost_probes == 0);
}

TEST_CASE("window: where the rekey is refused, the last Message ID is that of the DELETE",
          "[pair][ikev2][window]") {
  // gw-b is busy with a Child SA all the while, and answers TEMPORARY_FAILURE.
  Busy s(1, 40);
  s.pair.lose = [&](const Side& from, unsigned, const Datagram& datagram) {
    const auto header = wire::decode(datagram.payload).message.header;
    return &from == &s.pair.b && !header.response &&
           header.exchange == wire::ExchangeType::create_child_sa;
  };
  REQUIRE(s.pair.command(s.pair.b, RekeyChild{"net"}).ok());
  for (int i = 0; i < 60 && s.pair.a.state() == "ESTABLISHED"; ++i) {
    REQUIRE(s.pair.command(s.pair.a, CheckLiveness{}).ok());
    s.pair.drive(1s);
  }
  CHECK(s.pair.a.diagnosed("E-IKE-020"));  // TEMPORARY_FAILURE
  std::vector<std::uint64_t> ids;
  for (const auto* message : s.pair.a.all<trace::Message>())
    if (message->direction == "sent" && !message->response) ids.push_back(message->message_id);
  CHECK(ids.back() == 40);
  CHECK(std::is_sorted(ids.begin(), ids.end()));
  for (const Side* side : {&s.pair.a, &s.pair.b}) {
    CHECK(side->state() == "none");
    CHECK(side->inbound.empty());
  }
}

TEST_CASE("window: ids of the peer do not begin again after the last one", "[ikev2][window]") {
  ExchangeWindow window({});
  const Bytes request = {1, 2, 3};
  window.response_sent({0xffff'fffe}, {request, {{9}}, {}, 0});
  CHECK(window.classify({0xffff'ffff}, request) == Incoming::fresh);
  window.response_sent({0xffff'ffff}, {request, {{9}}, {}, 0});
  CHECK(window.classify({0xffff'ffff}, request) == Incoming::repeated);
  for (const std::uint32_t id : {0U, 1U, 0xffff'fffeU})
    CHECK(window.classify({id}, request) == Incoming::outside);
  CHECK_FALSE(window.is_ahead({0}));
  ExchangeWindow ours({}, 2);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(ours.may_send());
    const MessageId id = ours.next_request_id();
    ours.request_sent(Instant{}, {{1}});
    REQUIRE(ours.accept_response(id));
  }
  CHECK_FALSE(ours.may_send());
  CHECK(ours.ids_left() == 0);
}
