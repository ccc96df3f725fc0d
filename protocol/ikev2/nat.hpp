// Where NATs are between us and the peer of an IKE SA, and what follows from that: port 4500, UDP
// encapsulation of ESP, keepalives, a peer whose address changes (RFC 7296, 2.23; RFC 3948). The
// extension in tasks/nat_traversal.cpp keeps it; MOBIKE updates it (RFC 4555, 3.5).
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

struct NatState {
  bool supported = false;       ///< the peer sent NAT_DETECTION_*_IP
  bool here = false;            ///< we are behind a NAT
  bool there = false;           ///< the peer is
  bool explicit_moves = false;  ///< MOBIKE says when the peer's address changes (RFC 4555, 3.8)
  bool forced = false;          ///< there is none, but `encap: true` wants ESP in UDP all the same
  Bytes seen_as;                ///< the peer's last NAT_DETECTION_DESTINATION_IP: how it sees us
  std::optional<Instant> keepalive_at;

  [[nodiscard]] bool any() const { return here || there || forced; }
};

/// What was found out about `sa`; nothing at all when it was never asked.
const NatState& nat_of(const IkeSa& sa);

/// NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP for a message from `src` to `dst`.
std::vector<wire::Payload> nat_detection(IkeSa& sa, const SocketAddress& src,
                                         const SocketAddress& dst);
/// Judges the peer's NAT_DETECTION_*_IP notifications. False: there are none, nothing changes.
bool read_nat_detection(IkeSa& sa, const Inbound& in);

/// The outer ports of ESP packets that we send; nothing: they go as IP protocol 50.
std::optional<esp::UdpPorts> udp_ports(const IkeSa& sa);
/// An ESP packet of the peer came from there, authentic and new: its address is followed, where the
/// rules let us (RFC 7296, 2.23).
void follow_esp(IkeSa& sa, const SocketAddress& peer);
/// The Child SAs go between the IKE SA's addresses from now on.
void migrate_children(IkeSa& sa, const std::string& reason);

}  // namespace ikelab::ikev2
