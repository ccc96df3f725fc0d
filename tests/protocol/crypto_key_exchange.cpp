// Key exchange against known answers, and the tests of RFC 6989 on what a peer sends.
#include "protocol/crypto/provider.hpp"
#include "tests/support/fixed_rng.hpp"
#include "tests/support/vec.hpp"

using namespace ikelab;
using namespace ikelab::crypto;
using test::FixedRng;
using test::read_vec;

namespace {

const Algorithm& method(const std::string& keyword) {
  const Algorithm* found = find_keyword(TransformType::ke, keyword);
  REQUIRE(found != nullptr);
  return *found;
}

void check_file(const std::string& file) {
  const auto provider = openssl_provider();
  for (const auto& c : read_vec(file)) {
    INFO(c.label());
    FixedRng rng(c.bytes("private"));
    const auto exchange = provider->key_exchange(method(c.section), rng).value();
    if (c.has("public")) CHECK(to_hex(exchange->public_value()) == c.text("public"));
    const auto secret = exchange->derive(c.bytes("peer"));
    if (c.valid()) {
      REQUIRE(secret.ok());
      CHECK(to_hex(secret->reveal()) == c.text("shared"));
    } else {
      REQUIRE_FALSE(secret.ok());
      CHECK(secret.error().code == "E-CRYPTO-KE");
    }
  }
}

const char* const every_method[] = {"modp2048", "modp3072", "modp4096", "ecp256",
                                    "ecp384",   "ecp521",   "x25519"};

}  // namespace

TEST_CASE("crypto: Curve25519, known answers", "[crypto][vectors]") {
  check_file("x25519.vec");
}
TEST_CASE("crypto: ECP groups, known answers", "[crypto][vectors]") {
  check_file("ecp.vec");
}
TEST_CASE("crypto: MODP groups, computed twice", "[crypto][vectors]") {
  check_file("modp.vec");
}

TEST_CASE("crypto: two sides agree, with values of the RFC's lengths", "[crypto]") {
  const auto provider = openssl_provider();
  const auto source = seeded_rng(7, "test");
  const auto rng = source->stream("two sides");
  for (const char* keyword : every_method) {
    INFO(keyword);
    const Algorithm& ke = method(keyword);
    const auto a = provider->key_exchange(ke, *rng).value();
    const auto b = provider->key_exchange(ke, *rng).value();
    CHECK(a->public_value().size() == ke.output_size);
    CHECK_FALSE(equal(a->public_value(), b->public_value()));
    const auto ab = a->derive(b->public_value());
    const auto ba = b->derive(a->public_value());
    REQUIRE((ab.ok() && ba.ok()));
    CHECK(equal(ab->reveal(), ba->reveal()));
    const bool ecp = std::string(keyword).starts_with("ecp");
    CHECK(ab->size() == (ecp ? ke.output_size / 2 : ke.output_size));
  }
}

TEST_CASE("crypto: the same stream makes the same key pair", "[crypto][determinism]") {
  for (const char* keyword : every_method) {
    INFO(keyword);
    const auto make = [&](std::uint64_t seed, const char* purpose) {
      const auto rng = seeded_rng(seed, "gw-a")->stream(purpose);
      return openssl_provider()->key_exchange(method(keyword), *rng).value()->public_value();
    };
    CHECK(make(1, "ke") == make(1, "ke"));
    CHECK(make(1, "ke") != make(2, "ke"));
    CHECK(make(1, "ke") != make(1, "other"));
  }
}

TEST_CASE("crypto: a public value of a wrong length is refused", "[crypto]") {
  const auto provider = openssl_provider();
  const auto rng = seeded_rng(7, "test")->stream("lengths");
  for (const char* keyword : every_method) {
    INFO(keyword);
    const auto exchange = provider->key_exchange(method(keyword), *rng).value();
    Bytes longer = exchange->public_value();
    longer.push_back(0);
    const ByteView shorter = ByteView(exchange->public_value()).first(longer.size() - 2);
    for (ByteView wrong : {ByteView(longer), shorter, ByteView{}}) {
      const auto secret = exchange->derive(wrong);
      REQUIRE_FALSE(secret.ok());
      CHECK(secret.error().code == "E-CRYPTO-KE");
    }
  }
}

TEST_CASE("crypto: values that would give the secret away are refused", "[crypto]") {
  const auto provider = openssl_provider();
  const auto rng = seeded_rng(7, "test")->stream("bad values");

  const auto x25519 = provider->key_exchange(method("x25519"), *rng).value();
  // The orders 2, 4, 8 and 8, 4 of the twist, and the first two again, written as p and p + 1.
  const char* const low_order[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
  for (const char* text : low_order) {
    INFO(text);
    Bytes u = hex(text);
    CHECK(x25519->check(u).error().code == "E-CRYPTO-KE");
    CHECK(x25519->derive(u).error().code == "E-CRYPTO-KE");
    u.back() |= 0x80;  // RFC 7748, 5: the topmost bit is masked
    CHECK(x25519->check(u).error().code == "E-CRYPTO-KE");
  }
  CHECK(x25519->check(Bytes(32, 9)).ok());

  for (const char* keyword : {"ecp256", "ecp384", "ecp521"}) {
    INFO(keyword);
    const auto exchange = provider->key_exchange(method(keyword), *rng).value();
    Bytes off_curve = exchange->public_value();
    off_curve.back() ^= 1;
    CHECK(exchange->check(off_curve).error().code == "E-CRYPTO-KE");
    CHECK(exchange->check(exchange->public_value()).ok());
    CHECK(exchange->derive(off_curve).error().code == "E-CRYPTO-KE");
    CHECK(exchange->derive(Bytes(off_curve.size())).error().code == "E-CRYPTO-KE");
    CHECK(exchange->derive(Bytes(off_curve.size(), 0xff)).error().code == "E-CRYPTO-KE");
  }
}

TEST_CASE("crypto: ECP coordinates that are not below the prime are refused", "[crypto]") {
  // P-256's prime added to the x of a point whose x is small: the equation still holds mod p.
  // x = 5 is on P-256; y was computed with Python: y^2 = x^3 - 3x + b mod p.
  const auto provider = openssl_provider();
  const auto rng = seeded_rng(7, "test")->stream("range");
  const auto exchange = provider->key_exchange(method("ecp256"), *rng).value();
  const Bytes y = hex("459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
  const Bytes x = hex("0000000000000000000000000000000000000000000000000000000000000005");
  const Bytes x_plus_p = hex("ffffffff00000001000000000000000000000001000000000000000000000004");
  CHECK(exchange->derive(concat({x, y})).ok());
  CHECK(exchange->derive(concat({x_plus_p, y})).error().code == "E-CRYPTO-KE");
}
