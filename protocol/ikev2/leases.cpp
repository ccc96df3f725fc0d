#include "protocol/ikev2/leases.hpp"

#include <algorithm>

#include "protocol/base/bounds.hpp"

namespace ikelab::ikev2 {
namespace {

bool contains(const policy::PoolConfig& pool, const IpAddress& address) {
  return address.is_v6() == pool.first.is_v6() && pool.first <= address && address <= pool.last;
}

}  // namespace

std::optional<IpAddress> Leases::give(const IpAddress& address, const std::string& identity) {
  Lease& lease = leases_[address];
  lease.identity = identity;
  ++lease.holders;
  return address;
}

std::optional<IpAddress> Leases::unused(const policy::PoolConfig& pool) {
  if (leases_.size() >= bounds::leases) return std::nullopt;
  IpAddress& next = next_.try_emplace(pool.name, pool.first).first->second;
  while (contains(pool, next) && leases_.contains(next)) next = next.next();
  return contains(pool, next) ? std::optional(next) : std::nullopt;
}

std::optional<IpAddress> Leases::take(const policy::PoolConfig& pool, const std::string& identity,
                                      const IpAddress& wished) {
  const auto wanted = leases_.find(wished);
  if (contains(pool, wished) && leases_.size() < bounds::leases &&
      (wanted == leases_.end() ||
       (wanted->second.holders == 0 && wanted->second.identity == identity)))
    return give(wished, identity);
  const auto first = leases_.lower_bound(pool.first), last = leases_.upper_bound(pool.last);
  const auto its_own = std::find_if(first, last, [&](const auto& row) {
    return row.second.holders == 0 && row.second.identity == identity;
  });
  if (its_own != last) return give(its_own->first, identity);
  if (const auto fresh = unused(pool)) return give(*fresh, identity);
  const auto left =
      std::find_if(first, last, [](const auto& row) { return row.second.holders == 0; });
  return left == last ? std::nullopt : give(left->first, identity);
}

void Leases::hold(const IpAddress& address) {
  ++leases_.at(address).holders;
}

bool Leases::release(const IpAddress& address) {
  return --leases_.at(address).holders == 0;
}

std::size_t Leases::online() const {
  return static_cast<std::size_t>(std::count_if(
      leases_.begin(), leases_.end(), [](const auto& row) { return row.second.holders > 0; }));
}

}  // namespace ikelab::ikev2
