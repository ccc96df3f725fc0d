// Whole IP packets handed to a node's stack below its sockets: ESP, what a NAT box rewrote, ICMP
// errors. They go where the node's routes say.
#pragma once
#include <optional>

#include "sim/ns3/ns3.hpp"

namespace ikelab::sim {

/// Sends a whole IPv4 or IPv6 packet. `id`: the trace's, 0 for none. `avoid`: an interface that is
/// not used, the tunnel of what must not go through it. Too big and DF set: the sender is told, and
/// nothing is sent. False: no route.
bool send_ip(ns3::Node& node, ByteView packet, std::uint64_t id,
             std::optional<std::uint32_t> avoid = {});
/// A packet that is being forwarded with DF: when the next link is too small, its sender is told
/// (RFC 1191, 4), and true returned.
bool refuse_too_big(ns3::Node& node, const ns3::Packet& payload, const ns3::Ipv4Header& header);
/// Tells the sender of `packet` that only `mtu` octets pass (RFC 792; RFC 4443, 3.2), if it may be
/// told.
void tell_too_big(ns3::Node& node, ByteView packet, std::uint32_t mtu);
/// An address of the node: of the interface towards `peer`.
std::optional<IpAddress> own_address(ns3::Node& node, const IpAddress& peer);

}  // namespace ikelab::sim
