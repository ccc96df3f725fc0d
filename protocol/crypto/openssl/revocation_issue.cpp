// Issues CRLs (RFC 5280, 5.1) and OCSP responses (RFC 6960, 4.2.1), written out field by field.
//
//   TBSCertList    = SEQUENCE { version, signature, issuer, thisUpdate, nextUpdate,
//                               SEQUENCE OF SEQUENCE { serialNumber, revocationDate },
//                               [0] extensions }
//   ResponseData   = SEQUENCE { responderID, producedAt, SEQUENCE OF SingleResponse }
//   SingleResponse = SEQUENCE { certID, certStatus, thisUpdate, [0] nextUpdate }
//   CertID         = SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
#include "protocol/crypto/openssl/x509.hpp"
#include "protocol/pki/der.hpp"

namespace ikelab::pki {
namespace {

constexpr std::string_view oid_crl_number = "06 03 55 1d 14";
constexpr std::string_view sha1_identifier = "30 09 06 05 2b 0e 03 02 1a 05 00";
constexpr std::string_view oid_basic_response = "06 09 2b 06 01 05 05 07 30 01 01";

Error not_the_issuers() {
  return Error{"E-PKI-003", "the signing key is not the issuer's"}.see("RFC 5280, 5.1.1.3");
}

Bytes sha1(ByteView data) {
  Bytes out(20);
  IKELAB_ASSERT(EVP_Digest(data.data(), data.size(), out.data(), nullptr, EVP_sha1(), nullptr) ==
                1);
  return out;
}

Bytes status_der(const OcspSpec& spec) {
  switch (spec.status) {
    case OcspStatus::good:
      return der::value(der::context(0), ByteView{});
    case OcspStatus::revoked:
      return der::value(der::constructed(1), der::generalized_time(spec.revoked_at));
    case OcspStatus::unknown:
      break;
  }
  return der::value(der::context(2), ByteView{});
}

}  // namespace

Result<Bytes> issue_crl(const CrlSpec& spec, ByteView issuer, const crypto::PrivateKey& issuer_key,
                        crypto::Rng& rng) {
  IKELAB_TRY(const CertificateInfo authority, parse_certificate(issuer));
  if (authority.public_key_der != issuer_key.public_key_der()) return not_the_issuers();
  Bytes entries;
  for (const RevokedEntry& entry : spec.revoked)
    entries = concat(
        {entries, der::sequence({der::integer_of(hex(entry.serial)), der::time(entry.when)})});
  const Bytes list = entries.empty() ? Bytes{} : der::value(der::tag_sequence, entries);
  IKELAB_TRY(const Bytes key_id, key_identifier(authority.public_key_der));
  const Bytes extensions =
      der::sequence({extension(oid_authority_key_identifier, false,
                               der::sequence({der::value(der::context(0), key_id)})),
                     extension(oid_crl_number, false, der::integer(spec.number))});
  return signed_der(
      der::sequence({der::integer(1), signature_algorithm(issuer_key), authority.subject_der,
                     der::time(spec.this_update), der::time(spec.next_update), list,
                     der::value(der::constructed(0), extensions)}),
      issuer_key, rng, {});
}

Result<Bytes> issue_ocsp_response(const OcspSpec& spec, ByteView subject, ByteView issuer,
                                  ByteView responder, const crypto::PrivateKey& responder_key,
                                  crypto::Rng& rng) {
  IKELAB_TRY(const CertificateInfo about, parse_certificate(subject));
  IKELAB_TRY(const CertificateInfo authority, parse_certificate(issuer));
  IKELAB_TRY(const CertificateInfo signer, parse_certificate(responder));
  if (signer.public_key_der != responder_key.public_key_der()) return not_the_issuers();
  IKELAB_TRY(const Bytes issuer_key_id, key_identifier(authority.public_key_der));
  const auto octets = [](ByteView content) { return der::value(der::tag_octet_string, content); };
  const Bytes cert_id = der::sequence({hex(sha1_identifier), octets(sha1(authority.subject_der)),
                                       octets(issuer_key_id), der::integer_of(hex(about.serial))});
  const Bytes single =
      der::sequence({cert_id, status_der(spec), der::generalized_time(spec.this_update),
                     der::value(der::constructed(0), der::generalized_time(spec.next_update))});
  const Bytes response_data =
      der::sequence({der::value(der::constructed(1), signer.subject_der),
                     der::generalized_time(spec.this_update), der::sequence({single})});
  // A responder that is not the CA itself shows its certificate.
  const Bytes certificates = signer.public_key_der == authority.public_key_der
                                 ? Bytes{}
                                 : der::value(der::constructed(0), der::sequence({responder}));
  IKELAB_TRY(const Bytes basic, signed_der(response_data, responder_key, rng, certificates));
  const Bytes successful = der::value(der::tag_enumerated, Bytes{0});
  const Bytes bytes = der::sequence({hex(oid_basic_response), octets(basic)});
  return der::sequence({successful, der::value(der::constructed(0), bytes)});
}

}  // namespace ikelab::pki
