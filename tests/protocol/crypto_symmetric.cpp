// PRF, integrity and encryption transforms against known answers from outside.
#include "protocol/crypto/digest.hpp"
#include "protocol/crypto/provider.hpp"
#include "tests/support/vec.hpp"

using namespace ikelab;
using namespace ikelab::crypto;
using test::read_vec;

namespace {

const Algorithm& row(TransformType type, const std::string& keyword) {
  const Algorithm* found = find_keyword(type, keyword);
  REQUIRE(found != nullptr);
  return *found;
}

void check_cipher_file(const std::string& file) {
  const auto provider = openssl_provider();
  for (const auto& c : read_vec(file)) {
    INFO(c.label());
    Algorithm encr = row(TransformType::encr, c.section);
    if (c.has("salt")) encr.salt_size = std::stoul(c.text("salt"));
    const Bytes aad = c.has("aad") ? c.bytes("aad") : Bytes{};
    const auto opened =
        provider->open(encr, c.bytes("key"), c.bytes("iv"), aad, c.bytes("ciphertext"));
    if (!c.valid()) {
      REQUIRE_FALSE(opened.ok());
      CHECK(opened.error().code == "E-CRYPTO-ICV");
      continue;
    }
    REQUIRE(opened.ok());
    CHECK(to_hex(*opened) == c.text("plaintext"));
    const auto sealed =
        provider->seal(encr, c.bytes("key"), c.bytes("iv"), aad, c.bytes("plaintext"));
    REQUIRE(sealed.ok());
    CHECK(to_hex(*sealed) == c.text("ciphertext"));
  }
}

}  // namespace

TEST_CASE("crypto: AES-GCM, known answers", "[crypto][vectors]") {
  check_cipher_file("aes_gcm.vec");
}
TEST_CASE("crypto: ChaCha20-Poly1305, known answers", "[crypto][vectors]") {
  check_cipher_file("chacha20_poly1305.vec");
}
TEST_CASE("crypto: AES-CCM, known answers", "[crypto][vectors]") {
  check_cipher_file("aes_ccm.vec");
}
TEST_CASE("crypto: AES-CTR, known answers", "[crypto][vectors]") {
  check_cipher_file("aes_ctr.vec");
}
TEST_CASE("crypto: NULL is the identity, RFC 2410's test vectors", "[crypto][vectors]") {
  const auto provider = openssl_provider();
  const Algorithm& null = row(TransformType::encr, "null");
  for (const Bytes& data :
       {hex("0123456789abcdef"),
        to_bytes(as_bytes("Network Security People Have A Strange Sense Of Humor"))}) {
    CHECK(provider->seal(null, {}, {}, {}, data).value() == data);
    CHECK(provider->open(null, {}, {}, {}, data).value() == data);
  }
}
TEST_CASE("crypto: AES-CBC, known answers", "[crypto][vectors]") {
  check_cipher_file("aes_cbc.vec");
}

TEST_CASE("crypto: integrity transforms, known answers of the RFCs", "[crypto][vectors]") {
  const auto provider = openssl_provider();
  for (const auto& c : read_vec("integ_rfc.vec")) {
    INFO(c.label());
    const Algorithm& integ = row(TransformType::integ, c.section);
    CHECK(to_hex(provider->mac(integ, c.bytes("key"), c.bytes("data")).value()) ==
          c.text("output"));
    const auto keyed = provider->packet_mac(integ, c.bytes("key")).value();
    const Bytes data = c.bytes("data");
    for (std::size_t cut = 0; cut <= data.size(); ++cut) {  // in two parts, and again and again
      Bytes icv(integ.icv_size);
      keyed->mac(ByteView(data).first(cut), ByteView(data).subspan(cut), icv);
      if (to_hex(icv) != c.text("output")) FAIL("cut at " << cut);
    }
  }
}

TEST_CASE("crypto: HMAC-SHA2 as PRF and as integrity transform, known answers",
          "[crypto][vectors]") {
  const auto provider = openssl_provider();
  for (const auto& c : read_vec("hmac_sha2.vec")) {
    INFO(c.label());
    std::string output;
    if (c.section.starts_with("prf")) {
      const auto made =
          provider->prf(row(TransformType::prf, c.section), c.bytes("key"), c.bytes("data"));
      REQUIRE(made.ok());
      output = to_hex(made->reveal());
    } else {
      const auto made =
          provider->mac(row(TransformType::integ, c.section), c.bytes("key"), c.bytes("data"));
      REQUIRE(made.ok());
      output = to_hex(*made);
    }
    CHECK((output == c.text("output")) == c.valid());
  }
}

