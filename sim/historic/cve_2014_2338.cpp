// CVE-2014-2338, strongSwan 4.0.7 to 5.1.2. IKE_SA_INIT gives an IKE SA keys, and only IKE_AUTH
// says whose they are. The code that handled CREATE_CHILD_SA did not ask whether IKE_AUTH had been:
// a peer could rekey the IKE SA at once, and the successor counted as established - authenticated
// by nobody.
#include "sim/historic/historic.hpp"

namespace ikelab::historic {
namespace {

bool is_due(ikev2::State state, wire::ExchangeType exchange) {
  if (state == ikev2::State::half_open && exchange == wire::ExchangeType::create_child_sa)
    return true;  // nobody asked who the peer is
  return ikev2::is_due(state, exchange);
}

/// And so the IKE SA could end as if it had been one.
const ikev2::Transition* transition(ikev2::State from, ikev2::Trigger event) {
  static constexpr ikev2::Transition unproven = {
      ikev2::State::half_open, ikev2::Trigger::rekey_done, ikev2::State::rekeyed, "CVE-2014-2338"};
  if (from == unproven.from && event == unproven.event) return &unproven;
  return ikev2::find_transition(from, event);
}

}  // namespace

const Bug cve_2014_2338 = {
    "CVE-2014-2338",
    "strongSwan 4.0.7 to 5.1.2",
    "An IKE SA could be rekeyed before its peer had authenticated; the new IKE SA was established, "
    "and a peer that knew no secret had a tunnel.",
    "CREATE_CHILD_SA is due only in an IKE SA that is established",
    nullptr,
    nullptr,
    [](ikev2::Decisions& decisions) {
      decisions.is_due = is_due;
      decisions.transition = transition;
    }};

}  // namespace ikelab::historic
