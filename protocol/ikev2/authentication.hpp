// Making and checking AUTH payloads (RFC 7296, 2.15, 2.16; RFC 7619). Signatures and certificates
// are in auth_signature.hpp.
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

/// The identity we present in a round: as configured; a DN as our certificate spells it; our
/// address when none is configured.
policy::Identity local_identity(const IkeSa& sa, const policy::AuthConfig& own);
/// CERTREQ with the CAs of every round in which the peer shows certificates; nothing without such.
std::optional<wire::Payload> certificate_request(const IkeSa& sa);

/// AUTH of a round of ours (not of EAP), with CERT payloads before it when it is a signature. `id`:
/// the ID payload of the round. Errors: E-AUTH-001 nothing configured to prove, E-AUTH-002 the peer
/// verifies no hash that our key can sign with.
Result<std::vector<wire::Payload>> make_auth(IkeSa& sa, const policy::AuthConfig& own,
                                             const wire::IdPayload& id);

/// Checks the peer's: identity against the configuration, certificate path and time, AUTH over the
/// signed octets. `payloads` must have AUTH. An AuthDecided event says what was covered. Errors:
/// E-AUTH-010 another identity, E-AUTH-011 AUTH does not verify, E-AUTH-012 no usable certificate,
/// E-AUTH-013 another method than configured, E-PKI-*.
Result<void> check_auth(IkeSa& sa, const policy::AuthConfig& expected, const wire::IdPayload& id,
                        const std::vector<wire::Payload>& payloads, Instant now);

/// What EAP left: the MSK, or nothing from a method that derives no key (RFC 7296, 2.16).
struct EapKey {
  std::string method;  ///< "EAP-MSCHAPv2"
  Secret msk;
};
/// The AUTH payloads that follow EAP, in both directions. `id`: the latest of its sender.
Result<wire::Payload> make_eap_auth(IkeSa& sa, const EapKey& key, const wire::IdPayload& id);
Result<void> check_eap_auth(IkeSa& sa, const EapKey& key, const wire::IdPayload& id,
                            const wire::AuthPayload& auth);

}  // namespace ikelab::ikev2
