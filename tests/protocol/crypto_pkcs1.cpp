// Blocks of PKCS #1 v1.5 and RSA's bare operation.
#include "protocol/crypto/pkcs1.hpp"
#include "protocol/crypto/provider.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
namespace pkcs1 = crypto::pkcs1;

TEST_CASE("pkcs1: blocks are as RFC 8017 draws them", "[crypto]") {
  const Bytes data = hex("0102030405");
  CHECK(to_hex(pkcs1::signing_block(data, 16)) == "0001ffffffffffffffff000102030405");
  const auto rng = crypto::seeded_rng(1, "pkcs1")->stream("padding");
  for (int i = 0; i < 50; ++i) {
    const Bytes block = pkcs1::encryption_block(data, 40, *rng);
    CHECK(block.size() == 40);
    CHECK(pkcs1::data_of_encryption_block(block) == data);
  }
}

TEST_CASE("pkcs1: what is not well-formed has no data", "[crypto]") {
  for (const char* block :
       {"0001ffffffffffffff000102030405aa",  // seven octets of padding
        "0002ffffffffffffffff000102030405", "0101ffffffffffffffff000102030405",
        "0001fffffffffffffffe000102030405", "0001ffffffffffffffffffffffffffff", ""})
    CHECK_FALSE(pkcs1::data_of_signing_block(hex(block)));
  CHECK_FALSE(pkcs1::data_of_encryption_block(hex("0002aabbccddeeff00112233445566770000")));
  CHECK(pkcs1::data_of_encryption_block(hex("0002aabbccddeeff112200")) == Bytes{});
}

TEST_CASE("rsa: the bare operations undo each other, and refuse what is no block", "[crypto]") {
  const auto provider = crypto::openssl_provider();
  const auto rng = crypto::seeded_rng(1, "rsa")->stream("key");
  for (const char* type : {"rsa505", "rsa512", "rsa1024"}) {
    INFO(type);
    const auto key = provider->generate_key(type, *rng).value();
    const auto shown = provider->public_key(key->public_key_der()).value();
    const auto numbers = shown->rsa_numbers();
    REQUIRE(numbers.has_value());
    const Bytes block = pkcs1::encryption_block(hex("c0ffee"), numbers->n.size(), *rng);
    const Bytes sealed = shown->rsa_bare(block).value();
    CHECK(sealed != block);
    CHECK(key->rsa_bare(sealed, *rng).value() == block);
    CHECK(shown->rsa_bare(Bytes(numbers->n.size() - 1, 1)).error().code == "E-CRYPTO-RSA");
    CHECK(shown->rsa_bare(Bytes(numbers->n.size(), 0xff)).error().code == "E-CRYPTO-RSA");
  }
  const auto toy = provider->generate_key("rsa505", *rng).value();
  CHECK(provider->public_key(toy->public_key_der()).value()->rsa_numbers()->n[0] == 1);
  const auto other = provider->generate_key("p256", *rng).value();
  CHECK_FALSE(provider->public_key(other->public_key_der()).value()->rsa_numbers());
  CHECK_FALSE(other->rsa_bare(Bytes(64), *rng).ok());
}
