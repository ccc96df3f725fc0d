// Puzzles (RFC 8019): known answers, the exchange, who does not solve, and what reuse is worth.
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/puzzle.hpp"
#include "protocol/ikev2/task.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lab_certificates.hpp"
#include "tests/support/vec.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

const crypto::Algorithm& hmac_sha256() {
  return *crypto::find_keyword(crypto::TransformType::prf, "prfsha256");
}

policy::EndpointConfig asking(unsigned difficulty) {
  auto b = site_b();
  b.puzzle_threshold = 0;
  b.puzzle_difficulty = difficulty;
  return b;
}

std::vector<const trace::Message*> inits(const Side& side) {
  std::vector<const trace::Message*> found;
  for (const auto* m : side.all<trace::Message>())
    if (m->exchange == "IKE_SA_INIT" && m->direction == "sent") found.push_back(m);
  return found;
}

bool says(const trace::Message& message, const char* what) {
  return message.payloads.find(what) != std::string::npos;
}

}  // namespace

// The examples of RFC 8019, 4.4 are of no use: their keys do not give the digits that stand beside
// them with the cookie that is printed.
TEST_CASE("puzzle: what is no solution", "[ikev2][puzzle]") {
  const auto provider = crypto::openssl_provider();
  const Bytes cookie = hex("739ae7492d8a810cf5e8dc0f9626c9dda773c5a3");
  const auto bits = [&](const char* keys) {
    return zero_bits(*provider, hmac_sha256(), hex(keys), cookie);
  };
  //= rfc8019#7.1.4 "The Responder MUST check all of the four returned keys."
  //= rfc8019#7.1.4 "The Responder MUST take the smallest number of trailing zero bits among the
  //= checked results and count it as the number of zero bits the Initiator solved for."
  CHECK(bits("0618400733240c8a2a0d94c8") == 0U);  // four keys, and one of them gives no zero bit
  // Not four, not different, not of one size.
  CHECK_FALSE(bits("061840061840"
                   "0c8a2a0d94c8"
                   "06184006184"
                   "00c8a2a0d94c8")
                  .has_value());
  //= rfc8019#8.2 "All of the keys MUST have the same size; therefore, the size of this field is
  //= always a multiple of 4 bytes."
  CHECK_FALSE(bits("0618400c8a").has_value());
  //= rfc8019#8.2 "This field MUST NOT be empty."
  CHECK_FALSE(bits("").has_value());
  //= rfc8019#8.2 "the size of each key MUST be between 1 octet and the preferred key length of the
  //= PRF (inclusive)"
  const auto of_size = [&](std::size_t size) {
    Bytes keys;
    for (std::uint8_t i = 0; i < 4; ++i) keys.insert(keys.end(), size, i);
    return zero_bits(*provider, hmac_sha256(), keys, cookie).has_value();
  };
  CHECK(of_size(1));
  CHECK(of_size(32));
  CHECK_FALSE(of_size(33));
}

TEST_CASE("puzzle: a solution is one, and the search ends", "[ikev2][puzzle]") {
  const auto provider = crypto::openssl_provider();
  const Bytes cookie(37, 5);
  const Puzzle easy{&hmac_sha256(), 8};
  const Solution solved = solve(*provider, easy, cookie);
  REQUIRE(solved.keys.size() == 16);
  //= rfc8019#8.1 "Transform ID of the PRF algorithm that MUST be used to solve the puzzle."
  CHECK(zero_bits(*provider, hmac_sha256(), solved.keys, cookie) >= 8U);
  const auto& other = *crypto::find_keyword(crypto::TransformType::prf, "prfsha384");
  CHECK(zero_bits(*provider, other, solved.keys, cookie) < 8U);
  const Puzzle impossible{&hmac_sha256(), 200};
  const Solution none = solve(*provider, impossible, cookie);
  CHECK(none.keys.empty());
  CHECK(none.tries == bounds::puzzle_tries);
}

