// What making and rekeying a Child SA by CREATE_CHILD_SA have in common (RFC
// 7296, 1.3.1, 1.3.3, 2.17).
#pragma once
#include "protocol/ikev2/child_setup.hpp"

namespace ikelab::ikev2 {

/// The initiator's side: an offer with nonce and, if the proposals ask for it, KE; and the response
/// to it.
class ChildExchange : public Task {
 public:
  [[nodiscard]] wire::ExchangeType exchange() const override {
    return wire::ExchangeType::create_child_sa;
  }

  /// The peer deleted an SA that we do not have: it may be the one whose answer is still on its
  /// way.
  void peer_deleted(EspSpi spi_out) { deleted_early_ = spi_out; }

 protected:
  Result<std::vector<wire::Payload>> offer(IkeSa& sa, const policy::ChildConfig& config,
                                           const std::optional<policy::Flow>& packet = {});
  /// Installs what was agreed. `again`: INVALID_KE_PAYLOAD asked for another method, offer() once
  /// more. Errors: E-IKE-02x, E-POL-010; E-IKE-085 the peer has deleted it already.
  Result<ChildSa*> accept(IkeSa& sa, const Inbound& in, const std::string& reason, bool& again);
  /// After accept() failed: the peer may hold the SA that we refused (RFC 7296, 2.21.3).
  void delete_refused(IkeSa& sa, const Inbound& in);
  /// What is being made is known to go again: nothing is sent on it.
  [[nodiscard]] virtual bool redundant() const { return false; }
  Bytes ni_, nr_;

 private:
  const policy::ChildConfig* config_ = nullptr;
  EspSpi spi_in_, deleted_early_;
  ChildOffer offer_;
  std::unique_ptr<crypto::KeyExchange> ke_;
  std::uint16_t method_ = 0;
  bool retried_ = false;
};

/// The responder's side. `child` is null when it was refused: then `payloads` says why.
struct ChildAnswer {
  std::vector<wire::Payload> payloads;
  ChildSa* child = nullptr;
  Bytes ni, nr;
};
ChildAnswer answer_child_exchange(IkeSa& sa, const Inbound& in, const policy::ChildConfig* only,
                                  const std::string& reason, bool hold_outbound,
                                  std::string& detail);

/// TEMPORARY_FAILURE while the IKE SA is being rekeyed or closed (RFC 7296, 2.25.2); nullopt when
/// Child SAs may be made.
std::optional<wire::Payload> not_now(IkeSa& sa, std::string& detail);

}  // namespace ikelab::ikev2
