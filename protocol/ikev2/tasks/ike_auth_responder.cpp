// IKE_AUTH of the responder: who comes, whether it proves that, and the first Child SA (RFC 7296,
// 1.2, 2.15, 2.21.2; RFC 4739). What it keeps between two requests is forgotten with the last one.
#include "protocol/ikev2/auth_rounds.hpp"
#include "protocol/ikev2/child_setup.hpp"
#include "protocol/ikev2/eap_round.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;
using Payloads = std::vector<wire::Payload>;

/// What stands between two requests of one IKE_AUTH.
struct Answering {
  Rounds own, peer;
  Payloads first;         ///< of the first request, which asks for the Child SA
  bool eap_only = false;  ///< the initiator would do without our certificate (RFC 5998)
  std::unique_ptr<eap::Authenticator> eap;
  std::optional<EapKey> key;  ///< EAP is over, AUTH is due
  Payloads last_words;        ///< EAP Failure, beside the notification
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
  state.eap_only = find_notify(in.payloads, NotifyType::eap_only_authentication) != nullptr;
  if (wire::first<wire::SaPayload>(in.payloads) == nullptr && !is_childless(sa))
    return Error{"E-AUTH-017", "the first IKE_AUTH request asks for no Child SA"}.see(
        "RFC 7296, 1.2");
  if (state.own.all.size() > 1 && !sa.notes.of<MultipleAuth>().peer_supports)
    return Error{"E-AUTH-016", "the peer does not know of several rounds of authentication"}.see(
        "RFC 4739, 2.1");
  return {};
}

/// IDr, CERT, AUTH of our round under way; IDr alone when EAP will prove us.
Result<Payloads> prove(IkeSa& sa, Answering& state) {
  Rounds& own = state.own;
  const bool first = own.id.data.empty() && own.done == 0;
  const bool by_eap = own.current().kind == policy::AuthKind::eap;
  if (by_eap && !first) return Payloads{};
  if (by_eap && !state.eap_only)
    return Error{"E-AUTH-020", "the initiator wants our certificate, and we have only EAP"}.see(
        "RFC 5998, 3");
  own.id = local_identity(sa, own.current()).payload(true);
  Payloads out = {wire::make_payload(own.id)};
  if (by_eap) return out;
  IKELAB_TRY(Payloads auth, make_auth(sa, own.current(), own.id));
  append(out, std::move(auth));
  append(out, another_auth(own));
  ++own.done;
  return out;
}

// ---- what the peer proves ----------------------------------------------------------------------

Result<Payloads> say_eap(IkeSa& sa, Answering& state, eap::Authenticator::Step step) {
  using Verdict = eap::Authenticator::Verdict;
  const bool needs_mutual = state.own.done == 0;  // EAP-only: it must prove us as well
  if (step.verdict == Verdict::more && needs_mutual && state.eap->method() != nullptr &&
      !proves_both(*state.eap))
    return Error{"E-AUTH-019", "this EAP method does not prove us to the initiator"}.see(
        "RFC 5998, 3");
  wire::Payload packet = wire::make_payload(wire::EapPayload{std::move(step.packet)});
  if (step.verdict == Verdict::more) return Payloads{std::move(packet)};
  tell_eap(sa, false, *state.eap, step.why);
  if (step.verdict == Verdict::failure) {
    //= rfc7296#2.16 "Similarly, if the authentication method has failed, the responder MUST send an
    //= EAP payload containing the Failure message."
    state.last_words = {std::move(packet)};
    return Error{"E-AUTH-021", "EAP failed: " + step.why}.see("RFC 7296, 2.16");
  }
  state.key = key_of(*state.eap);
  return Payloads{std::move(packet)};
}

/// AUTH of both sides after EAP Success.
//= rfc7296#2.16 "Following such an extended exchange, the EAP AUTH payloads MUST be included in the
//= two messages following the one containing the EAP Success message."
Result<Payloads> end_eap(IkeSa& sa, const Inbound& in, Answering& state) {
  const auto* auth = wire::first<wire::AuthPayload>(in.payloads);
  if (auth == nullptr)
    return Error{"E-AUTH-014", "AUTH is missing after EAP"}.see("RFC 7296, 2.16");
  IKELAB_CHECK(check_eap_auth(sa, *state.key, state.peer.id, *auth));
  IKELAB_CHECK(check_announcement(state.peer, in.payloads));
  ++state.peer.done;
  sa.peer_identity = state.eap->identity();
  IKELAB_TRY(wire::Payload own, make_eap_auth(sa, *state.key, state.own.id));
  Payloads out = {std::move(own)};
  if (!state.own.complete() && state.own.current().kind == policy::AuthKind::eap) {
    append(out, another_auth(state.own));
    ++state.own.done;
  }
  state.eap.reset();
  state.key.reset();
  return out;
}

