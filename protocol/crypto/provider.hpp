// The one port through which every crypto operation passes, so that it can be counted, timed and
// charged to a node's CPU. protocol/crypto/openssl/ implements it; nothing else includes OpenSSL.
#pragma once
#include <array>
#include <memory>

#include "protocol/base/secret.hpp"
#include "protocol/crypto/algorithm.hpp"
#include "protocol/crypto/packet_cipher.hpp"
#include "protocol/crypto/rng.hpp"
#include "protocol/crypto/tls.hpp"

namespace ikelab::crypto {

/// RFC 7427, 2 / IANA "IKEv2 Hash Algorithms".
enum class HashId : std::uint16_t {
  sha1 = 1,
  sha2_256 = 2,
  sha2_384 = 3,
  sha2_512 = 4,
  identity = 5
};

/// What signs an AUTH payload by RFC 7427: the DER AlgorithmIdentifier says which.
enum class SignatureScheme {
  rsa_pkcs1_sha256,
  rsa_pkcs1_sha384,
  rsa_pkcs1_sha512,
  rsa_pss_sha256,
  rsa_pss_sha384,
  rsa_pss_sha512,
  ecdsa_sha256,
  ecdsa_sha384,
  ecdsa_sha512,
  ed25519,
  rsa_pkcs1_sha1  ///< only of AUTH method 1 (RFC 7296, 3.8), with peers that know no other
};
std::string_view to_string(SignatureScheme scheme);  ///< "ECDSA with SHA-256"
/// DER AlgorithmIdentifier of RFC 7427, appendix A (RFC 8420 for Ed25519).
ByteView algorithm_identifier(SignatureScheme scheme);
std::optional<SignatureScheme> scheme_of_identifier(ByteView der);
/// The hash the peer must have announced in SIGNATURE_HASH_ALGORITHMS for this scheme (identity for
/// Ed25519).
HashId hash_of(SignatureScheme scheme);

/// One ephemeral key pair. public_value() is the Key Exchange Data of the KE payload (RFC 5903,
/// 8031, 7296 3.4).
class KeyExchange {
 public:
  virtual ~KeyExchange() = default;
  [[nodiscard]] virtual const Bytes& public_value() const = 0;
  /// The tests of RFC 6989 on a peer's public value, which cost little: wrong length, point not on
  /// the curve, 0, 1, p-1; of X25519 a point of low order. Errors: E-CRYPTO-KE.
  [[nodiscard]] virtual Result<void> check(ByteView peer_public) const = 0;
  /// The shared secret g^ir in the form the RFC puts into prf. Errors: E-CRYPTO-KE as check(), and
  /// an all-zero X25519 output.
  virtual Result<Secret> derive(ByteView peer_public) = 0;
};

/// What the responder of a key exchange sends, and the secret that came of it.
struct KeyAnswer {
  Bytes public_value;  ///< a KEM's ciphertext, otherwise a public value of its own
  Secret shared;
};

/// An RSA public key's modulus and exponent, big-endian without leading zeros.
struct RsaNumbers {
  Bytes n, e;
};

class PublicKey {
 public:
  virtual ~PublicKey() = default;
  /// Nothing for other kinds of keys.
  [[nodiscard]] virtual std::optional<RsaNumbers> rsa_numbers() const = 0;
  /// RSA's bare operation, block^e mod n; block has as many octets as the modulus. IKEv1 verifies
  /// and encrypts with it (RFC 2409, 5.1 and 5.2). Errors: E-CRYPTO-RSA.
  virtual Result<Bytes> rsa_bare(ByteView block) const = 0;
  [[nodiscard]] virtual std::string_view type() const = 0;  ///< "RSA", "EC P-256", "Ed25519"
  [[nodiscard]] virtual bool supports(SignatureScheme scheme) const = 0;
  /// Errors: E-CRYPTO-SIG when the signature does not verify.
  virtual Result<void> verify(SignatureScheme scheme, ByteView data, ByteView signature) const = 0;
};

class PrivateKey {
 public:
  virtual ~PrivateKey() = default;
  /// RSA's bare operation, block^d mod n; block has as many octets as the modulus. `rng` blinds it.
  /// Errors: E-CRYPTO-RSA.
  virtual Result<Bytes> rsa_bare(ByteView block, Rng& rng) const = 0;
  [[nodiscard]] virtual std::string_view type() const = 0;
  /// Schemes this key can make, best first.
  [[nodiscard]] virtual std::vector<SignatureScheme> schemes() const = 0;
  /// `rng` feeds ECDSA nonces and PSS salts, so that runs are deterministic.
  virtual Result<Bytes> sign(SignatureScheme scheme, ByteView data, Rng& rng) const = 0;
  [[nodiscard]] virtual Bytes public_key_der() const = 0;    ///< SubjectPublicKeyInfo
  [[nodiscard]] virtual Secret private_key_der() const = 0;  ///< PKCS #8
};

enum class Operation { prf, mac, hash, seal, open, ke_generate, ke_derive, sign, verify, count };
using OperationCounts = std::array<std::uint64_t, static_cast<std::size_t>(Operation::count)>;

class Provider {
 public:
  virtual ~Provider() = default;
  /// prf(key, data) of a PRF row; HMAC takes keys of any length. Output: output_size octets.
  virtual Result<Secret> prf(const Algorithm& prf, ByteView key, ByteView data) = 0;
  /// The truncated MAC of an integ row: icv_size octets. key must be key_size octets.
  virtual Result<Bytes> mac(const Algorithm& integ, ByteView key, ByteView data) = 0;
  virtual Result<Bytes> hash(HashId hash, ByteView data) = 0;
  /// Encrypts. `key` is key | salt as KEYMAT gives it. AEAD: result is ciphertext | tag and aad is
  /// authenticated. Otherwise (CBC): plaintext must be a multiple of block_size and aad must be
  /// empty. `iv` is iv_size octets.
  virtual Result<Bytes> seal(const Algorithm& encr, ByteView key, ByteView iv, ByteView aad,
                             ByteView plaintext) = 0;
  /// The inverse. Errors: E-CRYPTO-ICV when the tag is wrong, E-CRYPTO-LEN for impossible lengths.
  virtual Result<Bytes> open(const Algorithm& encr, ByteView key, ByteView iv, ByteView aad,
                             ByteView ciphertext) = 0;
  /// The key of an SA, scheduled for many packets; each of them is counted. `key` as for seal().
  /// Errors: E-CRYPTO-LEN.
  virtual Result<std::unique_ptr<PacketCipher>> packet_cipher(const Algorithm& encr, ByteView key,
                                                              bool encrypt) = 0;
  /// Errors: E-CRYPTO-LEN.
  virtual Result<std::unique_ptr<PacketMac>> packet_mac(const Algorithm& integ, ByteView key) = 0;
  /// The initiator's side of a key exchange.
  virtual Result<std::unique_ptr<KeyExchange>> key_exchange(const Algorithm& ke, Rng& rng) = 0;
  /// The responder's side: with a KEM it has no key pair, but encapsulates to the initiator's key.
  /// Errors: E-CRYPTO-KE as KeyExchange::derive, and an encapsulation key that fails FIPS 203, 7.2.
  virtual Result<KeyAnswer> answer_key_exchange(const Algorithm& ke, ByteView initiator_public,
                                                Rng& rng) = 0;
  /// DER: PKCS #8 / SubjectPublicKeyInfo. Errors: E-CRYPTO-KEY.
  virtual Result<std::unique_ptr<PrivateKey>> private_key(ByteView der) = 0;
  virtual Result<std::unique_ptr<PublicKey>> public_key(ByteView der) = 0;
  /// "rsa2048", "rsa3072", "p256", "p384", "ed25519", and toys for attacks, "rsa505", "rsa512",
  /// "rsa1024"; deterministic from rng.
  virtual Result<std::unique_ptr<PrivateKey>> generate_key(std::string_view type, Rng& rng) = 0;
  /// What EAP's old methods are made of, and nothing else here: MD4, MD5 (16 octets each), and one
  /// block of DES (legacy.hpp).
  virtual Bytes md4(ByteView data) = 0;
  virtual Bytes md5(ByteView data) = 0;
  virtual Bytes des(ByteView key, ByteView block) = 0;
  /// One side of a TLS connection. Errors: E-CRYPTO-TLS certificate, key or anchors do not serve.
  /// `rng` as in its steps.
  virtual Result<std::unique_ptr<TlsChannel>> tls(const TlsConfig& config, Rng& rng) = 0;
  [[nodiscard]] virtual const OperationCounts& counts() const = 0;
};

/// Who computes ML-KEM here: "OpenSSL 3.5.1", or "ikelab's reference implementation of FIPS 203".
std::string ml_kem_implementation();

/// The OpenSSL implementation. One a node (it keeps counts and contexts); not thread-safe.
std::unique_ptr<Provider> openssl_provider();

}  // namespace ikelab::crypto
