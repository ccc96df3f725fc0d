// NAT traversal (RFC 3947): both say how they see the addresses; who finds a difference knows of a
// NAT, and ESP goes into UDP on port 4500.
#include "protocol/ikev1/isakmp_sa.hpp"
#include "protocol/wire/udp_encapsulation.hpp"

namespace ikelab::ikev1 {
namespace {

//= rfc3947#3.2 "HASH = HASH(CKY-I | CKY-R | IP | Port)"
Bytes address_hash(IsakmpSa& sa, const SocketAddress& address) {
  const Bytes port = {static_cast<std::uint8_t>(address.port >> 8),
                      static_cast<std::uint8_t>(address.port)};
  auto hash = sa.services.provider.hash(
      keys::v1::hash_of_prf(*sa.suite.prf),
      concat({keys::v1::cookies(sa.cky_i, sa.cky_r), address.ip.octets(), port}));
  return hash ? std::move(*hash) : Bytes{};
}

}  // namespace

Payloads nat_detection(IsakmpSa& sa) {
  // `encap: true` says something that fits no address: a NAT that is not there is found.
  const SocketAddress said = sa.connection->encap ? SocketAddress{} : sa.local;
  return {data_payload(wire::PayloadType::v1_nat_d, address_hash(sa, sa.peer)),
          data_payload(wire::PayloadType::v1_nat_d, address_hash(sa, said))};
}

void read_nat_detection(IsakmpSa& sa, const Inbound& in) {
  const wire::Payload* destination = find(in.payloads, wire::PayloadType::v1_nat_d);
  if (destination == nullptr) return;
  const auto is = [&](const wire::Payload& payload, const SocketAddress& address) {
    return equal(in.body_of(payload), address_hash(sa, address));
  };
  //= rfc3947#3.2 "The first NAT-D payload contains the remote end's IP address and port (i.e., the
  //= destination address of the UDP packet)."
  sa.nat_here = !is(*destination, in.dst);
  bool source_fits = false;
  for (unsigned i = 1; const auto* source = find(in.payloads, wire::PayloadType::v1_nat_d, i); ++i)
    source_fits = source_fits || is(*source, in.src);
  sa.nat_there = !source_fits;
  if (sa.connection->encap && !sa.nat_here && !sa.nat_there) sa.nat_here = true;
}

std::optional<esp::UdpPorts> udp_ports(const IsakmpSa& sa) {
  if ((!sa.nat_here && !sa.nat_there) || sa.local.port != wire::udp_encapsulation_port)
    return std::nullopt;
  return esp::UdpPorts{sa.local.port, sa.peer.port};
}

}  // namespace ikelab::ikev1
