// Decisions of the engine that can be taken otherwise, as a table: what an engine without a flaw
// decides is the default, and what some engine of history decided can stand in its place
// (sim/historic). The engine knows no other table than the one it is given.
#pragma once
#include "protocol/eap/method.hpp"
#include "protocol/ikev2/state.hpp"
#include "protocol/wire/iana.hpp"

namespace ikelab::ikev2 {

class IkeSa;
struct Inbound;
struct Rounds;

/// Takes AUTH of the peer's round under way from a message: its latest identity, the proof, and
/// whether it announces as many rounds as are expected of it. Errors: as check_auth; E-AUTH-014 no
/// identity, E-AUTH-015 another number of rounds than configured.
Result<void> take_round(IkeSa& sa, Rounds& peer, const Inbound& in);

/// Whether the peer may begin this exchange in this state of the IKE SA (RFC 7296, 1.2).
bool is_due(State state, wire::ExchangeType exchange);

struct Decisions {
  bool (*is_due)(State state, wire::ExchangeType exchange) = ikev2::is_due;
  const Transition* (*transition)(State from, Trigger event) = find_transition;
  /// Whether the peer is believed, of either role, in each round of IKE_AUTH.
  Result<void> (*take_round)(IkeSa& sa, Rounds& peer, const Inbound& in) = ikev2::take_round;
  /// Which methods of EAP there are, and how they are spoken.
  eap::FindMethod eap_method = eap::find;
};

}  // namespace ikelab::ikev2
