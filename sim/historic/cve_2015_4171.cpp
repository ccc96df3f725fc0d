// CVE-2015-4171, strongSwan 4.3.0 to 5.3.1. Whom a client wants to talk to (`remote: {id: ...}`)
// was a constraint like others, and constraints were looked at once all rounds of authentication
// were over. Until then any certificate of a CA that the client trusts was good enough - and so a
// client had already told a gateway of another name what its user's EAP method tells.
#include "protocol/ikev2/auth_rounds.hpp"
#include "protocol/ikev2/authentication.hpp"
#include "sim/historic/historic.hpp"

namespace ikelab::historic {
namespace {

/// The proof is judged at once. A wrong name is not: the round stays open, and what is left open
/// ends the IKE SA when the other side has nothing more to say.
Result<void> take_round(ikev2::IkeSa& sa, ikev2::Rounds& peer, const ikev2::Inbound& in) {
  const bool named = !peer.complete() && ikev2::take_identity(sa, peer, in.payloads);
  if (!named || !sa.original_initiator) return ikev2::take_round(sa, peer, in);
  const policy::AuthConfig& expected = peer.current();
  if (expected.id.matches({peer.id.type, peer.id.data, false}))
    return ikev2::take_round(sa, peer, in);
  policy::AuthConfig anybody = expected;
  anybody.id = policy::Identity::any();
  return ikev2::check_auth(sa, anybody, peer.id, in.payloads, in.now);
}

}  // namespace

const Bug cve_2015_4171 = {
    "CVE-2015-4171",
    "strongSwan 4.3.0 to 5.3.1",
    "A client compared the gateway's name with the one it wanted only when all was over; a gateway "
    "with any certificate of the same CA had by then been given the user's EAP response, from "
    "which "
    "a weak password can be found.",
    "each round of the peer's is judged, name and all, before anything follows it",
    nullptr,
    nullptr,
    [](ikev2::Decisions& decisions) { decisions.take_round = take_round; }};

}  // namespace ikelab::historic
