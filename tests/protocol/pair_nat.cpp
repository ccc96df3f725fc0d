// NAT detection, UDP encapsulation, keepalives, and peers whose NAT changes its mind (RFC
// 7296, 2.23; RFC 3948).
#include "protocol/esp/outer.hpp"
#include "protocol/policy/traffic_selector.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/udp_encapsulation.hpp"
#include "tests/protocol/esp_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

/// gw-a sits at 10.9.0.2 behind a NAT whose outside is 192.0.2.1.
policy::EndpointConfig hidden_a() {
  auto a = site_a();
  a.connections[0].local_addr = ip("10.9.0.2");
  return a;
}

void put_nat_before_a(Pair& pair) {
  pair.nat = Nat{ip("192.0.2.1"), {}, 40'001};
}

std::vector<const Datagram*> keepalives(const Pair& pair) {
  std::vector<const Datagram*> found;
  for (const Datagram& datagram : pair.wire)
    if (wire::is_nat_keepalive(datagram.payload)) found.push_back(&datagram);
  return found;
}

const esp::SaParameters& only(const std::map<EspSpi, esp::SaParameters>& sad) {
  REQUIRE(sad.size() == 1);
  return sad.begin()->second;
}

/// Where b believes its peer to be, for ESP.
SocketAddress peer_of_b(const Pair& pair) {
  const esp::SaParameters& out = only(pair.b.outbound);
  REQUIRE(out.udp.has_value());
  return {out.dst, out.udp->dst};
}

}  // namespace

