// EAP-TLS (RFC 5216), with TLS 1.3 as RFC 9190 has it: both sides show certificates, and TLS
// exports the MSK.
//
//   server  S  -->
//                   <--  ClientHello
//   server  ServerHello ... Finished (1.3), ServerHelloDone (1.2)  -->
//                   <--  Certificate ... Finished
//   server  Finished (1.2), an application octet 0x00 (1.3)  -->
//                   <--  an acknowledgement
#include <fmt/format.h>

#include "protocol/eap/method.hpp"
#include "protocol/eap/tls_fragments.hpp"

namespace ikelab::eap {
namespace {

constexpr std::size_t exported_octets = 128, msk_octets = 64;

/// MSK = the first half of what TLS exports (RFC 5216, 2.3; RFC 9190, 2.3).
Result<Secret> derive_msk(Host& host, crypto::TlsChannel& tls) {
  const Bytes type = {static_cast<std::uint8_t>(EapType::tls)};
  const bool tls13 = tls.minor_version() >= 3;
  const char* label = tls13 ? "EXPORTER_EAP_TLS_Key_Material" : "client EAP encryption";
  IKELAB_TRY(
      const Secret key_material,
      tls.export_key(label, tls13 ? std::optional<ByteView>(type) : std::nullopt, exported_octets));
  Secret msk(to_bytes(key_material.reveal().first(msk_octets)));
  host.derived.add("Key_Material",
                   fmt::format("TLS-Exporter(\"{}\"{}, 128)", label, tls13 ? ", 0x0D" : ""),
                   tls13 ? "TLS 1.3" : "TLS 1.2", {}, key_material.reveal(),
                   tls13 ? "RFC 9190, 2.3" : "RFC 5216, 2.3");
  host.derived.add("MSK", "Key_Material[0..64]", tls13 ? "TLS 1.3" : "TLS 1.2",
                   {host.derived.secret("Key_Material", key_material.reveal(), "")}, msk.reveal(),
                   tls13 ? "RFC 9190, 2.3" : "RFC 5216, 2.3");
  return msk;
}

class TlsPeer : public PeerMethod {
 public:
  TlsPeer(const PeerConfig& config, Host& host) : config_(config), host_(host) {}

  Result<Bytes> respond(const Packet& request) override {
    const std::uint8_t flags = request.data.empty() ? 0 : request.data[0];
    if ((flags & TlsFragments::start) != 0) return begin();
    if (!tls_) return Error{"E-EAP-005", "EAP-TLS: no start"}.see("RFC 5216, 2.1.1");
    if (fragments_.waiting()) return fragments_.next();
    IKELAB_TRY(const std::optional<Bytes> message, fragments_.take(request.data));
    if (!message) {
      fragments_.give({});
      return fragments_.next();
    }
    return advance(*message);
  }
  [[nodiscard]] bool may_succeed() const override { return !msk_.empty(); }
  [[nodiscard]] std::string refusal() const override { return refusal_; }
  [[nodiscard]] Secret msk() const override { return msk_.copy(); }

 private:
  Result<Bytes> begin() {
    if (tls_) return Error{"E-EAP-005", "EAP-TLS: a second start"}.see("RFC 5216, 2.1.1");
    IKELAB_TRY(tls_, host_.provider.tls(config_.tls, host_.rng));
    return advance({});
  }

  Result<Bytes> advance(ByteView records) {
    crypto::TlsChannel::Step step = tls_->advance(records, host_.rng);
    if (step.failure) {
      refusal_ = step.failure->message;
      if (step.records.empty()) return *step.failure;
    } else if (tls_->established() && msk_.empty()) {
      // What proves that it was our server: its certificate is judged before anything is derived.
      if (config_.judge) IKELAB_CHECK(config_.judge(tls_->peer_certificate()));
      //= rfc9190#2.1.1 "TLS application data 0x00 is therefore to be interpreted as success after
      //= the EAP-Request that contains TLS application data 0x00."
      const Bytes said = tls_->received();
      if (tls_->minor_version() < 3 || said == Bytes{0}) {
        IKELAB_TRY(msk_, derive_msk(host_, *tls_));
      }
    }
    fragments_.give(std::move(step.records));
    return fragments_.next();
  }

  const PeerConfig& config_;
  Host& host_;
  std::unique_ptr<crypto::TlsChannel> tls_;
  TlsFragments fragments_;
  std::string refusal_;
  Secret msk_;
};

class TlsServer : public ServerMethod {
 public:
  TlsServer(const ServerConfig& config, std::string user, Host& host)
      : config_(config), host_(host), user_(std::move(user)) {}

  Result<Bytes> begin(std::uint8_t) override {
    crypto::TlsConfig config = config_.tls;
    config.server = true;
    IKELAB_TRY(tls_, host_.provider.tls(config, host_.rng));
    return Bytes{TlsFragments::start};
  }

  Step take(const Packet& response) override {
    if (fragments_.waiting()) return {Verdict::more, fragments_.next(), {}};
    auto message = fragments_.take(response.data);
    if (!message) return {Verdict::failure, {}, message.error().message};
    if (!*message) {
      fragments_.give({});
      return {Verdict::more, fragments_.next(), {}};
    }
    if (!why_.empty()) return {Verdict::failure, {}, why_};
    if (!msk_.empty())
      return (*message)->empty() ? Step{Verdict::success, {}, {}}
                                 : Step{Verdict::failure, {}, "TLS goes on after its end"};
    return advance(**message);
  }
  [[nodiscard]] Secret msk() const override { return msk_.copy(); }

 private:
  Step advance(ByteView records) {
    crypto::TlsChannel::Step step = tls_->advance(records, host_.rng);
    if (step.failure) {
      why_ = step.failure->message;
      if (step.records.empty()) return {Verdict::failure, {}, why_};
    } else if (tls_->established()) {
      if (auto finished = finish(step.records); !finished)
        return {Verdict::failure, {}, finished.error().message};
    }
    fragments_.give(std::move(step.records));
    return {Verdict::more, fragments_.next(), {}};
  }

  /// Whose certificate was it? With TLS 1.3 the peer is told that this is the end.
  Result<void> finish(Bytes& records) {
    if (config_.judge) IKELAB_CHECK(config_.judge(user_, tls_->peer_certificate()));
    IKELAB_TRY(msk_, derive_msk(host_, *tls_));
    if (tls_->minor_version() < 3) return {};
    //= rfc9190#2.1.1 "As a protected success indication [RFC3748], the EAP-TLS server always sends
    //= TLS application data 0x00"
    crypto::TlsChannel::Step step = tls_->send(Bytes{0}, host_.rng);
    if (step.failure) return *step.failure;
    records.insert(records.end(), step.records.begin(), step.records.end());
    return {};
  }

  const ServerConfig& config_;
  Host& host_;
  std::string user_, why_;
  std::unique_ptr<crypto::TlsChannel> tls_;
  TlsFragments fragments_;
  Secret msk_;
};

}  // namespace

Method tls() {
  return {EapType::tls,
          "eap-tls",
          true,
          true,
          [](const PeerConfig& config, Host& host) -> std::unique_ptr<PeerMethod> {
            return std::make_unique<TlsPeer>(config, host);
          },
          [](const ServerConfig& config, const std::string& user,
             Host& host) -> std::unique_ptr<ServerMethod> {
            return std::make_unique<TlsServer>(config, user, host);
          }};
}

}  // namespace ikelab::eap
