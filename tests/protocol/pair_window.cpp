// Message ids: a window larger than one for the peer's requests, out of order; what is beyond it
// (RFC 7296, 2.2, 2.3).
#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/exchange_window.hpp"
#include "protocol/ikev2/task.hpp"
#include "tests/support/by_hand.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forge.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Incoming = ExchangeWindow::Incoming;

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
  CHECK(s.ask(window + 1) == 0);
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
