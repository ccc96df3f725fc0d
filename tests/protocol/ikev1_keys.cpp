// The IKEv1 key schedule against NIST's answers (tests/vectors/ikev1_psk.vec: CAVS 17.3), and the
// stretching of keys by its definition (RFC 2409, appendix B).
#include "protocol/keys/ikev1_keys.hpp"

#include "tests/support/vec.hpp"

using namespace ikelab;
using crypto::TransformType;

namespace {

IkeSpi cookie(const Bytes& octets) {
  std::uint64_t value = 0;
  for (const std::uint8_t octet : octets) value = value << 8 | octet;
  return IkeSpi{value};
}

}  // namespace

TEST_CASE("ikev1 keys: SKEYID and its three children are NIST's", "[ikev1][keys]") {
  const auto provider = crypto::openssl_provider();
  for (const test::VecCase& c : test::read_vec("ikev1_psk.vec")) {
    INFO(c.label());
    const crypto::Algorithm* prf = crypto::find_keyword(TransformType::prf, c.section);
    REQUIRE(prf != nullptr);
    keys::v1::Schedule schedule(*provider, *prf);
    const Bytes ni = c.bytes("ni"), nr = c.bytes("nr");
    auto skeyid = schedule.skeyid_of_psk(c.bytes("psk"), {ni, nr});
    REQUIRE(skeyid.ok());
    CHECK(to_hex(skeyid->reveal()) == c.text("skeyid"));
    const auto keys = schedule.skeyids(std::move(*skeyid), Secret(c.bytes("g_xy")),
                                       cookie(c.bytes("cky_i")), cookie(c.bytes("cky_r")));
    REQUIRE(keys.ok());
    CHECK(to_hex(keys->skeyid_d.reveal()) == c.text("skeyid_d"));
    CHECK(to_hex(keys->skeyid_a.reveal()) == c.text("skeyid_a"));
    CHECK(to_hex(keys->skeyid_e.reveal()) == c.text("skeyid_e"));
  }
}

TEST_CASE("ikev1 keys: a cipher's key is SKEYID_e cut, or stretched when that is too short",
          "[ikev1][keys]") {
  const auto provider = crypto::openssl_provider();
  const crypto::Algorithm& prf = *crypto::find_keyword(TransformType::prf, "prfsha1");
  keys::v1::Schedule schedule(*provider, prf);
  const Secret skeyid_e(Bytes(20, 0x5a));
  const auto short_key =
      schedule.cipher_key(skeyid_e, *crypto::find_keyword(TransformType::encr, "aes128"));
  CHECK(equal(short_key->reveal(), skeyid_e.reveal().first(16)));
  const auto long_key =
      schedule.cipher_key(skeyid_e, *crypto::find_keyword(TransformType::encr, "aes256"));
  const Bytes zero = {0};
  const Secret k1 = provider->prf(prf, skeyid_e.reveal(), zero).value();
  const Secret k2 = provider->prf(prf, skeyid_e.reveal(), k1.reveal()).value();
  const Bytes both = concat({k1.reveal(), k2.reveal()});
  CHECK(equal(long_key->reveal(), ByteView(both).first(32)));
}
