// What a packet is to the SPD: addresses, protocol, ports (RFC 4301, 4.4.1.1).
#include <fmt/format.h>

#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/policy/traffic_selector.hpp"

namespace ikelab::policy {
namespace {

constexpr std::uint8_t icmp = 1, tcp = 6, udp = 17, icmpv6 = 58;

Error bad(std::string why, std::size_t offset) {
  return Error{"E-POL-021", std::move(why)}.at(offset).see("RFC 4301, 4.4.1.1");
}

std::uint16_t u16(ByteView b, std::size_t at) {
  return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]);
}

void read_ports(ByteView transport, Flow& flow) {
  if ((flow.protocol == tcp || flow.protocol == udp) && transport.size() >= 4) {
    flow.src_port = u16(transport, 0);
    flow.dst_port = u16(transport, 2);
  }
  // RFC 4301, 4.4.1.1: ICMP's type and code stand where ports would, as one 16-bit number.
  if ((flow.protocol == icmp || flow.protocol == icmpv6) && transport.size() >= 2)
    flow.src_port = flow.dst_port = u16(transport, 0);
}

/// RFC 8200, 4: the upper-layer protocol stands behind any number of headers of its own.
void skip_extension_headers(ByteView& rest, Flow& flow) {
  constexpr std::uint8_t hop_by_hop = 0, routing = 43, fragment = 44, destination = 60;
  for (std::size_t i = 0; i < bounds::ipv6_extension_headers && rest.size() >= 8; ++i) {
    const bool known = flow.protocol == hop_by_hop || flow.protocol == routing ||
                       flow.protocol == fragment || flow.protocol == destination;
    if (!known) return;
    const std::size_t octets = flow.protocol == fragment ? 8 : 8U * (rest[1] + 1U);
    if (flow.protocol == fragment && (u16(rest, 2) & 0xfff8) != 0) flow.opaque_ports = true;
    flow.protocol = rest[0];
    rest = rest.subspan(std::min(octets, rest.size()));
    if (flow.opaque_ports) return;
  }
}

}  // namespace

Result<Flow> flow_of_packet(ByteView packet) {
  if (packet.empty()) return bad("an empty packet", 0);
  const unsigned version = packet[0] >> 4;
  const std::size_t header = version == 4 ? (packet[0] & 15U) * 4U : 40U;
  if (version != 4 && version != 6) return bad(fmt::format("IP version {}", version), 0);
  if (header < 20 || packet.size() < header)
    return bad(fmt::format("{} octets are too short for the IP header", packet.size()),
               packet.size());
  Flow flow;
  if (version == 4) {
    const auto address = [&](std::size_t at) {
      return IpAddress::v4(static_cast<std::uint32_t>(u16(packet, at)) << 16 | u16(packet, at + 2));
    };
    flow.src = address(12);
    flow.dst = address(16);
  } else {
    flow.src = IpAddress::from_octets(packet.subspan(8, 16)).value();
    flow.dst = IpAddress::from_octets(packet.subspan(24, 16)).value();
  }
  flow.protocol = packet[version == 4 ? 9 : 6];
  flow.opaque_ports = version == 4 && (u16(packet, 6) & 0x1fff) != 0;
  ByteView rest = packet.subspan(header);
  if (version == 6) skip_extension_headers(rest, flow);
  if (!flow.opaque_ports) read_ports(rest, flow);
  return flow;
}

}  // namespace ikelab::policy
