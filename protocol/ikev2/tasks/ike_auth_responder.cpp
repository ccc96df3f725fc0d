// IKE_AUTH of the responder: who comes, whether it proves that, and the first Child SA (RFC 7296,
// 1.2, 2.15, 2.21.2; RFC 4739). What it keeps between two requests is forgotten with the last one.
#include "protocol/ikev2/auth_rounds.hpp"
#include "protocol/ikev2/authentication.hpp"
#include "protocol/ikev2/child_setup.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;
using Payloads = std::vector<wire::Payload>;

/// What stands between two requests of one IKE_AUTH.
struct Answering {
  Rounds own, peer;
  Payloads first;  ///< of the first request, which asks for the Child SA
};

void append(Payloads& to, Payloads payloads) {
  for (wire::Payload& payload : payloads) to.push_back(std::move(payload));
}

/// The connection among those for this pair of addresses whose identities the peer names; the first
/// one otherwise.
void choose_connection(IkeSa& sa, const Payloads& payloads) {
  const wire::IdPayload* id_i = nullptr;
  const wire::IdPayload* id_r = nullptr;
  for (const wire::Payload& payload : payloads)
    if (const auto* id = std::get_if<wire::IdPayload>(&payload.body))
      (id->responder ? id_r : id_i) = id;
  if (id_i == nullptr) return;
  for (const policy::ConnectionConfig& candidate : sa.services.config.connections) {
    if (candidate.local_addr != sa.connection->local_addr ||
        candidate.remote_addr != sa.connection->remote_addr)
      continue;
    const bool peer_fits = candidate.remote.id.matches({id_i->type, id_i->data, false});
    const bool own_fits =
        id_r == nullptr || candidate.local.id.matches({id_r->type, id_r->data, false});
    if (peer_fits && own_fits) {
      sa.connection = &candidate;
      return;
    }
  }
}

Result<void> begin(IkeSa& sa, const Inbound& in, Answering& state) {
  choose_connection(sa, in.payloads);
  state.own.all = sa.connection->local_rounds();
  state.peer.all = sa.connection->remote_rounds();
  state.first = in.payloads;
  if (wire::first<wire::SaPayload>(in.payloads) == nullptr)
    return Error{"E-AUTH-017", "the first IKE_AUTH request asks for no Child SA"}.see(
        "RFC 7296, 1.2");
  if (state.own.all.size() > 1 && !sa.notes.of<MultipleAuth>().peer_supports)
    return Error{"E-AUTH-016", "the peer does not know of several rounds of authentication"}.see(
        "RFC 4739, 2.1");
  return {};
}

/// IDr, CERT, AUTH of our round under way.
Result<Payloads> prove(IkeSa& sa, Rounds& own) {
  own.id = local_identity(sa, own.current()).payload(true);
  Payloads out = {wire::make_payload(own.id)};
  IKELAB_TRY(Payloads auth, make_auth(sa, own.current(), own.id));
  append(out, std::move(auth));
  append(out, another_auth(own));
  ++own.done;
  return out;
}

/// The Child SA that the first request asked for, or the reason why there is none.
Payloads give_child(IkeSa& sa, Instant now, const Payloads& asked, std::string& detail) {
  ResponderChoice choice = choose_child(sa, asked, nullptr, false, detail);
  if (!choice.plan) return {std::move(*choice.refusal)};
  const keys::Nonces nonces{sa.transcript.ni, sa.transcript.nr, "IKE_SA_INIT"};
  auto child = install_child(sa, now, *choice.plan, {nonces, nullptr, false}, "new");
  if (child) return answer_child(*choice.plan);
  detail = child.error().message;
  return {notify(NotifyType::no_proposal_chosen)};
}

Result<Payloads> take(IkeSa& sa, const Inbound& in, Answering& state, std::string& detail) {
  if (state.first.empty()) IKELAB_CHECK(begin(sa, in, state));
  if (!state.peer.complete()) {
    IKELAB_TRY(const Inbound judged, judged_by_extensions(sa, in));
    IKELAB_CHECK(take_round(sa, state.peer, judged));
  }
  Payloads out;
  if (!state.own.complete()) {
    IKELAB_TRY(out, prove(sa, state.own));
  }
  if (!state.own.complete() || !state.peer.complete()) {
    detail = "another round follows";
    return out;
  }
  sa.become_established(in.now, Trigger::auth_accepted, "new");
  append(out, give_child(sa, in.now, state.first, detail));
  return out;
}

Payloads respond(IkeSa& sa, const Inbound& in, std::string& detail, bool& failed) {
  auto payloads = take(sa, in, sa.notes.of<Answering>(), detail);
  if (sa.state() == State::established) sa.notes.forget<Answering>();
  if (payloads) {
    if (sa.state() == State::half_open) sa.set_timer(Timer::half_open, in.now + half_open_time);
    return std::move(*payloads);
  }
  failed = true;
  detail = payloads.error().message;
  sa.diagnose(payloads.error(), in.datagram);
  sa.die(in.now, sa.state() == State::half_open ? Trigger::auth_failed : Trigger::delete_received,
         detail);
  //= rfc7296#2.21.2 "All errors that occur in an IKE_AUTH exchange, causing the authentication to
  //= fail for whatever reason (invalid shared secret, invalid ID, untrusted certificate issuer,
  //= revoked or expired certificate, etc.) SHOULD result in an AUTHENTICATION_FAILED notification."
  return {notify(NotifyType::authentication_failed)};
}

}  // namespace

ResponderRow respond_ike_auth() {
  return {"ike_auth", wire::ExchangeType::ike_auth, [](const Inbound&) { return true; }, respond};
}

}  // namespace ikelab::ikev2
