#include "protocol/ikev2/nat.hpp"

#include "protocol/ikev2/child_setup.hpp"
#include "protocol/wire/udp_encapsulation.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;

//= rfc7296#2.23 "The data associated with the NAT_DETECTION_SOURCE_IP notification is a SHA-1
//= digest of the SPIs (in the order they appear in the header), IP address, and port from which
//= this packet was sent."
Bytes address_digest(IkeSa& sa, IkeSpi spi_i, IkeSpi spi_r, const SocketAddress& address) {
  const auto port = big_endian<2>(address.port);
  auto digest = sa.services.provider.hash(
      crypto::HashId::sha1,
      concat({octets_of(spi_i), octets_of(spi_r), address.ip.octets(), port}));
  return digest ? std::move(*digest) : Bytes{};
}

/// Notifications of a type, and whether one of them is `digest`.
struct Matches {
  bool there = false, one = false;
};
Matches match(const std::vector<wire::Payload>& payloads, NotifyType type, const Bytes& digest) {
  Matches found;
  for (const wire::Payload& payload : payloads)
    if (const auto* body = std::get_if<wire::NotifyPayload>(&payload.body);
        body != nullptr && body->type == type) {
      found.there = true;
      found.one = found.one || body->data == digest;
    }
  return found;
}

}  // namespace

const NatState& nat_of(const IkeSa& sa) {
  static const NatState never_asked;
  const auto* nat = sa.notes.find<NatState>();
  return nat == nullptr ? never_asked : *nat;
}

std::vector<wire::Payload> nat_detection(IkeSa& sa, const SocketAddress& src,
                                         const SocketAddress& dst) {
  // `encap: true` says something that fits no address: the peer finds a NAT that is not there, and
  // encapsulates as well.
  const SocketAddress said = sa.connection->encap ? SocketAddress{} : src;
  return list(
      notify(NotifyType::nat_detection_source_ip, address_digest(sa, sa.spi_i, sa.spi_r, said)),
      notify(NotifyType::nat_detection_destination_ip,
             address_digest(sa, sa.spi_i, sa.spi_r, dst)));
}

bool read_nat_detection(IkeSa& sa, const Inbound& in) {
  const auto digest = [&](const SocketAddress& address) {
    return address_digest(sa, in.header.spi_i, in.header.spi_r, address);
  };
  const Matches source = match(in.payloads, NotifyType::nat_detection_source_ip, digest(in.src));
  const Matches destination =
      match(in.payloads, NotifyType::nat_detection_destination_ip, digest(in.dst));
  if (!source.there || !destination.there) return false;
  auto& nat = sa.notes.of<NatState>();
  nat.supported = true;
  //= rfc7296#2.23 "If none of the NAT_DETECTION_SOURCE_IP payload(s) received matches the expected
  //= value of the source IP and port found from the IP header of the packet containing the payload,
  //= it means that the system sending those payloads is behind a NAT"
  nat.there = !source.one;
  //= rfc7296#2.23 "In the case of a mismatching NAT_DETECTION_DESTINATION_IP hash, it means that
  //= the system receiving the NAT_DETECTION_DESTINATION_IP payload is behind a NAT"
  nat.here = !destination.one;
  nat.forced = sa.connection->encap && !nat.here && !nat.there;
  nat.seen_as = find_notify(in.payloads, NotifyType::nat_detection_destination_ip)->data;
  return true;
}

std::optional<esp::UdpPorts> udp_ports(const IkeSa& sa) {
  //= rfc7296#2.23 "UDP encapsulation MUST NOT be done on port 500."
  if (!nat_of(sa).any() || sa.local.port != wire::udp_encapsulation_port) return std::nullopt;
  //= rfc7296#2.23 "However, if a NAT is detected, both devices MUST use UDP encapsulation for ESP."
  return esp::UdpPorts{sa.local.port, sa.peer.port};
}

void migrate_children(IkeSa& sa, const std::string& reason) {
  const auto out = udp_ports(sa);
  const auto in = out ? std::optional(esp::UdpPorts{out->dst, out->src}) : std::nullopt;
  for (auto& [spi, child] : sa.children) {
    const esp::MoveSa inbound{true, child.spi_in, sa.peer.ip, sa.local.ip, in};
    const esp::MoveSa outbound{false, child.spi_out, sa.local.ip, sa.peer.ip, out, child.spi_in};
    emit_moved(sa, inbound, reason);
    sa.services.sad.push_back(inbound);
    if (child.half_closed) continue;
    if (child.waiting_outbound) {
      child.waiting_outbound->src = outbound.src;
      child.waiting_outbound->dst = outbound.dst;
      child.waiting_outbound->udp = outbound.udp;
      continue;
    }
    emit_moved(sa, outbound, reason);
    sa.services.sad.push_back(outbound);
  }
}

}  // namespace ikelab::ikev2
