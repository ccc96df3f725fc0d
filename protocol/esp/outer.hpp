// IP headers around ESP (RFC 4301, 5.1.2): what is copied from the inner header to the outer one
// and back, congestion marks (RFC 6040), and the headers themselves.
#pragma once
#include <optional>

#include "protocol/base/address.hpp"
#include "protocol/policy/connection.hpp"

namespace ikelab::esp {

inline constexpr std::uint8_t ip_protocol_esp = 50;
inline constexpr std::uint8_t first_hop_limit = 64;

/// An IPv4 or IPv6 header; `size` octets stand before the payload (IPv4: with its options).
struct IpHeader {
  IpAddress src, dst;
  std::size_t size = 0;
  std::uint8_t traffic_class = 0;  ///< DSCP and ECN: IPv4's Type of Service, IPv6's Traffic Class
  std::uint8_t hop_limit = first_hop_limit;  ///< or Time to Live
  std::uint8_t protocol = 0;                 ///< or Next Header
  bool dont_fragment = false;                ///< of IPv4; IPv6 is never fragmented by a router
  bool fragment = false;                     ///< IPv4: a part of a packet
};
/// Nothing when the octets cannot be a header.
std::optional<IpHeader> read_ip_header(ByteView packet);
/// The same without the addresses, where they are not asked: of every packet.
std::optional<IpHeader> peek_ip_header(ByteView packet);

/// Appends the packet's header with another protocol and payload length, its checksum made anew:
/// what transport mode puts before ESP, and what stands there again afterwards.
void copy_header(ByteView packet, std::uint8_t protocol, std::size_t payload_octets, Bytes& out);
/// Appends a header as a tunnel's end makes it. The identification of IPv4 is zero, which RFC 6864
/// allows to packets that are never fragmented, and which a host that fragments sets.
void make_header(const IpHeader& header, std::size_t payload_octets, Bytes& out);

/// The outer traffic class for an inner one (RFC 6040, 4.1, normal mode; RFC 4301, 5.1.2.1).
std::uint8_t outer_traffic_class(std::uint8_t inner, const policy::ChildConfig::Copy& copy);
/// The inner one afterwards; nothing: the packet is to be dropped (RFC 6040, 4.2).
std::optional<std::uint8_t> inner_traffic_class(std::uint8_t inner, std::uint8_t outer,
                                                const policy::ChildConfig::Copy& copy);
/// Writes it into a packet whose header was read before.
void set_traffic_class(std::span<std::uint8_t> packet, std::uint8_t traffic_class);

/// The TCP or UDP checksum of `packet`, a whole one, was made for other addresses than its header
/// bears now: makes it right for these, as wrong as it was otherwise (RFC 1624; RFC 3948, 3.1.2).
/// Others, and a UDP checksum that was not made at all, stay as they are.
void readdress_checksum(std::span<std::uint8_t> packet, const IpAddress& src, const IpAddress& dst);

/// The Internet checksum (RFC 1071) of `octets`, which begin at an even place.
std::uint16_t internet_checksum(ByteView octets, std::uint32_t sum = 0);

/// The ICMP error that tells the sender of `packet` that only `mtu` octets pass (RFC 792 with RFC
/// 1191; RFC 4443, 3.2), as a whole IP packet from `from`. Nothing for packets that may not be
/// answered: fragments other than the first, and ICMP errors.
std::optional<Bytes> packet_too_big(ByteView packet, std::uint32_t mtu, const IpAddress& from);

/// A packet that some router found too big, as its ICMP error quotes it.
struct TooBig {
  std::uint32_t mtu = 0;
  ByteView quoted;  ///< of the packet: its IP header and at least eight octets
};
/// Reads an ICMP message (without its IP header); nothing when it is no such error.
std::optional<TooBig> read_too_big(ByteView icmp, bool v6);

}  // namespace ikelab::esp
