// What a gateway does with packets: those that arrive in the clear, those that go into the tunnel,
// those that come out of it (RFC 4301, 5), and what is too big for it (RFC 4301, 8).
#include <fmt/format.h>

#include <algorithm>

#include "protocol/esp/outer.hpp"
#include "protocol/wire/udp_encapsulation.hpp"
#include "sim/ns3/datagram_tag.hpp"
#include "sim/ns3/gateway.hpp"
#include "sim/ns3/ip_send.hpp"

namespace ikelab::sim {
namespace {

constexpr std::uint16_t ethertype_ipv4 = 0x0800, ethertype_ipv6 = 0x86dd;
constexpr std::uint8_t udp = 17, icmp = 1, icmp_v6 = 58;

std::string spi_of(ByteView esp_packet) {
  return esp_packet.size() < 4 ? "" : to_hex(esp_packet.first(4));
}

std::uint64_t sequence_of(ByteView esp_packet) {
  std::uint64_t sequence = 0;
  for (std::size_t i = 4; i < 8 && i < esp_packet.size(); ++i)
    sequence = sequence << 8 | esp_packet[i];
  return sequence;
}

bool is_ike_port(std::uint16_t port) {
  return port == wire::ike_port || port == wire::udp_encapsulation_port;
}

}  // namespace

// ---- what arrives in the clear -----------------------------------------------------------------

bool Gateway::guard(const Arrival& arrival) {
  if (arrival.device == ns3::PeekPointer(tunnel_)) return false;
  if (arrival.for_us && arrival.v4 != nullptr && arrival.v4->GetProtocol() == icmp)
    on_icmp(bytes_of(*arrival.payload), false);
  return refuses_clear(arrival) || too_big_for_tunnel(arrival) || straight_into_tunnel(arrival);
}

namespace {

/// What a packet says of itself, whichever IP it is of.
struct Outside {
  IpAddress dst;
  std::uint8_t protocol = 0;
  std::size_t header_octets = 0;
  bool later_fragment = false;
};

Outside outside_of(const Arrival& arrival) {
  if (arrival.v4 != nullptr)
    return {from_ns3(arrival.v4->GetDestination()), arrival.v4->GetProtocol(),
            arrival.v4->GetSerializedSize(), arrival.v4->GetFragmentOffset() != 0};
  return {from_ns3(arrival.v6->GetDestination()), arrival.v6->GetNextHeader(),
          arrival.v6->GetSerializedSize(), false};
}

/// Router and neighbour solicitations and advertisements, redirects (RFC 4861, 4): without them
/// there is no link for a policy to be about.
bool is_neighbour_discovery(const Outside& packet, ByteView payload) {
  return packet.protocol == icmp_v6 && !payload.empty() && payload[0] >= 133 && payload[0] <= 137;
}

/// For each address of the interface that it came in at, of its version.
template <class Told>
void each_address_at(const ns3::Node& node, ns3::Ipv4L3Protocol& v4, const Arrival& arrival,
                     Told told) {
  const ns3::Ptr<const ns3::NetDevice> device(arrival.device);
  const auto of = [&](auto& ip, auto local) {
    const std::int32_t interface = ip.GetInterfaceForDevice(device);
    if (interface < 0) return;
    const auto at = static_cast<std::uint32_t>(interface);
    for (std::uint32_t i = 0; i < ip.GetNAddresses(at); ++i) told(from_ns3(local(at, i)));
  };
  if (arrival.v4 != nullptr)
    of(v4, [&](auto at, auto i) { return v4.GetAddress(at, i).GetLocal(); });
  else if (const auto v6 = node.GetObject<ns3::Ipv6>())
    of(*v6, [&](auto at, auto i) { return v6->GetAddress(at, i).GetAddress(); });
}

}  // namespace

/// A packet that came through an interface with a tunnel's outer address, and not through a tunnel.
bool Gateway::refuses_clear(const Arrival& arrival) {
  const Outside about = outside_of(arrival);
  bool outer = false, ours = false;
  each_address_at(*node_, *ip_, arrival, [&](const IpAddress& own) {
    outer = outer || outside_.has(own);
    ours = ours || own == about.dst;
  });
  if (!outer) return false;  // a protected interface
  if (ours && about.protocol == esp::ip_protocol_esp) return false;
  if (ours && about.protocol == udp) {  // IKE, and ESP in UDP
    ns3::UdpHeader header;
    arrival.payload->PeekHeader(header);
    if (about.later_fragment || is_ike_port(header.GetDestinationPort())) return false;
  }
  const Bytes packet = arrival.octets();
  const ByteView payload = ByteView(packet).subspan(about.header_octets);
  if (arrival.v6 != nullptr && is_neighbour_discovery(about, payload)) return false;
  // an error about a packet of ours is no traffic (RFC 4301, 8.2.1)
  if (ours && esp::read_too_big(payload, arrival.v6 != nullptr)) return false;
  if (data_path_->inbound_clear(packet) != esp::Verdict::discard) return false;
  emit(trace::EspRejected{datagram_id(*arrival.payload), "", 0, "E-ESP-CLEAR",
                          "policy wants protection for " + esp::summarize_packet(packet) +
                              ", and it came in the clear"});
  return true;
}

//= rfc4301#8.2.1 "Original (cleartext) packet is IPv4 and has the DF bit set. The implementation
//= SHOULD discard the packet and send a PMTU ICMP message."
bool Gateway::too_big_for_tunnel(const Arrival& arrival) {
  if (arrival.for_us) return false;
  if (arrival.v4 != nullptr && !arrival.v4->IsDontFragment()) return false;
  const Bytes packet = arrival.octets();
  data_path_->set_now(now());
  if (data_path_->lookup(packet) != esp::Verdict::protect) return false;
  const std::uint32_t mtu = data_path_->mtu_for(packet);
  if (mtu == 0 || packet.size() <= mtu) return false;
  emit(trace::EspRejected{datagram_id(*arrival.payload), "", 0, "E-ESP-TOO-BIG",
                          fmt::format("{} octets, and {} pass the tunnel: {}; its sender is told",
                                      packet.size(), mtu, esp::summarize_packet(packet))});
  tell_too_big(*node_, packet, mtu);
  return true;
}

void Gateway::on_icmp(ByteView message, bool v6) {
  Bytes told = to_bytes(message);
  for (const auto& front : fronts_) told = front->take_icmp(told);
  const auto too_big = esp::read_too_big(told, v6);
  data_path_->set_now(now());
  if (!too_big || !data_path_->handle_icmp(told, v6)) return;
  emit(trace::Metric{"path " + config_.name, "path_mtu", "octets", too_big->mtu});
}

// ---- outbound ----------------------------------------------------------------------------------

/// In transport mode the route of the protected leads to the peer, and so does that of IKE, which
/// is never protected by what it negotiates (RFC 7296, 2.23 and RFC 4301, 4.4.1).
bool Gateway::passes_by_tunnel(ByteView inner) const {
  const auto flow = policy::flow_of_packet(inner);
  const bool own_ike =
      flow.ok() && flow->protocol == udp && is_ike_port(flow->src_port) && outside_.has(flow->src);
  return own_ike || data_path_->lookup(inner) == esp::Verdict::bypass;
}

bool Gateway::on_tunnel(ns3::Ptr<ns3::Packet> packet, const ns3::Address&, const ns3::Address&,
                        std::uint16_t) {
  const Bytes inner = bytes_of(*packet);
  data_path_->set_now(now());
  if (passes_by_tunnel(inner))
    send_ip(*node_, inner, datagram_id(*packet), tunnel_interface_);
  else
    seal(inner);
  return true;
}

// ns-3 would take a packet that is only forwarded through the stack twice: to the tunnel device,
// and from it. What both ways have in common is done here at once; all that is special (no route,
// no hop left, fragments to make, listeners on the way) goes the long way. The packets are the
// same.

bool Gateway::straight_into_tunnel(const Arrival& arrival) {
  if (arrival.v4 == nullptr || arrival.for_us || arrival.v4->GetTtl() <= 1) return false;
  const auto from = ip_->GetInterfaceForDevice(ns3::Ptr<const ns3::NetDevice>(arrival.device));
  const std::uint32_t size = arrival.payload->GetSize() + arrival.v4->GetSerializedSize();
  if (!routing_ || from < 0 || size > tunnel_->GetMtu()) return false;
  const auto route = routing_->way(*arrival.v4, static_cast<std::uint32_t>(from));
  if (!route || route->GetOutputDevice() != tunnel_) return false;
  ns3::Ipv4Header header = *arrival.v4;
  header.SetTtl(static_cast<std::uint8_t>(header.GetTtl() - 1));
  inner_.resize(size);
  put_header(header, inner_);
  arrival.payload->CopyData(inner_.data() + header.GetSerializedSize(), arrival.payload->GetSize());
  data_path_->set_now(now());
  if (passes_by_tunnel(inner_)) return false;
  seal(inner_);
  return true;
}

bool Gateway::straight_out_of_tunnel(ByteView packet) {
  constexpr std::size_t header_octets = 20;
  const bool listeners = guards_.size() != 1 || node_->GetNApplications() != 0;
  if (listeners || !routing_ || packet.size() < header_octets || packet[0] != 0x45) return false;
  if (esp::internet_checksum(packet.first(header_octets)) != 0) return false;
  const auto whole = packet_of(packet);
  ns3::Ipv4Header header;
  whole->RemoveHeader(header);
  if (header.GetTtl() <= 1 || header.GetPayloadSize() != whole->GetSize()) return false;
  const auto route = routing_->way(header, tunnel_interface_);
  if (!route || route->GetOutputDevice() == tunnel_ ||
      packet.size() > route->GetOutputDevice()->GetMtu())
    return false;
  header.SetTtl(static_cast<std::uint8_t>(header.GetTtl() - 1));
  ns3::SocketPriorityTag priority;
  priority.SetPriority(ns3::Socket::IpTos2Priority(header.GetTos()));
  if (priority.GetPriority() != 0) whole->AddPacketTag(priority);
  ip_->SendWithHeader(whole, header, route);
  return true;
}

void Gateway::seal(ByteView inner) {
  const auto done = data_path_->seal(inner, sealed_);
  grant_wishes();
  if (!done) {
    emit(trace::EspRejected{0, "", 0, done.error().code,
                            done.error().message + ": " + esp::summarize_packet(inner)});
    if (done.error().code != "E-ESP-TOO-BIG") return;
    const auto header = esp::read_ip_header(inner);
    if (const auto error = esp::packet_too_big(inner, data_path_->mtu_for(inner), header->dst))
      into_stack(*error);
    return;
  }
  const std::uint64_t id = ++esp_datagrams_;
  trace::EspSealed body{id,
                        to_string(sealed_.spi),
                        sealed_.sequence,
                        inner.size(),
                        sealed_.packet.size(),
                        summaries_.of(inner),
                        {}};
  if (scenario_.disclose_secrets) body.inner = to_bytes(inner);
  emit(std::move(body));
  send(sealed_);
}

void Gateway::send(const esp::Sealed& sealed) {
  const std::uint64_t id = esp_datagrams_;
  for (const auto& front : fronts_) front->saw_esp(sealed.dst, sealed.packet);
  if (sealed.udp) {
    const SocketAddress src{sealed.src, sealed.udp->src}, dst{sealed.dst, sealed.udp->dst};
    emit(trace::DatagramSent{id, "ESP-in-UDP", src.to_string(), dst.to_string(), sealed.packet,
                             sealed.packet.size()});
    if (!outside_.send(src, dst, sealed.packet, id, sealed.traffic_class))
      emit(trace::DatagramDropped{id, config_.name,
                                  "no interface has the address " + src.to_string()});
    return;
  }
  emit(trace::DatagramSent{id, "ESP", sealed.src.to_string(), sealed.dst.to_string(), sealed.packet,
                           sealed.packet.size()});
  outer_ = sealed.header;
  outer_.insert(outer_.end(), sealed.packet.begin(), sealed.packet.end());
  if (!sealed.src.is_v6() && !sealed.dont_fragment && outer_.size() >= 20) {
    // RFC 6864, 4.2: what may be fragmented needs an Identification of its own
    ++identification_;
    outer_[4] = static_cast<std::uint8_t>(identification_ >> 8);
    outer_[5] = static_cast<std::uint8_t>(identification_);
  }
  if (!send_ip(*node_, outer_, id, tunnel_interface_))
    emit(trace::DatagramDropped{id, config_.name, "no route to " + sealed.dst.to_string()});
}

// ---- inbound -----------------------------------------------------------------------------------

void Gateway::on_esp(const FromOutside& in) {
  const bool in_udp = in.dst.port != 0;
  const auto text = [&](const SocketAddress& a) {
    return in_udp ? a.to_string() : a.ip.to_string();
  };
  emit(trace::DatagramReceived{in.id, in_udp ? "ESP-in-UDP" : "ESP", text(in.src), text(in.dst),
                               in.payload, in.payload.size()});
  data_path_->set_now(now());
  if (auto done = data_path_->open(in.payload, in.header, opened_); !done) {
    emit(trace::EspRejected{in.id, spi_of(in.payload), sequence_of(in.payload), done.error().code,
                            done.error().message});
    endpoint_->handle_esp_refusal(now(), in.src.ip, in.payload, done.error().code);
    return drain();
  }
  trace::EspOpened body{in.id,
                        to_string(opened_.spi),
                        opened_.sequence,
                        opened_.inner.size(),
                        summaries_.of(opened_.inner),
                        {}};
  if (scenario_.disclose_secrets) body.inner = opened_.inner;
  emit(std::move(body));
  if (in_udp) {
    endpoint_->handle_esp_source(opened_.spi, in.src);
    drain();
  }
  into_stack(opened_.inner);
}

/// The tunnel device receives an inner packet.
void Gateway::into_stack(ByteView packet) {
  if (straight_out_of_tunnel(packet)) return;
  const bool v6 = !packet.empty() && packet[0] >> 4 == 6;
  if (v6 && !node_->GetObject<ns3::Ipv6>()) return;
  tunnel_->Receive(packet_of(packet), v6 ? ethertype_ipv6 : ethertype_ipv4, tunnel_->GetAddress(),
                   tunnel_->GetAddress(), ns3::NetDevice::PACKET_HOST);
}

}  // namespace ikelab::sim