TEST_CASE("crypto: the PRF takes a key of no octets, also after a longer one", "[crypto]") {
  // HMAC with an empty key; the value is in many places, e.g. Wikipedia's article on HMAC.
  const auto provider = openssl_provider();
  const Algorithm& prf = row(TransformType::prf, "prfsha256");
  const auto other = provider->prf(prf, hex("0102"), {});
  const auto empty = provider->prf(prf, {}, {});
  REQUIRE((other.ok() && empty.ok()));
  CHECK(to_hex(empty->reveal()) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  CHECK_FALSE(equal(other->reveal(), empty->reveal()));
}

TEST_CASE("crypto: hashes, FIPS 180 'abc'", "[crypto]") {
  const auto provider = openssl_provider();
  const auto digest = [&](HashId id) {
    return to_hex(provider->hash(id, as_bytes("abc")).value());
  };
  CHECK(digest(HashId::sha1) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(digest(HashId::sha2_256) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest(HashId::sha2_384) ==
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
        "8086072ba1e7cc2358baeca134c825a7");
  CHECK(digest(HashId::sha2_512).substr(0, 32) == "ddaf35a193617abacc417349ae204131");
  CHECK(provider->hash(HashId::identity, as_bytes("abc")).error().code == "E-CRYPTO-ALG");

  const auto incremental = sha256();
  incremental->update(as_bytes("a"));
  incremental->update({});
  incremental->update(as_bytes("bc"));
  CHECK(to_hex(incremental->finish()) == digest(HashId::sha2_256));
}

TEST_CASE("crypto: an AEAD refuses every change and every wrong length", "[crypto]") {
  const auto provider = openssl_provider();
  for (const char* keyword : {"aes128gcm16", "aes192gcm16", "aes256gcm16", "chacha20poly1305"}) {
    INFO(keyword);
    const Algorithm& encr = row(TransformType::encr, keyword);
    const Bytes key(encr.key_size + encr.salt_size, 7), iv(8, 1), aad = hex("0102030405060708");
    const Bytes sealed = provider->seal(encr, key, iv, aad, as_bytes("a tunnel")).value();
    CHECK(sealed.size() == 8 + encr.icv_size);
    CHECK(to_text(provider->open(encr, key, iv, aad, sealed).value()) == "a tunnel");

    const auto code = [&](ByteView k, ByteView i, ByteView a, ByteView c) {
      return provider->open(encr, k, i, a, c).error().code;
    };
    for (std::size_t at = 0; at < sealed.size(); ++at) {
      Bytes changed = sealed;
      changed[at] ^= 0x80;
      CHECK(code(key, iv, aad, changed) == "E-CRYPTO-ICV");
    }
    Bytes other_salt = key, other_iv = iv, other_aad = aad;
    other_salt.back() ^= 1;
    other_iv[0] ^= 1;
    other_aad[0] ^= 1;
    CHECK(code(other_salt, iv, aad, sealed) == "E-CRYPTO-ICV");
    CHECK(code(key, other_iv, aad, sealed) == "E-CRYPTO-ICV");
    CHECK(code(key, iv, other_aad, sealed) == "E-CRYPTO-ICV");
    CHECK(code(key, iv, {}, sealed) == "E-CRYPTO-ICV");
    CHECK(code(key, iv, aad, ByteView(sealed).first(15)) == "E-CRYPTO-LEN");
    CHECK(code(key, iv, aad, {}) == "E-CRYPTO-LEN");
    CHECK(code(ByteView(key).first(encr.key_size), iv, aad, sealed) == "E-CRYPTO-LEN");
    CHECK(code(key, ByteView(iv).first(7), aad, sealed) == "E-CRYPTO-LEN");
    // The context is reused: after all the refusals it still opens what is right.
    CHECK(provider->open(encr, key, iv, aad, sealed).ok());
  }
}

TEST_CASE("crypto: CBC takes whole blocks only, and no additional data", "[crypto]") {
  const auto provider = openssl_provider();
  const Algorithm& cbc = row(TransformType::encr, "aes128");
  const Bytes key(16), iv(16), block(16), odd(17);
  CHECK(provider->seal(cbc, key, iv, {}, odd).error().code == "E-CRYPTO-LEN");
  CHECK(provider->open(cbc, key, iv, {}, odd).error().code == "E-CRYPTO-LEN");
  CHECK(provider->seal(cbc, key, iv, block, block).error().code == "E-CRYPTO-LEN");
  CHECK(provider->seal(cbc, key, Bytes(8), {}, block).error().code == "E-CRYPTO-LEN");
  CHECK(provider->seal(cbc, key, iv, {}, block).value().size() == 16);
  const Algorithm& integ = row(TransformType::integ, "sha256");
  CHECK(provider->mac(integ, Bytes(31), block).error().code == "E-CRYPTO-LEN");
}

TEST_CASE("crypto: every operation is counted, each under its name", "[crypto]") {
  const auto provider = openssl_provider();
  const auto rng = seeded_rng(1, "test")->stream("counts");
  const Algorithm& gcm = row(TransformType::encr, "aes128gcm16");
  const Bytes key(20), iv(8);
  (void)provider->prf(row(TransformType::prf, "prfsha256"), key, iv);
  (void)provider->mac(row(TransformType::integ, "sha256"), Bytes(32), iv);
  (void)provider->hash(HashId::sha1, iv);
  const Bytes sealed = provider->seal(gcm, key, iv, {}, {}).value();
  CHECK(provider->open(gcm, key, iv, {}, sealed).value().empty());
  auto exchange = provider->key_exchange(row(TransformType::ke, "x25519"), *rng).value();
  CHECK(exchange->derive(exchange->public_value()).ok());
  const auto signer = provider->generate_key("ed25519", *rng).value();
  const Bytes signature = signer->sign(SignatureScheme::ed25519, iv, *rng).value();
  const auto verifier = provider->public_key(signer->public_key_der()).value();
  CHECK(verifier->verify(SignatureScheme::ed25519, iv, signature).ok());
  for (std::uint64_t count : provider->counts()) CHECK(count == 1);
}
