// What reading, issuing and revoking certificates share. Nobody else includes it.
#pragma once
#include <openssl/x509v3.h>

#include "protocol/crypto/openssl/internal.hpp"
#include "protocol/pki/pki.hpp"

namespace ikelab::pki {

// ---- reading (certificate_read.cpp)
// --------------------------------------------------------------

/// Null when the octets are not exactly one certificate.
crypto::openssl::X509Ptr read_certificate(ByteView der);
Error not_a_certificate();
std::string name_text(const X509_NAME* name);  ///< RFC 4514
std::int64_t unix_seconds(const ASN1_TIME* time);
std::string serial_text(const ASN1_INTEGER* serial);  ///< hex
/// Whether an extended key usage extension lists `nid`; nothing when there is no such extension.
std::optional<bool> has_purpose(const X509* certificate, int nid);
std::vector<std::string> crl_uris(const X509* certificate);
std::vector<std::string> ocsp_uris(const X509* certificate);

// ---- revocation (revocation_check.cpp)
// -----------------------------------------------------------

/// Judges every certificate of a path but the anchor, `chain` with the leaf first, by `rules`.
/// Narrows `verdict.from`..`until` to what the statements used are good for, and adds remarks.
Result<void> check_revocation(const std::vector<X509*>& chain, std::int64_t unix_time,
                              const ChainRules& rules, ValidatedChain& verdict);

// ---- issuing (der_issue.cpp)
// ---------------------------------------------------------------------

/// Extension = SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
Bytes extension(std::string_view oid_hex, bool critical, ByteView content);
inline constexpr std::string_view oid_authority_key_identifier = "06 03 55 1d 23";
/// SHA-1 of the key's bit string: the first way of RFC 5280, 4.2.1.2. Errors: E-PKI-003.
Result<Bytes> key_identifier(ByteView public_key_der);
/// The AlgorithmIdentifier of what `key` signs certificates with: PKCS #1 v1.5 for an RSA key, as
/// every verifier knows it; else what the key does best.
ByteView signature_algorithm(const crypto::PrivateKey& key);
/// SEQUENCE { to_be_signed, signatureAlgorithm, signature BIT STRING, rest }
Result<Bytes> signed_der(ByteView to_be_signed, const crypto::PrivateKey& key, crypto::Rng& rng,
                         ByteView rest);

}  // namespace ikelab::pki
