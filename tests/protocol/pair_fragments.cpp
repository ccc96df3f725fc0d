// Large messages in fragments: what is agreed on, how they are cut, put together, lost and repeated
// (RFC 7383).
#include "tests/protocol/fragment_support.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;
using policy::Fragmentation;

namespace {

constexpr const char* announced = "N(IKEV2_FRAGMENTATION_SUPPORTED)";

bool says(const trace::Message& message, const char* what) {
  return message.payloads.find(what) != std::string::npos;
}

/// Certificates make IKE_AUTH large: some 900 octets.
CertifiedPair large_sites(std::size_t size_a = 400, std::size_t size_b = 400) {
  auto sites = certified_sites();
  set_fragments(sites.a, size_a);
  set_fragments(sites.b, size_b);
  return sites;
}

void establish(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
}

std::vector<const trace::Message*> fragment_events(const Side& side, const char* direction) {
  std::vector<const trace::Message*> found;
  for (const auto* m : side.all<trace::Message>())
    if (m->fragments != 0 && m->direction == direction) found.push_back(m);
  return found;
}

/// Datagrams above so many octets of IP do not pass.
void narrow_path(Pair& pair, std::size_t mtu) {
  pair.lose = [mtu](const Side&, unsigned, const Datagram& d) { return ip_size(d) > mtu; };
}

}  // namespace

TEST_CASE("pair: fragmentation is announced by both", "[pair][ikev2][fragments]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  const auto messages = pair.a.all<trace::Message>();
  CHECK(says(*messages[0], announced));
  CHECK(says(*messages[1], announced));
  const auto request = wire::decode(pair.wire[0].payload).message;
  for (const auto& payload : request.payloads) {
    const auto* notify = std::get_if<wire::NotifyPayload>(&payload.body);
    if (notify == nullptr || notify->type != wire::NotifyType::ikev2_fragmentation_supported)
      continue;
    //= rfc7383#2.3 "MUST be 0."
    CHECK(notify->protocol == wire::ProtocolId::none);
    //= rfc7383#2.3 "MUST be 0, meaning no Security Parameter Index (SPI) is present."
    CHECK(notify->spi.empty());
    //= rfc7383#2.3 "MUST be 16430, the value assigned for the IKEV2_FRAGMENTATION_SUPPORTED
    //= notification."
    CHECK(static_cast<int>(notify->type) == 16430);
    CHECK(notify->data.empty());
  }
  //= rfc7383#2.4 "IKE fragmentation SHOULD NOT be used in cases where IP-layer fragmentation of
  //= both the request and response messages is unlikely."
  CHECK(fragments_since(pair, 0).empty());
}

TEST_CASE("pair: without an agreement everything goes whole", "[pair][ikev2][fragments]") {
  //= rfc7383#2.4 "IKE fragmentation MUST NOT be used unless both peers have indicated their support
  //= for it."
  const bool by_a = GENERATE(true, false);
  CAPTURE(by_a);
  auto sites = large_sites();
  (by_a ? sites.a : sites.b).connections[0].fragmentation = Fragmentation::no;
  Pair pair(sites.a, sites.b);
  establish(pair);
  CHECK(fragments_since(pair, 0).empty());
  CHECK(says(*pair.a.all<trace::Message>()[0], announced) == !by_a);
  CHECK_FALSE(says(*pair.a.all<trace::Message>()[1], announced));
}

