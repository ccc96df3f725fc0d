// Preshared keys mixed in before IKE_AUTH, so that they protect the first IKE SA and the identities
// in it, and fresh ones in CREATE_CHILD_SA (RFC 9867).
//
//   HDR(IKE_INTERMEDIATE), SK {N(PPK_IDENTITY_KEY)(PPK_ID_1, confirmation), [...]}  -->
//        <--  HDR(IKE_INTERMEDIATE), SK {N(PPK_IDENTITY)(PPK_ID_i)}
//   SKEYSEED' = prf+(PPK, SK_d), and from it all seven keys anew, as in RFC 7296, 2.14
//
//   HDR, SK {SA, Ni, [KEi,] ..., N(PPK_IDENTITY_KEY)}  -->   <--  HDR, SK {SA, ...,
//   N(PPK_IDENTITY)} SK_d' = prf+(PPK, SK_d) stands in SK_d's place in the keys of this exchange
//
//   confirmation = the first eight octets of prf(PPK, Ni | Nr | SPIi | SPIr), with the nonces and
//   SPIs that the keys of the IKE SA were made of
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/ike_keys_of_sa.hpp"
#include "protocol/ikev2/ppk.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using policy::Ppk;
using wire::ExchangeType;
using wire::NotifyType;
using Where = PpkAgreement::Where;

constexpr std::size_t confirmation_octets = 8;

/// The responder's part of IKE_INTERMEDIATE.
struct Intermediate {
  bool asked = false;  ///< PPK_IDENTITY_KEY stood in this request
  bool done = false;   ///< a request with it was answered
  const Ppk* chosen = nullptr;
};

/// What is mixed into the CREATE_CHILD_SA under way that we began, and into the peer's.
struct Fresh {
  const Ppk* ours = nullptr;
  const Ppk* peers = nullptr;
  std::size_t spent = 0;  ///< how many of ppk_rekey_ids
};

Error problem(const char* code, std::string what) {
  return Error{code, std::move(what)}.see("RFC 9867, 3");
}

void warn(IkeSa& sa, const Error& why, std::uint64_t datagram = 0) {
  sa.emit(trace::Diagnostic{"warning", why.code, why.message, why.rfc, datagram, 0, 0});
}

Result<Bytes> confirmation(IkeSa& sa, const Ppk& ppk) {
  const auto spi_i = octets_of(sa.spi_i), spi_r = octets_of(sa.spi_r);
  IKELAB_TRY(const Secret whole,
             sa.services.provider.prf(*sa.suite.prf, ppk.secret,
                                      concat({sa.transcript.ni, sa.transcript.nr, spi_i, spi_r})));
  return to_bytes(whole.reveal().first(confirmation_octets));
}

Result<wire::Payload> identity_key(IkeSa& sa, const Ppk& ppk) {
  IKELAB_TRY(const Bytes confirms, confirmation(sa, ppk));
  return notify(NotifyType::ppk_identity_key, concat({ppk_id_data(ppk.id), confirms}));
}

/// The first one offered that we have, may use, and hold the same secret of.
const Ppk* choose(IkeSa& sa, const std::vector<wire::Payload>& payloads, bool any_id) {
  const policy::ConnectionConfig& connection = *sa.connection;
  for (const wire::Payload& payload : payloads) {
    const auto* offer = std::get_if<wire::NotifyPayload>(&payload.body);
    if (offer == nullptr || offer->type != NotifyType::ppk_identity_key ||
        offer->data.size() <= confirmation_octets)
      continue;
    const ByteView data = offer->data;
    const ByteView id_part = data.first(data.size() - confirmation_octets);
    const auto id = read_ppk_id(id_part);
    if (!id || (!any_id && !connection.ppk_id.empty() && connection.ppk_id != *id)) continue;
    const Ppk* ppk = find_ppk(connection, *id);
    const auto due = ppk == nullptr ? Result<Bytes>(Bytes{}) : confirmation(sa, *ppk);
    if (due && equal_constant_time(*due, data.subspan(id_part.size()))) return ppk;
    if (ppk != nullptr)
      warn(sa, problem("E-AUTH-033", "the peer's PPK '" + *id + "' is not the one we have"));
  }
  return nullptr;
}

/// The PPK that the responder took, of those we have.
const Ppk* taken(const IkeSa& sa, const std::vector<wire::Payload>& payloads) {
  const auto* identity = find_notify(payloads, NotifyType::ppk_identity);
  const auto id = identity == nullptr ? std::nullopt : read_ppk_id(identity->data);
  return id ? find_ppk(*sa.connection, *id) : nullptr;
}

// ---- IKE_INTERMEDIATE --------------------------------------------------------------------------

