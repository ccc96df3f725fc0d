// NAT boxes and firewalls as computation: what RFC 4787, 5382 and 5508 ask of mappings, filters,
// timeouts and ICMP errors.
#include "protocol/esp/outer.hpp"
#include "sim/path/firewall.hpp"
#include "sim/path/nat.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::path;

namespace {

const IpAddress outside = IpAddress::parse("203.0.113.5").value();

SocketAddress at(const char* ip, std::uint16_t port) {
  return {IpAddress::parse(ip).value(), port};
}
const SocketAddress anna = at("192.168.1.7", 4500), bert = at("192.168.1.8", 4500);
const SocketAddress office = at("198.51.100.1", 4500), other = at("198.51.100.2", 4500);

Instant second(int n) {
  return {n * 1'000'000'000LL};
}

/// A UDP packet of eight octets of payload with right checksums.
Bytes udp(const SocketAddress& src, const SocketAddress& dst, std::uint16_t fragment = 0) {
  esp::IpHeader header;
  header.src = src.ip;
  header.dst = dst.ip;
  header.protocol = ip_udp;
  Bytes packet;
  esp::make_header(header, 16, packet);
  packet[5] = 77;  // an Identification
  packet[6] = static_cast<std::uint8_t>(fragment >> 8);
  packet[7] = static_cast<std::uint8_t>(fragment);
  packet[10] = packet[11] = 0;
  const std::uint16_t sum = esp::internet_checksum(packet);
  packet[10] = static_cast<std::uint8_t>(sum >> 8);
  packet[11] = static_cast<std::uint8_t>(sum);
  const auto u16 = [&](unsigned v) {
    packet.push_back(static_cast<std::uint8_t>(v >> 8));
    packet.push_back(static_cast<std::uint8_t>(v));
  };
  u16(src.port), u16(dst.port), u16(16), u16(0);
  for (int i = 0; i < 8; ++i) packet.push_back(static_cast<std::uint8_t>(i));
  Bytes pseudo = concat({src.ip.octets(), dst.ip.octets()});
  pseudo.insert(pseudo.end(), {0, ip_udp, 0, 16});
  pseudo.insert(pseudo.end(), packet.begin() + 20, packet.end());
  const std::uint16_t check = esp::internet_checksum(pseudo);
  packet[26] = static_cast<std::uint8_t>(check >> 8);
  packet[27] = static_cast<std::uint8_t>(check);
  return packet;
}

/// Both checksums of a UDP packet are right: over all of it they come out as zero.
bool sound(const Bytes& packet) {
  Bytes pseudo = to_bytes(ByteView(packet).subspan(12, 8));
  pseudo.insert(pseudo.end(), {0, ip_udp, 0, 16});
  pseudo.insert(pseudo.end(), packet.begin() + 20, packet.end());
  return esp::internet_checksum(ByteView(packet).first(20)) == 0 &&
         esp::internet_checksum(pseudo) == 0;
}

SocketAddress source(const Bytes& packet) {
  const auto view = look(packet);
  return {view->src, view->src_port.value_or(0)};
}
SocketAddress destination(const Bytes& packet) {
  const auto view = look(packet);
  return {view->dst, view->dst_port.value_or(0)};
}

SocketAddress sent(Nat& nat, Instant now, const SocketAddress& from, const SocketAddress& to) {
  Bytes packet = udp(from, to);
  const std::string refusal = nat.outbound(now, packet, outside);
  INFO(refusal);
  REQUIRE(refusal.empty());
  CHECK(sound(packet));
  CHECK(destination(packet) == to);
  return source(packet);
}

/// Where a packet from `remote` to the outside address ends; unspecified when it is dropped.
SocketAddress received(Nat& nat, Instant now, const SocketAddress& remote,
                       const SocketAddress& mapped) {
  Bytes packet = udp(remote, mapped);
  if (!nat.inbound(now, packet).empty()) return {};
  CHECK(sound(packet));
  return destination(packet);
}

}  // namespace

TEST_CASE("nat: an endpoint-independent mapping is the same for every remote", "[path][nat]") {
  Nat nat{NatConfig{}};
  const SocketAddress mapped = sent(nat, second(0), anna, office);
  CHECK(mapped == SocketAddress{outside, 4500});  // preserved
  CHECK(sent(nat, second(1), anna, other) == mapped);
  CHECK(nat.size() == 1);
  const SocketAddress second_one = sent(nat, second(1), bert, office);
  CHECK(second_one.ip == outside);
  CHECK(second_one.port != mapped.port);  // one outside port never stands for two
  CHECK(received(nat, second(2), office, mapped) == anna);
  CHECK(received(nat, second(2), office, second_one) == bert);
}

TEST_CASE("nat: a dependent mapping is another one for another remote", "[path][nat]") {
  const auto address = at("198.51.100.1", 500);
  NatConfig by_address, by_port;
  by_address.mapping = Dependence::address_dependent;
  by_port.mapping = Dependence::address_and_port_dependent;
  Nat a{by_address}, b{by_port};
  CHECK(sent(a, second(0), anna, office) == sent(a, second(0), anna, address));
  CHECK(sent(a, second(0), anna, office) != sent(a, second(0), anna, other));
  CHECK(sent(b, second(0), anna, office) != sent(b, second(0), anna, address));
}

TEST_CASE("nat: filters", "[path][nat]") {
  const SocketAddress same_host = at("198.51.100.1", 9);
  const auto reaches = [&](Dependence filtering, const SocketAddress& from) {
    NatConfig config;
    config.filtering = filtering;
    Nat nat{config};
    const SocketAddress mapped = sent(nat, second(0), anna, office);
    return received(nat, second(1), from, mapped) == anna;
  };
  CHECK(reaches(Dependence::endpoint_independent, other));
  CHECK(reaches(Dependence::address_dependent, same_host));
  CHECK_FALSE(reaches(Dependence::address_dependent, other));
  CHECK_FALSE(reaches(Dependence::address_and_port_dependent, same_host));
  CHECK(reaches(Dependence::address_and_port_dependent, office));
}

TEST_CASE("nat: a mapping is forgotten after its timeout, and only what goes out keeps it",
          "[path][nat]") {
  NatConfig config;
  config.udp_timeout = 30s;
  Nat nat{config};
  const SocketAddress mapped = sent(nat, second(0), anna, office);
  CHECK(received(nat, second(20), office, mapped) == anna);  // does not refresh
  CHECK(received(nat, second(31), office, mapped) == SocketAddress{});
  sent(nat, second(40), anna, office);
  sent(nat, second(60), anna, office);  // does
  CHECK(received(nat, second(80), office, mapped) == anna);
  unsigned expired = 0;
  for (const auto& change : nat.poll_changes()) expired += change.action == "expired";
  CHECK(expired == 1);
}

TEST_CASE("nat: there are no more mappings than ports", "[path][nat]") {
  NatConfig config;
  config.first_port = 40000;
  config.last_port = 40001;
  config.preserve_ports = false;
  Nat nat{config};
  CHECK(sent(nat, second(0), anna, office).port == 40000);
  CHECK(sent(nat, second(0), bert, office).port == 40001);
  Bytes third = udp(at("192.168.1.9", 4500), office);
  CHECK(nat.outbound(second(0), third, outside) == "no outside port is free");
  CHECK(nat.size() == 2);
  sent(nat, second(119), bert, office);
  CHECK(nat.outbound(second(121), third, outside).empty());  // anna's is free again
}

TEST_CASE("nat: after a restart the ports are others", "[path][nat]") {
  Nat nat{NatConfig{}};
  const SocketAddress before = sent(nat, second(0), anna, office);
  nat.rebind(second(1));
  CHECK(received(nat, second(1), office, before) == SocketAddress{});
  const SocketAddress after = sent(nat, second(2), anna, office);
  CHECK(after != before);
  CHECK(received(nat, second(2), office, after) == anna);
}

TEST_CASE("nat: hairpinning, and a box that cannot", "[path][nat]") {
  NatConfig config;
  config.filtering = Dependence::endpoint_independent;
  Nat nat{config};
  const SocketAddress of_bert = sent(nat, second(0), bert, office);
  Bytes packet = udp(anna, of_bert);
  REQUIRE(nat.hairpin(second(1), packet, outside).empty());
  CHECK(sound(packet));
  CHECK(destination(packet) == bert);
  CHECK(source(packet).ip == outside);  // RFC 4787, REQ-9 a: with the external source
  config.hairpin = false;
  Nat cannot{config};
  Bytes again = udp(anna, of_bert);
  CHECK_FALSE(cannot.hairpin(second(1), again, outside).empty());
}

TEST_CASE("nat: a forwarded port leads inside, and answers keep it", "[path][nat]") {
  NatConfig config;
  config.forwards.push_back({ip_udp, 4500, bert.ip});
  Nat nat{config};
  CHECK(received(nat, second(0), office, {outside, 4500}) == bert);
  CHECK(sent(nat, second(0), bert, office) == SocketAddress{outside, 4500});
  CHECK(sent(nat, second(0), anna, office).port != 4500);  // taken by the forward
}

TEST_CASE("nat: later fragments follow the first, and ESP has no ports", "[path][nat]") {
  Nat nat{NatConfig{}};
  Bytes first = udp(anna, office, 0x2000), later = udp(anna, office, 2),
        orphan = udp(bert, office, 2);
  CHECK(nat.outbound(second(0), first, outside).empty());
  CHECK(nat.outbound(second(0), later, outside).empty());
  CHECK(look(later)->src == outside);
  CHECK_FALSE(nat.outbound(second(0), orphan, outside).empty());
  Bytes esp_packet = udp(anna, office);
  esp_packet[9] = ip_esp;
  Bytes same = esp_packet;
  CHECK(nat.outbound(second(0), esp_packet, outside) ==
        "ESP has no ports that a NAT could translate");
  NatConfig config;
  config.esp_passthrough = true;
  Nat passes{config};
  CHECK(passes.outbound(second(0), same, outside).empty());
  Bytes another = udp(bert, office);
  another[9] = ip_esp;
  CHECK(passes.outbound(second(0), another, outside) == "no outside port is free");
}

TEST_CASE("nat: an ICMP error finds the host whose packet it quotes", "[path][nat]") {
  Nat nat{NatConfig{}};
  Bytes packet = udp(anna, office);
  REQUIRE(nat.outbound(second(0), packet, outside).empty());
  auto error = esp::packet_too_big(packet, 1280, IpAddress::parse("198.51.100.9").value());
  REQUIRE(error);
  REQUIRE(nat.inbound(second(1), *error).empty());
  const auto view = look(*error);
  REQUIRE(view);
  CHECK(view->dst == anna.ip);
  CHECK(esp::internet_checksum(ByteView(*error).first(20)) == 0);
  CHECK(esp::internet_checksum(ByteView(*error).subspan(20)) == 0);
  const auto quoted = look(quoted_packet(*error));
  REQUIRE(quoted);
  CHECK(quoted->src == anna.ip);
  CHECK(quoted->src_port == anna.port);
}

TEST_CASE("nat: any octets have an answer", "[path][nat]") {
  NatConfig config;
  config.esp_passthrough = true;
  Nat nat{config};
  const Bytes whole = udp(anna, office);
  for (std::size_t size = 0; size <= whole.size(); ++size)
    for (int octet = 0; octet < 256; octet += 5) {
      Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      if (size > 0) cut[size / 2] = static_cast<std::uint8_t>(octet);
      Bytes in = cut;
      static_cast<void>(nat.outbound(second(0), cut, outside));
      static_cast<void>(nat.inbound(second(0), in));
      static_cast<void>(take_hop(cut));
      static_cast<void>(blocked({{Blocked::fragments, 0, 0}}, second(0), cut));
    }
  CHECK(nat.size() <= 65536);
}

TEST_CASE("firewall: each rule drops its own and nothing else", "[path][firewall]") {
  const Bytes ike = udp(anna, at("198.51.100.1", 500)), nat_t = udp(anna, office);
  const Bytes fragment = udp(anna, office, 2);
  Bytes esp_packet = ike;
  esp_packet[9] = ip_esp;
  const auto drops = [](const Rule& rule, const Bytes& packet) {
    return !blocked({rule}, second(5), packet).empty();
  };
  CHECK(drops({Blocked::udp, 500, 0}, ike));
  CHECK_FALSE(drops({Blocked::udp, 500, 0}, nat_t));
  CHECK(drops({Blocked::udp, 0, 0}, nat_t));
  CHECK(drops({Blocked::esp, 0, 0}, esp_packet));
  CHECK_FALSE(drops({Blocked::esp, 0, 0}, ike));
  CHECK(drops({Blocked::fragments, 0, 0}, fragment));
  CHECK_FALSE(drops({Blocked::fragments, 0, 0}, nat_t));
  CHECK(drops({Blocked::larger, 0, 30}, nat_t));
  CHECK_FALSE(drops({Blocked::larger, 0, 36}, nat_t));
  const auto too_big = esp::packet_too_big(nat_t, 1280, outside);
  REQUIRE(too_big);
  CHECK(drops({Blocked::too_big, 0, 0}, *too_big));
  CHECK(drops({Blocked::icmp, 0, 0}, *too_big));
  CHECK_FALSE(drops({Blocked::too_big, 0, 0}, nat_t));
  CHECK_FALSE(drops({Blocked::esp, 0, 0, 6s}, esp_packet));      // not yet
  CHECK_FALSE(drops({Blocked::esp, 0, 0, 0s, 5s}, esp_packet));  // no more
  CHECK(drops({Blocked::esp, 0, 0, 5s, 6s}, esp_packet));
}
