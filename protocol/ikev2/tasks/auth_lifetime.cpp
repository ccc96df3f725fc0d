// Repeated authentication (RFC 4478): a responder says for how long it believes its initiator, and
// ends the IKE SA after that; the initiator makes a new one in time.
//
//                                  <--  HDR, SK {IDr, [CERT,] AUTH, ..., N(AUTH_LIFETIME)}
//   or at any time, as a request:  <--  HDR, SK {N(AUTH_LIFETIME)}
#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/lifetimes.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

struct AuthLifetime {
  std::optional<Instant> repeat_at;  ///< initiator: when it authenticates again
  std::optional<Instant> ends_at;    ///< responder: when it believes no longer
};

/// So much of the time that the responder gives is left for the new IKE SA.
Duration margin(Duration lifetime) {
  return lifetime / 10;
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (out.exchange != ExchangeType::ike_auth || !out.response || sa.state() != State::established ||
      sa.connection->auth_lifetime <= Duration::zero())
    return;
  const auto seconds = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(sa.connection->auth_lifetime).count());
  payloads.push_back(notify(NotifyType::auth_lifetime, octets_of(EspSpi{seconds})));
}

void read(IkeSa& sa, const Inbound& in) {
  const bool in_auth = in.header.exchange == ExchangeType::ike_auth && in.header.response;
  const bool later = in.header.exchange == ExchangeType::informational && !in.header.response;
  const auto* told = find_notify(in.payloads, NotifyType::auth_lifetime);
  if (told == nullptr || !sa.original_initiator || (!in_auth && !later) || told->data.size() != 4)
    return;
  std::uint32_t seconds = 0;
  for (const std::uint8_t octet : told->data) seconds = seconds << 8 | octet;
  const Duration lifetime = std::chrono::seconds(seconds);
  //= rfc4478#2 "The time is measured from the time that the original Initiator receives the
  //= notification."
  sa.notes.of<AuthLifetime>().repeat_at = in.now + lifetime - margin(lifetime);
  sa.touch();
}

void established(IkeSa& sa, Instant now) {
  if (sa.original_initiator || sa.by_rekey || sa.connection->auth_lifetime <= Duration::zero())
    return;
  sa.notes.of<AuthLifetime>().ends_at = now + sa.connection->auth_lifetime;
}

std::optional<Instant> due(const IkeSa& sa) {
  const auto* state = sa.notes.find<AuthLifetime>();
  if (state == nullptr || sa.state() != State::established) return std::nullopt;
  return state->repeat_at ? state->repeat_at : state->ends_at;
}

//= rfc4478#2 "The original Responder that sends the AUTH_LIFETIME notification SHOULD send a DELETE
//= notification soon after the end of the lifetime period, unless the IKE SA is deleted before the
//= lifetime period elapses."
void timeout(IkeSa& sa, Instant now) {
  auto& state = sa.notes.of<AuthLifetime>();
  if (state.repeat_at) {
    state.repeat_at.reset();
    sa.emit(trace::TimerFired{"auth_lifetime", "the responder wants us to authenticate again"});
    //= rfc4478#2 "An Initiator that received an AUTH_LIFETIME notification SHOULD repeat the Initial
    //= exchange within the time indicated in the notification."
    sa.services.begin_anew(sa, now, sa.peer.ip);
    return;
  }
  state.ends_at.reset();
  sa.emit(trace::TimerFired{"auth_lifetime", "the peer did not authenticate again in time"});
  sa.enqueue(now, make_ike_delete());
}

//= rfc4478#2 "If the IKE SA is rekeyed, then the time limit applies to the new SA."
void inherit(IkeSa& heir, const IkeSa& old) {
  if (const auto* state = old.notes.find<AuthLifetime>()) heir.notes.of<AuthLifetime>() = *state;
}

}  // namespace

Extension auth_lifetime_extension() {
  return {.name = "auth_lifetime",
          .rfc = "RFC 4478",
          .add = add,
          .read = read,
          .established = established,
          .due = due,
          .timeout = timeout,
          .inherit = inherit};
}

}  // namespace ikelab::ikev2
