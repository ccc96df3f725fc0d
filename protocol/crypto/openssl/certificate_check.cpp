// Validates paths of certificates (RFC 5280, 6; what IKE asks besides: RFC 4945, 5).
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <ctime>

#include "protocol/base/bounds.hpp"
#include "protocol/crypto/openssl/x509.hpp"

namespace ikelab::pki {
namespace {

using namespace crypto::openssl;
void free_all(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}
using X509Stack = Handle<STACK_OF(X509), free_all>;

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
    {X509_V_ERR_PERMITTED_VIOLATION, "E-PKI-015", "an issuer's name constraints do not permit it"},
    {X509_V_ERR_EXCLUDED_VIOLATION, "E-PKI-015", "an issuer's name constraints exclude it"},
    {X509_V_ERR_SUBTREE_MINMAX, "E-PKI-015", "its name constraints cannot be applied"},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, "E-PKI-015", "its name constraints cannot be applied"},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, "E-PKI-015", "its name constraints are malformed"},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, "E-PKI-015", "name constraints meet a malformed name"},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, "E-PKI-018", "more CAs follow it than it allows"},
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

/// What IKE asks of the certificate whose key signs AUTH.
Result<void> check_usage(const X509* end) {
  const std::string subject = name_text(X509_get_subject_name(end));
  //= rfc4945#5.1.3.2 "if the KeyUsage extension is present, then at least one of the
  //= digitalSignature or the nonRepudiation bits in the KeyUsage extension MUST be set"
  if ((X509_get_key_usage(const_cast<X509*>(end)) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) ==
      0)
    return failure("E-PKI-016", "certificate '" + subject + "': its key may not sign",
                   "RFC 4945, 5.1.3.2");
  //= rfc4945#5.1.3.12 "If EKU present AND contains either id-kp-ipsecIKE or anyExtendedKeyUsage,
  //= continue."
  const auto ike = has_purpose(end, NID_ipsec_IKE);
  if (ike && !*ike && !has_purpose(end, NID_anyExtendedKeyUsage).value_or(false))
    return failure("E-PKI-017",
                   "certificate '" + subject + "': its extended key usage does not list IKE",
                   "RFC 4945, 5.1.3.12");
  return {};
}

ValidatedChain describe(const std::vector<X509*>& chain) {
  ValidatedChain out;
  out.from = INT64_MIN;
  out.until = INT64_MAX;
  for (const X509* certificate : chain) {
    out.subjects.push_back(name_text(X509_get_subject_name(certificate)));
    out.from = std::max(out.from, unix_seconds(X509_get0_notBefore(certificate)));
    out.until = std::min(out.until, unix_seconds(X509_get0_notAfter(certificate)));
  }
  return out;
}

}  // namespace

Result<ValidatedChain> validate_chain(ByteView leaf, std::span<const Bytes> intermediates,
                                      std::span<const Bytes> anchors, std::int64_t unix_time,
                                      const ChainRules& rules) {
  if (intermediates.size() > bounds::certificates_in_chain)
    return failure("E-PKI-019", "a chain of " + std::to_string(intermediates.size()) +
                                    " certificates is longer than any we follow");
  const X509Ptr end = read_certificate(leaf);
  if (!end) return not_a_certificate();
  const X509Stack untrusted(sk_X509_new_null());
  for (const Bytes& der : intermediates) {
    X509Ptr certificate = read_certificate(der);
    if (!certificate) return not_a_certificate();
    if (sk_X509_push(untrusted.get(), certificate.get()) > 0) (void)certificate.release();
  }
  const X509Store store(X509_STORE_new());
  for (const Bytes& der : anchors) {
    const X509Ptr anchor = read_certificate(der);
    if (!anchor) return not_a_certificate();
    X509_STORE_add_cert(store.get(), anchor.get());
  }

  const X509StoreCtx context(X509_STORE_CTX_new());
  IKELAB_ASSERT(X509_STORE_CTX_init(context.get(), store.get(), end.get(), untrusted.get()) == 1);
  // An anchor is trusted because it is configured, also when it is no root.
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_CTX_set_time(context.get(), 0, static_cast<std::time_t>(unix_time));
  if (X509_verify_cert(context.get()) != 1) return refusal(context.get());

  std::vector<X509*> chain;
  STACK_OF(X509)* path = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(path); ++i) chain.push_back(sk_X509_value(path, i));
  ValidatedChain verdict = describe(chain);
  if (rules.purpose == Purpose::ike) IKELAB_CHECK(check_usage(end.get()));
  IKELAB_CHECK(check_revocation(chain, unix_time, rules, verdict));
  ERR_clear_error();
  return verdict;
}

}  // namespace ikelab::pki
