// Puzzles for IKE_AUTH (RFC 8019, 7.2): given to who solved one before, solved, and looked at
// before anything is computed.
#include "protocol/ikev2/puzzle.hpp"
#include "protocol/ikev2/task.hpp"
#include "tests/protocol/fragment_support.hpp"
#include "tests/support/eap_world.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

constexpr const char* no_solution = "E-IKE-092";

/// gw-b gives an easy puzzle for IKE_SA_INIT, and one for IKE_AUTH.
void ask_twice(policy::EndpointConfig& b, unsigned difficulty = 6) {
  b.puzzle_threshold = 0;
  b.puzzle_difficulty = 2;
  b.auth_puzzle_threshold = 0;
  b.auth_puzzle_difficulty = difficulty;
}
policy::EndpointConfig asking_twice(unsigned difficulty = 6) {
  auto b = site_b();
  ask_twice(b, difficulty);
  return b;
}

std::uint64_t secrets_computed(const Side& side) {
  return side.provider->counts()[static_cast<std::size_t>(crypto::Operation::ke_derive)];
}

bool says(const trace::Message& message, const char* what) {
  return message.payloads.find(what) != std::string::npos;
}

std::vector<const trace::Message*> messages(const Side& side, const char* direction,
                                            const char* exchange) {
  std::vector<const trace::Message*> found;
  for (const auto* m : side.all<trace::Message>())
    if (m->exchange == exchange && m->direction == direction) found.push_back(m);
  return found;
}

wire::Message decoded(const Datagram& datagram) {
  return wire::decode(datagram.payload).message;
}

/// The payload types of a message as it crossed the wire.
std::vector<wire::PayloadType> types(const Datagram& datagram) {
  std::vector<wire::PayloadType> out;
  for (const wire::Payload& p : decoded(datagram).payloads) out.push_back(p.type);
  return out;
}

/// gw-b waits for IKE_AUTH, which is on its way, and returned.
Datagram half_open(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  for (int i = 0; i < 4; ++i) pair.step(pair.now + 10ms);
  REQUIRE(pair.b.state() == "HALF_OPEN");
  const Datagram auth = pair.wire.back();
  REQUIRE(decoded(auth).header.exchange == wire::ExchangeType::ike_auth);
  return auth;
}

/// The datagram with its puzzle's solution changed; without one if it becomes empty.
Datagram with_solution(Datagram datagram, const Bytes& keys) {
  wire::Message message = decoded(datagram);
  std::erase_if(message.payloads, [](const wire::Payload& p) {
    return p.type == wire::PayloadType::puzzle_solution;
  });
  if (!keys.empty())
    message.payloads.insert(message.payloads.begin(),
                            wire::make_payload(wire::PuzzleSolutionPayload{keys}));
  datagram.payload = wire::encode(message);
  return datagram;
}

Bytes solution_in(const Datagram& datagram) {
  const auto message = decoded(datagram);
  const auto* ps = wire::first<wire::PuzzleSolutionPayload>(message.payloads);
  return ps == nullptr ? Bytes{} : ps->data;
}

}  // namespace

