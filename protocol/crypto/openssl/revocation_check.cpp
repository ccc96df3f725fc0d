// Is a certificate still good? Asks the OCSP responses and CRLs at hand (RFC 6960, 3.2; RFC 5280,
// 6.3), each of which must be its issuer's, readable and of today.
#include <fmt/format.h>
#include <openssl/ocsp.h>

#include <algorithm>
#include <ctime>

#include "protocol/base/bounds.hpp"
#include "protocol/crypto/openssl/x509.hpp"

namespace ikelab::pki {
namespace {

using namespace crypto::openssl;
using Crl = Handle<X509_CRL, X509_CRL_free>;
using OcspResponse = Handle<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using OcspBasic = Handle<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using OcspId = Handle<OCSP_CERTID, OCSP_CERTID_free>;

/// A certificate under question and who issued it.
struct Question {
  const X509* subject;
  X509* issuer;
  std::int64_t now;
};

/// What one statement says about it. Nothing: it is about another certificate.
struct Answer {
  std::int64_t from, until;
};
using Verdict = Result<std::optional<Answer>>;

std::string subject_of(const Question& question) {
  return name_text(X509_get_subject_name(question.subject));
}

std::string date(const ASN1_TIME* time) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(time, &tm) != 1) return "an unreadable time";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", tm.tm_year + 1900, tm.tm_mon + 1,
                     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

Error revoked(const Question& question, const char* by, const ASN1_TIME* when) {
  return failure(
      "E-PKI-020",
      "certificate '" + subject_of(question) + "' was revoked at " + date(when) + ", says " + by,
      "RFC 5280, 6.3.3");
}

// ---- CRL
// -----------------------------------------------------------------------------------------

bool has_critical_extension(const X509_CRL* crl) {
  // Delta CRLs and lists of only some reasons say so by a critical extension; none is supported.
  return X509_CRL_get_ext_by_critical(crl, 1, -1) >= 0;
}

Verdict ask_crl(const Question& question, ByteView der) {
  const unsigned char* at = der.data();
  const Crl crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
  if (!crl || at != der.data() + der.size())
    return failure("E-PKI-023", "not a certificate revocation list", "RFC 5280, 5.1");
  if (X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), X509_get_subject_name(question.issuer)) != 0)
    return std::optional<Answer>{};
  const std::string whose = "the CRL of '" + name_text(X509_CRL_get_issuer(crl.get())) + "'";
  const bool may_sign = (X509_get_key_usage(question.issuer) & KU_CRL_SIGN) != 0;
  if (!may_sign || X509_CRL_verify(crl.get(), X509_get0_pubkey(question.issuer)) != 1)
    return failure("E-PKI-023", whose + " is not signed by its issuer", "RFC 5280, 6.3.3");
  if (has_critical_extension(crl.get()))
    return failure("E-PKI-023", whose + " has a critical extension that we do not know",
                   "RFC 5280, 5.2");
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl.get());
  const Answer answer{unix_seconds(X509_CRL_get0_lastUpdate(crl.get())),
                      next == nullptr ? question.now : unix_seconds(next)};
  // What is revoked stays so: that a list is old does not make it say less.
  X509_REVOKED* entry = nullptr;
  if (X509_CRL_get0_by_serial(crl.get(), &entry, X509_get0_serialNumber(question.subject)) == 1)
    return revoked(question, "the CRL", X509_REVOKED_get0_revocationDate(entry));
  if (question.now < answer.from || question.now > answer.until)
    return failure("E-PKI-022", whose + " is not of today: a newer one should exist",
                   "RFC 5280, 5.1.2.5");
  return std::optional(answer);
}

// ---- OCSP
// ----------------------------------------------------------------------------------------

Error not_ours(const std::string& why) {
  return failure("E-PKI-025", "the OCSP response " + why, "RFC 6960, 3.2");
}

OcspBasic read_ocsp(ByteView der) {
  const unsigned char* at = der.data();
  const OcspResponse response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  if (!response || at != der.data() + der.size() ||
      OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return {};
  return OcspBasic(OCSP_response_get1_basic(response.get()));
}

/// The single response about the certificate; its id says by which hash.
OCSP_SINGLERESP* single_about(const Question& question, OCSP_BASICRESP* basic) {
  const int count = std::min(OCSP_resp_count(basic), bounds::ocsp_single_responses);
  for (int i = 0; i < count; ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(basic, i);
    auto* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));
    ASN1_OBJECT* hash = nullptr;
    OCSP_id_get0_info(nullptr, &hash, nullptr, nullptr, id);
    const EVP_MD* md = EVP_get_digestbyobj(hash);
    if (md == nullptr) continue;
    const OcspId ours(OCSP_cert_to_id(md, question.subject, question.issuer));
    if (ours && OCSP_id_cmp(ours.get(), id) == 0) return single;
  }
  return nullptr;
}