class PpkIntermediate : public Task {
 public:
  [[nodiscard]] std::string_view name() const override { return "ppk_intermediate"; }
  [[nodiscard]] ExchangeType exchange() const override { return ExchangeType::ike_intermediate; }

  /// ppk_id first, then whatever else the connection has: the responder takes one.
  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant) override {
    std::vector<wire::Payload> out;
    const Ppk* first = own_ppk(*sa.connection);
    IKELAB_TRY(wire::Payload offer, identity_key(sa, *first));
    out.push_back(std::move(offer));
    for (const Ppk& other : sa.connection->ppks) {
      if (&other == first || out.size() >= bounds::offered_ppks) continue;
      IKELAB_TRY(wire::Payload also, identity_key(sa, other));
      out.push_back(std::move(also));
    }
    return out;
  }

  Outcome response(IkeSa& sa, const Inbound& in) override {
    if (const auto* error = find_error(in.payloads))
      return fail(sa, in, "the peer answered " + wire::name(error->type));
    const bool answered = find_notify(in.payloads, NotifyType::ppk_identity) != nullptr;
    const Ppk* ppk = taken(sa, in.payloads);
    if (answered && ppk == nullptr) return fail(sa, in, "the responder took a PPK that we lack");
    if (!answered) {
      const Error why =
          problem("E-AUTH-031", "the responder has none of our post-quantum preshared keys");
      if (is_ppk_required(*sa.connection)) return fail(sa, in, why.message);
      detail = why.message + "; it goes on without";
      warn(sa, why, in.datagram);
      return Outcome::done;
    }
    auto keys = derive_ppk_ike_keys(sa, *ppk);
    if (!keys) return fail(sa, in, keys.error().message);
    sa.replace_keys(std::move(*keys), in.header.message_id);
    detail = "PPK '" + ppk->id + "' is part of the keys now";
    return Outcome::done;
  }

 private:
  Outcome fail(IkeSa& sa, const Inbound& in, std::string why) {
    detail = std::move(why);
    sa.diagnose(problem("E-AUTH-031", detail), in.datagram);
    sa.die(in.now, Trigger::auth_failed, detail);
    return Outcome::failed;
  }
};

/// It stands in the queue behind every other IKE_INTERMEDIATE, and before IKE_AUTH.
void keyed(IkeSa& sa, Instant now) {
  if (ppk_agreement(sa) == Where::in_intermediate && sa.state() != State::dead)
    sa.enqueue(now, std::make_unique<PpkIntermediate>());
}

std::vector<wire::Payload> respond(IkeSa& sa, const Inbound&, std::string& detail, bool& failed) {
  const Ppk* chosen = sa.notes.of<Intermediate>().chosen;
  failed = chosen == nullptr && is_ppk_required(*sa.connection);
  detail = chosen != nullptr ? "PPK '" + chosen->id + "' is part of the keys now"
                             : "none of these preshared keys is known here";
  return {};
}

/// PPK_IDENTITY, or that there is nothing in common; also when a KE payload came beside it.
void answer_intermediate(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  auto& state = sa.notes.of<Intermediate>();
  if (!state.asked) return;
  state.done = true;
  if (state.chosen != nullptr)
    return payloads.push_back(notify(NotifyType::ppk_identity, ppk_id_data(state.chosen->id)));
  const Error why = problem("E-AUTH-032", "the initiator offers no preshared key that we have");
  if (!is_ppk_required(*sa.connection)) return warn(sa, why, out.request->datagram);
  sa.diagnose(why, out.request->datagram);
  payloads = {notify(NotifyType::authentication_failed)};
  sa.die(out.request->now, Trigger::auth_failed, why.message);
}

/// The responder's answer went out with the keys before; so did an additional key exchange's.
void sent(IkeSa& sa, const Outbound& out, ByteView, const std::vector<wire::Payload>&) {
  if (out.exchange != ExchangeType::ike_intermediate || !out.response) return;
  auto& state = sa.notes.of<Intermediate>();
  if (!std::exchange(state.asked, false) || state.chosen == nullptr) return;
  auto keys = derive_ppk_ike_keys(sa, *state.chosen);
  if (!keys) return sa.diagnose(keys.error());
  sa.replace_keys(std::move(*keys), out.request->header.message_id);
}

Result<std::optional<std::vector<wire::Payload>>> judges(IkeSa& sa, const Inbound& in) {
  const bool missing = !in.header.response && ppk_agreement(sa) == Where::in_intermediate &&
                       !sa.notes.of<Intermediate>().done;
  if (missing)
    return problem("E-AUTH-032", "both sides use a PPK, and the initiator does not say which");
  return std::optional<std::vector<wire::Payload>>{};
}

