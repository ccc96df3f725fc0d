// CVE-2015-8023, strongSwan 4.2.12 to 5.3.3. The server of EAP-MSCHAPv2 did not keep account of
// where a conversation stood. A Success message is the peer's last word, after it has shown its
// response and the server has accepted it; the server took it at any time. A client that answered
// the challenge with Success was in, and knew no password. There was no key then, and AUTH is made
// from SK_pi where there is none (RFC 7296, 2.16), which the client has.
#include "sim/historic/historic.hpp"

namespace ikelab::historic {
namespace {

constexpr std::uint8_t success_op_code = 3;

class Forgetful : public eap::ServerMethod {
 public:
  explicit Forgetful(std::unique_ptr<eap::ServerMethod> method) : method_(std::move(method)) {}
  Result<Bytes> begin(std::uint8_t identifier) override { return method_->begin(identifier); }
  Step take(const eap::Packet& response) override {
    if (!response.data.empty() && response.data[0] == success_op_code)
      return {Verdict::success, {}, {}};  // nobody asked whether a response had come before
    return method_->take(response);
  }
  [[nodiscard]] Secret msk() const override { return method_->msk(); }

 private:
  std::unique_ptr<eap::ServerMethod> method_;
};

const eap::Method* find(eap::EapType type) {
  static const eap::Method forgetful = [] {
    eap::Method method = *eap::find(eap::EapType::mschapv2);
    method.server = [](const eap::ServerConfig& config, const std::string& user,
                       eap::Host& host) -> std::unique_ptr<eap::ServerMethod> {
      return std::make_unique<Forgetful>(
          eap::find(eap::EapType::mschapv2)->server(config, user, host));
    };
    return method;
  }();
  return type == eap::EapType::mschapv2 ? &forgetful : eap::find(type);
}

}  // namespace

const Bug cve_2015_8023 = {
    "CVE-2015-8023",
    "strongSwan 4.2.12 to 5.3.3, eap-mschapv2 plugin",
    "The server took the peer's closing Success message without having seen a response to its "
    "challenge: whoever knew a user's name was that user, without the password.",
    "Success counts only after a response that was right",
    nullptr,
    nullptr,
    [](ikev2::Decisions& decisions) { decisions.eap_method = find; }};

}  // namespace ikelab::historic
