// The floor: OpenSSL alone. Public keys and certificates of peers come as octets, as they do from
// the wire.
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>

#include "protocol/base/result.hpp"
#include "tests/bench/bench.hpp"

namespace ikelab::bench {
namespace {

void must(bool done) {
  IKELAB_ASSERT(done);
}

/// Two sides make a key pair each and derive. OpenSSL does not validate the peer's value here,
/// which for a MODP group would cost more than all the rest.
void key_exchange(EVP_PKEY_CTX* generator) {
  EVP_PKEY *a = nullptr, *b = nullptr;
  must(EVP_PKEY_generate(generator, &a) == 1 && EVP_PKEY_generate(generator, &b) == 1);
  for (auto [own, peer] : {std::pair(a, b), std::pair(b, a)}) {
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_pkey(nullptr, own, nullptr);
    std::array<unsigned char, 256> secret{};
    std::size_t size = secret.size();
    must(EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer_ex(context, peer, 0) == 1 &&
         EVP_PKEY_derive(context, secret.data(), &size) == 1);
    EVP_PKEY_CTX_free(context);
  }
  EVP_PKEY_free(a);
  EVP_PKEY_free(b);
}

EVP_PKEY_CTX* generator_of(const std::string& ke) {
  const bool modp = ke == "modp2048", ecp = ke == "ecp256";
  EVP_PKEY_CTX* out = EVP_PKEY_CTX_new_from_name(nullptr,
                                                 modp  ? "DH"
                                                 : ecp ? "EC"
                                                       : "X25519",
                                                 nullptr);
  must(out != nullptr && EVP_PKEY_keygen_init(out) == 1);
  char modp_name[] = "modp_2048", ecp_name[] = "P-256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, modp ? modp_name : ecp_name, 0),
      OSSL_PARAM_construct_end()};
  if (modp || ecp) must(EVP_PKEY_CTX_set_params(out, parameters) == 1);
  return out;
}

constexpr std::size_t message_octets = 250;  // of an IKE_AUTH message's plaintext

}  // namespace

struct Floor::Operations {
  Kind kind;
  EVP_PKEY_CTX* generator;
  EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MAC_CTX* mac = EVP_MAC_CTX_new(hmac);
  EVP_CIPHER_CTX* cipher = EVP_CIPHER_CTX_new();
  EVP_CIPHER* gcm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  EVP_PKEY* key = nullptr;
  Bytes certificate = {};

  void choose_digest() {
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    must(EVP_MAC_CTX_set_params(mac, parameters) == 1);
  }

  void prf(unsigned times) {
    const std::array<unsigned char, 32> secret{};
    const std::array<unsigned char, 96> data{};
    std::array<unsigned char, 32> out{};
    std::size_t size = 0;
    for (unsigned i = 0; i < times; ++i)
      must(EVP_MAC_init(mac, secret.data(), secret.size(), nullptr) == 1 &&
           EVP_MAC_update(mac, data.data(), data.size()) == 1 &&
           EVP_MAC_final(mac, out.data(), &size, out.size()) == 1);
  }

  void seal_and_open() {
    const std::array<unsigned char, 32> secret{};
    const std::array<unsigned char, 12> iv{};
    std::array<unsigned char, message_octets> text{};
    std::array<unsigned char, 16> tag{};
    int size = 0;
    must(EVP_EncryptInit_ex2(cipher, gcm, secret.data(), iv.data(), nullptr) == 1 &&
         EVP_EncryptUpdate(cipher, text.data(), &size, text.data(), text.size()) == 1 &&
         EVP_EncryptFinal_ex(cipher, text.data(), &size) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, tag.data()) == 1);
    must(EVP_DecryptInit_ex2(cipher, gcm, secret.data(), iv.data(), nullptr) == 1 &&
         EVP_DecryptUpdate(cipher, text.data(), &size, text.data(), text.size()) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, 16, tag.data()) == 1 &&
         EVP_DecryptFinal_ex(cipher, text.data(), &size) == 1);
  }

  static void pss(EVP_PKEY_CTX* context) {
    must(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
  }

  /// One side signs; the other parses and verifies the certificate, then the signature.
  void sign_and_verify() {
    const std::array<unsigned char, 400> octets{};
    std::array<unsigned char, 512> signature{};
    std::size_t size = signature.size();
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* parameters = nullptr;
    must(EVP_DigestSignInit_ex(context, &parameters, "SHA256", nullptr, nullptr, key, nullptr) ==
         1);
    if (kind.auth == Auth::rsa) pss(parameters);
    must(EVP_DigestSign(context, signature.data(), &size, octets.data(), octets.size()) == 1);
    const unsigned char* at = certificate.data();
    X509* read = d2i_X509(nullptr, &at, static_cast<long>(certificate.size()));
    must(read != nullptr && X509_verify(read, key) == 1);
    EVP_MD_CTX_reset(context);
    must(EVP_DigestVerifyInit_ex(context, &parameters, "SHA256", nullptr, nullptr,
                                 X509_get0_pubkey(read), nullptr) == 1);
    if (kind.auth == Auth::rsa) pss(parameters);
    must(EVP_DigestVerify(context, signature.data(), size, octets.data(), octets.size()) == 1);
    X509_free(read);
    EVP_MD_CTX_free(context);
  }

  /// Signed by itself: the verification costs what a CA's signature by the same kind of key costs.
  void make_certificate() {
    key = kind.auth == Auth::rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    X509* made = X509_new();
    must(X509_set_version(made, 2) == 1 && X509_set_pubkey(made, key) == 1 &&
         ASN1_INTEGER_set(X509_get_serialNumber(made), 1) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(made), 0) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(made), 86'400) != nullptr &&
         X509_sign(made, key, EVP_sha256()) > 0);
    unsigned char* der = nullptr;
    const int size = i2d_X509(made, &der);
    certificate.assign(der, der + size);
    OPENSSL_free(der);
    X509_free(made);
  }

  ~Operations() {
    EVP_PKEY_CTX_free(generator);
    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(hmac);
    EVP_CIPHER_CTX_free(cipher);
    EVP_CIPHER_free(gcm);
    EVP_PKEY_free(key);
  }
};

Floor::Floor(const Kind& kind)
    : operations_(new Operations{.kind = kind, .generator = generator_of(kind.ke)}) {
  operations_->choose_digest();
  if (kind.auth != Auth::psk) operations_->make_certificate();
}
Floor::~Floor() = default;

void Floor::run() {
  Operations& o = *operations_;
  key_exchange(o.generator);
  // Each side: SKEYSEED 1, prf+ for 168 octets 6, KEYMAT for 72 octets 3, MACedID 1 for each AUTH;
  // with a shared key 2 more for each AUTH (RFC 7296, 2.14, 2.15, 2.17).
  o.prf(o.kind.auth == Auth::psk ? 32 : 24);
  for (int message = 0; message < 2; ++message) o.seal_and_open();
  if (o.kind.auth == Auth::psk) return;
  for (int side = 0; side < 2; ++side) o.sign_and_verify();
}

}  // namespace ikelab::bench
