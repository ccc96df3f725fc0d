// Reads certificates (RFC 5280, 4.1; what IKE needs of them: RFC 4945, 5.1).
#include <chrono>

#include "protocol/crypto/openssl/x509.hpp"

namespace ikelab::pki {
using namespace crypto::openssl;

X509Ptr read_certificate(ByteView der) {
  const unsigned char* at = der.data();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (at != der.data() + der.size()) certificate.reset();
  return certificate;
}

Error not_a_certificate() {
  return failure("E-PKI-001", "not a certificate", "RFC 5280, 4.1");
}

std::string name_text(const X509_NAME* name) {
  using Bio = Handle<BIO, BIO_free_all>;
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::int64_t unix_seconds(const ASN1_TIME* time) {
  using namespace std::chrono;
  std::tm tm{};
  if (ASN1_TIME_to_tm(time, &tm) != 1) return 0;
  const sys_days date = year(tm.tm_year + 1900) / (tm.tm_mon + 1) / tm.tm_mday;
  return duration_cast<seconds>(date.time_since_epoch()).count() + tm.tm_hour * 3600 +
         tm.tm_min * 60 + tm.tm_sec;
}

std::string serial_text(const ASN1_INTEGER* number) {
  const Bn serial(ASN1_INTEGER_to_BN(number, nullptr));
  Bytes octets(std::max(1, BN_num_bytes(serial.get())));
  BN_bn2binpad(serial.get(), octets.data(), static_cast<int>(octets.size()));
  return (BN_is_negative(serial.get()) ? "-" : "") + to_hex(octets);
}

std::optional<bool> has_purpose(const X509* certificate, int nid) {
  const Handle<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> purposes(
      static_cast<EXTENDED_KEY_USAGE*>(
          X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)));
  if (!purposes) return std::nullopt;
  for (int i = 0; i < sk_ASN1_OBJECT_num(purposes.get()); ++i)
    if (OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes.get(), i)) == nid) return true;
  return false;
}

namespace {
std::string uri_text(const GENERAL_NAME* name) {
  int type = 0;
  const void* value = GENERAL_NAME_get0_value(name, &type);
  if (type != GEN_URI) return {};
  const auto* string = static_cast<const ASN1_STRING*>(value);
  return to_text(ByteView(ASN1_STRING_get0_data(string),
                          static_cast<std::size_t>(ASN1_STRING_length(string))));
}
}  // namespace

std::vector<std::string> crl_uris(const X509* certificate) {
  std::vector<std::string> out;
  const Handle<CRL_DIST_POINTS, CRL_DIST_POINTS_free> points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(certificate, NID_crl_distribution_points, nullptr, nullptr)));
  for (int i = 0; i < sk_DIST_POINT_num(points.get()); ++i) {
    const DIST_POINT_NAME* name = sk_DIST_POINT_value(points.get(), i)->distpoint;
    if (name == nullptr || name->type != 0) continue;
    for (int j = 0; j < sk_GENERAL_NAME_num(name->name.fullname); ++j)
      if (auto uri = uri_text(sk_GENERAL_NAME_value(name->name.fullname, j)); !uri.empty())
        out.push_back(std::move(uri));
  }
  return out;
}

std::vector<std::string> ocsp_uris(const X509* certificate) {
  std::vector<std::string> out;
  const Handle<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free> access(
      static_cast<AUTHORITY_INFO_ACCESS*>(
          X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr)));
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* one = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (OBJ_obj2nid(one->method) != NID_ad_OCSP) continue;
    if (auto uri = uri_text(one->location); !uri.empty()) out.push_back(std::move(uri));
  }
  return out;
}

namespace {

std::string key_type(const EVP_PKEY* key) {
  if (key == nullptr) return "unknown";
  char group[32] = "";
  std::size_t size = 0;
  if (EVP_PKEY_is_a(key, "EC") == 1 &&
      EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1) {
    const char* nist = EC_curve_nid2nist(OBJ_txt2nid(group));
    return std::string("EC ") + (nist == nullptr ? group : nist);
  }
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return "Ed25519";
  return std::string(EVP_PKEY_get0_type_name(key)) + " " + std::to_string(EVP_PKEY_get_bits(key));
}

std::vector<SubjectAltName> alt_names(const X509* certificate) {
  using Type = SubjectAltName::Type;
  std::vector<SubjectAltName> out;
  const Handle<GENERAL_NAMES, GENERAL_NAMES_free> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_IPADD) continue;
    const auto* string = static_cast<const ASN1_STRING*>(value);
    const ByteView octets(ASN1_STRING_get0_data(string),
                          static_cast<std::size_t>(ASN1_STRING_length(string)));
    if (type == GEN_DNS) out.push_back({Type::dns, to_text(octets)});
    if (type == GEN_EMAIL) out.push_back({Type::email, to_text(octets)});
    if (const auto address = IpAddress::from_octets(octets); type == GEN_IPADD && address.ok())
      out.push_back({Type::ip, address->to_string()});
  }
  return out;
}

}  // namespace

Result<CertificateInfo> parse_certificate(ByteView der) {
  const X509Ptr certificate = read_certificate(der);
  if (!certificate) return not_a_certificate();
  CertificateInfo info;
  info.der = to_bytes(der);
  info.subject = name_text(X509_get_subject_name(certificate.get()));
  info.issuer = name_text(X509_get_issuer_name(certificate.get()));
  info.subject_der = to_der(&i2d_X509_NAME, X509_get_subject_name(certificate.get()));
  info.alt_names = alt_names(certificate.get());
  if (const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(certificate.get()))
    info.subject_key_id.assign(ASN1_STRING_get0_data(id),
                               ASN1_STRING_get0_data(id) + ASN1_STRING_length(id));
  info.public_key_der = to_der(&i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate.get()));
  info.key_type = key_type(X509_get0_pubkey(certificate.get()));
  info.not_before = unix_seconds(X509_get0_notBefore(certificate.get()));
  info.not_after = unix_seconds(X509_get0_notAfter(certificate.get()));
  info.serial = serial_text(X509_get0_serialNumber(certificate.get()));
  info.is_ca = (X509_get_extension_flags(certificate.get()) & EXFLAG_CA) != 0;
  info.crl_uris = crl_uris(certificate.get());
  info.ocsp_uris = ocsp_uris(certificate.get());
  ERR_clear_error();
  return info;
}

Result<Bytes> authority_hash(ByteView ca_der) {
  const X509Ptr certificate = read_certificate(ca_der);
  if (!certificate) return not_a_certificate();
  //= rfc7296#3.7 "Each is encoded as the SHA-1 hash of the Subject Public Key Info element"
  const Bytes key = to_der(&i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate.get()));
  Bytes out(20);
  IKELAB_ASSERT(EVP_Digest(key.data(), key.size(), out.data(), nullptr, EVP_sha1(), nullptr) == 1);
  return out;
}

}  // namespace ikelab::pki
