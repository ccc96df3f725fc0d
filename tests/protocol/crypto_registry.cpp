// The registry: every row is found by its number and by its keyword, and its sizes fit together.
#include <set>

#include "protocol/crypto/provider.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::crypto;

TEST_CASE("crypto registry: rows are found by number and by keyword", "[crypto]") {
  std::set<std::pair<int, std::string_view>> keywords;
  for (const Algorithm& row : algorithms()) {
    INFO(row.keyword);
    CHECK(find(row.type, row.id, row.key_bits) == &row);
    CHECK(find_keyword(row.type, row.keyword) == &row);
    CHECK(keywords.emplace(static_cast<int>(row.type), row.keyword).second);
    CHECK_FALSE(row.name.empty());
    CHECK_FALSE(row.rfc.empty());
  }
}

TEST_CASE("crypto registry: what is not there is not found", "[crypto]") {
  CHECK(find(TransformType::encr, 3) == nullptr);       // ENCR_3DES
  CHECK(find(TransformType::encr, 20) == nullptr);      // AES-GCM without a key length
  CHECK(find(TransformType::encr, 20, 64) == nullptr);  // ... or with one that AES has not
  CHECK(find(TransformType::prf, 5, 256) == nullptr);   // a PRF has no Key Length attribute
  CHECK(find_keyword(TransformType::encr, "sha256") == nullptr);  // another type's keyword
  CHECK(find_keyword(TransformType::ke, "") == nullptr);
  CHECK(find_keyword(TransformType::ke, "modp6144") == nullptr);
}

TEST_CASE("crypto registry: numbers, sizes and aliases are IANA's and the RFCs'", "[crypto]") {
  struct Expected {
    TransformType type;
    const char* keyword;
    int id, key, salt, iv, icv, output;
  };
  const Expected expected[] = {
      {TransformType::encr, "aes128gcm16", 20, 16, 4, 8, 16, 0},  // RFC 4106, 3, 4, 8.1
      {TransformType::encr, "aes256gcm16", 20, 32, 4, 8, 16, 0},
      {TransformType::encr, "chacha20poly1305", 28, 32, 4, 8, 16, 0},  // RFC 7634, 2
      {TransformType::encr, "aes192", 12, 24, 0, 16, 0, 0},            // RFC 3602, 2
      {TransformType::prf, "prfsha384", 6, 48, 0, 0, 0, 48},           // RFC 4868, 2.1.2
      {TransformType::integ, "sha512", 14, 64, 0, 0, 32, 0},           // RFC 4868, 2.6
      {TransformType::ke, "modp3072", 15, 0, 0, 0, 0, 384},            // RFC 3526, 4
      {TransformType::ke, "ecp521", 21, 0, 0, 0, 0, 132},              // RFC 5903, 7
      {TransformType::ke, "curve25519", 31, 0, 0, 0, 0, 32},           // RFC 8031, 3
      {TransformType::esn, "esn", 1, 0, 0, 0, 0, 0},
  };
  for (const Expected& e : expected) {
    INFO(e.keyword);
    const Algorithm* row = find_keyword(e.type, e.keyword);
    REQUIRE(row != nullptr);
    CHECK(row->id == e.id);
    CHECK(row->key_size == static_cast<std::size_t>(e.key));
    CHECK(row->salt_size == static_cast<std::size_t>(e.salt));
    CHECK(row->iv_size == static_cast<std::size_t>(e.iv));
    CHECK(row->icv_size == static_cast<std::size_t>(e.icv));
    CHECK(row->output_size == static_cast<std::size_t>(e.output));
  }
}

TEST_CASE("crypto registry: signature schemes and their AlgorithmIdentifiers", "[crypto]") {
  using enum SignatureScheme;
  for (SignatureScheme scheme :
       {rsa_pkcs1_sha256, rsa_pkcs1_sha384, rsa_pkcs1_sha512, rsa_pss_sha256, rsa_pss_sha384,
        rsa_pss_sha512, ecdsa_sha256, ecdsa_sha384, ecdsa_sha512, ed25519}) {
    INFO(to_string(scheme));
    const ByteView der = algorithm_identifier(scheme);
    REQUIRE(der.size() > 2);
    CHECK(der[1] == der.size() - 2);  // a SEQUENCE whose length is right
    CHECK(scheme_of_identifier(der) == scheme);
    CHECK(scheme_of_identifier(der.first(der.size() - 1)) == std::nullopt);
  }
  // RFC 7427, A.3.2 and A.1.2; RFC 8420, A
  CHECK(to_hex(algorithm_identifier(ecdsa_sha256)) == "300a06082a8648ce3d040302");
  CHECK(to_hex(algorithm_identifier(rsa_pkcs1_sha256)) == "300d06092a864886f70d01010b0500");
  CHECK(to_hex(algorithm_identifier(ed25519)) == "300506032b6570");
  // With the default trailer field spelled out, as some peers do.
  CHECK(scheme_of_identifier(hex("304606092a864886f70d01010a3039a00f300d06096086480165030402010500"
                                 "a11c301a06092a864886f70d010108300d06096086480165030402010500"
                                 "a203020120a303020101")) == rsa_pss_sha256);
  CHECK(hash_of(ed25519) == HashId::identity);
  CHECK(hash_of(rsa_pss_sha384) == HashId::sha2_384);
}
