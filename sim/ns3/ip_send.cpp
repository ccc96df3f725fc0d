#include "sim/ns3/ip_send.hpp"

#include "protocol/esp/outer.hpp"
#include "sim/ns3/datagram_tag.hpp"
#include "sim/ns3/policed_routing.hpp"
#include "sim/path/packet.hpp"

namespace ikelab::sim {
namespace {

/// What other routing protocols of the node say, in programs that use them.
ns3::Ptr<ns3::Ipv4Route> route_of_others(ns3::Ipv4& ip, ns3::Ipv4Address to,
                                         std::optional<std::uint32_t> avoid) {
  ns3::Ipv4Header header;
  header.SetDestination(to);
  ns3::Socket::SocketErrno error = ns3::Socket::ERROR_NOTERROR;
  const auto route =
      ip.GetRoutingProtocol()->RouteOutput(ns3::Create<ns3::Packet>(), header, nullptr, error);
  if (!route || !avoid) return route;
  return ip.GetInterfaceForDevice(route->GetOutputDevice()) == static_cast<std::int32_t>(*avoid)
             ? nullptr
             : route;
}

/// The longest prefix wins, then the smaller metric: ns-3's own look-up, which cannot be told to
/// avoid an interface.
ns3::Ptr<ns3::Ipv4Route> look_up_v4(ns3::Ipv4& ip, ns3::Ipv4Address to,
                                    std::optional<std::uint32_t> avoid) {
  ns3::Ipv4StaticRoutingHelper helper;
  const auto routing = helper.GetStaticRouting(ns3::Ptr<ns3::Ipv4>(&ip));
  if (!routing) return route_of_others(ip, to, avoid);
  std::optional<ns3::Ipv4RoutingTableEntry> best;
  std::uint32_t metric = 0;
  for (std::uint32_t i = 0; i < routing->GetNRoutes(); ++i) {
    const ns3::Ipv4RoutingTableEntry route = routing->GetRoute(i);
    const ns3::Ipv4Mask mask = route.GetDestNetworkMask();
    if (avoid && route.GetInterface() == *avoid) continue;
    if (to.CombineMask(mask) != route.GetDestNetwork()) continue;
    const int longer =
        best ? mask.GetPrefixLength() - best->GetDestNetworkMask().GetPrefixLength() : 1;
    if (longer < 0 || (longer == 0 && routing->GetMetric(i) >= metric)) continue;
    best = route;
    metric = routing->GetMetric(i);
  }
  if (!best) return route_of_others(ip, to, avoid);
  auto route = ns3::Create<ns3::Ipv4Route>();
  route->SetDestination(to);
  route->SetGateway(best->GetGateway());
  route->SetOutputDevice(ip.GetNetDevice(best->GetInterface()));
  route->SetSource(ip.GetAddress(best->GetInterface(), 0).GetLocal());
  return route;
}

ns3::Ptr<ns3::Ipv4Route> route_v4(ns3::Ipv4& ip, ns3::Ipv4Address to,
                                  std::optional<std::uint32_t> avoid) {
  const auto policed = policed_routing_of(ip);
  if (!policed) return look_up_v4(ip, to, avoid);
  return policed->memo.find(to, avoid ? *avoid + 1 : 0, [&] { return look_up_v4(ip, to, avoid); });
}

ns3::Ptr<ns3::Ipv6Route> route_v6(ns3::Ipv6& ip, const ns3::Ipv6Address& to,
                                  std::optional<std::uint32_t> avoid) {
  ns3::Ipv6StaticRoutingHelper helper;
  const auto routing = helper.GetStaticRouting(ns3::Ptr<ns3::Ipv6>(&ip));
  if (!routing) return nullptr;
  std::optional<ns3::Ipv6RoutingTableEntry> best;
  for (std::uint32_t i = 0; i < routing->GetNRoutes(); ++i) {
    const ns3::Ipv6RoutingTableEntry route = routing->GetRoute(i);
    const ns3::Ipv6Prefix prefix = route.GetDestNetworkPrefix();
    if (avoid && route.GetInterface() == *avoid) continue;
    if (!prefix.IsMatch(to, route.GetDestNetwork())) continue;
    if (!best || prefix.GetPrefixLength() > best->GetDestNetworkPrefix().GetPrefixLength())
      best = route;
  }
  if (!best) return nullptr;
  auto route = ns3::Create<ns3::Ipv6Route>();
  route->SetDestination(to);
  route->SetGateway(best->GetGateway());
  route->SetOutputDevice(ip.GetNetDevice(best->GetInterface()));
  return route;
}

bool send_v4(ns3::Node& node, ns3::Ptr<ns3::Packet> packet, ByteView octets,
             std::optional<std::uint32_t> avoid) {
  ns3::Ipv4Header header;
  packet->RemoveHeader(header);
  const auto ip = node.GetObject<ns3::Ipv4L3Protocol>();
  const auto route = route_v4(*ip, header.GetDestination(), avoid);
  if (!route) return false;
  const std::uint32_t mtu = route->GetOutputDevice()->GetMtu();
  if (header.IsDontFragment() && octets.size() > mtu) {
    tell_too_big(node, octets, mtu);
    return true;
  }
  ip->SendWithHeader(packet, header, route);
  return true;
}

bool send_v6(ns3::Node& node, ns3::Ptr<ns3::Packet> packet, std::optional<std::uint32_t> avoid) {
  ns3::Ipv6Header header;
  packet->RemoveHeader(header);
  const auto ip = node.GetObject<ns3::Ipv6L3Protocol>();
  if (!ip) return false;
  const auto route = route_v6(*ip, header.GetDestination(), avoid);
  if (!route) return false;
  ns3::SocketIpv6HopLimitTag hops;
  hops.SetHopLimit(header.GetHopLimit());
  packet->AddPacketTag(hops);
  ns3::SocketIpv6TclassTag traffic_class;
  traffic_class.SetTclass(header.GetTrafficClass());
  packet->AddPacketTag(traffic_class);
  ip->Send(packet, header.GetSource(), header.GetDestination(), header.GetNextHeader(), route);
  return true;
}

}  // namespace

bool send_ip(ns3::Node& node, ByteView octets, std::uint64_t id,
             std::optional<std::uint32_t> avoid) {
  if (octets.empty()) return false;
  const auto packet = packet_of(octets);
  if (id != 0) packet->AddByteTag(DatagramTag(id));
  if (octets[0] >> 4 == 4) return octets.size() >= 20 && send_v4(node, packet, octets, avoid);
  return octets[0] >> 4 == 6 && octets.size() >= 40 && send_v6(node, packet, avoid);
}

bool refuse_too_big(ns3::Node& node, const ns3::Packet& payload, const ns3::Ipv4Header& header) {
  const auto ip = node.GetObject<ns3::Ipv4>();
  const auto route = route_v4(*ip, header.GetDestination(), {});
  if (!route) return false;
  const std::uint32_t mtu = route->GetOutputDevice()->GetMtu();
  if (payload.GetSize() + header.GetSerializedSize() <= mtu) return false;
  const auto whole = payload.Copy();
  whole->AddHeader(header);
  tell_too_big(node, bytes_of(*whole), mtu);
  return true;
}

void tell_too_big(ns3::Node& node, ByteView packet, std::uint32_t mtu) {
  const auto header = esp::read_ip_header(packet);
  if (!header) return;
  const auto own = own_address(node, header->src);
  if (!own) return;
  if (const auto error = esp::packet_too_big(packet, mtu, *own)) send_ip(node, *error, 0);
}

std::optional<IpAddress> own_address(ns3::Node& node, const IpAddress& peer) {
  if (!peer.is_v6()) {
    const auto ip = node.GetObject<ns3::Ipv4>();
    const auto route = route_v4(*ip, to_ns3(peer), {});
    return route ? std::optional(from_ns3(route->GetSource())) : std::nullopt;
  }
  const auto ip = node.GetObject<ns3::Ipv6>();
  const auto route = ip ? route_v6(*ip, to_ns3_v6(peer), {}) : nullptr;
  if (!route) return std::nullopt;
  const auto interface =
      static_cast<std::uint32_t>(ip->GetInterfaceForDevice(route->GetOutputDevice()));
  for (std::uint32_t i = 0; i < ip->GetNAddresses(interface); ++i) {
    const ns3::Ipv6Address address = ip->GetAddress(interface, i).GetAddress();
    if (!address.IsLinkLocal()) return from_ns3(address);
  }
  return std::nullopt;
}

}  // namespace ikelab::sim
