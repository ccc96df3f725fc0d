// Decisions of the engine that can be taken otherwise, as a table: what an engine without a flaw
// decides is the default, and what some engine of history decided can stand in its place
// (sim/historic). The engine knows no other table than the one it is given.
#pragma once
#include "protocol/ikev2/state.hpp"
#include "protocol/wire/iana.hpp"

namespace ikelab::ikev2 {

/// Whether the peer may begin this exchange in this state of the IKE SA (RFC 7296, 1.2).
bool is_due(State state, wire::ExchangeType exchange);

struct Decisions {
  bool (*is_due)(State state, wire::ExchangeType exchange) = ikev2::is_due;
  const Transition* (*transition)(State from, Trigger event) = find_transition;
};

}  // namespace ikelab::ikev2
