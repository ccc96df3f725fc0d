// What decoding and the grammar remark about a message. A diagnostic never stops the reading: it is
// data beside the tree. The engine refuses a message with any error; viewers show every remark at
// its bytes (RFC 7296, 2.21 says what may be answered).
#pragma once
#include <string>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::wire {

enum class Severity : std::uint8_t { warning, error };  ///< accepted with a remark; refused

struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;                ///< stable: "E-WIRE-007"; docs/ERRORS.md lists them
  std::string message;             ///< one sentence, no newline
  std::string rfc;                 ///< "RFC 7296, 3.1"
  std::size_t begin = 0, end = 0;  ///< half-open range of the octets it is about
  bool operator==(const Diagnostic&) const = default;
};

/// The first diagnostic that refuses the message, or nullptr.
const Diagnostic* first_error(const std::vector<Diagnostic>& diagnostics);
bool has_error(const std::vector<Diagnostic>& diagnostics);
/// "error", "warning": the words of the trace.
std::string name(Severity severity);
Error to_error(const Diagnostic& diagnostic);

}  // namespace ikelab::wire
