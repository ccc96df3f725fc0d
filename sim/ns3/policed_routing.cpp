#include "sim/ns3/policed_routing.hpp"

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
  const auto ip = node_->GetObject<ns3::Ipv4>();
  const std::int32_t interface = ip->GetInterfaceForDevice(device);
  const bool ours =
      interface >= 0 &&
      ip->IsDestinationAddress(header.GetDestination(), static_cast<std::uint32_t>(interface));
  const auto guards = node_->GetObject<Guards>();
  if (guards && guards->take({packet, ns3::PeekPointer(device), &header, nullptr, ours}))
    return true;
  if (!ours && header.IsDontFragment() && refuse_too_big(*node_, *packet, header)) return true;
  return Ipv4StaticRouting::RouteInput(packet, header, device, forward, forward_many, deliver,
                                       failed);
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

}  // namespace ikelab::sim
