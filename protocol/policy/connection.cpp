#include "protocol/policy/connection.hpp"

#include <algorithm>
#include <map>

namespace ikelab::policy {
namespace {

std::vector<const AuthConfig*> rounds_of(const AuthConfig& first,
                                         const std::vector<AuthConfig>& more) {
  std::vector<const AuthConfig*> out = {&first};
  for (const AuthConfig& one : more) out.push_back(&one);
  return out;
}

}  // namespace

std::vector<const AuthConfig*> ConnectionConfig::local_rounds() const {
  return rounds_of(local, more_local);
}
std::vector<const AuthConfig*> ConnectionConfig::remote_rounds() const {
  return rounds_of(remote, more_remote);
}

std::vector<Bytes> published(const std::vector<Published>& all, Instant now) {
  std::map<std::string, const Published*> newest;
  for (const Published& one : all) {
    const Published*& known = newest[one.source];
    if (one.at <= now && (known == nullptr || known->at <= one.at)) known = &one;
  }
  std::vector<Bytes> out;
  for (const auto& [source, one] : newest)
    if (one != nullptr) out.push_back(one->der);
  return out;
}

ChildConfig written_out(const ChildConfig& child, const ConnectionConfig& connection,
                        const std::vector<PoolConfig>& pools) {
  ChildConfig out = child;
  const auto add = [](std::vector<wire::TrafficSelector>& to, const IpAddress& first,
                      const IpAddress& last) {
    wire::TrafficSelector ts;
    ts.start = first;
    ts.end = last;
    to.push_back(ts);
  };
  const auto add_any = [&](std::vector<wire::TrafficSelector>& to, bool v6) {
    const IpAddress first = v6 ? IpAddress::parse("::").value() : IpAddress{};
    add(to, first, first.previous());
  };
  if (child.local_dynamic) {
    for (const IpAddress& vip : connection.vips) add_any(out.local_ts, vip.is_v6());
    if (connection.vips.empty()) add(out.local_ts, connection.local_addr, connection.local_addr);
  }
  if (child.remote_dynamic) {
    for (const PoolConfig& pool : pools)
      if (std::find(connection.pools.begin(), connection.pools.end(), pool.name) !=
          connection.pools.end())
        add(out.remote_ts, pool.first, pool.last);
    if (connection.pools.empty() && connection.remote_addr.is_unspecified())
      add_any(out.remote_ts, connection.remote_addr.is_v6());
    else if (connection.pools.empty())
      add(out.remote_ts, connection.remote_addr, connection.remote_addr);
  }
  out.local_dynamic = out.remote_dynamic = false;
  return out;
}

}  // namespace ikelab::policy
