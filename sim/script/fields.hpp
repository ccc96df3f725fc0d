// Arguments of the functions that scripts call: named fields of a table, algorithms in swanctl's
// words. What is wrong is a Lua error that says which field, so that the script's author sees it.
#pragma once
#include "protocol/crypto/algorithm.hpp"
#include "protocol/policy/proposal.hpp"
#include "sim/script/sandbox.hpp"

namespace ikelab::script {

/// The table argument at `index`. Reading a field leaves the stack as it was.
class Fields {
 public:
  Fields(lua_State* state, int index);

  [[nodiscard]] bool has(const char* name) const;
  /// The octets of a string field; an error if it is missing.
  [[nodiscard]] Bytes octets(const char* name) const;
  /// The same, empty if it is missing.
  [[nodiscard]] Bytes octets_if_any(const char* name) const;
  [[nodiscard]] lua_Integer integer(const char* name, lua_Integer most,
                                    lua_Integer otherwise = 0) const;
  [[nodiscard]] bool boolean(const char* name) const;
  /// Eight octets, written as 16 hex digits.
  [[nodiscard]] IkeSpi spi(const char* name) const;
  /// nullptr if it is missing.
  [[nodiscard]] const crypto::Algorithm* algorithm(const char* name,
                                                   crypto::TransformType type) const;

 private:
  lua_State* state_;
  int index_;
};

/// swanctl's word for an algorithm ("aes256gcm16", "prfsha256", "x25519"), or a transform as
/// ike.decode gives it.
const crypto::Algorithm& check_algorithm(lua_State* state, int index, crypto::TransformType type);

/// A table with encr, integ, prf and ke, as ike.suite makes it; an error if encr is missing.
policy::Suite check_suite(lua_State* state, int index, bool with_integrity = true);

}  // namespace ikelab::script
