// Which payloads each message of IKEv1 must hold: the message grammar as data (RFC 2409, 5). What
// no row names is ignored: vendor IDs, notifications, payloads of later documents.
#pragma once
#include <span>

#include "protocol/wire/diagnostic.hpp"
#include "protocol/wire/message.hpp"

namespace ikelab::wire::v1 {

struct Rule {
  PayloadType payload{};
  std::uint8_t min = 1, max = 1;
};
/// One message: the `number`th of its exchange, with this authentication (0: any).
struct Form {
  ExchangeType exchange{};
  std::uint8_t number = 0;
  std::uint16_t method = 0;
  const char* name = "";
  std::span<const Rule> rules;
  const char* rfc = "";
};
std::span<const Form> forms();
/// nullptr: no such message.
const Form* form_of(ExchangeType exchange, unsigned number, std::uint16_t method);
/// Codes E-WIRE-100 to 102, as of IKEv2's grammar.
std::vector<Diagnostic> check(ExchangeType exchange, unsigned number, std::uint16_t method,
                              const std::vector<Payload>& payloads);

}  // namespace ikelab::wire::v1
