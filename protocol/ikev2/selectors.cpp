#include "protocol/ikev2/selectors.hpp"

#include <algorithm>

#include "protocol/ikev2/nat.hpp"
#include "protocol/policy/traffic_selector.hpp"

namespace ikelab::ikev2 {
namespace {

wire::TrafficSelector host(const IpAddress& address) {
  wire::TrafficSelector ts;
  ts.start = ts.end = address;
  return ts;
}

wire::TrafficSelector all_of(bool v6) {
  wire::TrafficSelector ts;
  ts.start = v6 ? IpAddress::parse("::").value() : IpAddress{};
  ts.end = ts.start.previous();
  return ts;
}

/// RFC 7296, 2.9: "a very specific Traffic Selector including the addresses in the packet".
wire::TrafficSelector one(const IpAddress& address, const policy::Flow& packet,
                          std::uint16_t port) {
  wire::TrafficSelector ts = host(address);
  ts.protocol = packet.protocol;
  const bool has_ports = packet.protocol == 6 || packet.protocol == 17;
  if (has_ports && !packet.opaque_ports) ts.start_port = ts.end_port = port;
  return ts;
}

}  // namespace

std::vector<wire::TrafficSelector> local_selectors(const IkeSa& sa,
                                                   const policy::ChildConfig& config) {
  std::vector<wire::TrafficSelector> out = config.local_ts;
  if (!config.local_dynamic) return out;
  for (const IpAddress& address : sa.inner_local) out.push_back(host(address));
  if (!sa.inner_local.empty()) return out;
  for (const IpAddress& vip : sa.connection->vips) out.push_back(all_of(vip.is_v6()));
  if (sa.connection->vips.empty()) out.push_back(host(sa.local.ip));
  return out;
}

std::vector<wire::TrafficSelector> remote_selectors(const IkeSa& sa,
                                                    const policy::ChildConfig& config) {
  std::vector<wire::TrafficSelector> out = config.remote_ts;
  if (!config.remote_dynamic) return out;
  for (const IpAddress& address : sa.inner_peer) out.push_back(host(address));
  if (sa.inner_peer.empty()) out.push_back(host(sa.peer.ip));
  return out;
}

bool substitute_addresses(const IkeSa& sa, std::vector<wire::TrafficSelector>& local_ts,
                          std::vector<wire::TrafficSelector>& remote_ts) {
  const NatState& nat = nat_of(sa);
  if (!nat.here && !nat.there) return false;
  //= rfc7296#2.23 "In the case of transport mode NAT traversal, the Traffic Selectors MUST contain
  //= exactly one IP address, which is then used as the original IP address."
  const auto of_one = [](const std::vector<wire::TrafficSelector>& selectors) {
    return !selectors.empty() &&
           std::all_of(selectors.begin(), selectors.end(), [&](const auto& ts) {
             return ts.start == ts.end && ts.start == selectors.front().start;
           });
  };
  if (!of_one(local_ts) || !of_one(remote_ts)) return false;
  if (nat.here)
    for (wire::TrafficSelector& ts : local_ts) ts.start = ts.end = sa.local.ip;
  if (nat.there)
    for (wire::TrafficSelector& ts : remote_ts) ts.start = ts.end = sa.peer.ip;
  return true;
}

bool keep_own_addresses(const IkeSa& sa, std::vector<wire::TrafficSelector>& local_ts,
                        std::vector<wire::TrafficSelector>& remote_ts) {
  //= rfc7296#2.23.1 "The TSi entries MUST have exactly one IP address, and that MUST match the
  //= source address of the IKE SA."
  auto local = policy::narrow({host(sa.local.ip)}, local_ts);
  //= rfc7296#2.23.1 "The TSr entries MUST have exactly one IP address, and that MUST match the
  //= destination address of the IKE SA."
  auto remote = policy::narrow({host(sa.peer.ip)}, remote_ts);
  if (local.empty() || remote.empty()) return false;
  local_ts = std::move(local);
  remote_ts = std::move(remote);
  return true;
}

//= rfc7296#2.9 "To enable the responder to choose the appropriate range in this case, if the
//= initiator has requested the SA due to a data packet, the initiator SHOULD include as the first
//= Traffic Selector in each of TSi and TSr a very specific Traffic Selector including the addresses
//= in the packet triggering the request."
bool put_first(const policy::Flow& packet, std::vector<wire::TrafficSelector>& local_ts,
               std::vector<wire::TrafficSelector>& remote_ts) {
  const wire::TrafficSelector local = one(packet.src, packet, packet.src_port),
                              remote = one(packet.dst, packet, packet.dst_port);
  if (policy::narrow({local}, local_ts).empty() || policy::narrow({remote}, remote_ts).empty())
    return false;
  local_ts.insert(local_ts.begin(), local);
  remote_ts.insert(remote_ts.begin(), remote);
  return true;
}

}  // namespace ikelab::ikev2
