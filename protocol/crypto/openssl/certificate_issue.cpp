// Issues certificates (RFC 5280, 4.1; RFC 4945, 5.1), written out field by field:
//
//   Certificate    = SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }
//   TBSCertificate = SEQUENCE { [0] version, serialNumber, signature, issuer, validity, subject,
//                               subjectPublicKeyInfo, [3] extensions }
//
// The octets depend on the specification, the issuer's key and the stream only.
#include "protocol/crypto/openssl/internal.hpp"
#include "protocol/crypto/openssl/x509.hpp"
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
constexpr std::string_view oid_name_constraints = "06 03 55 1d 1e";
constexpr std::string_view oid_crl_distribution_points = "06 03 55 1d 1f";
constexpr std::string_view oid_extended_key_usage = "06 03 55 1d 25";
constexpr std::string_view oid_authority_info_access = "06 08 2b 06 01 05 05 07 01 01";
constexpr std::string_view oid_ocsp = "06 08 2b 06 01 05 05 07 30 01";

std::string_view oid_of(KeyPurpose purpose) {
  switch (purpose) {
    case KeyPurpose::ipsec_ike:
      return "06 08 2b 06 01 05 05 07 03 11";
    case KeyPurpose::server_auth:
      return "06 08 2b 06 01 05 05 07 03 01";
    case KeyPurpose::client_auth:
      return "06 08 2b 06 01 05 05 07 03 02";
    case KeyPurpose::ocsp_signing:
      return "06 08 2b 06 01 05 05 07 03 09";
    case KeyPurpose::any:
      break;
  }
  return "06 04 55 1d 25 00";
}

/// An address, or with "/length" an address and its mask (RFC 5280, 4.2.1.10).
Result<Bytes> address_octets(std::string_view text) {
  const std::size_t slash = text.find('/');
  IKELAB_TRY(const IpAddress address, IpAddress::parse(text.substr(0, slash)));
  Bytes out = to_bytes(address.octets());
  if (slash == std::string_view::npos) return out;
  std::size_t length = 0;
  for (const char digit : text.substr(slash + 1))
    length = digit >= '0' && digit <= '9' && length < 1000
                 ? length * 10 + static_cast<std::size_t>(digit - '0')
                 : 1000;
  const std::size_t octets = out.size();
  if (length > 8 * octets)
    return failure("E-PKI-002", "'" + std::string(text) + "' is not an address/length");
  for (std::size_t i = 0; i < octets; ++i) {
    const std::size_t bits = length > 8 * i ? std::min<std::size_t>(8, length - 8 * i) : 0;
    out.push_back(static_cast<std::uint8_t>(0xff00 >> bits));
  }
  return out;
}

/// GeneralName, a CHOICE of IMPLICIT tags (RFC 5280, 4.2.1.6).
Result<Bytes> general_name(const SubjectAltName& name) {
  switch (name.type) {
    case SubjectAltName::Type::email:
      return der::value(der::context(1), as_bytes(name.value));
    case SubjectAltName::Type::dns:
      return der::value(der::context(2), as_bytes(name.value));
    case SubjectAltName::Type::ip:
      break;
  }
  IKELAB_TRY(const Bytes octets, address_octets(name.value));
  return der::value(der::context(7), octets);
}

Result<Bytes> alt_names(const std::vector<SubjectAltName>& names) {
  Bytes content;
  for (const SubjectAltName& name : names) {
    IKELAB_TRY(const Bytes one, general_name(name));
    content.insert(content.end(), one.begin(), one.end());
  }
  return der::value(der::tag_sequence, content);
}

/// NameConstraints = SEQUENCE { [0] permittedSubtrees, [1] excludedSubtrees }, each a SEQUENCE OF
/// SEQUENCE { base GeneralName }.
Result<Bytes> name_constraints(const CertificateSpec& spec) {
  Bytes out;
  unsigned tag = 0;
  for (const auto* names : {&spec.permitted, &spec.excluded}) {
    Bytes subtrees;
    for (const SubjectAltName& name : *names) {
      IKELAB_TRY(const Bytes base, general_name(name));
      subtrees = concat({subtrees, der::sequence({base})});
    }
    if (!subtrees.empty()) out = concat({out, der::value(der::constructed(tag), subtrees)});
    ++tag;
  }
  return der::value(der::tag_sequence, out);
}

