// What an endpoint remembers of certificates and keys it has read and of paths it has checked: a
// gateway meets the same ones again and again, and reading and verifying them costs more than the
// rest of a handshake. Bounded (bounds::cached_certificates): the oldest goes first.
#pragma once
#include <list>
#include <functional>
#include <map>
#include <memory>

#include "protocol/ikev2/endpoint.hpp"
#include "protocol/pki/pki.hpp"

namespace ikelab::ikev2 {

/// At most bounds::cached_certificates values, by the octets they were made from.
template <class T>
class Cache {
 public:
  /// nullptr: not known.
  [[nodiscard]] std::shared_ptr<const T> find(const Bytes& key) const {
    const auto at = values_.find(key);
    return at == values_.end() ? nullptr : at->second;
  }
  std::shared_ptr<const T> keep(const Bytes& key, std::shared_ptr<const T> value,
                                std::size_t most) {
    if (values_.insert_or_assign(key, value).second) order_.push_back(key);
    if (order_.size() > most) {
      values_.erase(order_.front());
      order_.pop_front();
    }
    return value;
  }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

 private:
  std::map<Bytes, std::shared_ptr<const T>> values_;
  std::list<Bytes> order_;  ///< a list: an empty one costs nothing, and most are
};

class Certificates {
 public:
  explicit Certificates(crypto::Provider& provider) : provider_(provider) {}

  /// Errors: as pki::parse_certificate.
  Result<std::shared_ptr<const pki::CertificateInfo>> read(ByteView der);
  /// Errors: as pki::validate_chain. A path that held is believed again for as long as nothing of
  /// it expires, if asked with the same certificates, anchors and statements about revocation.
  Result<pki::ValidatedChain> validate(std::span<const Bytes> chain, std::span<const Bytes> anchors,
                                       std::int64_t unix_time, const pki::ChainRules& rules);
  /// Errors: as crypto::Provider::public_key, private_key; pki::authority_hash.
  Result<std::shared_ptr<const crypto::PublicKey>> public_key(const Bytes& der);
  Result<std::shared_ptr<const crypto::PrivateKey>> private_key(const Bytes& der);
  Result<Bytes> authority_hash(const Bytes& der);

  [[nodiscard]] const CertificateCounts& counts() const { return counts_; }

 private:
  crypto::Provider& provider_;
  Cache<pki::CertificateInfo> certificates_;
  Cache<pki::ValidatedChain> chains_;
  Cache<crypto::PublicKey> public_keys_;
  Cache<crypto::PrivateKey> private_keys_;
  Cache<Bytes> authorities_;
  CertificateCounts counts_;
};

}  // namespace ikelab::ikev2
