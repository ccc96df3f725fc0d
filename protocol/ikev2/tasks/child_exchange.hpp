// What making and rekeying a Child SA by CREATE_CHILD_SA have in common (RFC
// 7296, 1.3.1, 1.3.3, 2.17).
#pragma once
#include "protocol/ikev2/followup.hpp"

namespace ikelab::ikev2 {

/// The initiator's side: an offer with nonce and, if the proposals ask for it, KE; and the response
/// to it.
class ChildExchange : public Task {
 public:
  [[nodiscard]] wire::ExchangeType exchange() const override {
    return followups_.under_way() ? wire::ExchangeType::ike_followup_ke
                                  : wire::ExchangeType::create_child_sa;
  }
  [[nodiscard]] Scope scope() const override { return {false, {}}; }
  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant now) final {
    return followups_.under_way() ? followups_.request(sa) : begin(sa, now);
  }

  /// The peer deleted an SA that we do not have: it may be the one whose answer is still on its
  /// way.
  void peer_deleted(EspSpi spi_out) { deleted_early_ = spi_out; }

 protected:
  /// The CREATE_CHILD_SA request.
  virtual Result<std::vector<wire::Payload>> begin(IkeSa& sa, Instant now) = 0;
  Result<std::vector<wire::Payload>> offer(IkeSa& sa, const policy::ChildConfig& config,
                                           const std::optional<policy::Flow>& packet = {});
  /// Installs what was agreed. `goes_on`: not yet; INVALID_KE_PAYLOAD asked for another method,
  /// SINGLE_PAIR_REQUIRED for the packet's own selectors alone, or
  /// further key exchanges follow; or, Outcome::done, they would follow for what is redundant, and
  /// so do not (RFC 9370, 2.2.4). Errors: E-IKE-02x, E-IKE-082, E-POL-010; E-IKE-085 the peer has
  /// deleted it already.
  Result<ChildSa*> accept(IkeSa& sa, const Inbound& in, const std::string& reason,
                          std::optional<Outcome>& goes_on);
  /// After accept() failed: the peer may hold the SA that we refused (RFC 7296, 2.21.3).
  void delete_refused(IkeSa& sa, const Inbound& in);
  /// What is being made is known to go again: nothing is sent on it.
  [[nodiscard]] virtual bool redundant() const { return false; }
  /// Its CREATE_CHILD_SA is answered, and further key exchanges are under way.
  [[nodiscard]] bool goes_on() const { return followups_.under_way(); }
  Bytes ni_, nr_;

 private:
  Result<void> agree(IkeSa& sa, const Inbound& in);
  Result<ChildSa*> install(IkeSa& sa, Instant now, const std::string& reason);

  const policy::ChildConfig* config_ = nullptr;
  EspSpi spi_in_, deleted_early_;
  ChildOffer offer_;
  std::unique_ptr<crypto::KeyExchange> ke_;
  std::uint16_t method_ = 0;
  bool retried_ = false, single_ = false;
  std::optional<policy::Flow> packet_;
  ChildPlan plan_;
  std::optional<Secret> g_ir_;
  keys::Root root_;
  FollowUps followups_;
};

/// What the responder does for a request.
struct ChildWish {
  const policy::ChildConfig* only = nullptr;  ///< no other child will do
  std::string reason;
  bool hold_outbound = false;
  /// Why not now, asked again when further key exchanges are done.
  std::function<std::optional<wire::Payload>(IkeSa&, std::string& detail)> refusal;
  /// The child was made; `lowest_nonce` of Ni and Nr.
  std::function<void(IkeSa&, ChildSa&, const Bytes& lowest_nonce, std::string& detail)> made;
  /// It will be when further key exchanges are done, which N(ADDITIONAL_KEY_EXCHANGE) leads to; or
  /// they come to nothing.
  std::function<void(IkeSa&, const Bytes& link, const Bytes& lowest_nonce)> waits = {};
  std::function<void(IkeSa&, Instant)> given_up = {};
};
/// The responder's side; `failed`: the payloads say why it was refused.
std::vector<wire::Payload> answer_child_exchange(IkeSa& sa, const Inbound& in, ChildWish wish,
                                                 std::string& detail, bool& failed);

/// When the peer says that it rekeys nothing: a new IKE SA takes over, with new Child SAs (RFC
/// 7296, 4).
void begin_anew_if_told(IkeSa& sa, const Inbound& in);

/// TEMPORARY_FAILURE while the IKE SA is being rekeyed or closed (RFC 7296, 2.25.2); nullopt when
/// Child SAs may be made.
std::optional<wire::Payload> not_now(IkeSa& sa, std::string& detail);

}  // namespace ikelab::ikev2
