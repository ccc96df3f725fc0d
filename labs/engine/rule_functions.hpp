// What rules can call: one row a function. Used by rule.cpp.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "labs/engine/facts.hpp"

namespace ikelab::labs::rules {

/// Octets of the run, or words: numbers, ranges and names.
struct Value {
  bool is_octets = false;
  Bytes octets;
  std::string text;
  [[nodiscard]] std::string written() const { return is_octets ? to_hex(octets) : text; }
};
Value of(Bytes octets);
Value of(std::string text);
Error rule_error(std::string message);
/// Errors: E-LAB-014 when it is words.
Result<ByteView> octets_of(const Value& value);

using Operands = std::vector<Value>;
struct Function {
  std::size_t least, most;  ///< operands
  Result<Value> (*call)(const Facts&, const Operands&);
};
const std::map<std::string_view, Function>& functions();

}  // namespace ikelab::labs::rules