/// Where revocation is published, and what the key is for: extensions that are seldom there.
Result<Bytes> seldom_extensions(const CertificateSpec& spec) {
  Bytes out;
  const auto add = [&](std::string_view oid, bool critical, ByteView content) {
    out = concat({out, extension(oid, critical, content)});
  };
  if (!spec.permitted.empty() || !spec.excluded.empty()) {
    IKELAB_TRY(const Bytes constraints, name_constraints(spec));
    add(oid_name_constraints, true, constraints);
  }
  if (!spec.purposes.empty()) {
    Bytes purposes;
    for (const KeyPurpose purpose : spec.purposes)
      purposes = concat({purposes, hex(oid_of(purpose))});
    add(oid_extended_key_usage, false, der::value(der::tag_sequence, purposes));
  }
  const auto uri = [](const std::string& text) {
    return der::value(der::context(6), as_bytes(text));
  };
  if (!spec.crl_uri.empty()) {  // DistributionPoint { [0] { [0] fullName GeneralNames } }
    const Bytes full_name = der::value(der::constructed(0), uri(spec.crl_uri));
    const Bytes point = der::sequence({der::value(der::constructed(0), full_name)});
    add(oid_crl_distribution_points, false, der::sequence({point}));
  }
  if (!spec.ocsp_uri.empty())
    add(oid_authority_info_access, false,
        der::sequence({der::sequence({hex(oid_ocsp), uri(spec.ocsp_uri)})}));
  return out;
}

/// keyUsage counts bits from the left: digitalSignature (0), keyEncipherment (2); keyCertSign (5)
/// and cRLSign (6).
Bytes key_usage(const CertificateSpec& spec) {
  if (spec.is_ca) return der::bit_string(hex("06"), 1);
  return spec.may_sign ? der::bit_string(hex("80"), 7) : der::bit_string(hex("20"), 5);
}

Bytes basic_constraints(const CertificateSpec& spec) {
  if (!spec.is_ca) return der::sequence({});
  const Bytes length = spec.path_length ? der::integer(*spec.path_length) : Bytes{};
  return der::sequence({der::boolean(true), length});
}

Result<Bytes> extensions(const CertificateSpec& spec, ByteView issuer_public_key) {
  IKELAB_TRY(const Bytes subject_id, key_identifier(spec.public_key_der));
  IKELAB_TRY(const Bytes issuer_id, key_identifier(issuer_public_key));
  Bytes all = concat(
      {extension(oid_basic_constraints, true, basic_constraints(spec)),
       extension(oid_key_usage, true, key_usage(spec)),
       extension(oid_subject_key_identifier, false, der::value(der::tag_octet_string, subject_id)),
       extension(oid_authority_key_identifier, false,
                 der::sequence({der::value(der::context(0), issuer_id)}))});
  if (!spec.alt_names.empty()) {
    IKELAB_TRY(const Bytes names, alt_names(spec.alt_names));
    const Bytes one = extension(oid_subject_alt_name, false, names);
    all.insert(all.end(), one.begin(), one.end());
  }
  IKELAB_TRY(const Bytes seldom, seldom_extensions(spec));
  all = concat({all, seldom});
  return der::value(der::constructed(3), der::value(der::tag_sequence, all));
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

  const ByteView algorithm = signature_algorithm(issuer_key);
  const Bytes version_3 = der::value(der::constructed(0), der::integer(2));
  const Bytes validity = der::sequence({der::time(spec.not_before), der::time(spec.not_after)});
  return signed_der(der::sequence({version_3, der::integer(spec.serial), algorithm, issuer,
                                   validity, subject, spec.public_key_der, all_extensions}),
                    issuer_key, rng, {});
}

}  // namespace ikelab::pki
