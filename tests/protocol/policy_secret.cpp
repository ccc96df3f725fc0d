// Shared secrets as a person writes them (RFC 7296, 2.15; swanctl's secrets).
#include "protocol/policy/secret_text.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

TEST_CASE("secrets: as they are, in hex, in Base64", "[policy][secret]") {
  const auto octets = [](const char* text) {
    const auto parsed = policy::parse_secret(text);
    return parsed.ok() ? to_hex(*parsed) : parsed.error().code;
  };
  CHECK(octets("key") == "6b6579");
  CHECK(octets(" 0x6b") == to_hex(as_bytes(" 0x6b")));  // only at the very beginning
  //= rfc7296#2.15 "It MUST also accept a hex encoding of the shared secret."
  CHECK(octets("0x6b6579") == "6b6579");
  CHECK(octets("0xFFfe00") == "fffe00");
  CHECK(octets("0sa2V5") == "6b6579");
  CHECK(octets("0sa2U=") == "6b65");
  CHECK(octets("0s//79") == "fffefd");
  for (const char* bad : {"0x", "0x6", "0x6b6", "0x6g", "0s", "0sa", "0sa2V", "0s=", "0sa2V5!"}) {
    CAPTURE(bad);
    CHECK(octets(bad) == "E-POL-040");
  }
}
