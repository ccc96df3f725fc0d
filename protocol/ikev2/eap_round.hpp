// A round of authentication by EAP (RFC 7296, 2.16): what the conversation is made of on either
// side, and what the trace hears of it.
#pragma once
#include "protocol/eap/authenticator.hpp"
#include "protocol/eap/peer.hpp"
#include "protocol/ikev2/authentication.hpp"

namespace ikelab::ikev2 {

/// The initiator's side. `responder`: whom the certificate of EAP-TLS must name.
std::unique_ptr<eap::Peer> make_eap_peer(IkeSa& sa, const policy::AuthConfig& own,
                                         const wire::IdPayload& responder, Instant now);
/// The responder's. `initiator`: who comes, when EAP does not ask again.
std::unique_ptr<eap::Authenticator> make_eap_authenticator(IkeSa& sa,
                                                           const policy::AuthConfig& expected,
                                                           const wire::IdPayload& initiator,
                                                           Instant now);

/// How a conversation ended: AuthDecided, with the keys before it. `failure`: why, or empty.
template <class Conversation>
void tell_eap(IkeSa& sa, bool local, Conversation& conversation, const std::string& failure);
/// What is left of a conversation that succeeded.
template <class Conversation>
EapKey key_of(const Conversation& conversation) {
  return {wire::name(conversation.method()->type), conversation.msk()};
}
/// Whether the conversation proved the responder too, so that no certificate is needed.
//= rfc5998#3 "Both the initiator and responder MUST verify that the EAP method actually used
//= provided mutual authentication and established a shared secret key."
template <class Conversation>
bool proves_both(const Conversation& conversation) {
  const eap::Method* method = conversation.method();
  return method != nullptr && method->mutual && method->derives_key;
}

}  // namespace ikelab::ikev2
