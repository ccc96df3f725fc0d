#include "protocol/ikev2/state.hpp"

#include <algorithm>
#include <array>

#include "protocol/base/result.hpp"

namespace ikelab::ikev2 {
namespace {

constexpr std::array state_names = {"NONE",        "INITIATING", "HALF_OPEN", "AUTHENTICATING",
                                    "ESTABLISHED", "REKEYED",    "DELETING",  "DEAD"};
constexpr std::array trigger_names = {"initiate",
                                      "IKE_SA_INIT request",
                                      "IKE_SA_INIT response",
                                      "IKE_SA_INIT failed",
                                      "peer authenticated",
                                      "authentication failed",
                                      "replaced by a new IKE SA",
                                      "created by rekeying",
                                      "DELETE sent",
                                      "DELETE received",
                                      "DELETE answered",
                                      "peer does not answer",
                                      "half-open too long"};

using S = State;
using T = Trigger;
constexpr Transition table[] = {
    {S::none, T::initiate, S::initiating, "RFC 7296, 1.2"},
    {S::none, T::init_request, S::half_open, "RFC 7296, 1.2"},
    {S::none, T::created_by_rekey, S::established, "RFC 7296, 2.18"},
    {S::initiating, T::init_response, S::authenticating, "RFC 7296, 1.2"},
    {S::initiating, T::init_failed, S::dead, "RFC 7296, 2.21.1"},
    {S::initiating, T::peer_silent, S::dead, "RFC 7296, 2.4"},
    {S::half_open, T::auth_accepted, S::established, "RFC 7296, 1.2"},
    {S::half_open, T::auth_failed, S::dead, "RFC 7296, 2.21.2"},
    {S::half_open, T::half_open_expired, S::dead, "RFC 7296, 2.4"},
    {S::authenticating, T::auth_accepted, S::established, "RFC 7296, 1.2"},
    {S::authenticating, T::auth_failed, S::dead, "RFC 7296, 2.21.2"},
    {S::authenticating, T::peer_silent, S::dead, "RFC 7296, 2.4"},
    {S::established, T::rekey_done, S::rekeyed, "RFC 7296, 2.18"},
    {S::established, T::delete_sent, S::deleting, "RFC 7296, 1.4.1"},
    {S::established, T::delete_received, S::dead, "RFC 7296, 1.4.1"},
    {S::established, T::peer_silent, S::dead, "RFC 7296, 2.4"},
    {S::rekeyed, T::delete_sent, S::deleting, "RFC 7296, 2.18"},
    {S::rekeyed, T::delete_received, S::dead, "RFC 7296, 2.18"},
    {S::rekeyed, T::peer_silent, S::dead, "RFC 7296, 2.4"},
    {S::deleting, T::delete_done, S::dead, "RFC 7296, 1.4.1"},
    {S::deleting, T::delete_received, S::dead, "RFC 7296, 2.25.2"},
    {S::deleting, T::peer_silent, S::dead, "RFC 7296, 2.4"},
};

}  // namespace

std::string_view to_string(State state) {
  return state_names[static_cast<std::size_t>(state)];
}
std::string_view to_string(Trigger event) {
  return trigger_names[static_cast<std::size_t>(event)];
}
std::span<const Transition> transitions() {
  return table;
}

const Transition* find_transition(State from, Trigger event) {
  const auto* row = std::find_if(std::begin(table), std::end(table), [&](const Transition& t) {
    return t.from == from && t.event == event;
  });
  return row == std::end(table) ? nullptr : row;
}

}  // namespace ikelab::ikev2
