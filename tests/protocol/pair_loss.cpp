// Lost messages, a dead peer, garbage, and attackers: retransmission from the cache, and nothing
// that is not authentic changes anything (RFC 7296, 2.1, 2.3, 2.4, 2.21, 3.14).
#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/support/lab_certificates.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using Words = std::vector<std::string>;

void establish(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
}

/// What must not change when something is dropped.
std::string picture(const Side& side) {
  std::string text;
  for (const auto& sa : side.endpoint->sas()) {
    text += sa.name + " " + sa.state;
    for (const auto& c : sa.children)
      text += " " + c.name + " " + c.state + " " + to_string(c.spi_in) + " " + to_string(c.spi_out);
  }
  for (const std::string& change : side.sad) text += " " + change;
  return text;
}

}  // namespace

TEST_CASE("pair: each message of the handshake is lost once", "[pair][ikev2][loss]") {
  const bool of_a = GENERATE(true, false);
  const unsigned nth = GENERATE(1U, 2U);
  CAPTURE(of_a, nth);
  Pair pair(site_a(), site_b());
  pair.lose_nth(of_a ? pair.a : pair.b, nth);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(10s);
  CHECK(pair.consistent());
  CHECK(pair.b.sas()[0].name == "gw-b#1");  // the repetition began no second SA
  const std::string exchange = nth == 1 ? "IKE_SA_INIT" : "IKE_AUTH", id = nth == 1 ? " 0" : " 1";
  const auto sent = pair.a.messages_sent();
  CHECK(std::count(sent.begin(), sent.end(), exchange + " request" + id + " again 1") == 1);
  if (!of_a) {  // the response was lost: it came once more from the cache, to the byte
    std::vector<Bytes> responses;
    for (const auto* m : pair.b.all<trace::Message>())
      if (m->direction == "sent" && m->exchange == exchange) responses.push_back(m->bytes);
    REQUIRE(responses.size() == 2);
    CHECK(responses[0] == responses[1]);
  }
}

TEST_CASE("pair: each message after the handshake is lost once", "[pair][ikev2][loss]") {
  const bool of_a = GENERATE(true, false);
  const unsigned nth = GENERATE(1U, 2U);
  const int what = GENERATE(0, 1, 2, 3);
  CAPTURE(of_a, nth, what);
  Pair pair(site_a(), site_b());
  establish(pair);
  pair.lose_nth(of_a ? pair.a : pair.b, nth);
  const Command commands[] = {RekeyChild{"net"}, RekeyIke{}, DeleteChild{"net"}, DeleteIke{}};
  REQUIRE(pair.command(pair.a, commands[what]).ok());
  pair.drive(60s);
  if (what == 3) {
    CHECK(pair.a.state() == "none");
    CHECK(pair.b.state() == "none");
    CHECK(pair.a.inbound.empty());
    CHECK(pair.b.inbound.empty());
    return;
  }
  CHECK(pair.consistent());
  CHECK(pair.a.inbound.size() == (what == 2 ? 0U : 1U));
  if (what != 2)
    CHECK(pair.lost_probes == 0);  // who deletes without a successor loses what is on its way
}

TEST_CASE("pair: a third of all messages is lost", "[pair][ikev2][loss]") {
  const std::uint64_t seed = GENERATE(1ULL, 2ULL, 3ULL, 4ULL, 5ULL, 6ULL);
  CAPTURE(seed);
  auto a = site_a(), b = site_b();
  for (auto* config : {&a, &b})  // who gives the other up does not tell: liveness finds out
    config->connections[0].dpd_delay = 60s;
  Pair pair(a, b, seed);
  const auto chance = crypto::seeded_rng(seed, "wire")->stream("loss");
  pair.lose = [&](const Side&, unsigned, const Datagram&) { return chance->below(3) == 0; };
  for (int attempts = 0; attempts < 4 && !pair.consistent();
       ++attempts) {  // five repetitions are not always enough
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive(200s);
  }
  CAPTURE(pair.a.messages_sent(), pair.b.messages_sent(), pair.a.diagnostics(),
          pair.b.diagnostics(), pair.a.state(), pair.b.state());
  REQUIRE(pair.consistent());
  for (int i = 0; i < 3; ++i) {
    static_cast<void>(pair.command(pair.a, RekeyChild{"net"}));
    static_cast<void>(pair.command(pair.b, RekeyIke{}));
    pair.drive(400s);
  }
  pair.lose = nullptr;
  pair.drive(700s);
  const bool both_down = pair.a.state() == "none" && pair.b.state() == "none";
  CHECK((both_down || pair.consistent()));
}

