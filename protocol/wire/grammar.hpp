// Which payloads may stand in which message: the message grammar as data (RFC 7296, 1.2 to 1.4 and
// appendix C). It judges presence, number and place (clear or encrypted); values are the tasks'
// business.
#pragma once
#include <span>

#include "protocol/wire/diagnostic.hpp"
#include "protocol/wire/message.hpp"

namespace ikelab::wire {

enum class Place : std::uint8_t { clear, encrypted };

/// One row: this payload, so many times. A row with `notify` counts only Notify payloads of that
/// type.
struct Rule {
  PayloadType payload = PayloadType::none;
  std::uint8_t min = 0, max = 1;
  NotifyType notify{};  ///< zero: any
  const char* rfc = "";
};

/// Which form a message has: the first form of its exchange and direction whose trigger holds. The
/// empty trigger always does.
struct Trigger {
  NotifyType notify{};                      ///< a Notify payload of this type is there
  bool error = false;                       ///< a Notify payload of an error type is there
  PayloadType without = PayloadType::none;  ///< no payload of this type is there
  PayloadType nor = PayloadType::none;      ///< nor of this one
  PayloadType with = PayloadType::none;     ///< a payload of this type is there
};

struct Form {
  ExchangeType exchange{};
  bool response = false;
  Place place = Place::encrypted;
  const char* name = "";  ///< "IKE_SA_INIT response that asks for a cookie"
  Trigger when;
  std::span<const Rule> rules;  ///< what no row names is ignored with a warning; Notify and Vendor
                                ///< ID may stand anywhere
  const char* rfc = "";
};

/// Every form, in the order of trial.
std::span<const Form> forms();
/// The form that holds for a message, or nullptr for an exchange type this version does not know.
const Form* form_of(const Header& header, const std::vector<Payload>& payloads);

/// Judges a decoded message. All exchanges but IKE_SA_INIT must be encrypted: whatever stands in
/// the clear there is refused, errors included, because anybody can send it, but for the few
/// payloads that an RFC puts there (of fragments, before the first). The forms of IKE_AUTH
/// say what may stand together in one message; what is due in a round of authentication (RFC 7296,
/// 2.16; RFC 4739), AUTH above all, is the task's to demand. `inner` is the decrypted content
/// of its SK payload, nullptr while it is not decrypted (then only the outer layer is judged).
/// Ranges of diagnostics about inner payloads count in the decrypted octets. Codes E-WIRE-1nn.
std::vector<Diagnostic> check(const Message& outer, const std::vector<Payload>* inner);

/// "SA, KE, Ni, N(NAT_DETECTION_SOURCE_IP)" in the RFC's notation (RFC 7296, 1.2); nonces are Ni in
/// requests, Nr in responses.
std::string payload_summary(const std::vector<Payload>& payloads, bool response);
/// The same of an encrypted message: what stands in the clear, then `inner`.
std::string payload_summary(const Message& outer, const std::vector<Payload>& inner);
/// "IKE_AUTH request {IDi, AUTH, SA, TSi, TSr}": braces around what is encrypted, "PS {IDi, ...}"
/// behind what is not; `inner` as in check.
std::string summary(const Message& outer, const std::vector<Payload>* inner);

}  // namespace ikelab::wire
