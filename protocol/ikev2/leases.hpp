// Inner addresses that a gateway has given to its clients, by identity: who comes back gets the one
// it had, if nobody else needed it meanwhile (RFC 7296, 2.19 and 3.15.1).
#pragma once
#include <map>
#include <optional>
#include <string>

#include "protocol/policy/connection.hpp"

namespace ikelab::ikev2 {

class Leases {
 public:
  /// An address of `pool` for `identity`, held once: `wished` if it is free, the one it had, one
  /// that nobody had, or one whose client is gone. nullopt: all are in use.
  std::optional<IpAddress> take(const policy::PoolConfig& pool, const std::string& identity,
                                const IpAddress& wished);
  /// One that somebody else chose: as a client we have it.
  void adopt(const IpAddress& address, const std::string& holder) { give(address, holder); }
  /// One more IKE SA has it: the successor in a rekey.
  void hold(const IpAddress& address);
  /// An IKE SA that had it is gone. True: nobody has it any more.
  bool release(const IpAddress& address);
  [[nodiscard]] std::size_t online() const;

 private:
  struct Lease {
    std::string identity;
    unsigned holders = 0;
  };
  using Entry = std::map<IpAddress, Lease>::iterator;
  std::optional<IpAddress> give(const IpAddress& address, const std::string& identity);
  [[nodiscard]] std::optional<IpAddress> unused(const policy::PoolConfig& pool);
  std::map<IpAddress, Lease> leases_;
  std::map<std::string, IpAddress> next_;  ///< of each pool: the first that nobody ever had
};

}  // namespace ikelab::ikev2
