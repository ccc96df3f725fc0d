// How long SAs live, and how much Child SAs carry: soft limits, at which a new one is made, and
// hard ones, at which the old one ends (RFC 7296, 2.8; RFC 4301, 4.4.2.1).
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

/// The times of a new IKE SA.
void begin_lifetime(IkeSa& sa, Instant now);
/// The times of a new Child SA, and what its ESP SAs are to count.
void begin_lifetime(IkeSa& sa, Instant now, ChildSa& child, esp::SaParameters& in,
                    esp::SaParameters& out);
/// How long to wait after TEMPORARY_FAILURE or another refusal; by chance, lest two that refuse
/// each other do so for ever (RFC 7296, 2.25).
Duration retry_delay(IkeSa& sa);
/// A Child SA is at its hard limit. `why` in words: "its life_time is over".
void expire_child(IkeSa& sa, Instant now, EspSpi spi_in, const std::string& why);

}  // namespace ikelab::ikev2
