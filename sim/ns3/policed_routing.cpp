#include "sim/ns3/policed_routing.hpp"

#include <ns3/ipv4-interface.h>

#include "sim/ns3/ip_send.hpp"

namespace ikelab::sim {

ns3::TypeId Guards::GetTypeId() {
  static const ns3::TypeId id = ns3::TypeId("ikelab::Guards").SetParent<ns3::Object>();
  return id;
}
ns3::TypeId PolicedRouting::GetTypeId() {
  static const ns3::TypeId id =
      ns3::TypeId("ikelab::PolicedRouting").SetParent<ns3::Ipv4StaticRouting>();
  return id;
}
ns3::TypeId PolicedRouting6::GetTypeId() {
  static const ns3::TypeId id =
      ns3::TypeId("ikelab::PolicedRouting6").SetParent<ns3::Ipv6StaticRouting>();
  return id;
}

Guards& guards_of(ns3::Node& node) {
  if (const auto guards = node.GetObject<Guards>()) return *guards;
  const auto guards = ns3::CreateObject<Guards>();
  node.AggregateObject(guards);
  return *guards;
}

bool PolicedRouting::RouteInput(ns3::Ptr<const ns3::Packet> packet, const ns3::Ipv4Header& header,
                                ns3::Ptr<const ns3::NetDevice> device, Input::Unicast forward,
                                Input::Multicast forward_many, Input::Local deliver,
                                Input::Failed failed) {
  if (guards_ == nullptr) guards_ = &guards_of(*node_);
  if (guards_->size() != 0 || header.IsDontFragment()) {
    const auto ip = node_->GetObject<ns3::Ipv4>();
    const std::int32_t interface = ip->GetInterfaceForDevice(device);
    const bool ours =
        interface >= 0 &&
        ip->IsDestinationAddress(header.GetDestination(), static_cast<std::uint32_t>(interface));
    if (guards_->take({packet, ns3::PeekPointer(device), &header, nullptr, ours})) return true;
    if (!ours && header.IsDontFragment() && refuse_too_big(*node_, *packet, header)) return true;
  }
  return Ipv4StaticRouting::RouteInput(packet, header, device, forward, forward_many, deliver,
                                       failed);
}

ns3::Ptr<ns3::Ipv4Route> PolicedRouting::way(const ns3::Ipv4Header& header,
                                             std::uint32_t interface) {
  constexpr std::uint64_t forwarding = 1ULL << 31;  // apart from what route_v4() keeps
  const ns3::Ipv4Address to = header.GetDestination();
  return memo.find(to, forwarding | interface, [&]() -> ns3::Ptr<ns3::Ipv4Route> {
    const auto ip = node_->GetObject<ns3::Ipv4>();
    if (to.IsMulticast() || ip->IsDestinationAddress(to, interface) || !ip->IsForwarding(interface))
      return nullptr;
    ns3::Socket::SocketErrno error = ns3::Socket::ERROR_NOTERROR;
    return RouteOutput(nullptr, header, nullptr, error);
  });
}

void PolicedRouting::NotifyInterfaceUp(std::uint32_t interface) {
  memo.forget();
  Ipv4StaticRouting::NotifyInterfaceUp(interface);
}
void PolicedRouting::NotifyInterfaceDown(std::uint32_t interface) {
  memo.forget();
  Ipv4StaticRouting::NotifyInterfaceDown(interface);
}
void PolicedRouting::NotifyAddAddress(std::uint32_t interface, ns3::Ipv4InterfaceAddress address) {
  memo.forget();
  Ipv4StaticRouting::NotifyAddAddress(interface, address);
}
void PolicedRouting::NotifyRemoveAddress(std::uint32_t interface,
                                         ns3::Ipv4InterfaceAddress address) {
  memo.forget();
  Ipv4StaticRouting::NotifyRemoveAddress(interface, address);
}
void PolicedRouting::DoDispose() {
  memo.forget();
  Ipv4StaticRouting::DoDispose();
}

ns3::Ptr<PolicedRouting> policed_routing_of(ns3::Ipv4& ip) {
  return ns3::DynamicCast<PolicedRouting>(ip.GetRoutingProtocol());
}

void forget_routes(ns3::Node& node) {
  const auto ip = node.GetObject<ns3::Ipv4>();
  if (const auto routing = policed_routing_of(*ip)) routing->memo.forget();
}

bool PolicedRouting6::RouteInput(ns3::Ptr<const ns3::Packet> packet, const ns3::Ipv6Header& header,
                                 ns3::Ptr<const ns3::NetDevice> device, Input::Unicast forward,
                                 Input::Multicast forward_many, Input::Local deliver,
                                 Input::Failed failed) {
  const auto guards = node_->GetObject<Guards>();
  if (guards && guards->take({packet, ns3::PeekPointer(device), nullptr, &header, false}))
    return true;
  return Ipv6StaticRouting::RouteInput(packet, header, device, forward, forward_many, deliver,
                                       failed);
}

ns3::TypeId PolicedProtocol::GetTypeId() {
  static const ns3::TypeId id =
      ns3::TypeId("ikelab::PolicedProtocol").SetParent<ns3::IpL4Protocol>();
  return id;
}

PolicedProtocol::RxStatus PolicedProtocol::Receive(ns3::Ptr<ns3::Packet> packet,
                                                   const ns3::Ipv4Header& header,
                                                   ns3::Ptr<ns3::Ipv4Interface> interface) {
  return real_->Receive(packet, header, interface);
}

PolicedProtocol::RxStatus PolicedProtocol::Receive(ns3::Ptr<ns3::Packet> packet,
                                                   const ns3::Ipv6Header& header,
                                                   ns3::Ptr<ns3::Ipv6Interface> interface) {
  ns3::Ipv6Header shown = header;  // extension headers were taken off
  shown.SetNextHeader(static_cast<std::uint8_t>(GetProtocolNumber()));
  shown.SetPayloadLength(static_cast<std::uint16_t>(packet->GetSize()));
  const auto guards = node_->GetObject<Guards>();
  if (guards &&
      guards->take({packet, ns3::PeekPointer(interface->GetDevice()), nullptr, &shown, true}))
    return RX_OK;
  return real_->Receive(packet, header, interface);
}

void PolicedProtocol::ReceiveIcmp(ns3::Ipv6Address source, std::uint8_t ttl, std::uint8_t type,
                                  std::uint8_t code, std::uint32_t info, ns3::Ipv6Address from,
                                  ns3::Ipv6Address to, const std::uint8_t payload[8]) {
  real_->ReceiveIcmp(source, ttl, type, code, info, from, to, payload);
}

void police_delivery(const ns3::Ptr<ns3::Node>& node, std::uint32_t interface) {
  const auto ip = node->GetObject<ns3::Ipv6>();
  for (const int protocol : {6, 17, 58})
    if (const auto real = ip->GetProtocol(protocol))
      ip->Insert(ns3::Create<PolicedProtocol>(node, real), interface);
}

}  // namespace ikelab::sim
