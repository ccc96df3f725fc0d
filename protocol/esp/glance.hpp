// What policy asks of a packet (RFC 4301, 4.4.1.1) as octets to compare, so that the next packet of
// a flow is decided by comparing and not by reading.
#pragma once
#include <cstring>

#include "protocol/base/bytes.hpp"

namespace ikelab::esp {

/// Of an IPv4 packet with TCP, UDP or ICMP directly behind its header, whole. Others have none, and
/// are read anew each time. Invariant: two packets of one glance have the same policy::Flow.
struct Glance {
  std::uint64_t addresses = 0;
  std::uint64_t ports_and_protocol = 0;  ///< ICMP: type and code; 0: there is no glance
  bool operator==(const Glance&) const = default;
  [[nodiscard]] bool any() const { return ports_and_protocol != 0; }
  /// Spreads flows over a table.
  [[nodiscard]] std::size_t hash() const {
    return (addresses * 0x9e37'79b9'7f4a'7c15U ^ ports_and_protocol * 0xc2b2'ae3d'27d4'eb4fU) >> 32;
  }
};

inline Glance glance_at(ByteView packet) {
  constexpr std::uint8_t plain_ipv4 = 0x45, icmp = 1, tcp = 6, udp = 17;
  if (packet.size() < 24 || packet[0] != plain_ipv4) return {};
  const bool fragment = (packet[6] & 0x3f) != 0 || packet[7] != 0;
  const std::uint8_t protocol = packet[9];
  if (fragment || (protocol != icmp && protocol != tcp && protocol != udp)) return {};
  Glance glance;
  std::uint32_t ports = 0;
  std::memcpy(&glance.addresses, packet.data() + 12, sizeof glance.addresses);
  std::memcpy(&ports, packet.data() + 20, protocol == icmp ? 2 : 4);
  glance.ports_and_protocol = std::uint64_t{ports} << 8 | protocol;
  return glance;
}

}  // namespace ikelab::esp
