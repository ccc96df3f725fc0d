// X.509 certificates: issued by a lab CA (deterministically from the run's seed), parsed,
// validated. RFC 5280, RFC 4945. The port; protocol/crypto/openssl/ implements it.
#pragma once
#include "protocol/base/address.hpp"
#include "protocol/crypto/provider.hpp"
#include "protocol/pki/revocation.hpp"

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
  Bytes subject_key_id;                        ///< RFC 5280, 4.2.1.2; empty: there is none
  Bytes public_key_der;                        ///< SubjectPublicKeyInfo
  std::string key_type;                        ///< "RSA 2048", "EC P-256", "Ed25519"
  std::int64_t not_before = 0, not_after = 0;  ///< Unix seconds
  std::string serial;                          ///< hex
  bool is_ca = false;
  std::vector<std::string> crl_uris, ocsp_uris;  ///< where revocation is published
};

/// What a certificate's key may be used for (extended key usage: RFC 5280, 4.2.1.12; RFC 4945,
/// 5.1.3.12).
enum class KeyPurpose { ipsec_ike, server_auth, client_auth, ocsp_signing, any };

struct CertificateSpec {
  std::string subject;  ///< "CN=gw-a,O=ikelab"
  std::vector<SubjectAltName> alt_names;
  Bytes public_key_der;
  std::int64_t not_before = 0, not_after = 0;  ///< Unix seconds
  std::uint64_t serial = 1;
  bool is_ca = false;
  std::optional<unsigned> path_length = {};  ///< of a CA: how many CAs may follow it
  /// Of a CA: the name constraints (RFC 5280, 4.2.1.10). dns "example" covers all names below it;
  /// ip is an address with a prefix length, "10.0.0.0/8".
  std::vector<SubjectAltName> permitted = {}, excluded = {};
  std::vector<KeyPurpose> purposes = {};  ///< extended key usage; empty: the extension is absent
  bool may_sign = true;  ///< keyUsage: digitalSignature, else keyEncipherment alone (no CA)
  std::string crl_uri = {}, ocsp_uri = {};  ///< where revocation is published
};

/// Errors: E-PKI-001 not a certificate.
Result<CertificateInfo> parse_certificate(ByteView der);
/// Issues and signs; `issuer_certificate` empty makes it self-signed. Deterministic given rng.
/// Returns DER. Errors: E-PKI-001 the issuer's is no certificate, E-PKI-002 not a name, E-PKI-003 a
/// key that is none, or a signing key that is not the issuer's.
Result<Bytes> issue_certificate(const CertificateSpec& spec, ByteView issuer_certificate,
                                const crypto::PrivateKey& issuer_key, crypto::Rng& rng);

/// What the certificate at the end of a path is for.
enum class Purpose { any, ike };

/// What a path must be besides unbroken. The spans must outlive the call only.
struct ChainRules {
  Purpose purpose = Purpose::any;
  RevocationPolicy revocation = RevocationPolicy::relaxed;
  std::span<const Bytes> crls = {};            ///< DER CertificateList
  std::span<const Bytes> ocsp_responses = {};  ///< DER OCSPResponse
};

struct ValidatedChain {
  std::vector<std::string> subjects;  ///< the leaf's first, the anchor's last
  std::int64_t from = 0, until = 0;   ///< Unix seconds: in between nothing of this expires
  std::vector<std::string> remarks;   ///< what was not known and the policy forgave, in words
};

/// Builds and checks a path from `leaf` over `intermediates` to a trust anchor at `unix_time` (the
/// scenario's epoch plus now), its names, key usages and revocation (RFC 5280, 6; RFC 4945, 5).
/// Errors: E-PKI-010 no path, E-PKI-011 expired, E-PKI-012 not yet valid, E-PKI-013 bad signature,
/// E-PKI-014 not a CA, E-PKI-015 name constraints, E-PKI-016 key usage, E-PKI-017 extended key
/// usage, E-PKI-018 path too long, E-PKI-019 anything else; of revocation: see revocation.hpp. The
/// message says what in words.
Result<ValidatedChain> validate_chain(ByteView leaf, std::span<const Bytes> intermediates,
                                      std::span<const Bytes> anchors, std::int64_t unix_time,
                                      const ChainRules& rules = {});
/// SHA-1 of the SubjectPublicKeyInfo: the CERTREQ payload's Certification Authority value (RFC
/// 7296, 3.7).
Result<Bytes> authority_hash(ByteView ca_der);

}  // namespace ikelab::pki
