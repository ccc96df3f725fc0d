#include "protocol/esp/spd.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace ikelab::esp {
namespace {

/// Of two addresses of one version, as numbers: the hot comparison of the data path.
int compare(const IpAddress& a, const IpAddress& b) {
  const ByteView left = a.octets();
  return std::memcmp(left.data(), b.octets().data(), left.size());
}

bool allows(const std::vector<wire::TrafficSelector>& set, const IpAddress& address,
            const policy::Flow& flow, std::uint16_t port) {
  return std::any_of(set.begin(), set.end(), [&](const wire::TrafficSelector& ts) {
    if (ts.start.is_v6() != address.is_v6()) return false;
    if (compare(address, ts.start) < 0 || compare(ts.end, address) < 0) return false;
    if (ts.protocol != 0 && ts.protocol != flow.protocol) return false;
    //= rfc4301#7.1 "All implementations MUST support tunnel mode SAs that are configured to pass
    //= traffic without regard to port field (or ICMP type/code or Mobility Header type) values."
    const bool any_port = ts.start_port == 0 && ts.end_port == 0xffff;
    return any_port || (!flow.opaque_ports && ts.start_port <= port && port <= ts.end_port);
  });
}

/// How many leading bits all addresses of a selector share.
std::uint32_t common_bits(const wire::TrafficSelector& ts) {
  const ByteView start = ts.start.octets(), end = ts.end.octets();
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < start.size(); ++i) {
    const auto same =
        static_cast<std::uint32_t>(std::countl_zero(static_cast<std::uint8_t>(start[i] ^ end[i])));
    bits += same;
    if (same < 8) break;
  }
  return bits;
}

std::uint32_t automatic_priority(Action action, const wire::TrafficSelector& local,
                                 const wire::TrafficSelector& remote) {
  constexpr std::uint32_t band = 200'000;  // wider than everything that is taken off below
  std::uint32_t priority = action == Action::bypass    ? band
                           : action == Action::protect ? 2 * band
                                                       : 3 * band;
  priority -= (common_bits(local) + common_bits(remote)) * 512;
  for (const wire::TrafficSelector* ts : {&local, &remote})
    if (ts->start_port != 0 || ts->end_port != 0xffff) priority -= 128;
  if (local.protocol != 0 || remote.protocol != 0) priority -= 64;
  return priority;
}

Action action_of(policy::ChildMode mode) {
  switch (mode) {
    case policy::ChildMode::pass:
      return Action::bypass;
    case policy::ChildMode::drop:
      return Action::discard;
    case policy::ChildMode::tunnel:
    case policy::ChildMode::transport:
      return Action::protect;
  }
  return Action::discard;
}

}  // namespace

bool selects(const std::vector<wire::TrafficSelector>& local_ts,
             const std::vector<wire::TrafficSelector>& remote_ts, const policy::Flow& flow) {
  return allows(local_ts, flow.src, flow, flow.src_port) &&
         allows(remote_ts, flow.dst, flow, flow.dst_port);
}
bool selects(const Selectors& selectors, const policy::Flow& flow) {
  return selects(selectors.local_ts, selectors.remote_ts, flow);
}

policy::Flow reversed(const policy::Flow& flow) {
  policy::Flow other = flow;
  std::swap(other.src, other.dst);
  std::swap(other.src_port, other.dst_port);
  return other;
}

void Spd::add(Policy policy) {
  const auto at = std::upper_bound(
      policies_.begin(), policies_.end(), policy.priority,
      [](std::uint32_t priority, const Policy& other) { return priority < other.priority; });
  policies_.insert(at, std::move(policy));
}

//= rfc4301#4.4.1 "The SPD is an ordered database, consistent with the use of Access Control Lists
//= (ACLs) or packet filters in firewalls, routers, etc."
const Policy* Spd::find(const policy::Flow& flow) const {
  const auto found = std::find_if(policies_.begin(), policies_.end(), [&](const Policy& policy) {
    return selects(policy.selectors, flow);
  });
  return found == policies_.end() ? nullptr : &*found;
}
Policy* Spd::find(const policy::Flow& flow) {
  return const_cast<Policy*>(std::as_const(*this).find(flow));
}

std::vector<Policy> policies_of(const policy::ConnectionConfig& connection,
                                const std::vector<policy::PoolConfig>& pools) {
  std::vector<Policy> made;
  for (const policy::ChildConfig& configured : connection.children) {
    const policy::ChildConfig child = policy::written_out(configured, connection, pools);
    for (const wire::TrafficSelector& local : child.local_ts)
      for (const wire::TrafficSelector& remote : child.remote_ts) {
        if (local.start.is_v6() != remote.start.is_v6()) continue;
        Policy policy{connection.name, child.name, action_of(child.mode), {{local}, {remote}}};
        policy.priority =
            child.priority != 0 ? child.priority : automatic_priority(policy.action, local, remote);
        policy.acquire = child.trap;
        made.push_back(std::move(policy));
      }
  }
  return made;
}

}  // namespace ikelab::esp
