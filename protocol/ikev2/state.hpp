// The states of an IKE SA and the one table of their transitions (RFC
// 7296, 1.2, 1.4, 2.4, 2.18, 2.21).
#pragma once
#include <span>
#include <string_view>

namespace ikelab::ikev2 {

enum class State {
  none,            ///< does not exist yet
  initiating,      ///< initiator: IKE_SA_INIT request sent
  half_open,       ///< responder: IKE_SA_INIT answered, nobody authenticated yet
  authenticating,  ///< initiator: IKE_AUTH request sent
  established,
  rekeyed,   ///< replaced by a newer IKE SA, waits to be deleted
  deleting,  ///< our DELETE is on its way
  dead,      ///< does nothing more but answer retransmissions from its cache
};

enum class Trigger {
  initiate,
  init_request,
  init_response,
  init_failed,
  auth_accepted,
  auth_failed,
  rekey_done,
  created_by_rekey,
  delete_sent,
  delete_received,
  delete_done,
  peer_silent,
  half_open_expired
};

struct Transition {
  State from;
  Trigger event;
  State to;
  std::string_view rfc;
};

std::string_view to_string(State state);
std::string_view to_string(Trigger event);
/// Every allowed transition; docs print it, tests walk it.
std::span<const Transition> transitions();
/// The row for (from, event), or nullptr: then the event means nothing in that state.
const Transition* find_transition(State from, Trigger event);

}  // namespace ikelab::ikev2
