// What certificates, CRLs and OCSP responses have in common when they are issued.
#include "protocol/crypto/openssl/x509.hpp"
#include "protocol/pki/der.hpp"

namespace ikelab::pki {

using namespace crypto::openssl;

Bytes extension(std::string_view oid_hex, bool critical, ByteView content) {
  const Bytes flag = critical ? der::boolean(true) : Bytes{};
  return der::sequence({hex(oid_hex), flag, der::value(der::tag_octet_string, content)});
}

Result<Bytes> key_identifier(ByteView public_key_der) {
  const unsigned char* at = public_key_der.data();
  const Handle<X509_PUBKEY, X509_PUBKEY_free> key(
      d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(public_key_der.size())));
  const unsigned char* bits = nullptr;
  int size = 0;
  if (!key || X509_PUBKEY_get0_param(nullptr, &bits, &size, nullptr, key.get()) != 1)
    return failure("E-PKI-003", "the subject's public key is not a SubjectPublicKeyInfo",
                   "RFC 5280, 4.1");
  Bytes out(20);
  IKELAB_ASSERT(EVP_Digest(bits, static_cast<std::size_t>(size), out.data(), nullptr, EVP_sha1(),
                           nullptr) == 1);
  return out;
}

namespace {
crypto::SignatureScheme scheme_of(const crypto::PrivateKey& key) {
  return key.type() == "RSA" ? crypto::SignatureScheme::rsa_pkcs1_sha256 : key.schemes().front();
}
}  // namespace

ByteView signature_algorithm(const crypto::PrivateKey& key) {
  return crypto::algorithm_identifier(scheme_of(key));
}

Result<Bytes> signed_der(ByteView to_be_signed, const crypto::PrivateKey& key, crypto::Rng& rng,
                         ByteView rest) {
  IKELAB_TRY(const Bytes signature, key.sign(scheme_of(key), to_be_signed, rng));
  return der::sequence({to_be_signed, signature_algorithm(key), der::bit_string(signature), rest});
}

}  // namespace ikelab::pki
