// The traffic selectors of a configured child as they are now: `dynamic` stands for the inner
// address that RFC 7296, 2.19 gives, or for the outer one.
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

std::vector<wire::TrafficSelector> local_selectors(const IkeSa& sa,
                                                   const policy::ChildConfig& config);
std::vector<wire::TrafficSelector> remote_selectors(const IkeSa& sa,
                                                    const policy::ChildConfig& config);
/// The packet's own selectors before the others, if they are among what the others select.
void put_first(const policy::Flow& packet, std::vector<wire::TrafficSelector>& local_ts,
               std::vector<wire::TrafficSelector>& remote_ts);

}  // namespace ikelab::ikev2
