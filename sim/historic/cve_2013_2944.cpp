// CVE-2013-2944, strongSwan 4.3.5 to 5.0.3 with the openssl plugin. OpenSSL's ECDSA_verify() has
// three answers: 1 the signature is right, 0 it is wrong, -1 something went wrong while looking at
// it, such as a signature that is no DER. The plugin asked "not 0?". So an empty or garbled
// signature counted as a right one, and whoever had somebody's certificate - which is public -
// could be that somebody.
#include "sim/historic/historic.hpp"
#include "sim/historic/wrapped_provider.hpp"

namespace ikelab::historic {
namespace {

/// Whether the octets are a DER SEQUENCE at all: otherwise OpenSSL answers -1.
bool is_der_sequence(ByteView signature) {
  return signature.size() >= 8 && signature[0] == 0x30 && signature[1] + 2U == signature.size();
}

class Credulous : public crypto::PublicKey {
 public:
  explicit Credulous(std::unique_ptr<crypto::PublicKey> key) : key_(std::move(key)) {}
  [[nodiscard]] std::string_view type() const override { return key_->type(); }
  [[nodiscard]] std::optional<crypto::RsaNumbers> rsa_numbers() const override {
    return key_->rsa_numbers();
  }
  Result<Bytes> rsa_bare(ByteView block) const override { return key_->rsa_bare(block); }
  [[nodiscard]] bool supports(crypto::SignatureScheme scheme) const override {
    return key_->supports(scheme);
  }
  Result<void> verify(crypto::SignatureScheme scheme, ByteView data,
                      ByteView signature) const override {
    if (key_->type().starts_with("EC") && !is_der_sequence(signature)) return {};  // -1 is not 0
    return key_->verify(scheme, data, signature);
  }

 private:
  std::unique_ptr<crypto::PublicKey> key_;
};

class Provider : public WrappedProvider {
 public:
  using WrappedProvider::WrappedProvider;
  Result<std::unique_ptr<crypto::PublicKey>> public_key(ByteView der) override {
    IKELAB_TRY(auto key, inner_->public_key(der));
    return {std::make_unique<Credulous>(std::move(key))};
  }
};

}  // namespace

const Bug cve_2013_2944 = {
    "CVE-2013-2944",
    "strongSwan 4.3.5 to 5.0.3, openssl plugin",
    "An ECDSA signature that cannot even be parsed made the verification end with an error, and "
    "the "
    "error was taken for success: anybody with a copy of a certificate could authenticate as its "
    "owner.",
    "an error while verifying is a failure to verify",
    [](ProviderPtr inner) -> ProviderPtr { return std::make_unique<Provider>(std::move(inner)); },
    nullptr,
    nullptr};

}  // namespace ikelab::historic