TEST_CASE("pair: a puzzle for IKE_AUTH, message by message", "[pair][ikev2][puzzle]") {
  Pair pair(site_a(), asking_twice());
  // gw-a  SA, KE, Ni  -->
  // gw-b            <--  N(COOKIE), N(PUZZLE)
  // gw-a  N(COOKIE), PS, SA, KE, Ni  -->
  // gw-b            <--  SA, KE, Nr, N(PUZZLE)
  const Datagram auth = half_open(pair);
  const auto answers = messages(pair.b, "sent", "IKE_SA_INIT");
  REQUIRE(answers.size() == 2);
  CHECK(answers[1]->payloads.starts_with("SA, KE, Nr"));
  CHECK(says(*answers[1], "N(PUZZLE)"));
  CHECK(secrets_computed(pair.b) == 0);
  // gw-a  PS, SK {IDi, AUTH, SA, TSi, TSr}  -->
  //= rfc8019#7.2.2 "The PS payload MUST be placed outside the Encrypted payload"
  CHECK(types(auth) == std::vector{wire::PayloadType::puzzle_solution, wire::PayloadType::sk});
  CHECK(messages(pair.a, "sent", "IKE_AUTH")[0]->payloads.starts_with("PS, IDi, "));
  //= rfc8019#7.2.3 "S is a concatenation of Nr and SPIr."
  const auto init = wire::decode(answers[1]->bytes).message;
  const Bytes s =
      concat({wire::first<wire::NoncePayload>(init.payloads)->data, octets_of(init.header.spi_r)});
  const auto* prf = crypto::find_keyword(crypto::TransformType::prf, "prfsha256");
  //= rfc8019#7.2.2 "contains the PUZZLE notification and the Initiator supports puzzles, it MUST
  //= solve the puzzle."
  CHECK(zero_bits(*pair.a.provider, *prf, solution_in(auth), s) >= 6U);
  pair.settle();
  CHECK(pair.consistent());
  CHECK(secrets_computed(pair.b) == 1);
  CHECK(messages(pair.b, "received", "IKE_AUTH")[0]->payloads.starts_with("PS, IDi, "));
  CHECK_FALSE(pair.b.diagnosed(no_solution));
}

TEST_CASE("pair: the solution is looked at before anything is computed", "[pair][ikev2][puzzle]") {
  Pair pair(site_a(), asking_twice());
  half_open(pair);
  pair.settle();
  std::size_t verified = 0, derived = 0, at = 0;
  for (const trace::LocalEvent& event : pair.b.events) {
    ++at;
    if (const auto* timer = std::get_if<trace::TimerFired>(&event.body);
        timer != nullptr && timer->timer == "puzzle")
      verified = at;
    if (std::holds_alternative<trace::KeyDerived>(event.body) && derived == 0) derived = at;
  }
  //= rfc8019#7.2.4 "the Responder MUST verify the solution before performing computationally
  //= intensive operations, i.e., computing the DH shared secret and the SK_* keys."
  CHECK(verified != 0);
  CHECK(verified < derived);
}

