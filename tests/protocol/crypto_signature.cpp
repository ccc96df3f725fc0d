// Signatures: verification against known answers, and signing that depends on nothing but the key,
// the data and the stream it is given.
#include "protocol/crypto/provider.hpp"
#include "tests/support/fixed_rng.hpp"
#include "tests/support/vec.hpp"

using namespace ikelab;
using namespace ikelab::crypto;
using test::read_vec;

namespace {

SignatureScheme scheme_called(const std::string& section) {
  static const std::map<std::string, SignatureScheme> schemes = {
      {"ecdsa_sha256", SignatureScheme::ecdsa_sha256},
      {"ed25519", SignatureScheme::ed25519},
      {"rsa_pkcs1_sha256", SignatureScheme::rsa_pkcs1_sha256},
      {"rsa_pss_sha256", SignatureScheme::rsa_pss_sha256}};
  return schemes.at(section);
}

void check_file(const std::string& file) {
  const auto provider = openssl_provider();
  std::size_t refused = 0;
  for (const auto& c : read_vec(file)) {
    INFO(c.label());
    const auto key = provider->public_key(c.bytes("public_key")).value();
    const auto verified =
        key->verify(scheme_called(c.section), c.bytes("data"), c.bytes("signature"));
    CHECK(verified.ok() == c.valid());
    if (verified.ok()) continue;
    CHECK(verified.error().code == "E-CRYPTO-SIG");
    ++refused;
  }
  CHECK(refused > 0);  // the sample holds invalid cases
}

std::unique_ptr<Rng> stream(std::string_view purpose) {
  return seeded_rng(42, "gw-a")->stream(purpose);
}

}  // namespace

TEST_CASE("crypto: ECDSA, known answers", "[crypto][vectors]") {
  check_file("ecdsa.vec");
}
TEST_CASE("crypto: Ed25519, known answers", "[crypto][vectors]") {
  check_file("ed25519.vec");
}
TEST_CASE("crypto: RSA PKCS #1 v1.5 and PSS, known answers", "[crypto][vectors]") {
  check_file("rsa.vec");
}

TEST_CASE("crypto: every key signs with every scheme of its own, and only with those",
          "[crypto][determinism]") {
  struct Kind {
    const char *type, *name;
    std::size_t schemes;
  };
  const Kind kinds[] = {{"p256", "EC P-256", 3},
                        {"p384", "EC P-384", 3},
                        {"ed25519", "Ed25519", 1},
                        {"rsa2048", "RSA", 7}};
  const auto provider = openssl_provider();
  const Bytes data = hex("00112233"), other = hex("00112234");
  for (const Kind& kind : kinds) {
    INFO(kind.type);
    const auto key = provider->generate_key(kind.type, *stream("key")).value();
    CHECK(key->type() == kind.name);
    CHECK(key->schemes().size() == kind.schemes);
    const auto verifier = provider->public_key(key->public_key_der()).value();
    CHECK(verifier->type() == kind.name);
    // A second key object from the first one's PKCS #8, with a provider of its own.
    const auto second_provider = openssl_provider();
    const auto second = second_provider->private_key(key->private_key_der().reveal()).value();
    CHECK(second->public_key_der() == key->public_key_der());

    for (SignatureScheme scheme : key->schemes()) {
      INFO(to_string(scheme));
      CHECK(verifier->supports(scheme));
      const Bytes signature = key->sign(scheme, data, *stream("sign")).value();
      CHECK(verifier->verify(scheme, data, signature).ok());
      CHECK_FALSE(verifier->verify(scheme, other, signature).ok());
      CHECK(key->sign(scheme, data, *stream("sign")).value() == signature);
      CHECK(second->sign(scheme, data, *stream("sign")).value() == signature);
      // Another stream makes another signature where the scheme has randomness at all.
      const bool random = scheme != SignatureScheme::ed25519 &&
                          to_string(scheme).find("PKCS #1") == std::string_view::npos;
      CHECK((key->sign(scheme, data, *stream("other")).value() != signature) == random);
    }
    const auto foreign =
        key->type() == "RSA" ? SignatureScheme::ecdsa_sha256 : SignatureScheme::rsa_pss_sha256;
    CHECK_FALSE(verifier->supports(foreign));
    CHECK(key->sign(foreign, data, *stream("sign")).error().code == "E-CRYPTO-SIG");
    CHECK(verifier->verify(foreign, data, Bytes(64)).error().code == "E-CRYPTO-SIG");
  }
}