TEST_CASE("pair: IKE_AUTH goes in fragments both ways", "[pair][ikev2][fragments]") {
  const char* suite = GENERATE("aes256gcm16-prfsha256-x25519", "aes128-sha256-x25519",
                               "chacha20poly1305-prfsha256-x25519");
  const std::size_t size = GENERATE(300U, 576U);
  CAPTURE(suite, size);
  auto sites = large_sites(size, size);
  for (auto* config : {&sites.a, &sites.b})
    config->connections[0].proposals = {
        policy::parse_proposal(suite, wire::ProtocolId::ike).value()};
  Pair pair(sites.a, sites.b);
  // HDR, SKF(1 of n) {...} ... HDR, SKF(n of n) {...}  -->
  //                        <--  HDR, SKF(1 of m) {...} ... HDR, SKF(m of m) {...}
  establish(pair);
  //= rfc7383#2.4 "that peer SHOULD use IKE fragmentation."
  const auto parts = fragments_since(pair, 2);
  REQUIRE(parts.size() == pair.wire.size() - 2);
  REQUIRE(parts.size() >= 4);
  std::uint16_t expected = 1;
  std::size_t largest = 0;
  for (const Datagram& datagram : parts) {
    const auto decoded = wire::decode(datagram.payload);
    CHECK(decoded.diagnostics.empty());
    const wire::Header& header = decoded.message.header;
    const auto part = *part_of(datagram);
    //= rfc7383#2.5 "the Encrypted Fragment payload, if present in a message, MUST be the last
    //= payload in the message."
    CHECK(decoded.message.payloads.size() == 1);
    //= rfc7383#2.5 "This field MUST be less than or equal to the next field (Total Fragments)."
    //= rfc7383#2.5 "This field MUST NOT be zero."
    CHECK(part.number == expected);
    CHECK(part.total >= part.number);
    //= rfc7383#2.5 "this field MUST be set to the payload type of the first inner payload"
    //= rfc7383#2.5 "this field MUST be set to zero."
    const auto inside = header.response ? wire::PayloadType::id_r : wire::PayloadType::id_i;
    CHECK(part.first_inner == (part.number == 1 ? inside : wire::PayloadType::none));
    //= rfc7383#2.5 "it MUST be taken intact from the original message, except for the Length and
    //= Next Payload fields."
    CHECK(header.exchange == wire::ExchangeType::ike_auth);
    CHECK(header.message_id.value == 1);
    CHECK(header.length == datagram.payload.size());
    CHECK(header.next_payload == wire::PayloadType::skf);
    //= rfc7383#2.5.1 "the sender SHOULD choose their size so that the resulting IP datagrams will be
    //= smaller than some fragmentation threshold."
    CHECK(ip_size(datagram) <= size);
    largest = std::max(largest, ip_size(datagram));
    expected =
        part.number == part.total ? std::uint16_t{1} : static_cast<std::uint16_t>(expected + 1);
  }
  CHECK(largest + 16 > size);  // and no smaller than the cipher's blocks make them

  // Both traces tell each fragment, and the message once.
  const auto sent = fragment_events(pair.a, "sent"), received = fragment_events(pair.b, "received");
  REQUIRE(sent.size() == received.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CHECK(sent[i]->fragment == i + 1);
    CHECK(sent[i]->fragments == sent.size());
    CHECK(sent[i]->payloads == received[i]->payloads);
    CHECK(sent[i]->payloads.empty() == (i + 1 < sent.size()));
    CHECK(sent[i]->plain == received[i]->plain);
  }
  CHECK(says(*sent.back(), "IDi, CERT"));
  CHECK(pair.a.diagnostics().empty());
  CHECK(pair.b.diagnostics().empty());
}

