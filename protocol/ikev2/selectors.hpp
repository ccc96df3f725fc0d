// The traffic selectors of a configured child as they are now: `dynamic` stands for the inner
// address that RFC 7296, 2.19 gives, or for the outer one.
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

std::vector<wire::TrafficSelector> local_selectors(const IkeSa& sa,
                                                   const policy::ChildConfig& config);
std::vector<wire::TrafficSelector> remote_selectors(const IkeSa& sa,
                                                    const policy::ChildConfig& config);
/// Where a NAT stands between, the addresses that IKE's messages bear here take the place of those
/// that the peer knows: transport mode's selectors have no others (RFC 7296, 2.23.1). False, and
/// nothing is changed: there is no NAT, or a selector holds more than one address.
bool substitute_addresses(const IkeSa& sa, std::vector<wire::TrafficSelector>& local_ts,
                          std::vector<wire::TrafficSelector>& remote_ts);
/// Only what concerns the two IKE addresses themselves; false, and nothing is changed: nothing
/// does.
bool keep_own_addresses(const IkeSa& sa, std::vector<wire::TrafficSelector>& local_ts,
                        std::vector<wire::TrafficSelector>& remote_ts);
/// The packet's own selectors before the others; false: they are not among what the others select.
bool put_first(const policy::Flow& packet, std::vector<wire::TrafficSelector>& local_ts,
               std::vector<wire::TrafficSelector>& remote_ts);

}  // namespace ikelab::ikev2