// ---- CREATE_CHILD_SA ---------------------------------------------------------------------------

/// The next fresh one of ours; nullptr: all are spent, or there were none.
const Ppk* next_fresh(const IkeSa& sa) {
  const auto& ids = sa.connection->ppk_rekey_ids;
  const auto* state = sa.notes.find<Fresh>();
  const std::size_t spent = state == nullptr ? 0 : state->spent;
  return spent < ids.size() ? find_ppk(*sa.connection, ids[spent]) : nullptr;
}

void offer_fresh(IkeSa& sa, std::vector<wire::Payload>& payloads) {
  const Ppk* ppk = next_fresh(sa);
  if (ppk == nullptr) return;
  sa.notes.of<Fresh>().ours = nullptr;
  if (auto offer = identity_key(sa, *ppk))
    payloads.push_back(std::move(*offer));
  else
    sa.diagnose(offer.error());
}

void read_fresh(IkeSa& sa, const Inbound& in) {
  const bool agreed = wire::first<wire::SaPayload>(in.payloads) != nullptr;
  if (!in.header.response) {
    const bool offered = find_notify(in.payloads, NotifyType::ppk_identity_key) != nullptr;
    if (!offered && sa.notes.find<Fresh>() == nullptr) return;
    auto& state = sa.notes.of<Fresh>();
    state.peers = offered ? choose(sa, in.payloads, true) : nullptr;
    if (offered && state.peers == nullptr)
      warn(sa,
           problem("E-AUTH-034",
                   "the peer's fresh PPK is not known here; this exchange goes on "
                   "without"),
           in.datagram);
    return;
  }
  const Ppk* offered = next_fresh(sa);
  if (offered == nullptr || !agreed) return;
  auto& state = sa.notes.of<Fresh>();
  state.ours = taken(sa, in.payloads) == offered ? offered : nullptr;
  if (state.ours != nullptr)
    ++state.spent;
  else
    warn(sa,
         problem("E-AUTH-034", "the peer does not use the fresh PPK '" + offered->id +
                                   "'; this exchange goes on without"),
         in.datagram);
}

Result<void> mixes(IkeSa& sa, bool ours, keys::Root& root) {
  const auto* state = sa.notes.find<Fresh>();
  const Ppk* ppk = state == nullptr ? nullptr : ours ? state->ours : state->peers;
  if (ppk == nullptr) return {};
  IKELAB_TRY(root.sk_d, ppk_sk_d(sa, *ppk));
  root.has_ppk = true;
  if (ours) sa.notes.of<Fresh>().ours = nullptr;
  return {};
}

void inherit(IkeSa& heir, const IkeSa& old) {
  if (const auto* state = old.notes.find<Fresh>()) heir.notes.of<Fresh>().spent = state->spent;
}

// ---- both --------------------------------------------------------------------------------------

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (out.exchange == ExchangeType::ike_intermediate && out.response &&
      ppk_agreement(sa) == Where::in_intermediate)
    return answer_intermediate(sa, out, payloads);
  if (out.exchange != ExchangeType::create_child_sa) return;
  if (!out.response) return offer_fresh(sa, payloads);
  const auto* state = sa.notes.find<Fresh>();
  if (state != nullptr && state->peers != nullptr &&
      wire::first<wire::SaPayload>(payloads) != nullptr)
    payloads.push_back(notify(NotifyType::ppk_identity, ppk_id_data(state->peers->id)));
}

void read(IkeSa& sa, const Inbound& in) {
  if (in.header.exchange == ExchangeType::create_child_sa) return read_fresh(sa, in);
  if (in.header.exchange != ExchangeType::ike_intermediate || in.header.response ||
      ppk_agreement(sa) != Where::in_intermediate)
    return;
  auto& state = sa.notes.of<Intermediate>();
  state.asked = find_notify(in.payloads, NotifyType::ppk_identity_key) != nullptr;
  if (state.asked) state.chosen = choose(sa, in.payloads, false);
}

}  // namespace

Extension ppk_intermediate_extension() {
  return {.name = "ppk_intermediate",
          .rfc = "RFC 9867",
          .add = add,
          .read = read,
          .sent = sent,
          .keyed = keyed,
          .judges = judges,
          .mixes = mixes,
          .inherit = inherit};
}

ResponderRow respond_ppk_intermediate() {
  return {"ppk_intermediate", ExchangeType::ike_intermediate,
          [](const Inbound& in) {
            return find_notify(in.payloads, NotifyType::ppk_identity_key) != nullptr;
          },
          respond};
}

}  // namespace ikelab::ikev2
