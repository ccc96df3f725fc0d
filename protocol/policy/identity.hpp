// Identities (RFC 7296, 3.5; matching against certificates: RFC 4945, 3.1).
#pragma once
#include <string>

#include "protocol/wire/message.hpp"

namespace ikelab::policy {

struct Identity {
  wire::IdType type = wire::IdType::fqdn;
  Bytes data;
  bool any_value = false;

  static Identity any();
  /// swanctl's guessing: "10.0.0.1" an address, "a@b" an RFC822 address, "CN=.." a DN (given as
  /// DER), "%any", else an FQDN.
  static Result<Identity> parse(std::string_view text);
  [[nodiscard]] bool matches(const Identity& presented) const;
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] wire::IdPayload payload(bool responder) const;
};

}  // namespace ikelab::policy
