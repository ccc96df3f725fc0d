// Signatures in AUTH payloads and the certificates behind them (RFC 7296, 2.15, 3.6; RFC 7427; RFC
// 4945).
#pragma once
#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/keys/auth_octets.hpp"
#include "protocol/pki/pki.hpp"

namespace ikelab::ikev2 {

// Certificate Encodings (RFC 7296, 3.6; RFC 4806, 3)
inline constexpr std::uint8_t x509_signature = 4, ocsp_content = 14;

/// A peer may be who its certificate says it is, and nobody else. Errors: E-AUTH-012.
Result<void> check_identity(const pki::CertificateInfo& certificate, const wire::IdPayload& id);

/// One of us has not said which hashes it verifies: signatures are as before RFC 7427.
bool speaks_legacy(const IkeSa& sa);

/// AUTH over `covered` with our key; `method` becomes its name. Errors: E-AUTH-002.
Result<wire::AuthPayload> sign(IkeSa& sa, const policy::AuthConfig& own,
                               const keys::SignedOctets& covered, std::string& method);

/// `remarks`: what was not known about revocation and the policy forgave. Errors: E-AUTH-011,
/// E-AUTH-012, E-PKI-*.
Result<void> check_signature(IkeSa& sa, const policy::AuthConfig& expected,
                             const std::vector<wire::Payload>& payloads, const wire::IdPayload& id,
                             const wire::AuthPayload& auth, const keys::SignedOctets& covered,
                             Instant now, std::string& method, std::string& remarks);

}  // namespace ikelab::ikev2