TEST_CASE("pair: without a NAT everything stays on port 500", "[pair][ikev2][nat]") {
  //= rfc7296#2.23 "UDP encapsulation MUST NOT be done on port 500."
  Pair pair(site_a(), site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(120s);
  REQUIRE(pair.consistent());
  //= rfc7296#2.23 "Both the IKE initiator and responder MUST include in their IKE_SA_INIT packets
  //= Notify payloads of type NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP."
  const auto messages = pair.a.all<trace::Message>();
  for (std::size_t i : {0U, 1U}) {
    CAPTURE(messages[i]->payloads);
    CHECK(messages[i]->payloads.find("N(NAT_DETECTION_SOURCE_IP)") != std::string::npos);
    CHECK(messages[i]->payloads.find("N(NAT_DETECTION_DESTINATION_IP)") != std::string::npos);
  }
  for (const Datagram& datagram : pair.wire) CHECK(datagram.src.port == 500);
  CHECK_FALSE(only(pair.a.outbound).udp.has_value());
  CHECK_FALSE(only(pair.b.inbound).udp.has_value());
  CHECK(keepalives(pair).empty());
  CHECK(pair.lost_probes == 0);
}

TEST_CASE("pair: the digest is SHA-1 of SPIs, address and port", "[pair][ikev2][nat]") {
  Pair pair(site_a(), site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  const auto digests_of = [&](const Datagram& datagram) {
    std::map<wire::NotifyType, Bytes> found;
    for (const auto& payload : wire::decode(datagram.payload).message.payloads)
      if (const auto* n = std::get_if<wire::NotifyPayload>(&payload.body)) found[n->type] = n->data;
    return found;
  };
  const auto sha1 = [&](const Datagram& datagram, const Bytes& address) {
    const ByteView spis = ByteView(datagram.payload).first(16);
    return pair.a.provider->hash(crypto::HashId::sha1, concat({spis, address})).value();
  };
  using wire::NotifyType;
  const Bytes a_500 = {192, 0, 2, 1, 0x01, 0xf4}, b_500 = {192, 0, 2, 2, 0x01, 0xf4};
  //= rfc7296#2.23 "The data associated with the NAT_DETECTION_DESTINATION_IP notification is a
  //= SHA-1 digest of the SPIs (in the order they appear in the header), IP address, and port to
  //= which this packet was sent."
  const Datagram &request = pair.wire[0], &response = pair.wire[1];
  CHECK(digests_of(request)[NotifyType::nat_detection_source_ip] == sha1(request, a_500));
  CHECK(digests_of(request)[NotifyType::nat_detection_destination_ip] == sha1(request, b_500));
  CHECK(digests_of(response)[NotifyType::nat_detection_source_ip] == sha1(response, b_500));
  CHECK(digests_of(response)[NotifyType::nat_detection_destination_ip] == sha1(response, a_500));
}

TEST_CASE("pair: an initiator behind a NAT", "[pair][ikev2][nat]") {
  //= rfc7296#2.23 "it and its correspondent (as described below) MUST send all subsequent traffic
  //= from port 4500, which NATs should"
  //= rfc7296#2.23 "However, if a NAT is detected, both devices MUST use UDP encapsulation for
  //= ESP."
  //= rfc7296#2.23 "The IKE initiator MUST check the NAT_DETECTION_SOURCE_IP or
  //= NAT_DETECTION_DESTINATION_IP payloads if present,"
  Pair pair(hidden_a(), site_b());
  put_nat_before_a(pair);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  // 10.9.0.2:500   (192.0.2.1:40001)  SAi1, KEi, Ni, N(NAT_D..), N(NAT_D..)  -->  192.0.2.2:500
  // 10.9.0.2:4500  (192.0.2.1:40002)  SK {IDi, AUTH, SA, TSi, TSr}  -->           192.0.2.2:4500
  pair.drive();
  REQUIRE(pair.consistent());
  REQUIRE(pair.wire.size() == 4);
  CHECK(pair.wire[0].src.to_string() == "10.9.0.2:500");
  CHECK(pair.wire[0].dst.to_string() == "192.0.2.2:500");
  CHECK(pair.wire[1].dst.to_string() == "192.0.2.1:40001");
  CHECK(pair.wire[2].src.to_string() == "10.9.0.2:4500");
  CHECK(pair.wire[2].dst.to_string() == "192.0.2.2:4500");
  CHECK(pair.wire[3].src.to_string() == "192.0.2.2:4500");
  CHECK(pair.wire[3].dst.to_string() == "192.0.2.1:40002");

  CHECK(only(pair.a.outbound).udp == esp::UdpPorts{4500, 4500});
  CHECK(only(pair.a.inbound).udp == esp::UdpPorts{4500, 4500});
  CHECK(only(pair.b.outbound).udp == esp::UdpPorts{4500, 40'002});
  CHECK(only(pair.b.inbound).udp == esp::UdpPorts{40'002, 4500});
  CHECK(only(pair.b.outbound).dst == ip("192.0.2.1"));
  CHECK(pair.lost_probes == 0);
  const auto installed = pair.b.all<trace::SaInstalled>();
  CHECK(installed.back()->dst == "192.0.2.1:40002");

  SECTION("only the side behind it keeps the mapping alive, every 20 s") {
    pair.drive(60s);
    const auto sent = keepalives(pair);
    REQUIRE(sent.size() == 3);
    for (const Datagram* keepalive : sent) {
      CHECK(keepalive->src.to_string() == "10.9.0.2:4500");
      CHECK(keepalive->dst.to_string() == "192.0.2.2:4500");
    }
    CHECK(pair.b.diagnostics().empty());
    const auto fired = pair.a.all<trace::TimerFired>();
    REQUIRE(fired.size() == 3);
    CHECK(fired[0]->timer == "nat_keepalive");
    CHECK(fired[0]->detail.find(std::to_string(sent[0]->id)) != std::string::npos);
  }
  SECTION("a dead SA keeps nothing alive") {
    REQUIRE(pair.command(pair.a, DeleteIke{}).ok());
    pair.drive(60s);
    CHECK(keepalives(pair).empty());
  }
  SECTION("rekeying keeps what is known of the NAT") {
    REQUIRE(pair.command(pair.b, RekeyIke{}).ok());
    pair.drive();
    REQUIRE(pair.command(pair.b, RekeyChild{"net"}).ok());
    pair.drive();
    REQUIRE(pair.consistent());
    CHECK(peer_of_b(pair).to_string() == "192.0.2.1:40002");
    CHECK(only(pair.a.inbound).udp.has_value());
    pair.drive(40s);
    CHECK(keepalives(pair).size() == 2);
    CHECK(pair.lost_probes == 0);
  }
}

TEST_CASE("pair: keep_alive: 0 keeps nothing alive", "[pair][ikev2][nat]") {
  auto a = hidden_a();
  a.connections[0].keep_alive = 0s;
  Pair pair(a, site_b());
  put_nat_before_a(pair);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(100s);
  CHECK(pair.consistent());
  CHECK(keepalives(pair).empty());
}

TEST_CASE("pair: a NAT on the way, cookies, and another group", "[pair][ikev2][nat]") {
  auto a = hidden_a(), b = site_b("aes256gcm16-prfsha256-ecp384");
  a.connections[0].proposals = {
      policy::parse_proposal("aes256gcm16-prfsha256-x25519-ecp384", wire::ProtocolId::ike).value()};
  b.cookie_threshold = 0;
  Pair pair(a, b);
  put_nat_before_a(pair);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  CHECK(pair.consistent());
  CHECK(peer_of_b(pair).to_string() == "192.0.2.1:40002");
}

TEST_CASE("pair: a responder behind a NAT that forwards its ports", "[pair][ikev2][nat]") {
  Pair pair(hidden_a(), site_b());
  pair.nat = Nat{ip("192.0.2.1"), {{500, 500}, {4500, 4500}}, 40'001};
  REQUIRE(pair.command(pair.b, Initiate{"site", "net"}).ok());
  pair.drive();
  REQUIRE(pair.consistent());
  CHECK(pair.wire[2].src.to_string() == "192.0.2.2:4500");
  CHECK(pair.wire[2].dst.to_string() == "192.0.2.1:4500");
  CHECK(only(pair.b.outbound).dst == ip("192.0.2.1"));
  CHECK(only(pair.a.inbound).dst == ip("10.9.0.2"));
  CHECK(only(pair.a.inbound).udp == esp::UdpPorts{4500, 4500});
  CHECK(pair.lost_probes == 0);
  pair.drive(20s);
  REQUIRE(keepalives(pair).size() == 1);
  CHECK(keepalives(pair)[0]->src.to_string() == "10.9.0.2:4500");
}

TEST_CASE("pair: encap: true encapsulates where no NAT is", "[pair][ikev2][nat]") {
  //= rfc7296#2.23 "Implementations MUST process received UDP-encapsulated ESP packets even when
  //= no NAT was detected."
  auto a = site_a(), b = site_b();
  const bool by_a = GENERATE(true, false);
  (by_a ? a : b).connections[0].encap = true;
  CAPTURE(by_a);
  Pair pair(a, b);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(100s);
  REQUIRE(pair.consistent());
  CHECK(pair.wire[2].src.port == 4500);
  CHECK(pair.wire[2].dst.port == 4500);
  CHECK(only(pair.a.outbound).udp == esp::UdpPorts{4500, 4500});
  CHECK(only(pair.b.outbound).udp == esp::UdpPorts{4500, 4500});
  CHECK(keepalives(pair).empty());  // nobody is behind a NAT
  CHECK(pair.lost_probes == 0);
}

TEST_CASE("pair: a peer that does not speak of NATs gets no NAT traversal", "[pair][ikev2][nat]") {
  Pair pair(hidden_a(), site_b());
  put_nat_before_a(pair);
  pair.tamper = [](const Side&, Datagram& datagram) {
    for (std::size_t i = 28; i + 1 < datagram.payload.size() && datagram.payload[18] == 34; ++i)
      if (datagram.payload[i] == 0x40 && datagram.payload[i + 1] == 0x04 &&
          datagram.payload[i - 2] == 0 && datagram.payload[i - 1] == 0)
        datagram.payload[i] = 0x9f;  // NAT_DETECTION_SOURCE_IP becomes a notification of nobody
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  REQUIRE(pair.wire.size() >= 3);
  CHECK(pair.wire[2].src.port == 500);  // (AUTH covers IKE_SA_INIT, and fails)
  CHECK(pair.a.state() == "none");
}

TEST_CASE("pair: the NAT forgets its mappings", "[pair][ikev2][nat]") {
  Pair pair(hidden_a(), site_b());
  put_nat_before_a(pair);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  REQUIRE(peer_of_b(pair).to_string() == "192.0.2.1:40002");
  const Datagram old = pair.wire[2];
  pair.nat->reboot();

  SECTION("b follows the next IKE message that is new and authentic") {
    pair.b.outbound_order.clear();  // no ESP, which would tell as well
    pair.a.outbound_order.clear();
    //= rfc7296#2.23 "SHOULD send all packets (including retransmission packets) to the IP address
    //= and port in the validated packet, and SHOULD store this as the new address and port
    //= combination for the SA"
    REQUIRE(pair.command(pair.a, CheckLiveness{}).ok());
    pair.drive();
    CHECK(peer_of_b(pair).to_string() == "192.0.2.1:40003");
    CHECK(only(pair.b.inbound).udp == esp::UdpPorts{40'003, 4500});
    const auto moved = pair.b.all<trace::SaMoved>();
    REQUIRE(moved.size() == 4);  // from port 500 to 4500 at first; then IKE, ESP in, ESP out
    CHECK(moved[1]->protocol == "IKE");
    CHECK(moved[1]->dst == "192.0.2.1:40003");
    CHECK(moved[3]->direction == "out");
    CHECK(moved[3]->dst == "192.0.2.1:40003");
    REQUIRE(pair.command(pair.b, CheckLiveness{}).ok());
    pair.drive();
    CHECK(pair.b.all<trace::TaskEnded>().back()->outcome == "done");
  }
  SECTION("b follows an ESP packet that opened") {
    pair.b.endpoint->handle_esp_source(only(pair.b.inbound).spi, {ip("198.51.100.9"), 7});
    REQUIRE(pair.command(pair.b, CheckLiveness{}).ok());
    CHECK(peer_of_b(pair).to_string() == "198.51.100.9:7");
    CHECK(pair.wire.back().dst.to_string() == "198.51.100.9:7");
  }
  SECTION("of an SPI that nobody has, nothing follows") {
    pair.b.endpoint->handle_esp_source(EspSpi{4711}, {ip("198.51.100.9"), 7});
    CHECK(peer_of_b(pair).to_string() == "192.0.2.1:40002");
  }
  SECTION("neither a replayed nor a forged message moves anything") {
    //= rfc7296#2.23 "dynamic address update should only be done in response to a new packet;
    //= otherwise, an attacker can revert the addresses with old replayed packets."
    Datagram replayed = old;
    replayed.src = {ip("198.51.100.66"), 666};
    replayed.dst = {ip("192.0.2.2"), 4500};
    pair.deliver(pair.b, replayed);
    Datagram forged = replayed;
    forged.payload[23] = 2;  // the Message ID that is due
    pair.deliver(pair.b, forged);
    CHECK(pair.b.diagnosed("E-IKE-011"));
    CHECK(peer_of_b(pair).to_string() == "192.0.2.1:40002");
    // The repeated request is answered from the cache, where it came from (2.11), and no more.
    CHECK(pair.wire.back().dst.to_string() == "198.51.100.66:666");
  }
}

TEST_CASE("pair: who is behind a NAT does not follow", "[pair][ikev2][nat]") {
  Pair pair(hidden_a(), site_b());
  put_nat_before_a(pair);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  pair.tamper = [](const Side& from, Datagram& datagram) {
    if (from.address == IpAddress::parse("192.0.2.2").value()) datagram.src.port = 4711;
  };
  REQUIRE(pair.command(pair.b, CheckLiveness{}).ok());
  pair.drive();
  CHECK(pair.b.all<trace::TaskEnded>().back()->outcome == "done");
  CHECK(only(pair.a.outbound).udp == esp::UdpPorts{4500, 4500});
  // Without a NAT nobody follows either: an address that changes then is nobody's business.
  Pair open(site_a(), site_b());
  REQUIRE(open.command(open.a, Initiate{"site", "net"}).ok());
  open.drive();
  open.tamper = [](const Side& from, Datagram& datagram) {
    if (from.address == IpAddress::parse("192.0.2.1").value()) datagram.src.port = 4711;
  };
  REQUIRE(open.command(open.a, CheckLiveness{}).ok());
  open.drive();
  CHECK(open.wire.back().dst.port == 4711);  // the answer goes where the request came from
  CHECK(open.b.all<trace::SaMoved>().empty());
  REQUIRE(open.command(open.b, CheckLiveness{}).ok());
  CHECK(open.wire.back().dst.port == 500);
}

// ---- transport mode (RFC 7296, 2.23.1)
// -----------------------------------------------------------

namespace {

policy::EndpointConfig in_transport_mode(policy::EndpointConfig config) {
  auto& child = config.connections[0].children[0];
  child.mode = policy::ChildMode::transport;
  child.local_ts.clear();
  child.remote_ts.clear();
  child.local_dynamic = child.remote_dynamic = true;
  return config;
}

std::string words_of(const std::vector<wire::TrafficSelector>& selectors) {
  std::string out;
  for (const auto& ts : selectors) out += (out.empty() ? "" : " ") + policy::to_string(ts);
  return out;
}

/// TSi and TSr of a side's IKE_AUTH message.
std::string selectors_sent(const Side& side) {
  std::string out;
  for (const auto* message : side.all<trace::Message>())
    if (message->direction == "sent" && message->exchange == "IKE_AUTH")
      for (const auto& payload :
           wire::decode_chain(message->plain, wire::PayloadType(message->plain_first)).payloads)
        if (const auto* ts = std::get_if<wire::TsPayload>(&payload.body))
          out += (out.empty() ? "" : ", ") + words_of(ts->selectors);
  return out;
}

/// A UDP packet whose checksum is right.
Bytes checked_udp(const char* src, const char* dst) {
  Bytes datagram = udp(4000, 5000, 33);
  const Bytes pseudo = concat({ip(src).octets(), ip(dst).octets(), Bytes{0, 17},
                               Bytes{0, static_cast<std::uint8_t>(datagram.size())}});
  Bytes covered = concat({pseudo, datagram});
  const std::uint16_t sum = esp::internet_checksum(covered);
  datagram[6] = static_cast<std::uint8_t>(sum >> 8);
  datagram[7] = static_cast<std::uint8_t>(sum);
  return ipv4_packet(17, src, dst, datagram);
}
bool udp_checksum_holds(const Bytes& packet) {
  const ByteView all = packet;
  const Bytes pseudo = concat(
      {all.subspan(12, 8), Bytes{0, 17}, Bytes{0, static_cast<std::uint8_t>(packet.size() - 20)}});
  return esp::internet_checksum(concat({pseudo, all.subspan(20)})) == 0;
}

}  // namespace

TEST_CASE("pair: transport mode through a NAT", "[pair][ikev2][nat][transport]") {
  Pair pair(in_transport_mode(hidden_a()), in_transport_mode(site_b()));
  put_nat_before_a(pair);
  const bool packet = GENERATE(false, true);
  std::optional<policy::Flow> flow;
  if (packet) flow = policy::Flow{ip("10.9.0.2"), ip("192.0.2.2"), 17, 4000, 5000};
  REQUIRE(pair.command(pair.a, Initiate{"site", "net", flow}).ok());
  pair.drive();
  REQUIRE(pair.a.inbound.size() == 1);
  REQUIRE(pair.b.inbound.size() == 1);
  //= rfc7296#2.23.1 "For transport mode, it MUST use exactly one IP address in the TSi and TSr
  //= payloads."
  //= rfc7296#2.23.1 "The TSi entries MUST have exactly one IP address, and that MUST match the
  //= source address of the IKE SA."
  //= rfc7296#2.23.1 "The TSr entries MUST have exactly one IP address, and that MUST match the
  //= destination address of the IKE SA."
  //= rfc7296#2.23 "In the case of transport mode NAT traversal, the Traffic Selectors MUST contain
  //= exactly one IP address, which is then used as the original IP address."
  //= rfc7296#2.23.1 "The first Traffic Selector of TSi and TSr SHOULD have very specific Traffic
  //= Selectors including protocol and port numbers, such as from the packet triggering the
  //= request."
  CHECK(selectors_sent(pair.a) == (packet ? "10.9.0.2/32[udp/4000] 10.9.0.2/32, "
                                            "192.0.2.2/32[udp/5000] 192.0.2.2/32"
                                          : "10.9.0.2/32, 192.0.2.2/32"));
  // b knows a by the NAT's address, answers so, and a knows that itself is meant.
  CHECK(selectors_sent(pair.b) == "192.0.2.1/32, 192.0.2.2/32");
  const auto of_a = pair.a.sas()[0].children.at(0), of_b = pair.b.sas()[0].children.at(0);
  CHECK(words_of(of_a.local_ts) == "10.9.0.2/32");
  CHECK(words_of(of_a.remote_ts) == "192.0.2.2/32");
  CHECK(words_of(of_b.local_ts) == "192.0.2.2/32");
  CHECK(words_of(of_b.remote_ts) == "192.0.2.1/32");
  for (const Side* side : {&pair.a, &pair.b}) CHECK(only(side->inbound).transport);

  // A checksum that the sender made for other addresses is right where it arrives (RFC
  // 3948, 3.1.2).
  CountingRng rng;
  esp::DataPath from(*pair.a.provider, rng), to(*pair.b.provider, rng);
  const auto carry = [&](Side& sender, Side& receiver, const char* src, const char* dst,
                         const char* seen_src, const char* seen_dst) {
    from.apply(esp::InstallSa{false, std::move(sender.outbound.begin()->second)});
    to.apply(esp::InstallSa{true, std::move(receiver.inbound.begin()->second)});
    const auto sealed = from.seal(checked_udp(src, dst)).value();
    Bytes header = ipv4_packet(50, seen_src, seen_dst, sealed.packet);
    header.resize(20);
    const auto opened = to.open(sealed.packet, header);
    REQUIRE(opened.ok());
    CHECK(to_hex(ByteView(opened->inner).subspan(12, 8)) ==
          to_hex(concat({ip(seen_src).octets(), ip(seen_dst).octets()})));
    CHECK(udp_checksum_holds(opened->inner));
  };
  carry(pair.a, pair.b, "10.9.0.2", "192.0.2.2", "192.0.2.1", "192.0.2.2");
  carry(pair.b, pair.a, "192.0.2.2", "192.0.2.1", "192.0.2.2", "10.9.0.2");
}

TEST_CASE("pair: transport mode through a NAT is refused or gives way to tunnel mode",
          "[pair][ikev2][nat][transport]") {
  auto a = in_transport_mode(hidden_a()), b = in_transport_mode(site_b());
  std::string mode;
  SECTION("the responder has a tunnel for the address that the client has inside") {
    auto& child = b.connections[0].children[0];
    child.mode = policy::ChildMode::tunnel;
    child.remote_dynamic = false;
    child.remote_ts = {policy::parse_traffic_selector("10.9.0.0/24").value()};
    mode = "tunnel";
  }
  SECTION("the responder has nothing for either address") {
    auto& child = b.connections[0].children[0];
    child.remote_dynamic = false;
    child.remote_ts = {policy::parse_traffic_selector("10.7.0.0/24").value()};
    mode = "none";
  }
  SECTION("networks cannot be translated: the client does not ask for transport mode") {
    for (auto* config : {&a, &b}) {
      auto& child = config->connections[0].children[0];
      child.local_dynamic = child.remote_dynamic = false;
      child.local_ts = site_a().connections[0].children[0].local_ts;
      child.remote_ts = site_a().connections[0].children[0].remote_ts;
    }
    std::swap(b.connections[0].children[0].local_ts, b.connections[0].children[0].remote_ts);
    mode = "tunnel";
  }
  Pair pair(a, b);
  put_nat_before_a(pair);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  CHECK(pair.a.state() == "ESTABLISHED");
  if (mode == "none") {
    CHECK(pair.a.inbound.empty());
    CHECK(pair.b.inbound.empty());
  } else {
    REQUIRE(pair.consistent());
    for (const Side* side : {&pair.a, &pair.b}) CHECK_FALSE(only(side->inbound).transport);
  }
}
