// Shared secrets as a person writes them.
#pragma once
#include <string_view>

#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"

namespace ikelab::policy {

/// As swanctl's secrets: "0x6b6579" in hex, "0sa2V5" in Base64, and everything else as the octets
/// that it is. Errors: E-POL-040 not hex or Base64 behind its prefix, or nothing.
Result<Bytes> parse_secret(std::string_view text);

}  // namespace ikelab::policy
