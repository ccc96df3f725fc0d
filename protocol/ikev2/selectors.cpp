#include "protocol/ikev2/selectors.hpp"

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

//= rfc7296#2.9 "To enable the responder to choose the appropriate range in this case, if the
//= initiator has requested the SA due to a data packet, the initiator SHOULD include as the first
//= Traffic Selector in each of TSi and TSr a very specific Traffic Selector including the addresses
//= in the packet triggering the request."
void put_first(const policy::Flow& packet, std::vector<wire::TrafficSelector>& local_ts,
               std::vector<wire::TrafficSelector>& remote_ts) {
  const wire::TrafficSelector local = one(packet.src, packet, packet.src_port),
                              remote = one(packet.dst, packet, packet.dst_port);
  if (policy::narrow({local}, local_ts).empty() || policy::narrow({remote}, remote_ts).empty())
    return;
  local_ts.insert(local_ts.begin(), local);
  remote_ts.insert(remote_ts.begin(), remote);
}

}  // namespace ikelab::ikev2
