#include "protocol/ikev2/decisions.hpp"

namespace ikelab::ikev2 {

/// Which exchanges the peer may begin in a state; all others are not due.
bool is_due(State state, wire::ExchangeType exchange) {
  using wire::ExchangeType;
  switch (state) {
    case State::none:
      return exchange == ExchangeType::ike_sa_init;
    case State::half_open:
      return exchange == ExchangeType::ike_auth || exchange == ExchangeType::ike_intermediate;
    case State::established:
    case State::rekeyed:
    case State::deleting:
      return exchange == ExchangeType::create_child_sa || exchange == ExchangeType::informational ||
             exchange == ExchangeType::ike_followup_ke;
    default:
      return false;
  }
}

}  // namespace ikelab::ikev2
