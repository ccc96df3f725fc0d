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
  CHECK(bits("0618400733240c8a2a0d94c8") == 0U);  // four keys, and one of them gives no zero bit
  // Not four, not different, not of one size.
  CHECK_FALSE(bits("061840061840"
                   "0c8a2a0d94c8"
                   "06184006184"
                   "00c8a2a0d94c8")
                  .has_value());
  CHECK_FALSE(bits("0618400c8a").has_value());
  CHECK_FALSE(bits("").has_value());
}

TEST_CASE("puzzle: a solution is one, and the search ends", "[ikev2][puzzle]") {
  const auto provider = crypto::openssl_provider();
  const Bytes cookie(37, 5);
  const Puzzle easy{&hmac_sha256(), 8};
  const Solution solved = solve(*provider, easy, cookie);
  REQUIRE(solved.keys.size() == 16);
  CHECK(zero_bits(*provider, hmac_sha256(), solved.keys, cookie) >= 8U);
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
  CHECK(refused([](Datagram&, wire::Message&) {}));  // another SPI
  CHECK(refused([](Datagram& d, wire::Message& m) {
    m.header.spi_i = {m.header.spi_i.value - 2};
    d.src.ip = IpAddress::parse("203.0.113.9").value();
  }));
  CHECK(refused([](Datagram&, wire::Message& m) {
    for (wire::Payload& p : m.payloads)
      if (auto* ps = std::get_if<wire::PuzzleSolutionPayload>(&p.body)) ps->data = Bytes(16, 3);
  }));
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
