// Making and checking AUTH payloads (RFC 7296, 2.15; RFC 7427; certificates: RFC 7296 3.6, RFC
// 4945).
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

/// The identity we present: as configured; a DN as our certificate spells it; our address when none
/// is configured.
policy::Identity local_identity(const IkeSa& sa);
/// Our own AUTH payload, with CERT payloads before it when we authenticate by certificate. `id`:
/// the body of our ID payload. Errors: E-AUTH-001 nothing configured to prove, E-AUTH-002 the peer
/// verifies no hash that our key can sign with.
Result<std::vector<wire::Payload>> make_auth(IkeSa& sa, const wire::IdPayload& id);

/// Checks the peer's: identity against the configuration, certificate path and time, AUTH over the
/// signed octets. An AuthDecided event says what was covered. Errors: E-AUTH-010 another identity,
/// E-AUTH-011 AUTH does not verify, E-AUTH-012 no usable certificate, E-AUTH-013 another method
/// than configured, E-PKI-*.
Result<void> check_auth(IkeSa& sa, const policy::AuthConfig& expected,
                        const std::vector<wire::Payload>& payloads, Instant now);

}  // namespace ikelab::ikev2
