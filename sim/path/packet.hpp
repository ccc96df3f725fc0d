// An IPv4 packet as a middlebox looks at it: addresses, ports or the identifier of an ICMP query,
// fragments; and the rewriting of them with checksums put right (RFC 1624). Total on any octets.
#pragma once
#include <optional>

#include "protocol/base/address.hpp"

namespace ikelab::path {

inline constexpr std::uint8_t ip_icmp = 1, ip_tcp = 6, ip_udp = 17, ip_esp = 50;

struct View {
  IpAddress src, dst;
  std::uint8_t protocol = 0;
  std::size_t header = 0;  ///< octets of the IP header
  std::uint16_t id = 0;    ///< Identification
  bool dont_fragment = false, more_fragments = false;
  std::uint16_t fragment_offset = 0;  ///< in octets
  /// Of UDP and TCP; of an ICMP echo both are its identifier. Only in a first fragment.
  std::optional<std::uint16_t> src_port, dst_port;
  std::optional<std::uint8_t> icmp_type, icmp_code;
  [[nodiscard]] bool fragment() const { return more_fragments || fragment_offset != 0; }
  [[nodiscard]] bool later_fragment() const { return fragment_offset != 0; }
  /// An ICMP error, which quotes a packet (RFC 1122, 3.2.2).
  [[nodiscard]] bool icmp_error() const {
    return icmp_type && (*icmp_type == 3 || *icmp_type == 11 || *icmp_type == 12);
  }
};

/// Nothing when it cannot be an IPv4 packet.
std::optional<View> look(ByteView packet);

/// Writes another source (or destination) into a packet that `look` understood; a port only where
/// there is one. Checksums of IP, UDP, TCP and ICMP follow, where they are not cut off (as in the
/// packet that an ICMP error quotes).
enum class Side { source, destination };
void rewrite(std::span<std::uint8_t> packet, Side side, const IpAddress& address,
             std::optional<std::uint16_t> port);
/// The packet that an ICMP error quotes, inside `packet`.
std::span<std::uint8_t> quoted_packet(std::span<std::uint8_t> packet);
/// Makes an ICMP checksum anew after its quoted packet was rewritten.
void renew_icmp_checksum(std::span<std::uint8_t> packet);
/// One hop less to live. False: none is left.
bool take_hop(std::span<std::uint8_t> packet);

}  // namespace ikelab::path