TEST_CASE("pair: the size counts the non-ESP marker and the IP header",
          "[pair][ikev2][fragments]") {
  auto sites = large_sites();
  SECTION("UDP encapsulation") {
    sites.a.connections[0].encap = true;
    Pair pair(sites.a, sites.b);
    establish(pair);
    const auto parts = fragments_since(pair, 0);
    REQUIRE(parts.size() >= 4);
    for (const Datagram& datagram : parts) {
      CHECK(datagram.src.port == 4500);
      CHECK(ip_size(datagram) <= 400);
    }
    CHECK(ip_size(parts[0]) == 400);
  }
  SECTION("IPv6") {
    const auto a6 = IpAddress::parse("2001:db8::1").value(),
               b6 = IpAddress::parse("2001:db8::2").value();
    sites.a.connections[0].local_addr = sites.b.connections[0].remote_addr = a6;
    sites.b.connections[0].local_addr = sites.a.connections[0].remote_addr = b6;
    Pair pair(sites.a, sites.b);
    establish(pair);
    const auto parts = fragments_since(pair, 0);
    REQUIRE(parts.size() >= 4);
    CHECK(40 + 8 + parts[0].payload.size() == 400);
  }
  SECTION("the sizes that the RFC recommends") {
    //= rfc7383#2.5.1 "For messages to be sent over IPv4, it is RECOMMENDED that a value of 576 bytes
    //= as a maximum IP datagram size be used."
    set_fragments(sites.a, 0);
    Pair pair(sites.a, sites.b);
    establish(pair);
    CHECK(ip_size(fragments_since(pair, 0).at(0)) == 576);
  }
  SECTION("... and for IPv6, where this message then fits") {
    //= rfc7383#2.5.1 "for messages to be sent over IPv6, it is RECOMMENDED that a value of 1280
    //= bytes as a maximum IP datagram size be used"
    const auto a6 = IpAddress::parse("2001:db8::1").value(),
               b6 = IpAddress::parse("2001:db8::2").value();
    sites.a.connections[0].local_addr = sites.b.connections[0].remote_addr = a6;
    sites.b.connections[0].local_addr = sites.a.connections[0].remote_addr = b6;
    set_fragments(sites.a, 0);
    set_fragments(sites.b, 0);
    sites.a.connections[0].local.certificates.push_back(
        sites.a.connections[0].local.certificates[0]);
    Pair pair(sites.a, sites.b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    for (const Datagram& datagram : pair.wire) CHECK(48 + datagram.payload.size() <= 1280);
    CHECK(pair.wire[2].payload.size() > 576);
  }
  SECTION("sizes that nothing fits into") {
    set_fragments(sites.a, 60);
    Pair pair(sites.a, sites.b);
    establish(pair);
    CHECK(part_of(pair.wire[2])->total > 40);
  }
}

TEST_CASE("pair: a response is cut as small as its request", "[pair][ikev2][fragments]") {
  auto sites = large_sites(300, 1280);
  Pair pair(sites.a, sites.b);
  establish(pair);
  const auto parts = fragments_since(pair, 2);
  CHECK(std::all_of(parts.begin(), parts.end(), [](const auto& d) { return ip_size(d) <= 300; }));
  CHECK(parts.back().src.ip == pair.b.address);
  //= rfc7383#2.4 "If none of the above apply, the responder SHOULD respond in the same form
  //= (fragmented or not) as the request message to which it is responding."
  const std::size_t before = pair.wire.size();
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.settle();
  CHECK(fragments_since(pair, before).empty());
}

TEST_CASE("pair: accept takes fragments and sends none", "[pair][ikev2][fragments]") {
  auto sites = large_sites();
  sites.b.connections[0].fragmentation = Fragmentation::accept;
  Pair pair(sites.a, sites.b);
  establish(pair);
  for (const Datagram& datagram : fragments_since(pair, 0))
    CHECK(datagram.src.ip == pair.a.address);
  CHECK(fragments_since(pair, 0).size() >= 2);
}

TEST_CASE("pair: force cuts every encrypted message", "[pair][ikev2][fragments]") {
  auto a = site_a(), b = site_b();
  set_fragments(a, 1280, Fragmentation::force);
  set_fragments(b, 1280, Fragmentation::force);
  Pair pair(a, b);
  establish(pair);
  REQUIRE(pair.command(pair.b, CheckLiveness{}).ok());
  pair.settle();
  REQUIRE(pair.wire.size() == 6);
  CHECK(fragments_since(pair, 0).size() == 4);
  CHECK(part_of(pair.wire[4])->total == 1);
  CHECK(pair.a.all<trace::Message>().back()->fragments == 1);
}

TEST_CASE("pair: fragments go on after the IKE SA is rekeyed", "[pair][ikev2][fragments]") {
  auto a = site_a(), b = site_b();
  set_fragments(a, 150);
  set_fragments(b, 150);
  Pair pair(a, b);
  establish(pair);
  REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
  pair.settle();
  //= rfc7383#2.4 "that peer SHOULD continue to use IKE fragmentation for the messages that are
  //= larger than the current fragmentation threshold"
  const std::size_t before = pair.wire.size();
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.drive();
  REQUIRE(pair.consistent());
  CHECK(fragments_since(pair, before).size() >= 4);
  CHECK(pair.lost_probes == 0);
}

TEST_CASE("pair: fragments in any order, and more than once", "[pair][ikev2][fragments]") {
  auto sites = large_sites(300, 300);
  Pair pair(sites.a, sites.b);
  pair.lose = [](const Side&, unsigned, const Datagram& d) { return part_of(d).has_value(); };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  auto parts = fragments_since(pair, 0);
  REQUIRE(parts.size() >= 3);
  pair.lose = nullptr;
  std::reverse(parts.begin(), parts.end());
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    pair.deliver(pair.b, parts[i]);
    CHECK(pair.b.sas()[0].state == "HALF_OPEN");
    //= rfc7383#2.6 "this message is considered a replay and MUST be silently discarded."
    pair.deliver(pair.b, parts[i]);
    CHECK(pair.b.diagnostics().size() == i + 1);
    CHECK(pair.b.diagnostics().back() == "E-IKE-071");
  }
  pair.deliver(pair.b, parts.back());  // fragment 1 comes last
  pair.settle();
  CHECK(pair.consistent());
  const auto received = fragment_events(pair.b, "received");
  REQUIRE(received.size() == parts.size());
  CHECK(received.back()->fragment == 1);
  CHECK(says(*received.back(), "IDi, CERT"));
  CHECK(received.front()->payloads.empty());
}

