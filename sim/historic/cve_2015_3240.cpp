// CVE-2015-3240, Libreswan before 3.15 and Openswan before 2.6.45, built with NSS. A KE payload
// whose value is zero makes the shared secret zero for whatever the other side draws. The library
// noticed and gave back nothing, the daemon asserted that it had got something, and was gone: one
// datagram from anybody ended every tunnel of the gateway.
#include <algorithm>

#include "sim/historic/historic.hpp"
#include "sim/historic/wrapped_provider.hpp"

namespace ikelab::historic {
namespace {

class Provider : public WrappedProvider {
 public:
  using WrappedProvider::WrappedProvider;
  Result<std::unique_ptr<crypto::KeyExchange>> key_exchange(const crypto::Algorithm& ke,
                                                            crypto::Rng& rng) override {
    IKELAB_TRY(auto pair, inner_->key_exchange(ke, rng));
    return {std::make_unique<Asserting>(std::move(pair))};
  }
  Result<crypto::KeyAnswer> answer_key_exchange(const crypto::Algorithm& ke,
                                                ByteView initiator_public,
                                                crypto::Rng& rng) override {
    assert_not_zero(initiator_public);
    return inner_->answer_key_exchange(ke, initiator_public, rng);
  }

 private:
  static void assert_not_zero(ByteView value) {
    if (std::all_of(value.begin(), value.end(), [](std::uint8_t octet) { return octet == 0; }))
      throw Crash{"ASSERTION FAILED: dhshared != NULL (the peer's KE payload is zero)"};
  }
  class Asserting : public crypto::KeyExchange {
   public:
    explicit Asserting(std::unique_ptr<crypto::KeyExchange> pair) : pair_(std::move(pair)) {}
    [[nodiscard]] const Bytes& public_value() const override { return pair_->public_value(); }
    [[nodiscard]] Result<void> check(ByteView peer_public) const override {
      assert_not_zero(peer_public);
      return pair_->check(peer_public);
    }
    Result<Secret> derive(ByteView peer_public) override {
      assert_not_zero(peer_public);
      return pair_->derive(peer_public);
    }

   private:
    std::unique_ptr<crypto::KeyExchange> pair_;
  };
};

}  // namespace

const Bug cve_2015_3240 = {
    "CVE-2015-3240",
    "Libreswan before 3.15, Openswan before 2.6.45, built with NSS",
    "A public value of zero in a KE payload ended the daemon with a failed assertion, before the "
    "peer had shown who it is; all tunnels were lost with it.",
    "public values are checked (RFC 6989); one that is out of range is refused with INVALID_SYNTAX",
    [](ProviderPtr inner) -> ProviderPtr { return std::make_unique<Provider>(std::move(inner)); },
    nullptr,
    nullptr};

}  // namespace ikelab::historic