TEST_CASE("pair: a puzzle beside the cookie, message by message", "[pair][ikev2][puzzle]") {
  Pair pair(site_a(), asking(8));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  // gw-a  SA, KE, Ni  -->  gw-b, which keeps nothing
  REQUIRE(pair.step(pair.now + 10ms));
  //= rfc8019#7.1 "The requests that don't contain the COOKIE notification MUST NOT participate in
  //= this lottery."
  //= rfc8019#7.1.4 "Otherwise, it is an initial request and in this case, it MUST be processed
  //= according to Section 7.1."
  CHECK(pair.b.endpoint->half_open() == 0);
  // gw-a  <--  N(COOKIE), N(PUZZLE)  gw-b
  // gw-a  N(COOKIE), PS, SA, KE, Ni  -->  gw-b
  pair.settle();
  CHECK(pair.consistent());
  const auto ours = inits(pair.a), theirs = inits(pair.b);
  REQUIRE(ours.size() == 2);
  CHECK(theirs[0]->payloads == "N(COOKIE), N(PUZZLE)");
  CHECK(says(*ours[1], "N(COOKIE), PS, SA, KE, Ni"));
  // AUTH covers the request with the solution.
  CHECK(pair.b.all<trace::AuthDecided>()[0]->ok);
}

TEST_CASE("pair: who does not solve is not served, and costs nothing", "[pair][ikev2][puzzle]") {
  auto a = site_a();
  a.puzzle_solve = false;
  Pair pair(a, asking(8));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.endpoint->half_open() == 0);
  CHECK(pair.b.all<trace::KeyDerived>().empty());
  for (const auto* m : inits(pair.b)) CHECK(m->payloads == "N(COOKIE), N(PUZZLE)");
}

TEST_CASE("pair: a puzzle that is too hard ends in bounded work", "[pair][ikev2][puzzle]") {
  Pair pair(site_a(), asking(32));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.step(pair.now + 10ms);
  pair.step(pair.now + 10ms);
  CHECK(pair.a.provider->counts()[static_cast<std::size_t>(crypto::Operation::prf)] <=
        bounds::puzzle_tries + 16);
  CHECK_FALSE(says(*inits(pair.a).back(), "PS"));
}

TEST_CASE("pair: a solution is good for one cookie, one address and one nonce",
          "[pair][ikev2][puzzle][hostile]") {
  Pair pair(site_a(), asking(8));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
  const auto solved = std::find_if(pair.wire.begin(), pair.wire.end(), [](const Datagram& d) {
    return wire::first<wire::PuzzleSolutionPayload>(wire::decode(d.payload).message.payloads);
  });
  REQUIRE(solved != pair.wire.end());
  const auto refused = [&](auto change) {
    Datagram again = *solved;
    auto message = wire::decode(again.payload).message;
    message.header.spi_i = {message.header.spi_i.value + 2};
    change(again, message);
    again.payload = wire::encode(message);
    pair.deliver(pair.b, again);
    return inits(pair.b).back()->payloads == "N(COOKIE), N(PUZZLE)" &&
           pair.b.endpoint->half_open() == 0;
  };
  //= rfc8019#7.1.4 "First, the cookie MUST be checked for validity."
  CHECK(refused([](Datagram&, wire::Message&) {}));  // another SPI
  CHECK(refused([](Datagram& d, wire::Message& m) {
    m.header.spi_i = {m.header.spi_i.value - 2};
    d.src.ip = IpAddress::parse("203.0.113.9").value();
  }));
  //= rfc8019#7.1.4 "If a PS payload is found in the message, then the Responder MUST verify the
  //= puzzle solution that it contains."
  CHECK(refused([](Datagram&, wire::Message& m) {
    for (wire::Payload& p : m.payloads)
      if (auto* ps = std::get_if<wire::PuzzleSolutionPayload>(&p.body)) ps->data = Bytes(16, 3);
  }));
}

TEST_CASE("pair: a request that was served is not served again for the same work",
          "[pair][ikev2][puzzle][hostile]") {
  Pair pair(site_a(), asking(8));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  for (int i = 0; i < 3; ++i) pair.step(pair.now + 10ms);
  REQUIRE(pair.b.endpoint->half_open() == 1);
  const Datagram solved = *(pair.wire.end() - 2);
  REQUIRE(wire::first<wire::PuzzleSolutionPayload>(wire::decode(solved.payload).message.payloads));
  pair.lose = [](const Side&, unsigned, const Datagram&) { return true; };
  while (pair.b.endpoint->half_open() != 0) {
    // As long as it is half-open it is a repetition, and gets the answer again.
    const std::size_t answers = inits(pair.b).size();
    if (pair.now < Instant{} + 20s) {
      pair.deliver(pair.b, solved);
      CHECK(inits(pair.b).size() == answers + 1);
      CHECK(pair.b.endpoint->half_open() == 1);
    }
    pair.drive(5s);
    REQUIRE(pair.now < Instant{} + 200s);
  }
  pair.drive(60s);  // nor does the memory of it linger
  pair.deliver(pair.b, solved);
  //= rfc8019#10 "Implementations MUST use one of the above (or some other) countermeasures to
  //= completely eliminate or make insignificant the possible benefit an attacker can get from
  //= reusing puzzle solutions."
  //= rfc8019#7.1.1.3 "When selecting cookie generation, algorithm implementations MUST ensure that
  //= an attacker gains no or insignificant benefit from reusing puzzle solutions in several
  //= requests."
  CHECK(pair.b.endpoint->half_open() == 0);
  CHECK(inits(pair.b).back()->payloads == "N(COOKIE), N(PUZZLE)");
}

