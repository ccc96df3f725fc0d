// A crypto provider that passes everything on: what a flaw changes, it overrides.
#pragma once
#include "protocol/crypto/provider.hpp"

namespace ikelab::historic {

class WrappedProvider : public crypto::Provider {
 public:
  explicit WrappedProvider(std::unique_ptr<crypto::Provider> inner) : inner_(std::move(inner)) {}

  Result<Secret> prf(const crypto::Algorithm& prf, ByteView key, ByteView data) override {
    return inner_->prf(prf, key, data);
  }
  Result<Bytes> mac(const crypto::Algorithm& integ, ByteView key, ByteView data) override {
    return inner_->mac(integ, key, data);
  }
  Result<Bytes> hash(crypto::HashId hash, ByteView data) override {
    return inner_->hash(hash, data);
  }
  Result<Bytes> seal(const crypto::Algorithm& encr, ByteView key, ByteView iv, ByteView aad,
                     ByteView plaintext) override {
    return inner_->seal(encr, key, iv, aad, plaintext);
  }
  Result<Bytes> open(const crypto::Algorithm& encr, ByteView key, ByteView iv, ByteView aad,
                     ByteView ciphertext) override {
    return inner_->open(encr, key, iv, aad, ciphertext);
  }
  Result<std::unique_ptr<crypto::PacketCipher>> packet_cipher(const crypto::Algorithm& encr,
                                                              ByteView key, bool encrypt) override {
    return inner_->packet_cipher(encr, key, encrypt);
  }
  Result<std::unique_ptr<crypto::PacketMac>> packet_mac(const crypto::Algorithm& integ,
                                                        ByteView key) override {
    return inner_->packet_mac(integ, key);
  }
  Result<std::unique_ptr<crypto::KeyExchange>> key_exchange(const crypto::Algorithm& ke,
                                                            crypto::Rng& rng) override {
    return inner_->key_exchange(ke, rng);
  }
  Result<crypto::KeyAnswer> answer_key_exchange(const crypto::Algorithm& ke,
                                                ByteView initiator_public,
                                                crypto::Rng& rng) override {
    return inner_->answer_key_exchange(ke, initiator_public, rng);
  }
  Result<std::unique_ptr<crypto::PrivateKey>> private_key(ByteView der) override {
    return inner_->private_key(der);
  }
  Result<std::unique_ptr<crypto::PublicKey>> public_key(ByteView der) override {
    return inner_->public_key(der);
  }
  Result<std::unique_ptr<crypto::PrivateKey>> generate_key(std::string_view type,
                                                           crypto::Rng& rng) override {
    return inner_->generate_key(type, rng);
  }
  Bytes md4(ByteView data) override { return inner_->md4(data); }
  Bytes md5(ByteView data) override { return inner_->md5(data); }
  Bytes des(ByteView key, ByteView block) override { return inner_->des(key, block); }
  Result<std::unique_ptr<crypto::TlsChannel>> tls(const crypto::TlsConfig& config,
                                                  crypto::Rng& rng) override {
    return inner_->tls(config, rng);
  }
  [[nodiscard]] const crypto::OperationCounts& counts() const override { return inner_->counts(); }

 protected:
  std::unique_ptr<crypto::Provider> inner_;
};

}  // namespace ikelab::historic
