// AUTH that is not looked at. Test set-ups are made so, and products have shipped so: the handshake
// works with everybody, and nobody notices - until somebody on the way changes the offer, or is
// somebody else.
#include "protocol/ikev2/auth_rounds.hpp"
#include "protocol/ikev2/ike_sa.hpp"
#include "sim/historic/historic.hpp"

namespace ikelab::historic {
namespace {

Result<void> take_round(ikev2::IkeSa& sa, ikev2::Rounds& peer, const ikev2::Inbound& in) {
  if (peer.complete() || !ikev2::take_identity(sa, peer, in.payloads))
    return ikev2::take_round(sa, peer, in);
  sa.peer_identity = policy::Identity{peer.id.type, peer.id.data, false}.to_string();
  ++peer.done;  // and the AUTH payload lies there unread
  return {};
}

}  // namespace

const Bug believes_any_auth = {
    "believes-any-auth",
    "test set-ups, and what was shipped from them",
    "The AUTH payload was not verified: whoever sent one was whoever it said, and what had been "
    "changed in IKE_SA_INIT on the way stayed changed.",
    "AUTH is verified over the first message as it was received, before anything is established",
    nullptr,
    nullptr,
    [](ikev2::Decisions& decisions) { decisions.take_round = take_round; }};

}  // namespace ikelab::historic