TEST_CASE("pair: each fragment is lost once", "[pair][ikev2][fragments][loss]") {
  const bool of_a = GENERATE(true, false);
  const unsigned nth = GENERATE(2U, 3U, 4U);
  CAPTURE(of_a, nth);
  auto sites = large_sites(400, 400);
  Pair pair(sites.a, sites.b);
  pair.lose_nth(of_a ? pair.a : pair.b, nth);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(5s);
  REQUIRE(pair.consistent());
  // All fragments were sent again, octet for octet.
  const auto parts = fragments_since(pair, 0);
  for (std::uint16_t number = 1; number <= 2; ++number) {
    std::vector<Bytes> same;
    for (const Datagram& d : parts)
      if (d.src.ip == pair.a.address && part_of(d)->number == number) same.push_back(d.payload);
    REQUIRE(same.size() == 2);
    CHECK(same[0] == same[1]);
  }
  const auto sent = fragment_events(pair.a, "sent");
  CHECK(sent.back()->attempt == 1);
  CHECK(sent.back()->fragment == sent.back()->fragments);
}

TEST_CASE("pair: only fragment 1 of an answered request brings the answer again",
          "[pair][ikev2][fragments][loss]") {
  auto sites = large_sites(400, 400);
  Pair pair(sites.a, sites.b);
  establish(pair);
  const auto all = fragments_since(pair, 0);
  std::vector<Datagram> request, response;
  for (const Datagram& d : all) (d.src.ip == pair.a.address ? request : response).push_back(d);
  REQUIRE(request.size() >= 2);
  //= rfc7383#2.6.1 "the values of the Fragment Number and Total Fragments fields MUST be used along
  //= with the Message ID to detect retransmissions and replays."
  //= rfc7383#2.6.1 "that event MUST only trigger a retransmission of the response message
  //= (fragmented or not) if the Fragment Number field in the received fragment is set to 1;
  //= otherwise, it MUST be ignored."
  for (std::size_t i = 1; i < request.size(); ++i) {
    const std::size_t before = pair.wire.size();
    pair.deliver(pair.b, request[i]);
    CHECK(pair.wire.size() == before);
    CHECK(pair.b.diagnostics().back() == "E-IKE-071");
  }
  const std::size_t before = pair.wire.size();
  pair.deliver(pair.b, request[0]);
  REQUIRE(pair.wire.size() == before + response.size());
  for (std::size_t i = 0; i < response.size(); ++i)
    CHECK(pair.wire[before + i].payload == response[i].payload);
  // a needs them no more
  pair.settle();
  CHECK(pair.a.diagnosed("E-IKE-017"));
  CHECK(pair.consistent());
}

