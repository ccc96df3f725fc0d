#include "protocol/base/result.hpp"

#include <cstdio>
#include <cstdlib>

namespace ikelab {

std::string Error::to_string() const {
  std::string line = code + ": ";
  if (!place.empty()) line += place + ": ";
  line += message;
  if (offset) line += " (at byte " + std::to_string(*offset) + ")";
  if (!rfc.empty()) line += " [" + rfc + "]";
  if (!hint.empty()) line += "; " + hint;
  return line;
}

void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "ikelab: internal error: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace ikelab
