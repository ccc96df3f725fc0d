// What the parts of the OpenSSL adapter share with each other, and with nobody else.
#pragma once
#include <map>

#include "protocol/crypto/openssl/handles.hpp"
#include "protocol/crypto/openssl/lent_randomness.hpp"
#include "protocol/crypto/provider.hpp"

namespace ikelab::crypto::openssl {

/// What a provider shares with the keys it made; they keep it alive.
struct Shared {
  OperationCounts counts{};
  void count(Operation operation) { ++counts[static_cast<std::size_t>(operation)]; }
  /// Made when the first private key is: most nodes of a large network need none.
  LentRandomness& randomness();
  /// Fetched once: fetching costs more than a MAC. `name` is a row's `openssl`.
  const EVP_CIPHER* cipher(std::string_view name);
  EVP_MAC* hmac();
  /// An elliptic curve by its row's `openssl` name ("P-256"); kept, as making one is dear.
  const EC_GROUP* curve(std::string_view name);
  /// An X25519 key from its 32 octets, private or public as `parameter` names it.
  Pkey x25519(const char* parameter, ByteView octets);
  /// The one key that peers' public values are put into, one after another: making one anew would
  /// cost a tenth of the exchange.
  EVP_PKEY* x25519_peer(ByteView public_value);

 private:
  std::unique_ptr<LentRandomness> randomness_;
  std::map<std::string, EcGroup, std::less<>> curves_;
  std::map<std::string, Cipher, std::less<>> ciphers_;
  Mac hmac_;
  PkeyCtx x25519_;
  Pkey x25519_peer_;
};

/// A text, an IV or a key of impossible length.
Error bad_length(const Algorithm& algorithm, std::string_view what, std::size_t octets);

Result<std::unique_ptr<PacketCipher>> make_packet_cipher(const std::shared_ptr<Shared>& shared,
                                                         const Algorithm& encr, ByteView key,
                                                         bool encrypt);
Result<std::unique_ptr<PacketMac>> make_packet_mac(const std::shared_ptr<Shared>& shared,
                                                   const Algorithm& integ, ByteView key);

/// "SHA256" for sha2_256; null for identity.
const char* hash_name(HashId hash);

/// A private scalar 1 <= d < order of the curve's group, from `rng` (FIPS 186-5, A.2.2: by
/// testing).
Bn random_scalar(const EC_GROUP* group, Rng& rng);
/// x | y of d times the generator, each padded to the field's length (RFC 5903, 7).
Bytes public_point(const EC_GROUP* group, const BIGNUM* d);

Result<std::unique_ptr<KeyExchange>> make_key_exchange(const std::shared_ptr<Shared>& shared,
                                                       const Algorithm& ke, Rng& rng);
/// ML-KEM, OpenSSL's own (from 3.5 on) or the reference implementation (ml_kem.cpp).
Result<std::unique_ptr<KeyExchange>> make_ml_kem(const std::shared_ptr<Shared>& shared,
                                                 const Algorithm& ke, Rng& rng);
Result<KeyAnswer> answer_ml_kem(const std::shared_ptr<Shared>& shared, const Algorithm& ke,
                                ByteView encapsulation_key, Rng& rng);
Result<std::unique_ptr<PrivateKey>> read_private_key(const std::shared_ptr<Shared>& shared,
                                                     ByteView der);
/// A key from its SubjectPublicKeyInfo; null when it is none, or something follows it.
Pkey decode_public_key(ByteView der);
Result<std::unique_ptr<PublicKey>> read_public_key(const std::shared_ptr<Shared>& shared,
                                                   ByteView der);
/// TLS in the context of lent randomness (tls.cpp).
Result<std::unique_ptr<TlsChannel>> make_tls(const std::shared_ptr<Shared>& shared,
                                             const TlsConfig& config, Rng& rng);
Result<std::unique_ptr<PrivateKey>> make_private_key(const std::shared_ptr<Shared>& shared,
                                                     std::string_view type, Rng& rng);

}  // namespace ikelab::crypto::openssl
