// Most errors of sim/ are a code, a sentence and a hint.
#pragma once
#include <string>

#include "protocol/base/result.hpp"

namespace ikelab {

inline Error error(std::string code, std::string message, std::string hint = "") {
  return {std::move(code), std::move(message), {}, "", "", std::move(hint)};
}

}  // namespace ikelab
