// Revocation: a CA takes back what it issued. Lists of it (CRL: RFC 5280, 5) and statements about
// single certificates (OCSP: RFC 6960), issued for labs and read from anybody.
//
//   CertificateList   = SEQUENCE { tbsCertList, signatureAlgorithm, signature BIT STRING }
//   BasicOCSPResponse = SEQUENCE { tbsResponseData, signatureAlgorithm, signature BIT STRING,
//                                  [0] certs OPTIONAL }
//
// Errors of revocation, from validate_chain (pki.hpp): E-PKI-020 revoked, E-PKI-021 nothing known,
// E-PKI-022 CRL stale, E-PKI-023 CRL not readable or not its issuer's, E-PKI-024 OCSP response
// stale, E-PKI-025 OCSP response not readable or not by the issuer or a responder of its, E-PKI-026
// the responder does not know the certificate. All but the first depend on the policy.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/crypto/provider.hpp"

namespace ikelab::pki {

/// swanctl's `revocation`. relaxed: only what is known to be revoked fails. ifuri: what says where
/// its revocation is published must be known to be good. strict: every certificate must be.
enum class RevocationPolicy { relaxed, ifuri, strict };

struct RevokedEntry {
  std::string serial;     ///< hex, as in CertificateInfo
  std::int64_t when = 0;  ///< Unix seconds
};

struct CrlSpec {
  std::int64_t this_update = 0, next_update = 0;  ///< Unix seconds
  std::uint64_t number = 1;
  std::vector<RevokedEntry> revoked;
};
/// A CRL of `issuer` (a certificate), signed with its key. DER. Errors: E-PKI-001, E-PKI-003 a key
/// that is not the issuer's.
Result<Bytes> issue_crl(const CrlSpec& spec, ByteView issuer, const crypto::PrivateKey& issuer_key,
                        crypto::Rng& rng);

enum class OcspStatus { good, revoked, unknown };

struct OcspSpec {
  OcspStatus status = OcspStatus::good;
  std::int64_t this_update = 0, next_update = 0, revoked_at = 0;  ///< Unix seconds
};
/// An OCSP response about `subject`, a certificate that `issuer` issued, signed by `responder`
/// (a certificate: the issuer's, or one that the issuer gave the purpose ocsp_signing). DER, as it
/// stands in a CERT payload of encoding 14 (RFC 4806). Errors: E-PKI-001, E-PKI-003.
Result<Bytes> issue_ocsp_response(const OcspSpec& spec, ByteView subject, ByteView issuer,
                                  ByteView responder, const crypto::PrivateKey& responder_key,
                                  crypto::Rng& rng);

}  // namespace ikelab::pki
