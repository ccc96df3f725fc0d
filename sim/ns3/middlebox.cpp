#include "sim/ns3/middlebox.hpp"

#include "sim/ns3/datagram_tag.hpp"
#include "sim/ns3/ip_send.hpp"
#include "sim/path/firewall.hpp"

namespace ikelab::sim {

void guard_with_firewall(ns3::Ptr<ns3::Node> node, const scenario::Node& config,
                         trace::Journal& journal) {
  if (config.firewall.empty()) return;
  guards_of(*node).add([&config, &journal](const Arrival& arrival) {
    const std::string reason = path::blocked(config.firewall, now(), arrival.octets());
    if (reason.empty()) return false;
    journal.emit(now(), config.name, "",
                 trace::DatagramDropped{datagram_id(*arrival.payload), config.name, reason});
    return true;
  });
}

NatBox::NatBox(ns3::Ptr<ns3::Node> node, const scenario::Node& config,
               const std::map<std::string, std::uint32_t>& media, trace::Journal& journal)
    : node_(std::move(node)), name_(config.name), journal_(journal), nat_(*config.nat) {
  for (const std::string& link : config.nat->inside)
    if (const auto at = media.find(link); at != media.end()) inside_.insert(at->second);
  guards_of(*node_).add([this](const Arrival& arrival) { return take(arrival); });
}

/// Which way a packet goes: from inside to the box or between insiders it is only routed; from
/// inside to elsewhere and from outside to the box it is translated.
bool NatBox::take(const Arrival& arrival) {
  if (arrival.v4 == nullptr) return false;
  const auto ip = node_->GetObject<ns3::Ipv4>();
  const auto interface = static_cast<std::uint32_t>(
      ip->GetInterfaceForDevice(ns3::Ptr<const ns3::NetDevice>(arrival.device)));
  const bool from_inside = inside_.contains(interface);
  const std::int32_t owner = ip->GetInterfaceForAddress(arrival.v4->GetDestination());
  const bool to_outside_address =
      owner >= 0 && !inside_.contains(static_cast<std::uint32_t>(owner));
  Bytes packet = arrival.octets();
  if (!from_inside) {
    if (owner < 0) return false;  // not for us: a router between outside networks
    const std::string refusal = nat_.inbound(now(), packet);
    settle(arrival, std::move(packet), refusal);
    return true;
  }
  if (owner >= 0 && !to_outside_address) return false;
  if (to_outside_address) {
    const IpAddress own = from_ns3(arrival.v4->GetDestination());
    const std::string refusal = nat_.hairpin(now(), packet, own);
    settle(arrival, std::move(packet), refusal);
    return true;
  }
  const auto own = own_address(*node_, from_ns3(arrival.v4->GetDestination()));
  if (!own) return false;
  const std::int32_t exit = ip->GetInterfaceForAddress(to_ns3(*own));
  if (exit >= 0 && inside_.contains(static_cast<std::uint32_t>(exit))) return false;
  const std::string refusal = nat_.outbound(now(), packet, *own);
  settle(arrival, std::move(packet), refusal);
  return true;
}

void NatBox::settle(const Arrival& arrival, Bytes packet, const std::string& refusal) {
  tell();
  const std::uint64_t id = datagram_id(*arrival.payload);
  const std::string reason = !refusal.empty()               ? refusal
                             : !path::take_hop(packet)      ? "its time to live is over"
                             : !send_ip(*node_, packet, id) ? "no route"
                                                            : "";
  if (!reason.empty())
    journal_.emit(now(), name_, "", trace::DatagramDropped{id, name_, "NAT: " + reason});
}

void NatBox::rebind() {
  nat_.rebind(now());
  tell();
}

void NatBox::tell() {
  for (trace::NatMapping& change : nat_.poll_changes())
    journal_.emit(now(), name_, "", std::move(change));
}

}  // namespace ikelab::sim