TEST_CASE("pair: what the cookie says of its puzzle cannot be changed",
          "[pair][ikev2][puzzle][hostile]") {
  Pair pair(site_a(), asking(8));
  pair.tamper = [&](const Side& from, Datagram& d) {
    auto message = wire::decode(d.payload).message;
    if (&from != &pair.a) return;
    for (wire::Payload& p : message.payloads)
      if (auto* n = std::get_if<wire::NotifyPayload>(&p.body);
          n != nullptr && n->type == wire::NotifyType::cookie) {
        REQUIRE(n->data[4] == 8);
        n->data[4] = 1;
      }
    d.payload = wire::encode(message);
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  //= rfc8019#7.1.1.3 "then the Responder MUST make it integrity protected, so that any intended or
  //= accidental alteration of this information in the returned cookie is detectable."
  //= rfc8019#7.1.4 "It is RECOMMENDED that a new cookie is requested in this case."
  CHECK(pair.b.endpoint->half_open() == 0);
  for (const auto* m : inits(pair.b)) {
    CHECK(m->payloads == "N(COOKIE), N(PUZZLE)");
    //= rfc8019#7.1.1 "Note that the PUZZLE notification MUST always be accompanied with the COOKIE
    //= notification"
    const auto message = wire::decode(m->bytes).message;
    const auto* puzzle = find_notify(message.payloads, wire::NotifyType::puzzle);
    //= rfc8019#8.1 "MUST be 16434,"
    CHECK(static_cast<unsigned>(puzzle->type) == 16434);
  }
}

TEST_CASE("pair: a solution that nobody asked for is ignored", "[pair][ikev2][puzzle]") {
  auto b = site_b();
  b.cookie_threshold = 0;
  Pair pair(site_a(), b);
  pair.tamper = [&](const Side& from, Datagram& d) {
    auto message = wire::decode(d.payload).message;
    if (&from != &pair.a || find_notify(message.payloads, wire::NotifyType::cookie) == nullptr)
      return;
    message.payloads.insert(message.payloads.begin() + 1,
                            wire::make_payload(wire::PuzzleSolutionPayload{Bytes(16, 1)}));
    d.payload = wire::encode(message);
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  for (int i = 0; i < 3; ++i) pair.step(pair.now + 10ms);
  //= rfc8019#7.1.4 "this payload MUST be ignored if the message contains a PS payload for any
  //= reason."
  CHECK(pair.b.endpoint->half_open() == 1);
}

TEST_CASE("pair: more half-open SAs, harder puzzles", "[pair][ikev2][puzzle]") {
  auto b = site_b();
  b.puzzle_threshold = 2;
  b.puzzle_difficulty = 4;
  b.connections[0].remote_addr = {};
  Pair pair(site_a(), b);
  pair.lose = [](const Side&, unsigned, const Datagram& d) {
    return wire::decode(d.payload).message.header.response;
  };
  const auto flood = [&] {
    REQUIRE(pair.command(pair.a, Initiate{"site", ""}).ok());
    pair.settle();
  };
  for (int i = 0; i < 2; ++i) flood();
  CHECK(pair.b.endpoint->half_open() == 2);
  flood();  // the third is asked
  CHECK(pair.b.endpoint->half_open() == 2);
  const auto last = wire::decode(inits(pair.b).back()->bytes).message;
  const auto* puzzle = find_notify(last.payloads, wire::NotifyType::puzzle);
  REQUIRE(puzzle != nullptr);
  CHECK(puzzle->data == Bytes{0, 5, 4});
}
