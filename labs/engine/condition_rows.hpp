// The rows of the condition registry, by subject, and what they share. Added in conditions.cpp.
#pragma once
#include "labs/engine/condition.hpp"
#include "labs/engine/facts.hpp"
#include "labs/engine/predicate_rows.hpp"
#include "labs/engine/yaml.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::labs {

// Tunnels: tunnel_conditions.cpp
Condition tunnel_condition();
Condition pfs_condition();
Condition delivered_condition();
// What an adversary got: attack_conditions.cpp
Condition knows_condition();
Condition detected_condition();

/// "a | b": either of them.
std::vector<std::string> alternatives(std::string_view words);
/// note 0, warning 1, error 2.
int severity_rank(std::string_view severity);
/// A number from 1, or the fallback when the argument is absent. Errors: E-LAB-012.
Result<std::uint64_t> count_argument(const Arguments& arguments, std::string_view name,
                                     std::uint64_t fallback);
/// The first event that went wrong at a node, else anywhere; 0 when nothing did.
std::uint64_t first_trouble(const Facts& facts, std::string_view node);

}  // namespace ikelab::labs
