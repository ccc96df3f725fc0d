#include "sim/path/firewall.hpp"

#include <fmt/format.h>

namespace ikelab::path {
namespace {

/// IPv6 has its own shapes; of it a filter here tells protocol, ports and size.
View look_v6(ByteView packet) {
  View v;
  v.protocol = packet[6];
  v.header = 40;
  constexpr std::uint8_t fragment_header = 44, icmpv6 = 58;
  if (v.protocol == fragment_header && packet.size() >= 48) {
    v.protocol = packet[40];
    v.fragment_offset = static_cast<std::uint16_t>((packet[42] << 8 | packet[43]) & 0xfff8);
    v.more_fragments = (packet[43] & 1) != 0;
    v.header = 48;
  }
  if (v.later_fragment() || packet.size() < v.header + 4) return v;
  const ByteView upper = packet.subspan(v.header);
  if (v.protocol == ip_udp || v.protocol == ip_tcp) {
    v.src_port = static_cast<std::uint16_t>(upper[0] << 8 | upper[1]);
    v.dst_port = static_cast<std::uint16_t>(upper[2] << 8 | upper[3]);
  } else if (v.protocol == icmpv6) {
    v.protocol = ip_icmp;
    if (upper[0] == 2) v.icmp_type = 3, v.icmp_code = 4;  // Packet Too Big, as IPv4 calls it
  }
  return v;
}

bool matches(const Rule& rule, const View& view, std::size_t octets) {
  const auto port = [&] {
    return rule.port == 0 || view.src_port == rule.port || view.dst_port == rule.port;
  };
  switch (rule.what) {
    case Blocked::udp:
      return view.protocol == ip_udp && port();
    case Blocked::tcp:
      return view.protocol == ip_tcp && port();
    case Blocked::icmp:
      return view.protocol == ip_icmp;
    case Blocked::esp:
      return view.protocol == ip_esp;
    case Blocked::fragments:
      return view.fragment();
    case Blocked::larger:
      return octets > rule.octets;
    case Blocked::too_big:
      return view.icmp_type == std::uint8_t{3} && view.icmp_code == std::uint8_t{4};
  }
  return false;
}

std::string words(const Rule& rule) {
  switch (rule.what) {
    case Blocked::udp:
    case Blocked::tcp:
      return fmt::format("{}{}", rule.what == Blocked::udp ? "UDP" : "TCP",
                         rule.port == 0 ? "" : fmt::format(" port {}", rule.port));
    case Blocked::icmp:
      return "ICMP";
    case Blocked::esp:
      return "ESP";
    case Blocked::fragments:
      return "fragments";
    case Blocked::larger:
      return fmt::format("packets of more than {} octets", rule.octets);
    case Blocked::too_big:
      return "ICMP errors of path MTU discovery";
  }
  return {};
}

}  // namespace

std::string blocked(const std::vector<Rule>& rules, Instant now, ByteView packet) {
  if (rules.empty() || packet.empty()) return {};
  const bool v6 = packet[0] >> 4 == 6 && packet.size() >= 40;
  const auto view = v6 ? look_v6(packet) : look(packet);
  if (!view) return {};
  for (const Rule& rule : rules)
    if (now.ns >= rule.from.count() && now.ns < rule.until.count() &&
        matches(rule, *view, packet.size()))
      return "the firewall drops " + words(rule);
  return {};
}

}  // namespace ikelab::path
