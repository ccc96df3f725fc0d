// Every function that scripts have, as rows: what it is called like, what it does, and an example
// that a test runs. docs/ADVERSARY-REFERENCE.md is printed from here.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "sim/script/adversary.hpp"

namespace ikelab::script {

struct FunctionRow {
  const char* name;       ///< "ike.decode"
  const char* signature;  ///< "ike.decode(octets) -> message"
  const char* text;
  /// Lua, as the body of on_packet(p): p is the first IKE message of a handshake. It fails (assert)
  /// when it is not so.
  const char* example;
};
std::span<const FunctionRow> function_rows();

/// The page, in Markdown.
std::string reference_page();
/// Names of all functions that a script on this side finds, Lua's own left out.
std::vector<std::string> functions_of(Side side);

}  // namespace ikelab::script
