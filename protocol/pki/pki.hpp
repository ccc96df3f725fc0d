// X.509 certificates: issued by a lab CA (deterministically from the run's seed), parsed,
// validated. RFC 5280, RFC 4945. The port; protocol/crypto/openssl/ implements it.
#pragma once
#include "protocol/base/address.hpp"
#include "protocol/crypto/provider.hpp"

namespace ikelab::pki {

struct SubjectAltName {
  enum class Type { dns, email, ip } type = Type::dns;
  std::string value;  ///< "gw-a.example", "user@example", "192.0.2.1"
};

struct CertificateInfo {
  Bytes der;
  std::string subject, issuer;  ///< RFC 4514 text: "CN=gw-a,O=ikelab"
  Bytes subject_der;            ///< for ID_DER_ASN1_DN
  std::vector<SubjectAltName> alt_names;
  Bytes public_key_der;                        ///< SubjectPublicKeyInfo
  std::string key_type;                        ///< "RSA 2048", "EC P-256", "Ed25519"
  std::int64_t not_before = 0, not_after = 0;  ///< Unix seconds
  std::string serial;                          ///< hex
  bool is_ca = false;
};

struct CertificateSpec {
  std::string subject;  ///< "CN=gw-a,O=ikelab"
  std::vector<SubjectAltName> alt_names;
  Bytes public_key_der;
  std::int64_t not_before = 0, not_after = 0;  ///< Unix seconds
  std::uint64_t serial = 1;
  bool is_ca = false;
};

/// Errors: E-PKI-001 not a certificate.
Result<CertificateInfo> parse_certificate(ByteView der);
/// Issues and signs; `issuer_certificate` empty makes it self-signed. Deterministic given rng.
/// Returns DER. Errors: E-PKI-001 the issuer's is no certificate, E-PKI-002 not a name, E-PKI-003 a
/// key that is none, or a signing key that is not the issuer's.
Result<Bytes> issue_certificate(const CertificateSpec& spec, ByteView issuer_certificate,
                                const crypto::PrivateKey& issuer_key, crypto::Rng& rng);
/// Builds and checks a path from `leaf` over `intermediates` to a trust anchor at `unix_time` (the
/// scenario's epoch plus now). Errors: E-PKI-010 no path, E-PKI-011 expired, E-PKI-012 not yet
/// valid, E-PKI-013 bad signature, E-PKI-014 not a CA, E-PKI-019 anything else; the message says
/// what in words.
Result<void> validate_chain(ByteView leaf, std::span<const Bytes> intermediates,
                            std::span<const Bytes> anchors, std::int64_t unix_time);
/// SHA-1 of the SubjectPublicKeyInfo: the CERTREQ payload's Certification Authority value (RFC
/// 7296, 3.7).
Result<Bytes> authority_hash(ByteView ca_der);

}  // namespace ikelab::pki
