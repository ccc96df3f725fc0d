// Issues certificates (RFC 5280, 4.1; RFC 4945, 5.1), written out field by field:
//
//   Certificate    = SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
//   TBSCertificate = SEQUENCE { [0] version, serialNumber, signature, issuer, validity, subject,
//                               subjectPublicKeyInfo, [3] extensions }
//
// The octets depend on the specification, the issuer's key and the stream only.
#include "protocol/crypto/openssl/internal.hpp"
#include "protocol/pki/der.hpp"
#include "protocol/pki/pki.hpp"

namespace ikelab::pki {
namespace {

using namespace crypto::openssl;

// ---- names --------------------------------------------------------------------------------------

Error bad_name(std::string_view text, std::string_view part) {
  Error error = failure(
      "E-PKI-002",
      "'" + std::string(part) + "' in the name '" + std::string(text) + "' is not attribute=value",
      "RFC 4514, 3");
  error.hint = "for example CN=gw-a,O=ikelab; attributes: CN, O, OU, C, ST, L, DC, serialNumber";
  return error;
}

/// Splits at commas that no backslash escapes, and takes the backslashes out (RFC 4514, 2.4).
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size())
      parts.back() += text[++i];
    else if (text[i] == ',')
      parts.emplace_back();
    else
      parts.back() += text[i];
  }
  return parts;
}

/// DER of "CN=gw-a,O=ikelab". The text begins with what the encoding ends with (RFC 4514, 2.1).
Result<Bytes> name_der(std::string_view text) {
  const X509Name name(X509_NAME_new());
  const std::vector<std::string> parts = parts_of(text);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    const std::size_t equals = part->find('=');
    const std::size_t begin = part->find_first_not_of(' ');
    if (equals == std::string::npos || begin >= equals) return bad_name(text, *part);
    const std::string attribute = part->substr(begin, equals - begin);
    const Bytes value = to_bytes(as_bytes(std::string_view(*part).substr(equals + 1)));
    if (value.empty() ||
        X509_NAME_add_entry_by_txt(name.get(), attribute.c_str(), MBSTRING_UTF8, value.data(),
                                   static_cast<int>(value.size()), -1, 0) != 1)
      return bad_name(text, *part);
  }
  return to_der(&i2d_X509_NAME, name.get());
}

// ---- extensions ---------------------------------------------------------------------------------

constexpr std::string_view oid_subject_key_identifier = "06 03 55 1d 0e";
constexpr std::string_view oid_key_usage = "06 03 55 1d 0f";
constexpr std::string_view oid_subject_alt_name = "06 03 55 1d 11";
constexpr std::string_view oid_basic_constraints = "06 03 55 1d 13";
constexpr std::string_view oid_authority_key_identifier = "06 03 55 1d 23";

/// Extension = SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
Bytes extension(std::string_view oid, bool critical, ByteView content) {
  const Bytes flag = critical ? der::boolean(true) : Bytes{};
  return der::sequence({hex(oid), flag, der::value(der::tag_octet_string, content)});
}

Result<Bytes> alt_names(const std::vector<SubjectAltName>& names) {
  Bytes content;
  for (const SubjectAltName& name : names) {
    Bytes one;  // GeneralName, a CHOICE of IMPLICIT tags (RFC 5280, 4.2.1.6)
    switch (name.type) {
      case SubjectAltName::Type::email:
        one = der::value(der::context(1), as_bytes(name.value));
        break;
      case SubjectAltName::Type::dns:
        one = der::value(der::context(2), as_bytes(name.value));
        break;
      case SubjectAltName::Type::ip: {
        IKELAB_TRY(const IpAddress address, IpAddress::parse(name.value));
        one = der::value(der::context(7), address.octets());
      }
    }
    content.insert(content.end(), one.begin(), one.end());
  }
  return der::value(der::tag_sequence, content);
}