TEST_CASE("pair: fragments whose others never come are forgotten", "[pair][ikev2][fragments]") {
  auto a = site_a(), b = site_b();
  Pair pair(a, b);
  establish(pair);
  Insider forger(pair, pair.a);
  forger.header.message_id = {2};
  pair.deliver(pair.b, forger.fragment(1, 2, Bytes(8)));
  //= rfc7383#2.6 "It is RECOMMENDED that the reassembling timeout for the responder be equal to the
  //= time interval that the implementation waits before completely giving up when acting as the
  //= initiator of an exchange."
  pair.drive(80s);
  CHECK_FALSE(pair.b.diagnosed("E-IKE-074"));
  pair.drive(3s);  // 2 s * (1 + 1.8 + ... + 1.8^5) = 82.5 s
  //= rfc7383#2.6 "it MUST discard all IKE Fragment messages received so far for the exchange."
  CHECK(pair.b.diagnosed("E-IKE-074"));
  const std::size_t before = pair.wire.size();
  pair.deliver(pair.b, forger.fragment(2, 2, Bytes(8)));
  CHECK(pair.wire.size() == before);  // alone again
  // The responder "would delete any memory of the incomplete request message and not treat it as an
  // IKE SA failure".
  CHECK(pair.consistent());
  pair.deliver(pair.b, forger.message({}));
  CHECK(pair.wire.size() == before + 1);
  CHECK(pair.b.endpoint->poll_timeout() == std::nullopt);
}

TEST_CASE("pair: a message may come whole after some of its fragments",
          "[pair][ikev2][fragments]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Insider forger(pair, pair.a);
  forger.header.message_id = {2};
  pair.deliver(pair.b, forger.fragment(1, 3, Bytes(8)));
  pair.deliver(pair.b, forger.fragment(2, 3, Bytes(8)));
  const std::size_t before = pair.wire.size();
  pair.deliver(pair.b, forger.message({}));
  REQUIRE(pair.wire.size() == before + 1);
  // What is left of the fragments belongs to an answered request now.
  pair.deliver(pair.b, forger.fragment(3, 3, Bytes(8)));
  CHECK(pair.wire.size() == before + 1);
  // Fragment 1 repeats the request: the sender did not get the answer.
  pair.deliver(pair.b, forger.fragment(1, 3, Bytes(8)));
  CHECK(pair.wire.size() == before + 2);
  forger.header.message_id = {3};
  pair.deliver(pair.b, forger.message({}));
  CHECK(pair.wire.size() == before + 3);
}

TEST_CASE("pair: the path becomes narrow later", "[pair][ikev2][fragments][probing]") {
  auto a = site_a("aes256gcm16-prfsha256-modp2048"), b = site_b("aes256gcm16-prfsha256-modp2048");
  a.connections[0].fragment_probing = true;
  Pair pair(a, b);
  establish(pair);
  const std::size_t before = pair.wire.size();
  narrow_path(pair, 400);
  //= rfc7383#2.5.2 "Implementations MUST be prepared to probe in every exchange that utilizes IKE
  //= fragmentation to deal with possible changes in path MTU over time."
  REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
  pair.drive(60s);
  REQUIRE(pair.consistent());
  CHECK(pair.a.sas()[0].name == "gw-a#2");
  const auto parts = fragments_since(pair, before);
  CHECK(parts.size() >= 4);
  CHECK(std::all_of(parts.begin(), parts.end(), [](const auto& d) { return ip_size(d) <= 296; }));
  // The new IKE SA begins with what was found out.
  const std::size_t then = pair.wire.size();
  REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
  pair.settle();
  CHECK(part_of(pair.wire[then]).has_value());
}

