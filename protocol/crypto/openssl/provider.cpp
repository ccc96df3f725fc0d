// The OpenSSL implementation of the crypto port. Every operation of the protocol passes here, and
// is counted here. Algorithms are fetched once and contexts reused: fetching costs more than a MAC.
#include <limits>

#include "protocol/crypto/legacy.hpp"
#include "protocol/crypto/openssl/internal.hpp"

namespace ikelab::crypto {
namespace openssl {

LentRandomness& Shared::randomness() {
  if (!randomness_) randomness_ = std::make_unique<LentRandomness>();
  return *randomness_;
}

const EC_GROUP* Shared::curve(std::string_view name) {
  const auto known = curves_.find(name);
  if (known != curves_.end()) return known->second.get();
  const std::string text(name);
  EcGroup group(EC_GROUP_new_by_curve_name(EC_curve_nist2nid(text.c_str())));
  IKELAB_ASSERT(group != nullptr);
  return curves_.emplace(text, std::move(group)).first->second.get();
}

const EVP_CIPHER* Shared::cipher(std::string_view name) {
  const auto known = ciphers_.find(name);
  if (known != ciphers_.end()) return known->second.get();
  const std::string text(name);
  Cipher fetched(EVP_CIPHER_fetch(nullptr, text.c_str(), nullptr));
  IKELAB_ASSERT(fetched != nullptr);
  return ciphers_.emplace(text, std::move(fetched)).first->second.get();
}

EVP_MAC* Shared::hmac() {
  if (!hmac_) hmac_.reset(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  IKELAB_ASSERT(hmac_ != nullptr);
  return hmac_.get();
}

Error bad_length(const Algorithm& algorithm, std::string_view what, std::size_t octets) {
  return failure("E-CRYPTO-LEN", std::string(algorithm.name) + ": " + std::string(what) + " of " +
                                     std::to_string(octets) + " octets");
}

const char* hash_name(HashId hash) {
  switch (hash) {
    case HashId::sha1:
      return "SHA1";
    case HashId::sha2_256:
      return "SHA256";
    case HashId::sha2_384:
      return "SHA384";
    case HashId::sha2_512:
      return "SHA512";
    case HashId::identity:
      return nullptr;
  }
  return nullptr;
}

namespace {

class OpensslProvider : public Provider {
 public:
  Result<Secret> prf(const Algorithm& prf, ByteView key, ByteView data) override {
    IKELAB_ASSERT(prf.type == TransformType::prf);
    shared_->count(Operation::prf);
    return Secret(hmac(prf, key, data));
  }

  Result<Bytes> mac(const Algorithm& integ, ByteView key, ByteView data) override {
    IKELAB_ASSERT(integ.type == TransformType::integ);
    shared_->count(Operation::mac);
    if (key.size() != integ.key_size) return bad_length(integ, "a key", key.size());
    Bytes out = hmac(integ, key, data);
    out.resize(integ.icv_size);
    return out;
  }

  Result<Bytes> hash(HashId hash, ByteView data) override {
    shared_->count(Operation::hash);
    const char* name = hash_name(hash);
    if (name == nullptr)
      return failure("E-CRYPTO-ALG", "the identity hash has no digest", "RFC 8420, 2");
    Md& md = hashes_[hash];
    if (!md) md.reset(EVP_MD_fetch(nullptr, name, nullptr));
    IKELAB_ASSERT(md != nullptr);
    Bytes out(static_cast<std::size_t>(EVP_MD_get_size(md.get())));
    IKELAB_ASSERT(EVP_Digest(data.data(), data.size(), out.data(), nullptr, md.get(), nullptr) ==
                  1);
    return out;
  }

  // IKE's messages are few: each schedules its key anew (a context a key would cost more memory).
  Result<Bytes> seal(const Algorithm& encr, ByteView key, ByteView iv, ByteView aad,
                     ByteView plaintext) override {
    IKELAB_CHECK(check_lengths(encr, iv, aad, plaintext));
    IKELAB_TRY(const auto cipher, make_packet_cipher(shared_, encr, key, true));
    Bytes out = to_bytes(plaintext);
    out.resize(plaintext.size() + encr.icv_size);
    const std::span<std::uint8_t> all(out);
    cipher->seal(iv, aad, {}, all.first(plaintext.size()), all.subspan(plaintext.size()));
    return out;
  }

  Result<Bytes> open(const Algorithm& encr, ByteView key, ByteView iv, ByteView aad,
                     ByteView ciphertext) override {
    if (ciphertext.size() < encr.icv_size)
      return bad_length(encr, "a ciphertext with its tag", ciphertext.size());
    const ByteView body = ciphertext.first(ciphertext.size() - encr.icv_size);
    IKELAB_CHECK(check_lengths(encr, iv, aad, body));
    IKELAB_TRY(const auto cipher, make_packet_cipher(shared_, encr, key, false));
    Bytes out(body.size());
    if (!cipher->open(iv, aad, body, out, ciphertext.subspan(body.size())))
      return failure("E-CRYPTO-ICV", std::string(encr.name) + ": the tag does not match");
    return out;
  }

  Result<std::unique_ptr<PacketCipher>> packet_cipher(const Algorithm& encr, ByteView key,
                                                      bool encrypt) override {
    return make_packet_cipher(shared_, encr, key, encrypt);
  }
  Result<std::unique_ptr<PacketMac>> packet_mac(const Algorithm& integ, ByteView key) override {
    return make_packet_mac(shared_, integ, key);
  }

  Result<std::unique_ptr<KeyExchange>> key_exchange(const Algorithm& ke, Rng& rng) override {
    return make_key_exchange(shared_, ke, rng);
  }
  Result<KeyAnswer> answer_key_exchange(const Algorithm& ke, ByteView initiator_public,
                                        Rng& rng) override {
    if (ke.answer_size != 0) return answer_ml_kem(shared_, ke, initiator_public, rng);
    IKELAB_TRY(const auto own, make_key_exchange(shared_, ke, rng));
    IKELAB_TRY(Secret shared, own->derive(initiator_public));
    return KeyAnswer{own->public_value(), std::move(shared)};
  }
  Result<std::unique_ptr<PrivateKey>> private_key(ByteView der) override {
    return read_private_key(shared_, der);
  }
  Result<std::unique_ptr<PublicKey>> public_key(ByteView der) override {
    return read_public_key(shared_, der);
  }
  Result<std::unique_ptr<PrivateKey>> generate_key(std::string_view type, Rng& rng) override {
    return make_private_key(shared_, type, rng);
  }
  Bytes md4(ByteView data) override {
    shared_->count(Operation::hash);
    return crypto::md4(data);
  }
  Bytes md5(ByteView data) override {
    shared_->count(Operation::hash);
    Bytes out(16);
    IKELAB_ASSERT(EVP_Digest(data.data(), data.size(), out.data(), nullptr, EVP_md5(), nullptr) ==
                  1);
    return out;
  }
  Bytes des(ByteView key, ByteView block) override {
    shared_->count(Operation::seal);
    return des_encrypt(key, block);
  }
  Result<std::unique_ptr<TlsChannel>> tls(const TlsConfig& config, Rng& rng) override {
    return make_tls(shared_, config, rng);
  }
  [[nodiscard]] const OperationCounts& counts() const override { return shared_->counts; }

 private:
  /// A MAC under the key it had last. prf+ (RFC 7296, 2.13) uses one key for all of its blocks, and
  /// half of a short HMAC is the scheduling of its key.
  struct KeyedMac {
    MacCtx context;
    Secret key;
  };

  Bytes hmac(const Algorithm& algorithm, ByteView key, ByteView data) {
    static constexpr std::uint8_t no_key = 0;  // a null key means the key of last time
    KeyedMac& mac = keyed(algorithm);
    EVP_MAC_CTX* context = mac.context.get();
    if (!key.empty() && equal(mac.key.reveal(), key)) {
      IKELAB_ASSERT(EVP_MAC_init(context, nullptr, 0, nullptr) == 1);
    } else {
      IKELAB_ASSERT(EVP_MAC_init(context, key.empty() ? &no_key : key.data(), key.size(),
                                 nullptr) == 1);
      mac.key = Secret(to_bytes(key));
    }
    IKELAB_ASSERT(EVP_MAC_update(context, data.data(), data.size()) == 1);
    Bytes out(EVP_MAC_CTX_get_mac_size(context));
    std::size_t size = 0;
    IKELAB_ASSERT(EVP_MAC_final(context, out.data(), &size, out.size()) == 1);
    return out;
  }

  KeyedMac& keyed(const Algorithm& algorithm) {
    KeyedMac& mac = macs_[algorithm.openssl];
    if (!mac.context) {
      MacCtx& context = mac.context;
      context.reset(EVP_MAC_CTX_new(shared_->hmac()));
      std::string digest(algorithm.openssl);
      const OSSL_PARAM params[] = {
          OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
          OSSL_PARAM_construct_end()};
      IKELAB_ASSERT(EVP_MAC_CTX_set_params(context.get(), params) == 1);
    }
    return mac;
  }

  static Result<void> check_lengths(const Algorithm& encr, ByteView iv, ByteView aad,
                                    ByteView text) {
    IKELAB_ASSERT(encr.type == TransformType::encr);
    if (iv.size() != encr.iv_size) return bad_length(encr, "an IV", iv.size());
    if (!encr.aead && !aad.empty())
      return bad_length(encr, "additional authenticated data", aad.size());
    constexpr std::size_t most = std::numeric_limits<int>::max();  // what one EVP call takes
    if (text.size() % encr.block_size != 0 || text.size() > most || aad.size() > most)
      return bad_length(encr, "a text", text.size());
    return {};
  }

  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::map<std::string_view, KeyedMac> macs_;  // by the row's `openssl` name
  std::map<HashId, Md> hashes_;
};

}  // namespace
}  // namespace openssl

std::unique_ptr<Provider> openssl_provider() {
  return std::make_unique<openssl::OpensslProvider>();
}

}  // namespace ikelab::crypto
