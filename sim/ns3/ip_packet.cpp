#include "sim/ns3/ip_packet.hpp"

#include "protocol/wire/udp_encapsulation.hpp"

namespace ikelab::sim {
namespace {

constexpr std::uint8_t icmp = 1, tcp = 6, udp = 17, esp = 50;

std::uint8_t number_of(const std::string& word) {
  return word == "ESP" ? esp : word == "ICMP" ? icmp : word == "TCP" ? tcp : udp;
}
constexpr std::uint8_t first_ttl = 64;

std::uint16_t u16(ByteView octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}

const char* word_of(std::uint8_t protocol) {
  switch (protocol) {
    case 1:
      return "ICMP";
    case 6:
      return "TCP";
    case 17:
      return "UDP";
    case 50:
      return "ESP";
    default:
      return "IP";
  }
}

}  // namespace

namespace {

/// Where the payload of an IP packet begins, what it is, and whether its ports can be seen.
struct Layout {
  std::size_t header = 0;
  std::uint8_t protocol = 0;
  bool first_fragment = true;
};

std::optional<Layout> layout_v4(ByteView packet) {
  if (packet.size() < 20) return std::nullopt;
  const std::size_t header = (packet[0] & 15U) * 4U;
  if (header < 20 || packet.size() < header) return std::nullopt;
  return Layout{header, packet[9], (u16(packet, 6) & 0x1fff) == 0};
}

std::optional<Layout> layout_v6(ByteView packet) {
  constexpr std::uint8_t fragment = 44, icmpv6 = 58;
  if (packet.size() < 40) return std::nullopt;
  Layout layout{40, packet[6], true};
  if (layout.protocol == fragment && packet.size() >= 48)
    layout = {48, packet[40], (u16(packet, 42) & 0xfff8) == 0};
  if (layout.protocol == icmpv6) layout.protocol = 1;  // one word for both
  return layout;
}

std::optional<Layout> layout_of(ByteView packet) {
  if (packet.empty()) return std::nullopt;
  return packet[0] >> 4 == 6   ? layout_v6(packet)
         : packet[0] >> 4 == 4 ? layout_v4(packet)
                               : std::nullopt;
}

/// What a packet carries, in our word, and its octets.
struct Content {
  const char* word = "IP";
  ByteView payload;
};

/// RFC 3948, 2; the payload is without the non-ESP marker.
Content content_of_udp(ByteView datagram) {
  const ByteView payload = datagram.subspan(8);
  const auto on = [&](std::uint16_t port) {
    return u16(datagram, 0) == port || u16(datagram, 2) == port;
  };
  if (on(wire::ike_port)) return {"IKE", payload};
  if (!on(wire::udp_encapsulation_port)) return {"UDP", payload};
  switch (wire::classify_on_4500(payload)) {
    case wire::UdpContent::ike:
      return {"IKE", wire::without_marker(payload)};
    case wire::UdpContent::esp:
      return {"ESP-in-UDP", payload};
    case wire::UdpContent::keepalive:
      return {"keepalive", payload};
    case wire::UdpContent::nothing:
      break;
  }
  return {"UDP", payload};
}

bool shows_ports(const Layout& layout, ByteView packet) {
  return layout.protocol == udp && layout.first_fragment && packet.size() >= layout.header + 8;
}

Content content_of(const Layout& layout, ByteView packet) {
  const ByteView payload = packet.subspan(layout.header);
  if (shows_ports(layout, packet)) return content_of_udp(payload);
  return {word_of(layout.protocol), payload};
}

}  // namespace

const char* protocol_of(ByteView packet) {
  const auto layout = layout_of(packet);
  return layout ? content_of(*layout, packet).word : "IP";
}

script::TappedPacket read_packet(ByteView packet) {
  script::TappedPacket out;
  out.protocol = "IP";
  const auto layout = layout_of(packet);
  if (!layout) return out;
  const bool v6 = packet[0] >> 4 == 6;
  const std::size_t src = v6 ? 8 : 12, size = v6 ? 16 : 4;
  out.src.ip = IpAddress::from_octets(packet.subspan(src, size)).value();
  out.dst.ip = IpAddress::from_octets(packet.subspan(src + size, size)).value();
  const Content content = content_of(*layout, packet);
  out.protocol = content.word;
  out.fragment = v6 ? layout->header == 48 : (u16(packet, 6) & 0x3fff) != 0;
  out.payload = to_bytes(content.payload);
  if (shows_ports(*layout, packet)) {
    out.src.port = u16(packet, layout->header);
    out.dst.port = u16(packet, layout->header + 2);
  }
  return out;
}

ns3::Ptr<ns3::Packet> make_packet(const std::string& protocol, const SocketAddress& src,
                                  const SocketAddress& dst, ByteView payload) {
  const bool marked = protocol == "IKE" && (src.port == wire::udp_encapsulation_port ||
                                            dst.port == wire::udp_encapsulation_port);
  ns3::Ptr<ns3::Packet> packet = packet_of(
      marked ? wire::udp_payload(wire::udp_encapsulation_port, payload) : to_bytes(payload));
  const std::uint8_t number = number_of(protocol);
  if (number == udp) {
    ns3::UdpHeader header;
    header.SetSourcePort(src.port);
    header.SetDestinationPort(dst.port);
    header.EnableChecksums();
    header.InitializeChecksum(to_ns3(src.ip), to_ns3(dst.ip), udp);
    packet->AddHeader(header);
  }
  ns3::Ipv4Header header;
  header.SetSource(to_ns3(src.ip));
  header.SetDestination(to_ns3(dst.ip));
  header.SetProtocol(number);
  header.SetTtl(first_ttl);
  header.SetPayloadSize(static_cast<std::uint16_t>(packet->GetSize()));
  header.EnableChecksum();
  packet->AddHeader(header);
  return packet;
}

}  // namespace ikelab::sim