TEST_CASE("pair: the path carries only small datagrams", "[pair][ikev2][fragments][probing]") {
  auto sites = large_sites(1280, 1280);
  for (auto* config : {&sites.a, &sites.b}) {  // beyond 1,280 octets
    auto& chain = config->connections[0].local.certificates;
    chain.resize(3, chain[0]);
  }
  sites.a.connections[0].fragment_probing = true;
  Pair pair(sites.a, sites.b);
  SECTION("both ways") {
    //= rfc7383#2.5.2 "it MUST start from larger values and refragment the original message, using
    //= the next smaller value of the threshold if it did not receive a response in a reasonable
    //= time after several retransmissions."
    narrow_path(pair, 600);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive(60s);
    REQUIRE(pair.consistent());
    std::vector<std::pair<std::uint64_t, std::uint64_t>> cuts;
    for (const auto* m : fragment_events(pair.a, "sent"))
      if (m->fragment == 1) cuts.emplace_back(m->fragments, m->attempt);
    REQUIRE(cuts.size() == 4);  // 2 s, then 3.6 s, then in smaller ones after 6.5 s
    CHECK(cuts[0].first == cuts[2].first);
    //= rfc7383#2.5.2 "the sender MUST ensure that the value in the Total Fragments field is really
    //= increased."
    CHECK(cuts[3].first > cuts[2].first);
    CHECK(cuts[3].second == 3);
    // The IKE SA goes on with the smaller size.
    for (const auto* m : fragment_events(pair.b, "sent")) CHECK(m->bytes.size() <= 576);
  }
  SECTION("the answer is lost only") {
    pair.lose = [&](const Side& from, unsigned, const Datagram& d) {
      return &from == &pair.b && ip_size(d) > 600;
    };
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive(60s);
    CHECK(pair.consistent());
  }
  SECTION("at the smallest size, repeating goes on until the end") {
    //= rfc7383#2.5.2 "After reaching the smallest allowed value for the fragmentation threshold, an
    //= implementation MUST continue retransmitting until the exchange either completes or times
    //= out"
    narrow_path(pair, 250);
    pair.lose = [before = pair.lose](const Side& from, unsigned n, const Datagram& d) {
      return d.payload[18] != 34 && before(from, n, d);
    };
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive(30s);
    CHECK(pair.a.state() == "AUTHENTICATING");
    //= rfc7383#2.5.2 "When starting a new probe, the node MUST reset its retransmission timers so
    //= that if it employs exponential back-off the timers will start over."
    std::vector<std::int64_t> at;
    for (const auto& event : pair.sink.events)
      if (const auto* m = std::get_if<trace::Message>(&event.body);
          m != nullptr && m->direction == "sent" && m->exchange == "IKE_AUTH" && m->fragment == 1)
        at.push_back((event.time.ns - 20'000'000) / 1'000'000);
    CHECK(at == std::vector<std::int64_t>{0, 2000, 5600, 12080, 14080, 17680, 24160, 26160, 29760});
    pair.drive(100s);
    CHECK(pair.a.state() == "none");
  }
  SECTION("without probing nothing gets through") {
    auto deaf = sites;
    deaf.a.connections[0].fragment_probing = false;
    Pair other(deaf.a, deaf.b);
    narrow_path(other, 600);
    REQUIRE(other.command(other.a, Initiate{"site", "net"}).ok());
    other.drive(200s);
    CHECK(other.a.state() == "none");
  }
}
