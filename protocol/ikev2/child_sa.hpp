// A Child SA as IKE sees it: a pair of ESP SAs, one each way (RFC 7296, 1.3 and 2.17).
#pragma once
#include <optional>
#include <string>

#include "protocol/esp/sa.hpp"
#include "protocol/policy/connection.hpp"

namespace ikelab::ikev2 {

enum class ChildState { installed, rekeying, rekeyed, deleting };
std::string_view to_string(ChildState state);

struct ChildSa {
  const policy::ChildConfig* config = nullptr;
  EspSpi spi_in, spi_out;
  policy::Suite suite;
  std::vector<wire::TrafficSelector> local_ts, remote_ts;
  ChildState state = ChildState::installed;
  std::optional<Instant> rekey_at, expire_at;  ///< soft and hard limit
  std::string reason;                          ///< why it was made: "new", "rekey of 1a2b3c4d"
  EspSpi replaced_by;                          ///< after a rekey: spi_in of the successor
  /// The responder of a rekey sends on the new SA only once the old one is deleted: by then the
  /// peer has it for sure.
  std::optional<esp::SaParameters> waiting_outbound;
  bool half_closed = false;  ///< the peer deleted it while we were: what remains is the inbound SA
};

}  // namespace ikelab::ikev2