/// May `signer`, found by the name in the response, speak for the issuer?
//= rfc6960#4.2.2.2 "Includes a value of id-kp-OCSPSigning in an extended key usage extension and is
//= issued by the CA that issued the certificate in question as stated above."
bool authorized(const Question& question, X509* signer) {
  if (X509_cmp(signer, question.issuer) == 0) return true;
  return has_purpose(signer, NID_OCSP_sign).value_or(false) &&
         X509_NAME_cmp(X509_get_issuer_name(signer), X509_get_subject_name(question.issuer)) == 0 &&
         X509_verify(signer, X509_get0_pubkey(question.issuer)) == 1 &&
         unix_seconds(X509_get0_notBefore(signer)) <= question.now &&
         unix_seconds(X509_get0_notAfter(signer)) >= question.now;
}

/// OCSP_basic_verify looks at the machine's clock; this looks at the scenario's.
Result<void> check_signer(const Question& question, OCSP_BASICRESP* basic) {
  const Handle<STACK_OF(X509), [](STACK_OF(X509) * s) { sk_X509_free(s); }> known(
      sk_X509_new_null());
  sk_X509_push(known.get(), question.issuer);
  X509* signer = nullptr;
  if (OCSP_resp_get0_signer(basic, &signer, known.get()) != 1 || signer == nullptr)
    return not_ours("does not say with a certificate who signed it");
  if (!authorized(question, signer))
    return not_ours("is by '" + name_text(X509_get_subject_name(signer)) +
                    "', who may not speak for the issuer");
  if (ASN1_item_verify(ASN1_ITEM_rptr(OCSP_RESPDATA), OCSP_resp_get0_tbs_sigalg(basic),
                       OCSP_resp_get0_signature(basic), OCSP_resp_get0_respdata(basic),
                       X509_get0_pubkey(signer)) != 1)
    return not_ours("has a signature that does not verify");
  return {};
}

Verdict ask_ocsp(const Question& question, ByteView der) {
  const OcspBasic basic = read_ocsp(der);
  if (!basic) return not_ours("cannot be read, or says only that there was an error");
  OCSP_SINGLERESP* single = single_about(question, basic.get());
  if (single == nullptr) return std::optional<Answer>{};
  IKELAB_CHECK(check_signer(question, basic.get()));
  ASN1_GENERALIZEDTIME *when = nullptr, *this_update = nullptr, *next_update = nullptr;
  const int status = OCSP_single_get0_status(single, nullptr, &when, &this_update, &next_update);
  const Answer answer{unix_seconds(this_update),
                      next_update == nullptr ? question.now : unix_seconds(next_update)};
  if (status == V_OCSP_CERTSTATUS_REVOKED) return revoked(question, "OCSP", when);
  //= rfc6960#4.2.2.1 "Responses whose nextUpdate value is earlier than the local system time value
  //= SHOULD be considered unreliable."
  if (question.now < answer.from || question.now > answer.until)
    return failure("E-PKI-024", "the OCSP response is not of today", "RFC 6960, 4.2.2.1");
  if (status != V_OCSP_CERTSTATUS_GOOD)
    return failure("E-PKI-026",
                   "the OCSP responder does not know certificate '" + subject_of(question) + "'",
                   "RFC 6960, 2.2");
  return std::optional(answer);
}

// ---- both
// ----------------------------------------------------------------------------------------

/// One certificate: the statement that decides, else the first reason why none did. All are asked:
/// a peer chooses which OCSP response it shows, so one that says good does not outweigh a CRL.
Result<std::optional<Answer>> ask_all(const Question& question, const ChainRules& rules,
                                      std::optional<Error>& why_not) {
  using Ask = Verdict (*)(const Question&, ByteView);
  const std::pair<std::span<const Bytes>, Ask> sources[] = {{rules.ocsp_responses, ask_ocsp},
                                                            {rules.crls, ask_crl}};
  std::optional<Answer> good;
  for (const auto& [statements, ask] : sources)
    for (const Bytes& der :
         statements.first(std::min(statements.size(), bounds::revocation_statements))) {
      const Verdict verdict = ask(question, der);
      if (verdict && *verdict && !good) good = *verdict;
      if (!verdict && verdict.error().code == "E-PKI-020") return verdict.error();
      if (!verdict && !why_not) why_not = verdict.error();
    }
  return good;
}

}  // namespace

Result<void> check_revocation(const std::vector<X509*>& chain, std::int64_t unix_time,
                              const ChainRules& rules, ValidatedChain& verdict) {
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    const Question question{chain[i], chain[i + 1], unix_time};
    std::optional<Error> why_not;
    IKELAB_TRY(const auto answer, ask_all(question, rules, why_not));
    if (answer) {
      verdict.from = std::max(verdict.from, answer->from);
      verdict.until = std::min(verdict.until, answer->until);
      continue;
    }
    const bool published =
        !crl_uris(question.subject).empty() || !ocsp_uris(question.subject).empty();
    const bool must_be_known = rules.revocation == RevocationPolicy::strict ||
                               (rules.revocation == RevocationPolicy::ifuri && published);
    if (!why_not)
      why_not = failure("E-PKI-021",
                        "whether certificate '" + subject_of(question) +
                            "' was revoked is not known: no CRL and no OCSP response is about it",
                        "RFC 5280, 6.3");
    if (must_be_known) return *why_not;
    if (published || why_not->code != "E-PKI-021") verdict.remarks.push_back(why_not->message);
  }
  return {};
}

}  // namespace ikelab::pki
