// The Security Policy Database (RFC 4301, 4.4.1): what may pass in the clear, what must be
// protected, what goes nowhere. An ordered list; the first policy that selects a packet decides.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/time.hpp"
#include "protocol/policy/connection.hpp"

namespace ikelab::esp {

enum class Action { protect, bypass, discard };

/// Selectors as the outbound direction sees them; inbound packets are looked up the other way
/// round.
struct Selectors {
  std::vector<wire::TrafficSelector> local_ts, remote_ts;
};
/// Whether `flow`, from the local side to the remote one, is selected.
bool selects(const Selectors& selectors, const policy::Flow& flow);
bool selects(const std::vector<wire::TrafficSelector>& local_ts,
             const std::vector<wire::TrafficSelector>& remote_ts, const policy::Flow& flow);
/// The same packet seen from its other end.
policy::Flow reversed(const policy::Flow& flow);

struct Policy {
  std::string connection, child;  ///< whose Child SAs protect; child empty: any that fits
  Action action = Action::protect;
  Selectors selectors;
  std::uint32_t priority = 0;  ///< lower comes first (swanctl's `priority`)
  bool acquire = false;        ///< ask IKE for an SA when traffic finds none (start_action: trap)
  std::optional<Instant> asked = {};  ///< when it last did
};

class Spd {
 public:
  /// After those of the same priority.
  void add(Policy policy);
  /// The first policy that selects `flow`; nullptr when none does.
  [[nodiscard]] Policy* find(const policy::Flow& flow);
  [[nodiscard]] const Policy* find(const policy::Flow& flow) const;
  [[nodiscard]] std::vector<Policy>& policies() { return policies_; }

 private:
  std::vector<Policy> policies_;
};

/// The policies of a connection's children, one for each pair of selectors. Without a `priority`
/// one is made as strongSwan does: `pass` before all others, `drop` after them, and within each the
/// smaller set of packets first.
std::vector<Policy> policies_of(const policy::ConnectionConfig& connection,
                                const std::vector<policy::PoolConfig>& pools = {});

}  // namespace ikelab::esp