TEST_CASE("pair: without a puzzle in IKE_SA_INIT there is none for IKE_AUTH",
          "[pair][ikev2][puzzle]") {
  auto b = site_b();
  b.auth_puzzle_threshold = 0;
  SECTION("none is configured") {}
  SECTION("there is no reason for one yet") {
    b.puzzle_threshold = 1;
  }
  SECTION("only a cookie was asked for") {
    b.cookie_threshold = 0;
  }
  Pair pair(site_a(), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
  //= rfc8019#7.2.1 "The Responder MUST NOT use puzzles in the IKE_AUTH exchange unless a puzzle has
  //= been previously presented and solved in the preceding IKE_SA_INIT exchange."
  for (const auto* m : messages(pair.b, "sent", "IKE_SA_INIT")) CHECK_FALSE(says(*m, "N(PUZZLE)"));
  CHECK(types(pair.wire[pair.wire.size() - 2]) == std::vector{wire::PayloadType::sk});
}

TEST_CASE("pair: the puzzle for IKE_AUTH always asks for some work", "[pair][ikev2][puzzle]") {
  Pair pair(site_a(), asking_twice(0));
  half_open(pair);
  const auto init = wire::decode(messages(pair.b, "sent", "IKE_SA_INIT")[1]->bytes).message;
  const auto* puzzle = find_notify(init.payloads, wire::NotifyType::puzzle);
  REQUIRE(puzzle != nullptr);
  //= rfc8019#7.2.1.1 "the requested difficulty level for IKE_AUTH puzzles MUST NOT be 0."
  CHECK(puzzle->data == Bytes{0, 5, 1});
  //= rfc8019#8.1 "Protocol ID (1 octet) -- MUST be 0."
  CHECK(puzzle->protocol == wire::ProtocolId::none);
  //= rfc8019#8.1 "SPI Size (1 octet) -- MUST be 0, meaning no SPI is present."
  CHECK(puzzle->spi.empty());
}

TEST_CASE("pair: IKE_AUTH without a right solution costs nothing, and says nothing",
          "[pair][ikev2][puzzle][hostile]") {
  Pair pair(site_a(), asking_twice());
  const Datagram auth = half_open(pair);
  const Bytes right = solution_in(auth);
  REQUIRE(right.size() == 16);
  Bytes one_wrong = right, one_twice = right;
  one_wrong[15] ^= 0x80;
  std::copy_n(one_twice.begin(), 4, one_twice.begin() + 4);
  const auto solved_before = std::find_if(pair.wire.begin(), pair.wire.end(),
                                          [](const auto& d) { return !solution_in(d).empty(); });
  const std::pair<const char*, Bytes> wrong[] = {
      {"missing", {}},
      {"one key of four gives too few zero bits", one_wrong},
      {"one key stands there twice", one_twice},
      {"the solution for the cookie", solution_in(*solved_before)},
      {"keys longer than the PRF's", Bytes(4 * 33, 1)},
  };
  const unsigned sent = pair.b.sent;
  for (const auto& [what, keys] : wrong) {
    INFO(what);
    REQUIRE(keys != right);
    pair.deliver(pair.b, with_solution(auth, keys));
    //= rfc8019#7.2.4 "then it MUST silently discard all the IKE_AUTH request messages without the PS
    //= payload."
    //= rfc8019#7.2.4 "The Responder MUST silently discard the received message if any checked
    //= verification result is not correct (contains insufficient number of trailing zero bits)."
    //= rfc8019#7.2.4 "The Responder MUST verify all four of the returned keys."
    CHECK(pair.b.diagnostics().back() == no_solution);
    CHECK(pair.b.state() == "HALF_OPEN");
  }
  pair.deliver(pair.b, with_solution(auth, Bytes(13, 1)));  // not four keys of one size
  CHECK(pair.b.diagnostics().back() == "E-WIRE-041");
  CHECK(pair.b.sent == sent);
  CHECK(secrets_computed(pair.b) == 0);
  pair.settle();
  CHECK(pair.consistent());
}

TEST_CASE("pair: a solution for IKE_AUTH is good for one IKE SA",
          "[pair][ikev2][puzzle][hostile]") {
  Pair pair(site_a(), asking_twice());
  const Bytes first = solution_in(half_open(pair));
  pair.settle();
  REQUIRE(pair.command(pair.a, DeleteIke{}).ok());
  pair.settle();
  REQUIRE(pair.b.state() == "none");
  const std::uint64_t before = secrets_computed(pair.b);
  const Datagram auth = half_open(pair);
  REQUIRE(solution_in(auth) != first);
  pair.deliver(pair.b, with_solution(auth, first));
  CHECK(pair.b.diagnostics().back() == no_solution);
  CHECK(secrets_computed(pair.b) == before);
  pair.settle();
  CHECK(pair.consistent());
}

TEST_CASE("pair: what a right solution bought stays: noise behind it costs one shared secret",
          "[pair][ikev2][puzzle][hostile]") {
  Pair pair(site_a(), asking_twice());
  const Datagram auth = half_open(pair);
  Datagram noise = auth;
  noise.payload.back() ^= 1;
  for (int i = 0; i < 3; ++i) {
    pair.deliver(pair.b, noise);
    CHECK(pair.b.diagnostics().back() == "E-IKE-011");
  }
  //= rfc8019#7.2.4 "then it SHOULD save the calculated keys in the IKE SA state while waiting for
  //= the retransmissions from the Initiator."
  CHECK(secrets_computed(pair.b) == 1);
  // It MAY skip verification now; the payload is still asked for.
  pair.deliver(pair.b, with_solution(auth, Bytes(16, 3)));
  CHECK(pair.b.diagnostics().back() == "E-IKE-011");
  pair.deliver(pair.b, with_solution(auth, {}));
  CHECK(pair.b.diagnostics().back() == no_solution);
  pair.settle();
  CHECK(pair.consistent());
  CHECK(secrets_computed(pair.b) == 1);
}

TEST_CASE("pair: the solution goes with the first IKE_AUTH request alone",
          "[pair][ikev2][puzzle][eap]") {
  EapWorld world;
  ask_twice(world.b);
  Pair pair(world.a, world.b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
  const auto requests = auth_payloads(pair.a);
  REQUIRE(requests.size() > 2);
  CHECK(requests[0].starts_with("PS, IDi"));
  for (std::size_t i = 1; i < requests.size(); ++i) CHECK_FALSE(requests[i].starts_with("PS"));
}

TEST_CASE("pair: IKE_AUTH repeated carries its solution again", "[pair][ikev2][puzzle]") {
  Pair pair(site_a(), asking_twice());
  const Datagram auth = half_open(pair);
  pair.lose_nth(pair.b, 1);  // the answer
  pair.drive(5s);
  CHECK(pair.consistent());
  const auto sent = messages(pair.a, "sent", "IKE_AUTH");
  REQUIRE(sent.size() == 2);
  CHECK(sent[1]->bytes == sent[0]->bytes);
  CHECK(sent[0]->bytes == auth.payload);
}

TEST_CASE("pair: a puzzle for IKE_AUTH that is too hard ends the initiator's IKE SA",
          "[pair][ikev2][puzzle]") {
  Pair pair(site_a(), asking_twice(32));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.a.state() == "none");
  const auto ended = pair.a.all<trace::TaskEnded>();
  REQUIRE(ended.size() == 1);
  CHECK(ended[0]->detail.find("32 zero bits") != std::string::npos);
  CHECK(messages(pair.a, "sent", "IKE_AUTH").empty());
  CHECK(secrets_computed(pair.b) == 0);
}

TEST_CASE("pair: where IKE_INTERMEDIATE comes first there is no puzzle for IKE_AUTH",
          "[pair][ikev2][puzzle]") {
  constexpr const char* hybrid = "aes256gcm16-prfsha384-x25519-ke1_mlkem512";
  auto b = site_b(hybrid);
  ask_twice(b);
  Pair pair(site_a(hybrid), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
  CHECK_FALSE(says(*messages(pair.b, "sent", "IKE_SA_INIT").back(), "N(PUZZLE)"));
}

TEST_CASE("pair: noise in half-open IKE SAs is what brings puzzles for IKE_AUTH",
          "[pair][ikev2][puzzle]") {
  auto b = asking_twice();
  b.auth_puzzle_threshold = 2;
  Pair pair(site_a(), b);
  const auto asked = [&] {
    return says(*messages(pair.b, "sent", "IKE_SA_INIT").back(), "N(PUZZLE)");
  };
  // Two IKE SAs get noise alone; each more than once, and counts once.
  pair.lose = [&](const Side& from, unsigned, const Datagram& d) {
    return &from == &pair.a && decoded(d).header.exchange == wire::ExchangeType::ike_auth;
  };
  for (int i = 0; i < 2; ++i) {
    REQUIRE(pair.command(pair.a, Initiate{"site", ""}).ok());
    pair.settle();
    CHECK_FALSE(asked());
    Datagram noise = pair.wire.back();
    noise.payload.back() ^= 1;
    pair.deliver(pair.b, noise);
    pair.deliver(pair.b, noise);
  }
  CHECK(pair.b.endpoint->half_open() == 2);
  REQUIRE(pair.command(pair.a, Initiate{"site", ""}).ok());
  pair.settle();
  CHECK(asked());
  // They end, and the reason with them.
  pair.drive(120s);
  REQUIRE(pair.b.endpoint->half_open() == 0);
  pair.lose = nullptr;
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK_FALSE(asked());
  CHECK(pair.consistent());
}

TEST_CASE("pair: a puzzle without a cookie is nothing to begin again for",
          "[pair][ikev2][puzzle][hostile]") {
  Pair pair(site_a(), site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  Datagram forged = pair.wire.front();
  std::swap(forged.src, forged.dst);
  wire::Message message = decoded(forged);
  message.header.response = true;
  message.header.initiator = false;
  message.payloads = {notify(wire::NotifyType::puzzle, {0, 5, 8})};
  forged.payload = wire::encode(message);
  pair.deliver(pair.a, forged);
  //= rfc8019#7.1.2 "In this case, the Initiator MUST ignore the received message and continue to
  //= wait until either a valid PUZZLE notification is received or the retransmission timer fires."
  CHECK(pair.a.diagnosed("E-WIRE-101"));
  CHECK(pair.a.state() == "INITIATING");
  pair.settle();
  CHECK(pair.consistent());
}

// ---- fragments ---------------------------------------------------------------------------------

namespace {

/// IKE_AUTH of gw-a takes several fragments.
CertifiedPair large_sites_asking_twice() {
  auto sites = certified_sites();
  set_fragments(sites.a, 400);
  set_fragments(sites.b, 400);
  ask_twice(sites.b);
  return sites;
}

/// Every fragment of gw-a's IKE_AUTH; none has arrived.
std::vector<Datagram> fragments_of_auth(Pair& pair) {
  half_open(pair);
  auto parts = fragments_since(pair, 0);
  REQUIRE(parts.size() > 2);
  return parts;
}

}  // namespace

TEST_CASE("pair: of fragments, the first carries the solution",
          "[pair][ikev2][puzzle][fragments]") {
  const auto sites = large_sites_asking_twice();
  Pair pair(sites.a, sites.b);
  const auto parts = fragments_of_auth(pair);
  //= rfc8019#7.2.2 "If IKE fragmentation [RFC7383] is used in the IKE_AUTH exchange, then the PS
  //= payload MUST be present only in the first IKE Fragment message"
  //= rfc7383#2.5.3 "all unprotected payloads MUST be placed in the first fragment (with the Fragment
  //= Number field equal to 1), along with the Encrypted Fragment payload, which MUST be present in
  //= every IKE Fragment message and be the last payload in it."
  CHECK(types(parts[0]) == std::vector{wire::PayloadType::puzzle_solution, wire::PayloadType::skf});
  for (std::size_t i = 1; i < parts.size(); ++i)
    CHECK(types(parts[i]) == std::vector{wire::PayloadType::skf});
  for (const Datagram& part : parts) CHECK(ip_size(part) <= 400);
  pair.settle();
  CHECK(pair.consistent());
  CHECK(secrets_computed(pair.b) == 1);
  const auto sent = messages(pair.a, "sent", "IKE_AUTH");
  REQUIRE(sent.size() == parts.size());
  // Of fragments, the trace tells what the message says with the one that completes it.
  CHECK(sent.front()->fragment == 1);
  CHECK(sent.front()->payloads.empty());
  CHECK(sent.back()->payloads.starts_with("PS, IDi, "));
  CHECK(messages(pair.b, "received", "IKE_AUTH").back()->payloads == sent.back()->payloads);
}

TEST_CASE("pair: fragments that come before the solution are not looked at",
          "[pair][ikev2][puzzle][fragments]") {
  const auto sites = large_sites_asking_twice();
  Pair pair(sites.a, sites.b);
  const auto parts = fragments_of_auth(pair);
  const auto opened = [&] {
    return pair.b.provider->counts()[static_cast<std::size_t>(crypto::Operation::open)];
  };
  pair.deliver(pair.b, parts[1]);
  //= rfc8019#7.2.4 "In this case, the Responder SHOULD NOT try to verify authenticity of the kept
  //= fragments until the first fragment with the PS payload is received, and the solution to the
  //= puzzle is verified."
  CHECK(opened() == 0);
  CHECK(secrets_computed(pair.b) == 0);
  CHECK(pair.b.diagnostics().back() == no_solution);
  pair.settle();  // the others follow, the first one first
  CHECK(opened() == parts.size());
  CHECK(pair.consistent());
}

TEST_CASE("pair: the fragment with the solution is lost", "[pair][ikev2][puzzle][fragments]") {
  const auto sites = large_sites_asking_twice();
  Pair pair(sites.a, sites.b);
  bool lost = false;
  pair.lose = [&](const Side&, unsigned, const Datagram& d) {
    const bool first = !lost && types(d).size() == 2 && types(d)[1] == wire::PayloadType::skf;
    lost = lost || first;
    return first;
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  CHECK(lost);
  CHECK(pair.b.state() == "HALF_OPEN");
  CHECK(secrets_computed(pair.b) == 0);
  pair.drive(5s);
  CHECK(pair.consistent());
  CHECK(secrets_computed(pair.b) == 1);
}

TEST_CASE("pair: a wrong solution in the first fragment",
          "[pair][ikev2][puzzle][fragments][hostile]") {
  const auto sites = large_sites_asking_twice();
  Pair pair(sites.a, sites.b);
  const auto parts = fragments_of_auth(pair);
  pair.deliver(pair.b, with_solution(parts[0], Bytes(16, 3)));
  CHECK(pair.b.diagnostics().back() == no_solution);
  pair.deliver(pair.b, with_solution(parts[0], {}));
  CHECK(pair.b.diagnostics().back() == no_solution);
  CHECK(secrets_computed(pair.b) == 0);
  // In another fragment it is against the grammar: no octet of it is authentic.
  Datagram second = with_solution(parts[1], solution_in(parts[0]));
  pair.deliver(pair.b, second);
  CHECK(pair.b.diagnostics().back() == no_solution);
  pair.settle();
  CHECK(pair.consistent());
}

TEST_CASE("pair: an authentic fragment that is not the first, and has a solution beside it",
          "[pair][ikev2][puzzle][fragments][hostile]") {
  const auto sites = large_sites_asking_twice();
  Pair pair(sites.a, sites.b);
  const auto parts = fragments_of_auth(pair);
  pair.deliver(pair.b, parts[0]);
  Insider insider(pair, pair.a);
  insider.header.exchange = wire::ExchangeType::ike_auth;
  insider.header.message_id = {1};
  const wire::Payload ps = wire::make_payload(wire::PuzzleSolutionPayload{solution_in(parts[0])});
  //= rfc7383#2.5.3 "all unprotected payloads MUST be placed in the first fragment"
  pair.deliver(pair.b, insider.fragment(2, part_of(parts[0])->total, Bytes(8),
                                        wire::PayloadType::none, {ps}));
  CHECK(pair.b.diagnosed("E-WIRE-113"));
  CHECK(pair.b.state() == "none");
}

TEST_CASE(
    "pair: the path carries only smaller fragments, and the solution goes with the first of "
    "them",
    "[pair][ikev2][puzzle][fragments]") {
  auto sites = large_sites_asking_twice();
  set_fragments(sites.a, 700);
  sites.a.connections[0].fragment_probing = true;
  Pair pair(sites.a, sites.b);
  pair.lose = [](const Side&, unsigned, const Datagram& d) { return ip_size(d) > 576; };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(60s);
  CHECK(pair.consistent());
  std::size_t with_ps = 0;
  for (const Datagram& part : fragments_since(pair, 0))
    if (!solution_in(part).empty()) {
      ++with_ps;
      CHECK(part_of(part)->number == 1);
    }
  CHECK(with_ps >= 2);
}
