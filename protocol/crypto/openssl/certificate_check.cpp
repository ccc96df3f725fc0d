// Reads and validates certificates (RFC 5280; what IKE needs of them: RFC 4945).
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>

#include "protocol/base/bounds.hpp"
#include "protocol/crypto/openssl/internal.hpp"
#include "protocol/pki/pki.hpp"

namespace ikelab::pki {
namespace {

using namespace crypto::openssl;
using Bio = Handle<BIO, BIO_free_all>;
void free_all(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
using X509Stack = Handle<STACK_OF(X509), free_all>;

/// Null when the octets are not exactly one certificate.
X509Ptr read(ByteView der) {
  const unsigned char* at = der.data();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (at != der.data() + der.size()) certificate.reset();
  return certificate;
}

Error not_a_certificate() {
  return failure("E-PKI-001", "not a certificate", "RFC 5280, 4.1");
}

std::string name_text(const X509_NAME* name) {
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

std::string serial_text(const X509* certificate) {
  const Bn serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  Bytes octets(std::max(1, BN_num_bytes(serial.get())));
  BN_bn2binpad(serial.get(), octets.data(), static_cast<int>(octets.size()));
  return (BN_is_negative(serial.get()) ? "-" : "") + to_hex(octets);
}

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

// ---- validation --------------------------------------------------------------------------------

struct Verdict {
  int openssl;
  const char* code;
  const char* words;
};
constexpr Verdict verdicts[] = {
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "E-PKI-010", "its issuer is not known"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "E-PKI-010", "its issuer is not known"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "E-PKI-010", "its issuer is not known"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "E-PKI-010", "it is self-signed and not trusted"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "E-PKI-010", "its self-signed root is not trusted"},
    {X509_V_ERR_CERT_HAS_EXPIRED, "E-PKI-011", "it has expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "E-PKI-012", "it is not yet valid"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, "E-PKI-013", "its signature is wrong"},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, "E-PKI-013", "its signature is wrong"},
    {X509_V_ERR_INVALID_CA, "E-PKI-014", "it issued a certificate and is not a CA"},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, "E-PKI-014", "its key may not sign certificates"},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, "E-PKI-019", "more CAs follow it than it allows"},
};

Error refusal(X509_STORE_CTX* context) {
  const int error = X509_STORE_CTX_get_error(context);
  const auto row = std::find_if(std::begin(verdicts), std::end(verdicts),
                                [&](const Verdict& v) { return v.openssl == error; });
  const bool known = row != std::end(verdicts);
  const X509* at = X509_STORE_CTX_get_current_cert(context);
  const std::string subject = at == nullptr ? "" : name_text(X509_get_subject_name(at));
  return failure(known ? row->code : "E-PKI-019",
                 "certificate '" + subject +
                     "': " + (known ? row->words : X509_verify_cert_error_string(error)),
                 "RFC 5280, 6.1");
}

}  // namespace

Result<CertificateInfo> parse_certificate(ByteView der) {
  const X509Ptr certificate = read(der);
  if (!certificate) return not_a_certificate();
  CertificateInfo info;
  info.der = to_bytes(der);
  info.subject = name_text(X509_get_subject_name(certificate.get()));
  info.issuer = name_text(X509_get_issuer_name(certificate.get()));
  info.subject_der = to_der(&i2d_X509_NAME, X509_get_subject_name(certificate.get()));
  info.alt_names = alt_names(certificate.get());
  info.public_key_der = to_der(&i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate.get()));
  info.key_type = key_type(X509_get0_pubkey(certificate.get()));
  info.not_before = unix_seconds(X509_get0_notBefore(certificate.get()));
  info.not_after = unix_seconds(X509_get0_notAfter(certificate.get()));
  info.serial = serial_text(certificate.get());
  info.is_ca = (X509_get_extension_flags(certificate.get()) & EXFLAG_CA) != 0;
  ERR_clear_error();
  return info;
}

Result<void> validate_chain(ByteView leaf, std::span<const Bytes> intermediates,
                            std::span<const Bytes> anchors, std::int64_t unix_time) {
  if (intermediates.size() > bounds::certificates_in_chain)
    return failure("E-PKI-019", "a chain of " + std::to_string(intermediates.size()) +
                                    " certificates is longer than any we follow");
  const X509Ptr end = read(leaf);
  if (!end) return not_a_certificate();
  const X509Stack untrusted(sk_X509_new_null());
  for (const Bytes& der : intermediates) {
    X509Ptr certificate = read(der);
    if (!certificate) return not_a_certificate();
    if (sk_X509_push(untrusted.get(), certificate.get()) > 0) (void)certificate.release();
  }
  const X509Store store(X509_STORE_new());
  for (const Bytes& der : anchors) {
    const X509Ptr anchor = read(der);
    if (!anchor) return not_a_certificate();
    X509_STORE_add_cert(store.get(), anchor.get());
  }

  const X509StoreCtx context(X509_STORE_CTX_new());
  IKELAB_ASSERT(X509_STORE_CTX_init(context.get(), store.get(), end.get(), untrusted.get()) == 1);
  // An anchor is trusted because it is configured, also when it is no root.
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_CTX_set_time(context.get(), 0, static_cast<std::time_t>(unix_time));
  if (X509_verify_cert(context.get()) != 1) return refusal(context.get());
  return {};
}

Result<Bytes> authority_hash(ByteView ca_der) {
  const X509Ptr certificate = read(ca_der);
  if (!certificate) return not_a_certificate();
  //= rfc7296#3.7 "Each is encoded as the SHA-1 hash of the Subject Public Key Info element"
  const Bytes key = to_der(&i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate.get()));
  Bytes out(20);
  IKELAB_ASSERT(EVP_Digest(key.data(), key.size(), out.data(), nullptr, EVP_sha1(), nullptr) == 1);
  return out;
}

}  // namespace ikelab::pki
