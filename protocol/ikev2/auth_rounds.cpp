#include "protocol/ikev2/auth_rounds.hpp"

#include "protocol/ikev2/authentication.hpp"

namespace ikelab::ikev2 {

using wire::NotifyType;

std::vector<wire::Payload> another_auth(const Rounds& own) {
  //= rfc4739#2.1 "either of them can announce that it wishes to have a second authentication by
  //= including an ANOTHER_AUTH_FOLLOWS notification in any IKE_AUTH message that contains an AUTH
  //= payload."
  if (own.is_last()) return {};
  return {notify(NotifyType::another_auth_follows)};
}

bool take_identity(const IkeSa& sa, Rounds& peer, const std::vector<wire::Payload>& payloads) {
  for (const wire::Payload& payload : payloads)
    if (const auto* id = std::get_if<wire::IdPayload>(&payload.body);
        id != nullptr && id->responder == sa.original_initiator) {
      peer.id = *id;
      return true;
    }
  return false;
}

Result<void> check_announcement(const Rounds& peer, const std::vector<wire::Payload>& payloads) {
  const bool announced = find_notify(payloads, NotifyType::another_auth_follows) != nullptr;
  if (announced == !peer.is_last()) return {};
  return Error{"E-AUTH-015", announced ? "the peer wants to authenticate once more than we expect"
                                       : "the peer authenticates less often than we expect"}
      .see("RFC 4739, 2.1");
}

Result<void> take_round(IkeSa& sa, Rounds& peer, const Inbound& in) {
  if (peer.complete())
    return Error{"E-AUTH-015", "the peer authenticates once more than we expect"}.see(
        "RFC 4739, 2.1");
  if (!take_identity(sa, peer, in.payloads) ||
      wire::first<wire::AuthPayload>(in.payloads) == nullptr)
    return Error{"E-AUTH-014", "ID or AUTH is missing"}.see("RFC 7296, 1.2");
  IKELAB_CHECK(check_auth(sa, peer.current(), peer.id, in.payloads, in.now));
  IKELAB_CHECK(check_announcement(peer, in.payloads));
  ++peer.done;
  return {};
}

}  // namespace ikelab::ikev2