TEST_CASE("crypto: a signature takes 32 octets of the stream, whatever OpenSSL draws",
          "[crypto][determinism]") {
  const auto provider = openssl_provider();
  for (const char* type : {"p256", "p384", "ed25519", "rsa2048"}) {
    INFO(type);
    const auto key = provider->generate_key(type, *stream("key")).value();
    for (int use = 0; use < 3; ++use) {  // RSA blinds the first use differently from the next
      test::FixedRng rng(Bytes(64, 5));
      CHECK(key->sign(key->schemes().front(), hex("01"), rng).ok());
      CHECK(rng.drawn() == 32);
    }
  }
}

TEST_CASE("crypto: generated keys depend on the stream alone", "[crypto][determinism]") {
  for (const char* type : {"p256", "p384", "ed25519", "rsa2048"}) {
    INFO(type);
    const auto make = [&](std::string_view purpose) {
      return to_hex(openssl_provider()
                        ->generate_key(type, *stream(purpose))
                        .value()
                        ->private_key_der()
                        .reveal());
    };
    const std::string first = make("key");
    CHECK(make("key") == first);
    CHECK(make("another key") != first);
  }
}

TEST_CASE("crypto: keys and signatures are the same with every OpenSSL", "[crypto][determinism]") {
  // Not known answers but fingerprints, of OpenSSL 3.0.22 and of 3.5.9: what makes a run with
  // certificates the same on Debian 12 and 13. SHA-256, its first eight octets.
  struct Pinned {
    const char *type, *key, *signature;
  };
  const Pinned pins[] = {{"p256", "4371839d07e53bbe", "b844def61ec939bd"},
                         {"p384", "d923e71a8ddede46", "87021926dfababf2"},
                         {"ed25519", "c447c53c75a86107", "bb876eb61a7705d9"},
                         {"rsa2048", "48db1edaef4aaa17", "8892b57b60f5a4cc"}};
  const auto provider = openssl_provider();
  const auto digest = [&](ByteView octets) {
    return to_hex(provider->hash(HashId::sha2_256, octets).value()).substr(0, 16);
  };
  for (const Pinned& pin : pins) {
    INFO(pin.type);
    const auto key = provider->generate_key(pin.type, *stream("key")).value();
    CHECK(digest(key->public_key_der()) == pin.key);
    const auto signature = key->sign(key->schemes().front(), as_bytes("same"), *stream("sign"));
    CHECK(digest(signature.value()) == pin.signature);
  }
}

TEST_CASE("crypto: what is not a key is refused", "[crypto]") {
  const auto provider = openssl_provider();
  const auto key = provider->generate_key("p256", *stream("key")).value();
  Bytes longer = key->public_key_der();
  longer.push_back(0);
  CHECK(provider->public_key(longer).error().code == "E-CRYPTO-KEY");
  CHECK(provider->public_key({}).error().code == "E-CRYPTO-KEY");
  CHECK(provider->public_key(key->private_key_der().reveal()).error().code == "E-CRYPTO-KEY");
  CHECK(provider->private_key(key->public_key_der()).error().code == "E-CRYPTO-KEY");
  CHECK(provider->private_key(hex("300506032b6570")).error().code == "E-CRYPTO-KEY");
  CHECK(provider->generate_key("p512", *stream("key")).error().code == "E-CRYPTO-KEY");
  // An X25519 key is a key, but none that signs (RFC 8410, 10.1 with another OID).
  CHECK(provider
            ->public_key(hex("302a300506032b656e03210019bf44096984cdfe8541bac167dc3b96"
                             "c85086aa30b6b6cb0c5c38ad703166e1"))
            .error()
            .code == "E-CRYPTO-KEY");
}

TEST_CASE("crypto: a public key is all of its octets", "[crypto]") {
  const auto provider = openssl_provider();
  for (const char* type : {"p256", "p384", "ed25519", "rsa2048"}) {
    INFO(type);
    const auto own = provider->generate_key(type, *stream("key")).value();
    const Bytes der = own->public_key_der();
    const auto scheme = own->schemes().front();
    const Bytes signature = own->sign(scheme, as_bytes("data"), *stream("sign")).value();
    const auto read = provider->public_key(der);
    REQUIRE(read.ok());
    CHECK((*read)->type() == own->type());
    CHECK((*read)->verify(scheme, as_bytes("data"), signature).ok());
    for (std::size_t size = 0; size < der.size(); ++size)
      CHECK_FALSE(provider->public_key(ByteView(der).first(size)).ok());
    // No changed octet makes another key that verifies.
    for (std::size_t i = 0; i < der.size(); i += 7) {
      Bytes changed = der;
      changed[i] ^= 0x40;
      const auto other = provider->public_key(changed);
      CHECK((!other.ok() || !(*other)->verify(scheme, as_bytes("data"), signature).ok()));
    }
  }
}
