// CVE-2021-45079, strongSwan 4.1.2 to 5.9.4. A client took EAP-Success whenever it came, also in
// the middle of its method, before the server had proven anything. Where the gateway proves itself
// by EAP alone (RFC 5998), this was all the proof there was: a stranger that sent a challenge, and
// then Success, was the gateway. There was no key then, and AUTH is made from SK_pr where there is
// none (RFC 7296, 2.16), which a stranger has.
#include "sim/historic/historic.hpp"

namespace ikelab::historic {
namespace {

class Trusting : public eap::PeerMethod {
 public:
  explicit Trusting(std::unique_ptr<eap::PeerMethod> method) : method_(std::move(method)) {}
  Result<Bytes> respond(const eap::Packet& request) override { return method_->respond(request); }
  [[nodiscard]] bool may_succeed() const override { return true; }  // whoever says so
  [[nodiscard]] std::string refusal() const override { return method_->refusal(); }
  [[nodiscard]] Secret msk() const override { return method_->msk(); }

 private:
  std::unique_ptr<eap::PeerMethod> method_;
};

template <eap::EapType type>
const eap::Method* trusting() {
  static const eap::Method row = [] {
    eap::Method method = *eap::find(type);
    method.peer = [](const eap::PeerConfig& config,
                     eap::Host& host) -> std::unique_ptr<eap::PeerMethod> {
      return std::make_unique<Trusting>(eap::find(type)->peer(config, host));
    };
    return method;
  }();
  return &row;
}

const eap::Method* find(eap::EapType type) {
  using eap::EapType;
  for (const eap::Method* row : {trusting<EapType::mschapv2>(), trusting<EapType::tls>(),
                                 trusting<EapType::md5_challenge>()})
    if (row->type == type) return row;
  return nullptr;
}

}  // namespace

const Bug cve_2021_45079 = {
    "CVE-2021-45079",
    "strongSwan 4.1.2 to 5.9.4",
    "A client believed EAP-Success before the method had come to its end; where EAP alone proves "
    "the gateway, a stranger could be the gateway.",
    "EAP-Success counts only where the method itself says that it may come",
    nullptr,
    nullptr,
    [](ikev2::Decisions& decisions) { decisions.eap_method = find; }};

}  // namespace ikelab::historic