TEST_CASE("pair: retransmission backs off, then gives up", "[pair][ikev2][loss][timer]") {
  Pair pair(site_a(), site_b());
  pair.lose = [](const Side&, unsigned, const Datagram&) { return true; };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  std::vector<std::int64_t> at;
  while (pair.a.state() != "none") {
    const unsigned before = pair.a.sent;
    REQUIRE(pair.step(pair.now + 1000s));
    if (pair.a.sent != before) at.push_back(pair.now.ns / 1'000'000);
  }
  CHECK(at == std::vector<std::int64_t>{2000, 5600, 12080, 23744, 44739});
  CHECK(pair.a.all<trace::TaskEnded>().back()->detail == "the peer did not answer");
}

TEST_CASE("pair: a half-open SA expires", "[pair][ikev2][timer]") {
  Pair pair(site_a(), site_b());
  pair.lose = [&](const Side& from, unsigned, const Datagram&) { return &from == &pair.b; };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  // The initiator repeats its request for the last time after 44.739 s; 30 s later nobody waits for
  // it any more.
  pair.drive(74s);
  CHECK(pair.b.endpoint->half_open() == 1);
  pair.drive(2s);
  CHECK(pair.b.endpoint->half_open() == 0);
  CHECK(pair.b.state() == "none");
}

TEST_CASE("pair: liveness: a dead peer is noticed, a living one is not bothered",
          "[pair][ikev2][dpd]") {
  auto a = site_a();
  a.connections[0].dpd_delay = 10s;
  Pair pair(a, site_b());
  establish(pair);
  pair.drive(35s);
  CHECK(pair.a.state() == "ESTABLISHED");
  const auto sent = pair.a.messages_sent();
  CHECK(std::count_if(sent.begin(), sent.end(),
                      [](const auto& s) { return s.find("INFORMATIONAL") == 0; }) == 3);
  pair.lose = [&](const Side& from, unsigned, const Datagram&) {
    return &from == &pair.b;
  };  // gw-b is gone
  pair.drive(400s);
  CHECK(pair.a.state() == "none");
  CHECK(pair.a.inbound.empty());
  CHECK(pair.a.all<trace::SaRemoved>().size() == 3);
}

TEST_CASE("pair: a changed ciphertext or ICV changes nothing", "[pair][ikev2][hostile]") {
  const char* ike = GENERATE("aes256gcm16-prfsha256-x25519", "aes128-sha256-x25519",
                             "chacha20poly1305-prfsha256-x25519");
  CAPTURE(ike);
  Pair pair(site_a(ike), site_b(ike));
  establish(pair);
  const std::string before_a = picture(pair.a), before_b = picture(pair.b);
  Bytes original;
  pair.tamper = [&](const Side& from, Datagram& d) {
    if (&from != &pair.a || !original.empty()) return;
    original = d.payload;
    d.payload.back() ^= 1;
  };
  REQUIRE(pair.command(pair.a, DeleteIke{}).ok());
  pair.drive(1s);  // less than the first retransmission
  CHECK(picture(pair.b) == before_b);
  CHECK(pair.b.diagnosed("E-IKE-011"));
  pair.drive(5s);  // the twin: the same message untouched goes through
  CHECK(pair.b.state() == "none");
}

TEST_CASE("pair: a replayed request is answered from the cache and does nothing twice",
          "[pair][ikev2][hostile]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.drive();
  const std::string before = picture(pair.b);
  const auto wire = pair.wire;
  for (const Datagram& datagram : wire)
    if (datagram.dst.ip == IpAddress::parse("192.0.2.2").value()) pair.deliver(pair.b, datagram);
  for (const Datagram& datagram : wire)
    if (datagram.dst.ip == IpAddress::parse("192.0.2.1").value()) pair.deliver(pair.a, datagram);
  pair.drive();
  CHECK(picture(pair.b) == before);
  CHECK(pair.b.diagnosed("E-IKE-014"));
  CHECK(pair.a.diagnosed("E-IKE-017"));
  CHECK(pair.consistent());
}

TEST_CASE("pair: a message reflected to its sender is refused", "[pair][ikev2][hostile]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  REQUIRE(pair.command(pair.a, CheckLiveness{}).ok());
  auto mirrored = pair.wire.back();
  std::swap(mirrored.src, mirrored.dst);
  const std::string before = picture(pair.a);
  pair.deliver(pair.a, mirrored);
  CHECK(picture(pair.a) == before);
  CHECK(!pair.a.diagnostics().empty());
}

