// What a tap reads off an IP packet, and packets put together for an adversary.
#pragma once
#include "sim/ns3/ns3.hpp"
#include "sim/script/adversary.hpp"

namespace ikelab::sim {

/// The protocol word alone.
const char* protocol_of(ByteView ip_packet);
/// Protocol word, addresses, payload; link, from, to and datagram are the caller's to fill in.
script::TappedPacket read_packet(ByteView ip_packet);
/// An IPv4 packet with right checksums around a UDP payload ("IKE") or an ESP packet.
ns3::Ptr<ns3::Packet> make_packet(const std::string& protocol, const SocketAddress& src,
                                  const SocketAddress& dst, ByteView payload);

}  // namespace ikelab::sim
