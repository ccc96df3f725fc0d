// ESP security associations as values: what IKE installs (RFC 4301, 4.4.2; RFC 4303).
#pragma once
#include <string>
#include <variant>

#include "protocol/base/ids.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/base/time.hpp"
#include "protocol/policy/proposal.hpp"
#include "protocol/policy/traffic_selector.hpp"

namespace ikelab::esp {

/// One direction. `src`/`dst` are the outer tunnel addresses; ts_src/ts_dst select the inner
/// traffic in that direction.
struct SaParameters {
  EspSpi spi;
  IpAddress src, dst;
  policy::Suite suite;
  Secret encryption_key;  ///< key | salt (AEAD, RFC 4106 8.1)
  Secret integrity_key;   ///< empty with AEAD
  std::vector<wire::TrafficSelector> ts_src, ts_dst;
  std::uint32_t replay_window = 64;  ///< inbound; 0: off
  std::string child;                 ///< the configured child's name
  std::string ike_sa;                ///< the IKE SA's local name
  std::uint64_t last_sequence =
      0;  ///< outbound: numbers used so far; a new SA's first packet bears 1 (RFC 4303, 3.3.3)
};

/// What poll_sad() hands out: changes to the node's SAD and SPD, in order.
struct InstallSa {
  bool inbound = false;
  SaParameters sa;
};
struct RemoveSa {
  bool inbound = false;
  EspSpi spi;
};
using SadChange = std::variant<InstallSa, RemoveSa>;

}  // namespace ikelab::esp
