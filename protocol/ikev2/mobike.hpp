// MOBIKE: an IKE SA and its Child SAs stay while a peer's address changes (RFC 4555). The extension
// in tasks/mobike.cpp keeps it; the command MoveTo begins it.
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

struct MobikeState {
  bool spoken = false;  ///< both sides said MOBIKE_SUPPORTED
  /// We began the first IKE SA, and so decide which addresses are used (RFC 4555, 3.5).
  bool decides = false;
  std::vector<IpAddress>
      peer_addresses;  ///< others that the peer may be reached at (RFC 4555, 3.4)
  std::optional<wire::NotifyType> refusal;  ///< of the request that is being answered
};

/// Our end of the IKE SA has another address from now on. False: the peer does not speak MOBIKE,
/// and the SA stays where it was.
bool move_to(IkeSa& sa, Instant now, const IpAddress& address);

}  // namespace ikelab::ikev2
