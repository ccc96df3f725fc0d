// Rules: how a lab's solution and its wrong answers are written, so that they hold for every
// student's draw. A rule is an expression over the facts of the run, never a literal answer:
//
//   {{prf(Ni | Nr, g^ir)}}   {{octets(2)}}   {{range(2, "Nonce Data")}}   {{shift(range(..), -4,
//   0)}}
//
//   expression := term { "|" term }                       octets one after another
//   term       := function "(" expression { "," expression } ")" | name | number | "text"
//
// A name is a parameter of the draw (`signer`) or a value of the run (`Ni`, `KEi`, `SK_d`).
// Invariant: rules compute from what the student can see; they do not ask the predicates.
#pragma once
#include <string>
#include <string_view>

#include "labs/engine/facts.hpp"
#include "labs/engine/placeholder.hpp"

namespace ikelab::labs {

/// The value of one expression as an answer is written. Errors: E-LAB-014 with the column in the
/// rule, E-LAB-015 when the run has not what is named.
Result<std::string> evaluate(std::string_view rule, const Facts& facts, const Values& parameters);
/// Every {{rule}} of a text.
Result<std::string> evaluate_all(std::string_view text, const Facts& facts,
                                 const Values& parameters);

}  // namespace ikelab::labs
