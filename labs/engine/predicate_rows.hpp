// The rows of the predicate registry, by subject. Added to the registry in predicate.cpp.
#pragma once
#include "labs/engine/facts.hpp"
#include "labs/engine/predicate.hpp"

namespace ikelab::labs {

// Keys (RFC 7296, 2.14): key_predicates.cpp
Predicate key_predicate();
// What was said: message_predicates.cpp
Predicate role_predicate();
Predicate message_count_predicate();
Predicate exchange_predicate();
Predicate message_id_predicate();
Predicate message_octets_predicate();
Predicate field_octets_predicate();
Predicate message_field_predicate();
Predicate ike_spi_predicate();
Predicate proposal_predicate();
// What AUTH covers (RFC 7296, 2.15): auth_predicates.cpp
Predicate auth_octets_predicate();
Predicate auth_identity_predicate();

/// The argument as a message's number. Errors: E-LAB-012.
Result<std::uint64_t> message_argument(const Arguments& arguments);
/// One of `allowed`. Errors: E-LAB-012.
Result<std::string> word_argument(const Arguments& arguments, std::string_view name,
                                  const std::vector<std::string>& allowed);
/// "first..last", both inclusive, counted from 0: how ranges are answered.
std::string range_text(std::size_t first, std::size_t last);

}  // namespace ikelab::labs
