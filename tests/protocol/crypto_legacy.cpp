// MD4 (RFC 1320, A.5), MD5 (RFC 1321, A.5) and DES (FIPS 81, table B1; NIST SP 800-17, tables A.1,
// A.3, A.4) as they were published.
#include "protocol/crypto/legacy.hpp"
#include "protocol/crypto/provider.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

TEST_CASE("crypto: MD4 and MD5", "[crypto][legacy]") {
  struct Row {
    const char *text, *md4, *md5;
  };
  const Row rows[] = {
      {"", "31d6cfe0d16ae931b73c59d7e0c089c0", "d41d8cd98f00b204e9800998ecf8427e"},
      {"a", "bde52cb31de33e46245e05fbdbd6fb24", "0cc175b9c0f1b6a831c399e269772661"},
      {"abc", "a448017aaf21d8525fc10ae87aa6729d", "900150983cd24fb0d6963f7d28e17f72"},
      {"message digest", "d9130a8164549fe818874806e1c7014b", "f96b697d7cb7938d525a2f31aaf161d0"},
      {"abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9",
       "c3fcd3d76192e4007dfb496cca67e13b"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
       "043f8582f241db351ce627e153e7f0e4", "d174ab98d277d9f5a5611c2c9f419d9f"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
       "e33b4ddc9c38f2199c3e7b164fcc0536", "57edf4a22be3c955ac49da2e2107b67a"}};
  const auto provider = crypto::openssl_provider();
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(to_hex(crypto::md4(as_bytes(row.text))) == row.md4);
    CHECK(to_hex(provider->md5(as_bytes(row.text))) == row.md5);
  }
}

TEST_CASE("crypto: DES", "[crypto][legacy]") {
  struct Row {
    const char *key, *plaintext, *ciphertext;
  };
  const Row rows[] = {{"0123456789abcdef", "4e6f772069732074", "3fa40e8a984d4815"},
                      {"0101010101010101", "8000000000000000", "95f8a5e5dd31d900"},
                      {"0101010101010101", "4000000000000000", "dd7f121ca5015619"},
                      {"0101010101010101", "0000000000000001", "166b40b44aba4bd6"},
                      {"1046913489980131", "0000000000000000", "88d55e54f54c97b4"},
                      {"7ca110454a1a6e57", "01a1d6d039776742", "690f5b0d9a26939b"},
                      {"0131d9619dc1376e", "5cd54ca83def57da", "7a389d10354bd271"}};
  for (const Row& row : rows)
    CHECK(to_hex(crypto::des_encrypt(hex(row.key), hex(row.plaintext))) == row.ciphertext);
  // the parity bits are not looked at
  CHECK(to_hex(crypto::des_encrypt(hex("0022446688aaccee"), hex("4e6f772069732074"))) ==
        "3fa40e8a984d4815");
}
