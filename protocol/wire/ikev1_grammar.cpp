#include "protocol/wire/ikev1_grammar.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/wire/ikev1_iana.hpp"

namespace ikelab::wire::v1 {
namespace {

using E = ExchangeType;
using P = PayloadType;

constexpr Rule offer[] = {{P::v1_sa}};
constexpr Rule key_exchange[] = {{P::v1_ke}, {P::v1_nonce}};
constexpr Rule key_exchange_hidden[] = {{P::v1_ke}, {P::v1_id}, {P::v1_nonce}};
constexpr Rule proof_by_hash[] = {{P::v1_id}, {P::v1_hash}};
constexpr Rule proof_hidden[] = {{P::v1_hash}};
constexpr Rule proof_by_signature[] = {{P::v1_id}, {P::v1_cert, 0, 8}, {P::v1_sig}};
constexpr Rule all_at_once[] = {{P::v1_sa}, {P::v1_ke}, {P::v1_nonce}, {P::v1_id}};
constexpr Rule answer_by_hash[] = {{P::v1_sa}, {P::v1_ke}, {P::v1_nonce}, {P::v1_id}, {P::v1_hash}};
constexpr Rule answer_by_signature[] = {{P::v1_sa}, {P::v1_ke},         {P::v1_nonce},
                                        {P::v1_id}, {P::v1_cert, 0, 8}, {P::v1_sig}};
constexpr Rule last_by_signature[] = {{P::v1_cert, 0, 8}, {P::v1_sig}};
constexpr Rule quick[] = {
    {P::v1_hash}, {P::v1_sa}, {P::v1_nonce}, {P::v1_ke, 0, 1}, {P::v1_id, 0, 2}};
constexpr Rule quick_last[] = {{P::v1_hash}};

constexpr const char* main_rfc = "RFC 2409, 5";
constexpr std::uint16_t sig = auth::rsa_signatures, enc = auth::rsa_encryption;

// The first row that fits holds.
constexpr Form rows[] = {
    {E::main_mode, 1, 0, "the first message of Main Mode", offer, main_rfc},
    {E::main_mode, 2, 0, "the second message of Main Mode", offer, main_rfc},
    {E::main_mode, 3, enc, "the third message of Main Mode", key_exchange_hidden, "RFC 2409, 5.2"},
    {E::main_mode, 4, enc, "the fourth message of Main Mode", key_exchange_hidden, "RFC 2409, 5.2"},
    {E::main_mode, 3, 0, "the third message of Main Mode", key_exchange, main_rfc},
    {E::main_mode, 4, 0, "the fourth message of Main Mode", key_exchange, main_rfc},
    {E::main_mode, 5, sig, "the fifth message of Main Mode", proof_by_signature, "RFC 2409, 5.1"},
    {E::main_mode, 6, sig, "the sixth message of Main Mode", proof_by_signature, "RFC 2409, 5.1"},
    {E::main_mode, 5, enc, "the fifth message of Main Mode", proof_hidden, "RFC 2409, 5.2"},
    {E::main_mode, 6, enc, "the sixth message of Main Mode", proof_hidden, "RFC 2409, 5.2"},
    {E::main_mode, 5, 0, "the fifth message of Main Mode", proof_by_hash, "RFC 2409, 5.4"},
    {E::main_mode, 6, 0, "the sixth message of Main Mode", proof_by_hash, "RFC 2409, 5.4"},
    {E::aggressive_mode, 1, 0, "the first message of Aggressive Mode", all_at_once, main_rfc},
    {E::aggressive_mode, 2, sig, "the second message of Aggressive Mode", answer_by_signature,
     "RFC 2409, 5.1"},
    {E::aggressive_mode, 2, 0, "the second message of Aggressive Mode", answer_by_hash,
     "RFC 2409, 5.4"},
    {E::aggressive_mode, 3, sig, "the third message of Aggressive Mode", last_by_signature,
     "RFC 2409, 5.1"},
    {E::aggressive_mode, 3, 0, "the third message of Aggressive Mode", quick_last, "RFC 2409, 5.4"},
    {E::quick_mode, 1, 0, "the first message of Quick Mode", quick, "RFC 2409, 5.5"},
    {E::quick_mode, 2, 0, "the second message of Quick Mode", quick, "RFC 2409, 5.5"},
    {E::quick_mode, 3, 0, "the third message of Quick Mode", quick_last, "RFC 2409, 5.5"},
};

}  // namespace

std::span<const Form> forms() {
  return rows;
}

const Form* form_of(ExchangeType exchange, unsigned number, std::uint16_t method) {
  for (const Form& form : rows)
    if (form.exchange == exchange && form.number == number &&
        (form.method == 0 || form.method == method))
      return &form;
  return nullptr;
}

std::vector<Diagnostic> check(ExchangeType exchange, unsigned number, std::uint16_t method,
                              const std::vector<Payload>& payloads) {
  const Form* form = form_of(exchange, number, method);
  if (form == nullptr)
    return {{Severity::error, "E-WIRE-100",
             fmt::format("{} has no message {}", name(exchange), number), main_rfc, 18, 19}};
  std::vector<Diagnostic> found;
  for (const Rule& rule : form->rules) {
    const auto count = std::count_if(payloads.begin(), payloads.end(),
                                     [&](const Payload& p) { return p.type == rule.payload; });
    if (count < rule.min)
      found.push_back({Severity::error, "E-WIRE-101",
                       fmt::format("{} lacks {}", form->name, notation(rule.payload)), form->rfc, 0,
                       0});
    if (count > rule.max)
      found.push_back({Severity::error, "E-WIRE-102",
                       fmt::format("{} has {} {} payloads, at most {} may stand there", form->name,
                                   count, notation(rule.payload), rule.max),
                       form->rfc, 0, 0});
  }
  return found;
}

}  // namespace ikelab::wire::v1
