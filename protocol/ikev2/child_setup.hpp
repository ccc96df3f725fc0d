// Making a Child SA, in IKE_AUTH and in CREATE_CHILD_SA alike: the offer, the choice, the keys, the
// pair of ESP SAs (RFC 7296, 1.2, 1.3.1, 2.9, 2.17).
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

/// SA, TSi, TSr of the exchange's initiator. IKE_AUTH carries no KE transforms (RFC 7296, 1.2).
struct ChildOffer {
  std::vector<wire::Proposal> proposals;
  std::vector<wire::TrafficSelector> local_ts, remote_ts;
  std::vector<wire::Payload> payloads;
};
/// `packet`: what wants the SA stands first among the selectors, or alone (RFC 7296, 2.9).
ChildOffer offer_child(const IkeSa& sa, const policy::ChildConfig& config, EspSpi spi_in,
                       bool with_ke, const std::optional<policy::Flow>& packet,
                       bool only_packet = false);

/// What both sides agreed on, before keys. `answer` is the SA payload's content of the response.
struct ChildPlan {
  const policy::ChildConfig* config = nullptr;
  EspSpi spi_in, spi_out;
  policy::Suite suite;
  std::vector<wire::TrafficSelector> local_ts, remote_ts;
  wire::Proposal answer;
  bool more_possible = false;              ///< ADDITIONAL_TS_POSSIBLE (RFC 7296, 2.9)
  bool transport = false;                  ///< both sides said USE_TRANSPORT_MODE (RFC 7296, 1.3.1)
  std::optional<esp::RealAddresses> real;  ///< transport mode across a NAT
  bool peer_takes_tfc = true;              ///< the peer did not say ESP_TFC_PADDING_NOT_SUPPORTED
};

/// The responder's choice. On failure: the error notification to send back, with the reason in
/// `detail`. `only` restricts the choice to one configured child (a rekey).
struct ResponderChoice {
  std::optional<ChildPlan> plan;
  std::optional<wire::Payload> refusal;
};
ResponderChoice choose_child(IkeSa& sa, const std::vector<wire::Payload>& payloads,
                             const policy::ChildConfig* only, bool with_ke, std::string& detail);
/// What ADDITIONAL_TS_POSSIBLE tells the initiator.
inline constexpr const char* more_possible =
    "the peer narrowed the traffic selectors, and would take others in a Child SA of their own";
/// SA, TSi, TSr of the response to `plan`.
std::vector<wire::Payload> answer_child(const ChildPlan& plan);
/// The initiator's check of the response. Errors: E-IKE-020 the peer refused (its notification
/// named), E-IKE-022, E-IKE-023, E-IKE-081 the inner address that it needs was not given,
/// E-POL-010.
Result<ChildPlan> accept_child(IkeSa& sa, const std::vector<wire::Payload>& payloads,
                               const policy::ChildConfig& config, EspSpi spi_in,
                               const ChildOffer& offer);

/// The exchange that made it: its nonces and, with a key exchange of its own, g^ir.
struct ChildSecrets {
  keys::Nonces nonces;
  const Secret* g_ir = nullptr;
  bool exchange_initiator = false;    ///< of this exchange, not of the IKE SA
  std::span<const Secret> more = {};  ///< SK(1), SK(2), ... of RFC 9370, 2.2.4
  const keys::Root* root = nullptr;   ///< of root_of_exchange(); nullptr: the IKE SA's SK_d
};
/// Derives the keys, installs both directions, keeps the child. `hold_outbound`: see
/// ChildSa::waiting_outbound.
Result<ChildSa*> install_child(IkeSa& sa, Instant now, const ChildPlan& plan,
                               const ChildSecrets& secrets, const std::string& reason,
                               bool hold_outbound = false);

/// Tells the trace of one direction; `other`: the SPI of the opposite one.
void emit_installed(IkeSa& sa, const esp::SaParameters& esp_sa, bool inbound, EspSpi other,
                    const std::string& reason);
/// Tells the trace of one direction that goes between other addresses from now on.
void emit_moved(IkeSa& sa, const esp::MoveSa& move, const std::string& reason);

/// INVALID_KE_PAYLOAD's method, 0 when it names none that was offered (RFC 7296, 1.3).
std::uint16_t wanted_method(const wire::NotifyPayload& invalid_ke,
                            const std::vector<wire::Proposal>& offered);
/// The method of the first KE transform offered, 0 if none.
std::uint16_t first_ke_method(const std::vector<wire::Proposal>& proposals);
/// A fresh key pair for a KE payload. Errors: E-IKE-021 a method that we do not implement.
Result<std::unique_ptr<crypto::KeyExchange>> make_key_exchange(IkeSa& sa, std::uint16_t method);
/// The secret of the exchange's initiator from the responder's KE payload, reported to the trace:
/// g^ir, or SK(n) of Additional Key Exchange `n` (RFC 9370).
Result<Secret> shared_secret(IkeSa& sa, crypto::KeyExchange& own, const wire::KePayload& ke_r,
                             const std::string& exchange, unsigned n = 0);
/// The same of the responder, which sent `own` already.
Result<Secret> secret_of_request(IkeSa& sa, crypto::KeyExchange& own, const wire::KePayload& ke_i,
                                 const std::string& exchange);
/// The responder's side at once: the secret, and the data of its KE payload. With a KEM that is a
/// ciphertext. Errors: E-IKE-021, E-CRYPTO-KE.
Result<crypto::KeyAnswer> answer_key_exchange(IkeSa& sa, const wire::KePayload& ke_i,
                                              const std::string& exchange, unsigned n = 0);

}  // namespace ikelab::ikev2
