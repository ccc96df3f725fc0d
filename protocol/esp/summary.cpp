// One line about an IP packet, for traces and ladders: lenient, never fails.
#include <fmt/format.h>

#include "protocol/esp/esp.hpp"

namespace ikelab::esp {
namespace {

std::uint16_t u16(ByteView octets, std::size_t at) {
  return static_cast<std::uint16_t>((octets[at] << 8) | octets[at + 1]);
}

struct Layers {
  IpAddress src, dst;
  std::uint8_t protocol = 0;
  bool later_fragment = false;
  ByteView payload;
};

/// IPv4 with its options, IPv6 without extension headers (their number is then the protocol).
std::optional<Layers> split(ByteView packet) {
  if (packet.empty()) return std::nullopt;
  const auto cut = [&](std::size_t header, std::size_t total) {
    return packet.subspan(header, std::min(std::max(total, header), packet.size()) - header);
  };
  const auto address = [&](std::size_t at, std::size_t size) {
    return *IpAddress::from_octets(packet.subspan(at, size));
  };
  if (packet[0] >> 4 == 4 && packet.size() >= 20) {
    const std::size_t header = 4U * (packet[0] & 0x0fU);
    if (header < 20 || header > packet.size()) return std::nullopt;
    return Layers{address(12, 4), address(16, 4), packet[9], (u16(packet, 6) & 0x1fff) != 0,
                  cut(header, u16(packet, 2))};
  }
  if (packet[0] >> 4 == 6 && packet.size() >= 40)
    return Layers{address(8, 16), address(24, 16), packet[6], false, cut(40, 40U + u16(packet, 4))};
  return std::nullopt;
}

std::string icmp_name(bool v6, std::uint8_t type) {
  struct Row {
    std::uint8_t v4, v6;
    const char* name;
  };
  static constexpr Row rows[] = {{8, 128, "echo request"},
                                 {0, 129, "echo reply"},
                                 {3, 1, "destination unreachable"},
                                 {11, 3, "time exceeded"}};
  for (const Row& row : rows)
    if ((v6 ? row.v6 : row.v4) == type) return row.name;
  return fmt::format("type {}", type);
}

std::string tcp_flags(std::uint8_t flags) {
  static constexpr const char* names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
  std::string text;
  for (unsigned bit = 0; bit < 8; ++bit)
    if ((flags >> bit) & 1) text += (text.empty() ? "" : ",") + std::string(names[bit]);
  return text;
}

std::string with_ports(const Layers& ip) {
  return fmt::format("{} > {}", SocketAddress{ip.src, u16(ip.payload, 0)}.to_string(),
                     SocketAddress{ip.dst, u16(ip.payload, 2)}.to_string());
}

}  // namespace

std::string summarize_packet(ByteView ip_packet) {
  const auto ip = split(ip_packet);
  if (!ip) return fmt::format("{} octets that are no IP packet", ip_packet.size());
  const std::string between = fmt::format("{} > {}", ip->src.to_string(), ip->dst.to_string());
  const std::size_t size = ip->payload.size();
  if (ip->later_fragment)
    return fmt::format("fragment of protocol {} {} {} octets", ip->protocol, between, size);
  const bool v6 = ip->src.is_v6();
  if (ip->protocol == (v6 ? 58 : 1) && size >= 2)
    return fmt::format("ICMP{} {} {}", v6 ? "v6" : "", icmp_name(v6, ip->payload[0]), between);
  if (ip->protocol == 6 && size >= 20) {
    const std::size_t header = std::min<std::size_t>(4U * (ip->payload[12] >> 4), size);
    return fmt::format("TCP {} [{}] {} octets", with_ports(*ip), tcp_flags(ip->payload[13]),
                       size - header);
  }
  if (ip->protocol == 17 && size >= 8)
    return fmt::format("UDP {} {} octets", with_ports(*ip), size - 8);
  return fmt::format("IP protocol {} {} {} octets", ip->protocol, between, size);
}

}  // namespace ikelab::esp