/// What the peer says of its round under way, and our answer to that.
Result<Payloads> hear(IkeSa& sa, const Inbound& received, Answering& state) {
  if (state.peer.complete()) return Payloads{};
  const bool has_auth = wire::first<wire::AuthPayload>(received.payloads) != nullptr;
  std::optional<Inbound> instead;
  IKELAB_TRY(const Inbound* judged, judged_by_extensions(sa, received, instead));
  const Inbound& in = *judged;
  if (state.key) return end_eap(sa, in, state);
  if (state.eap) {
    const auto* payload = wire::first<wire::EapPayload>(in.payloads);
    if (payload == nullptr) return Error{"E-AUTH-014", "EAP is missing"}.see("RFC 7296, 2.16");
    return say_eap(sa, state, state.eap->take(payload->data));
  }
  //= rfc7296#2.16 "An initiator indicates a desire to use EAP by leaving out the AUTH payload from
  //= the first message in the IKE_AUTH exchange."
  if (has_auth || state.peer.current().kind != policy::AuthKind::eap) {
    IKELAB_CHECK(sa.services.decisions.take_round(sa, state.peer, in));
    return Payloads{};
  }
  if (!take_identity(sa, state.peer, in.payloads))
    return Error{"E-AUTH-014", "ID is missing"}.see("RFC 7296, 2.16");
  const wire::IdPayload& id = state.peer.id;
  if (!state.peer.current().id.matches({id.type, id.data, false}))
    return Error{"E-AUTH-010", "the peer is not '" + state.peer.current().id.to_string() + "'"}.see(
        "RFC 7296, 2.16");
  state.eap = make_eap_authenticator(sa, state.peer.current(), state.peer.id, in.now);
  return Payloads{};
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
  const bool talked = state.eap != nullptr;
  IKELAB_TRY(Payloads heard, hear(sa, in, state));
  Payloads out;
  if (!state.own.complete() && wire::first<wire::AuthPayload>(heard) == nullptr) {
    IKELAB_TRY(out, prove(sa, state));
  }
  append(out, std::move(heard));
  if (state.eap && !talked) {  // it begins beside our own proof
    IKELAB_TRY(Payloads request, say_eap(sa, state, state.eap->begin()));
    append(out, std::move(request));
  }
  //= rfc7296#2.16 "Extensible authentication is implemented in IKE as additional IKE_AUTH exchanges
  //= that MUST be completed in order to initialize the IKE SA."
  if (!state.own.complete() || !state.peer.complete()) {
    detail = state.eap ? "EAP goes on" : "another round follows";
    return out;
  }
  sa.become_established(in.now, Trigger::auth_accepted, "new");
  if (wire::first<wire::SaPayload>(state.first) != nullptr)
    append(out, give_child(sa, in.now, state.first, detail));
  else
    detail = "without a Child SA";
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
  Payloads last_words = std::move(sa.notes.of<Answering>().last_words);
  sa.notes.forget<Answering>();
  detail = payloads.error().message;
  sa.diagnose(payloads.error(), in.datagram);
  sa.die(in.now, sa.state() == State::half_open ? Trigger::auth_failed : Trigger::delete_received,
         detail);
  //= rfc7296#2.21.2 "All errors that occur in an IKE_AUTH exchange, causing the authentication to
  //= fail for whatever reason (invalid shared secret, invalid ID, untrusted certificate issuer,
  //= revoked or expired certificate, etc.) SHOULD result in an AUTHENTICATION_FAILED notification."
  Payloads out = std::move(last_words);
  out.push_back(notify(NotifyType::authentication_failed));
  return out;
}

}  // namespace

ResponderRow respond_ike_auth() {
  return {"ike_auth", wire::ExchangeType::ike_auth, [](const Inbound&) { return true; }, respond};
}

}  // namespace ikelab::ikev2