TEST_CASE("pair: unknown SPIs, versions and payloads", "[pair][ikev2][hostile]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  const auto init = pair.wire.front(), auth = pair.wire[2];
  const auto answers_to = [&](Datagram datagram, std::size_t at, std::uint8_t value) {
    datagram.payload[at] = value;
    const unsigned before = pair.b.sent;
    pair.deliver(pair.b, datagram);
    return pair.b.sent - before;
  };
  CHECK(answers_to(auth, 3, static_cast<std::uint8_t>(auth.payload[3] ^ 1)) ==
        0);  // SPIi of nobody
  CHECK(answers_to(auth, 9, static_cast<std::uint8_t>(auth.payload[9] ^ 1)) ==
        0);  // SPIr of nobody
  CHECK(pair.b.diagnosed("E-IKE-002"));
  CHECK(answers_to(init, 17, 0x30) == 1);  // version 3
  CHECK(pair.b.all<trace::Message>().back()->payloads == "N(INVALID_MAJOR_VERSION)");
  CHECK(answers_to(init, 17, 0x10) == 0);  // version 1
  // The first payload becomes one that nobody knows, and critical (2.5): refused in words; not
  // critical: skipped, and SA lacks then.
  auto critical = init;
  critical.payload[16] = 200;
  critical.payload[3] ^= 1;
  CHECK(answers_to(critical, 29, 0x80) == 1);
  CHECK(pair.b.all<trace::Message>().back()->payloads == "N(UNSUPPORTED_CRITICAL_PAYLOAD)");
  CHECK(answers_to(critical, 29, 0x00) == 0);
  CHECK(pair.consistent());
}

TEST_CASE("pair: thousands of broken datagrams change nothing", "[pair][ikev2][hostile][fuzz]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.drive();
  REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
  pair.drive();
  REQUIRE(pair.consistent());
  const auto recorded = pair.wire;
  const auto rng = crypto::seeded_rng(3, "noise")->stream("mutations");
  const std::string before_a = picture(pair.a), before_b = picture(pair.b);
  for (int i = 0; i < 4000; ++i) {
    Datagram broken = recorded[rng->below(recorded.size())];
    Bytes& octets = broken.payload;
    switch (rng->below(5)) {
      case 0:
        octets.resize(rng->below(octets.size()));
        break;  // cut
      case 1:
        octets[rng->below(octets.size())] ^= static_cast<std::uint8_t>(1U << rng->below(8));
        break;  // a bit
      case 2:
        octets = rng->bytes(rng->below(200));
        break;  // noise
      case 3:
        octets.insert(octets.begin() + static_cast<std::ptrdiff_t>(rng->below(octets.size())),
                      0xff);
        break;  // longer
      default:
        for (int k = 0; k < 8; ++k)
          octets[rng->below(octets.size())] = static_cast<std::uint8_t>(rng->below(256));
    }
    const bool to_a = broken.dst.ip == IpAddress::parse("192.0.2.1").value();
    // IKE_SA_INIT requests that still are sound begin a half-open SA, as they should: not what is
    // tested here.
    if (octets.size() > 18 && octets[18] == 34) continue;
    pair.deliver(to_a ? pair.a : pair.b, broken);
  }
  CHECK(picture(pair.a) == before_a);
  CHECK(picture(pair.b) == before_b);
  pair.drive(40s);
  CHECK(pair.consistent());
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());  // and all still works
  pair.drive();
  CHECK(pair.consistent());
}

TEST_CASE("pair: broken IKE_SA_INIT leaves no more than half-open SAs that expire",
          "[pair][ikev2][hostile][fuzz]") {
  auto b = site_b();
  b.connections[0].remote_addr = {};
  b.cookie_threshold = 50;
  Pair pair(site_a(), b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  const auto original = pair.wire.front();
  const auto rng = crypto::seeded_rng(4, "noise")->stream("mutations");
  for (int i = 0; i < 2000; ++i) {
    Datagram broken = original;
    for (std::uint64_t k = rng->below(3) + 1; k > 0; --k)
      broken.payload[rng->below(broken.payload.size())] ^=
          static_cast<std::uint8_t>(1U << rng->below(8));
    if (rng->below(4) == 0) broken.payload.resize(rng->below(broken.payload.size()));
    pair.deliver(pair.b, broken);
  }
  CHECK(pair.b.endpoint->half_open() <= 50);
  pair.drive(70s);
  CHECK(pair.b.endpoint->half_open() == 0);
}

TEST_CASE("pair: broken messages during the handshake do not disturb it",
          "[pair][ikev2][hostile][fuzz]") {
  const std::uint64_t seed = GENERATE(1ULL, 2ULL, 3ULL);
  const auto rng = crypto::seeded_rng(seed, "noise")->stream("mutations");
  const auto sites = certified_sites();
  Pair pair(sites.a, sites.b, seed);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  for (int steps = 0; steps < 6; ++steps) {
    for (int i = 0; i < 100; ++i) {
      Datagram broken = pair.wire.back();
      if (broken.payload[18] == 34)
        broken.payload.resize(rng->below(broken.payload.size()));  // IKE_SA_INIT is not protected
      else
        broken.payload[28 + rng->below(broken.payload.size() - 28)] ^=
            static_cast<std::uint8_t>(1U << rng->below(8));
      pair.deliver(broken.dst.ip == IpAddress::parse("192.0.2.1").value() ? pair.a : pair.b,
                   broken);
    }
    if (!pair.step(pair.now + 1s)) break;
  }
  pair.settle();
  CHECK(pair.consistent());
}
