// Quick mode's identities are traffic selectors (RFC 2407, 4.6.2.1; RFC 2409, 5.5).
#pragma once
#include "protocol/wire/message.hpp"

namespace ikelab::ikev1 {

wire::v1::IdPayload id_of_selector(const wire::TrafficSelector& ts);
/// Errors: E-IKE1-035 no address, subnet or range.
Result<wire::TrafficSelector> selector_of_id(const wire::v1::IdPayload& id);
/// What is meant when there are no identities: the peers themselves.
wire::TrafficSelector host_selector(const IpAddress& address);

}  // namespace ikelab::ikev1