/// SHA-1 of the key's bit string: the first way of RFC 5280, 4.2.1.2.
Result<Bytes> key_identifier(ByteView public_key_der) {
  const unsigned char* at = public_key_der.data();
  const Handle<X509_PUBKEY, X509_PUBKEY_free> key(
      d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(public_key_der.size())));
  const unsigned char* bits = nullptr;
  int size = 0;
  if (!key || X509_PUBKEY_get0_param(nullptr, &bits, &size, nullptr, key.get()) != 1)
    return failure("E-PKI-003", "the subject's public key is not a SubjectPublicKeyInfo",
                   "RFC 5280, 4.1");
  Bytes out(20);
  IKELAB_ASSERT(EVP_Digest(bits, static_cast<std::size_t>(size), out.data(), nullptr, EVP_sha1(),
                           nullptr) == 1);
  return out;
}

Result<Bytes> extensions(const CertificateSpec& spec, ByteView issuer_public_key) {
  IKELAB_TRY(const Bytes subject_id, key_identifier(spec.public_key_der));
  IKELAB_TRY(const Bytes issuer_id, key_identifier(issuer_public_key));
  const Bytes constraints = spec.is_ca ? der::sequence({der::boolean(true)}) : der::sequence({});
  // keyUsage counts bits from the left: digitalSignature (0); keyCertSign (5) and cRLSign (6).
  const Bytes usage = spec.is_ca ? der::bit_string(hex("06"), 1) : der::bit_string(hex("80"), 7);
  Bytes all = concat(
      {extension(oid_basic_constraints, true, constraints), extension(oid_key_usage, true, usage),
       extension(oid_subject_key_identifier, false, der::value(der::tag_octet_string, subject_id)),
       extension(oid_authority_key_identifier, false,
                 der::sequence({der::value(der::context(0), issuer_id)}))});
  if (!spec.alt_names.empty()) {
    IKELAB_TRY(const Bytes names, alt_names(spec.alt_names));
    const Bytes one = extension(oid_subject_alt_name, false, names);
    all.insert(all.end(), one.begin(), one.end());
  }
  return der::value(der::constructed(3), der::value(der::tag_sequence, all));
}

/// PKCS #1 v1.5 for an RSA key, as every verifier knows it; else what the key does best.
crypto::SignatureScheme scheme_of(const crypto::PrivateKey& key) {
  return key.type() == "RSA" ? crypto::SignatureScheme::rsa_pkcs1_sha256 : key.schemes().front();
}

}  // namespace

Result<Bytes> issue_certificate(const CertificateSpec& spec, ByteView issuer_certificate,
                                const crypto::PrivateKey& issuer_key, crypto::Rng& rng) {
  IKELAB_TRY(const Bytes subject, name_der(spec.subject));
  Bytes issuer = subject, issuer_public_key = spec.public_key_der;
  if (!issuer_certificate.empty()) {
    IKELAB_TRY(const CertificateInfo authority, parse_certificate(issuer_certificate));
    issuer = authority.subject_der;
    issuer_public_key = authority.public_key_der;
  }
  if (issuer_key.public_key_der() != issuer_public_key)
    return failure("E-PKI-003", "the signing key is not the issuer's", "RFC 5280, 4.1.1.3");
  IKELAB_TRY(const Bytes all_extensions, extensions(spec, issuer_public_key));

  const crypto::SignatureScheme scheme = scheme_of(issuer_key);
  const ByteView algorithm = crypto::algorithm_identifier(scheme);
  const Bytes version_3 = der::value(der::constructed(0), der::integer(2));
  const Bytes validity = der::sequence({der::time(spec.not_before), der::time(spec.not_after)});
  const Bytes to_be_signed =
      der::sequence({version_3, der::integer(spec.serial), algorithm, issuer, validity, subject,
                     spec.public_key_der, all_extensions});
  IKELAB_TRY(const Bytes signature, issuer_key.sign(scheme, to_be_signed, rng));
  return der::sequence({to_be_signed, algorithm, der::bit_string(signature)});
}

}  // namespace ikelab::pki
