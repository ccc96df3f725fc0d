// Known answers: whole ESP packets from RFCs and from DPDK (tests/vectors/esp.vec), sealed and
// opened.
#include "tests/protocol/esp_support.hpp"
#include "tests/support/vec.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

std::uint32_t number(const VecCase& vec, const std::string& name) {
  return static_cast<std::uint32_t>(std::stoul(vec.text(name), nullptr, 16));
}

esp::SaParameters sa_of(const VecCase& vec) {
  const auto optional = [&](const char* name) {
    return vec.has(name) ? vec.text(name) : std::string();
  };
  esp::SaParameters sa;
  sa.spi = EspSpi{number(vec, "spi")};
  sa.suite = suite_of(vec.section, optional("integ"));
  sa.encryption_key = Secret(vec.bytes("key"));
  sa.integrity_key = Secret(hex(optional("integ_key")));
  sa.ts_src = sa.ts_dst = {subnet("0.0.0.0", "255.255.255.255"),
                           subnet("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")};
  return sa;
}

}  // namespace

TEST_CASE("ESP packets of RFC 3602, RFC 7634 and DPDK seal and open", "[esp][vectors]") {
  const auto provider = crypto::openssl_provider();
  CountingRng rng;
  const auto cases = read_vec("esp.vec");
  REQUIRE(cases.size() >= 12);
  for (const VecCase& vec : cases) {
    INFO(vec.label());
    const Bytes inner = vec.bytes("inner"), packet = vec.bytes("packet");
    const auto next = vec.has("next")      ? static_cast<std::uint8_t>(number(vec, "next"))
                      : inner[0] >> 4 == 6 ? esp::next_header_ipv6
                                           : esp::next_header_ipv4;
    const auto sealed = esp::seal_packet(*provider, sa_of(vec), number(vec, "sequence"),
                                         vec.bytes("iv"), inner, next);
    REQUIRE(sealed.ok());
    CHECK(to_hex(*sealed) == to_hex(packet));
    esp::DataPath path(*provider, rng);
    path.apply(esp::InstallSa{true, sa_of(vec)});
    if (vec.has("next")) {
      CHECK(path.open(packet).error().code == "E-ESP-POLICY");
      continue;
    }
    const auto opened = path.open(packet);
    REQUIRE(opened.ok());
    CHECK(to_hex(opened->inner) == to_hex(inner));
    CHECK(opened->sequence == number(vec, "sequence"));
  }
}
