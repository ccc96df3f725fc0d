// ML-KEM (FIPS 203) against known answers; SHA-3 beneath it.
#include "protocol/crypto/keccak.hpp"
#include "protocol/crypto/ml_kem.hpp"
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

/// The vectors of `kind` whose values are long hold SHA3-256 of them instead.
std::string sha3(ByteView data) {
  Keccak hash = sha3_256();
  hash.absorb(data);
  return to_hex(hash.squeeze(32));
}

}  // namespace

TEST_CASE("crypto: SHA-3 and SHAKE, known answers", "[crypto][vectors][mlkem]") {
  const auto digest = [](Keccak hash, std::string_view text, std::size_t octets) {
    hash.absorb(as_bytes(text));
    return to_hex(hash.squeeze(octets));
  };
  // NIST, "Cryptographic Standards and Guidelines: example values" (SHA3-256, SHA3-512), and the
  // empty message of SHAKE128 and SHAKE256
  CHECK(digest(sha3_256(), "abc", 32) ==
        "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
  CHECK(digest(sha3_512(), "abc", 64) ==
        "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
        "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0");
  CHECK(digest(shake128(), "", 32) ==
        "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
  CHECK(digest(shake256(), "", 32) ==
        "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f");
  // Squeezed in pieces it is the same.
  Keccak pieces = shake128();
  Bytes out = pieces.squeeze(200);
  const Bytes more = pieces.squeeze(300);
  out.insert(out.end(), more.begin(), more.end());
  CHECK(out == shake128().squeeze(500));
}

TEST_CASE("crypto: ML-KEM, known answers of key generation and decapsulation",
          "[crypto][vectors][mlkem]") {
  for (const auto& c : read_vec("ml_kem.vec")) {
    INFO(c.label());
    const auto& p = *ml_kem::parameters_of(method(c.section).id);
    if (c.has("seed")) {
      const ml_kem::KeyPair pair = ml_kem::generate(p, Secret(c.bytes("seed")));
      CHECK(sha3(pair.encapsulation_key) == c.text("ek_sha3"));
      if (c.has("dk_sha3")) CHECK(sha3(pair.decapsulation_key.reveal()) == c.text("dk_sha3"));
      if (!c.has("c")) continue;
      const auto shared = ml_kem::decapsulate(p, pair.decapsulation_key, c.bytes("c"));
      REQUIRE(shared.ok() == c.valid());
      if (shared.ok()) CHECK(to_hex(shared->reveal()) == c.text("K"));
    } else {
      const auto made = ml_kem::encapsulate(p, c.bytes("ek"), Secret(c.bytes("m")));
      REQUIRE(made.ok() == c.valid());
      if (!made.ok()) {
        CHECK(made.error().code == "E-CRYPTO-KE");
        continue;
      }
      CHECK(sha3(made->ciphertext) == c.text("c_sha3"));
      CHECK(to_hex(made->shared.reveal()) == c.text("K"));
    }
  }
}

TEST_CASE("crypto: the provider's ML-KEM gives the known answers too, whoever computes it",
          "[crypto][vectors][mlkem]") {
  const auto provider = openssl_provider();
  CAPTURE(ml_kem_implementation());
  for (const auto& c : read_vec("ml_kem.vec")) {
    INFO(c.label());
    if (c.has("seed")) {
      FixedRng rng(c.bytes("seed"));
      const auto pair = provider->key_exchange(method(c.section), rng).value();
      CHECK(rng.drawn() == ml_kem::seed_octets);
      CHECK(sha3(pair->public_value()) == c.text("ek_sha3"));
      if (!c.has("c")) continue;
      const auto shared = pair->derive(c.bytes("c"));
      REQUIRE(shared.ok() == c.valid());
      if (shared.ok()) CHECK(to_hex(shared->reveal()) == c.text("K"));
    } else {
      FixedRng rng(c.bytes("m"));
      const auto answer = provider->answer_key_exchange(method(c.section), c.bytes("ek"), rng);
      REQUIRE(answer.ok() == c.valid());
      if (!answer.ok()) continue;
      CHECK(sha3(answer->public_value) == c.text("c_sha3"));
      CHECK(to_hex(answer->shared.reveal()) == c.text("K"));
    }
  }
}

TEST_CASE("crypto: ML-KEM, two sides agree; a changed ciphertext gives another secret",
          "[crypto][mlkem]") {
  const auto provider = openssl_provider();
  const auto rng = seeded_rng(7, "test")->stream("ml-kem");
  for (const char* keyword : {"mlkem512", "mlkem768", "mlkem1024"}) {
    INFO(keyword);
    const Algorithm& ke = method(keyword);
    const auto own = provider->key_exchange(ke, *rng).value();
    CHECK(own->public_value().size() == ke.output_size);
    auto answer = provider->answer_key_exchange(ke, own->public_value(), *rng).value();
    CHECK(answer.public_value.size() == ke.answer_size);
    CHECK(equal(own->derive(answer.public_value).value().reveal(), answer.shared.reveal()));
    answer.public_value[100] ^= 1;
    const auto other = own->derive(answer.public_value);
    REQUIRE(other.ok());  // implicit rejection (FIPS 203, 6.3)
    CHECK_FALSE(equal(other->reveal(), answer.shared.reveal()));
    answer.public_value.pop_back();
    CHECK(own->derive(answer.public_value).error().code == "E-CRYPTO-KE");
  }
}
