// Ephemeral keys that are not: many implementations kept one Diffie-Hellman key pair for minutes or
// for as long as they ran, to save the exponentiation (RFC 7296, 2.12 allows it, with care). Then
// one leak opens every session of that time.
#include <map>

#include "sim/historic/historic.hpp"
#include "sim/historic/wrapped_provider.hpp"

namespace ikelab::historic {
namespace {

/// The pair that everybody shares.
class Shared : public crypto::KeyExchange {
 public:
  explicit Shared(std::shared_ptr<crypto::KeyExchange> pair) : pair_(std::move(pair)) {}
  [[nodiscard]] const Bytes& public_value() const override { return pair_->public_value(); }
  [[nodiscard]] Result<void> check(ByteView peer_public) const override {
    return pair_->check(peer_public);
  }
  Result<Secret> derive(ByteView peer_public) override { return pair_->derive(peer_public); }

 private:
  std::shared_ptr<crypto::KeyExchange> pair_;
};

class Provider : public WrappedProvider {
 public:
  using WrappedProvider::WrappedProvider;
  Result<std::unique_ptr<crypto::KeyExchange>> key_exchange(const crypto::Algorithm& ke,
                                                            crypto::Rng& rng) override {
    IKELAB_TRY(auto pair, kept(ke, rng));
    return {std::make_unique<Shared>(std::move(pair))};
  }
  Result<crypto::KeyAnswer> answer_key_exchange(const crypto::Algorithm& ke,
                                                ByteView initiator_public,
                                                crypto::Rng& rng) override {
    if (ke.answer_size != 0) return inner_->answer_key_exchange(ke, initiator_public, rng);
    IKELAB_TRY(auto pair, kept(ke, rng));
    IKELAB_TRY(Secret shared, pair->derive(initiator_public));
    return crypto::KeyAnswer{pair->public_value(), std::move(shared)};
  }

 private:
  Result<std::shared_ptr<crypto::KeyExchange>> kept(const crypto::Algorithm& ke, crypto::Rng& rng) {
    std::shared_ptr<crypto::KeyExchange>& pair = pairs_[ke.id];
    if (!pair) {
      IKELAB_TRY(pair, inner_->key_exchange(ke, rng));
    }
    return pair;
  }
  std::map<std::uint16_t, std::shared_ptr<crypto::KeyExchange>> pairs_;
};

}  // namespace

const Bug reuses_ephemeral_keys = {
    "reuses-ephemeral-keys",
    "many, by configuration",
    "One Diffie-Hellman key pair serves every key exchange: two peers that both do so have the "
    "same "
    "g^ir in all their sessions, and who learns it once reads them all.",
    "each key exchange has a key pair of its own",
    [](ProviderPtr inner) -> ProviderPtr { return std::make_unique<Provider>(std::move(inner)); },
    nullptr,
    nullptr};

}  // namespace ikelab::historic
