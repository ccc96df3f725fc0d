#include "sim/ns3/ip_packet.hpp"

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

script::TappedPacket read_packet(ByteView packet) {
  script::TappedPacket out;
  out.protocol = "IP";
  if (packet.size() < 20 || packet[0] >> 4 != 4) return out;
  const std::size_t header = (packet[0] & 15U) * 4U;
  if (header < 20 || packet.size() < header) return out;
  out.src.ip = IpAddress::from_octets(packet.subspan(12, 4)).value();
  out.dst.ip = IpAddress::from_octets(packet.subspan(16, 4)).value();
  out.protocol = word_of(packet[9]);
  ByteView payload = packet.subspan(header);
  const bool first_fragment = (u16(packet, 6) & 0x1fff) == 0;
  out.fragment = (u16(packet, 6) & 0x3fff) != 0;
  if (packet[9] == udp && first_fragment && payload.size() >= 8) {
    out.src.port = u16(payload, 0);
    out.dst.port = u16(payload, 2);
    if (out.src.port == 500 || out.dst.port == 500) out.protocol = "IKE";
    payload = payload.subspan(8);
  }
  out.payload = to_bytes(payload);
  return out;
}

ns3::Ptr<ns3::Packet> make_packet(const std::string& protocol, const SocketAddress& src,
                                  const SocketAddress& dst, ByteView payload) {
  ns3::Ptr<ns3::Packet> packet = packet_of(payload);
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
