// Post-quantum preshared keys (RFC 8784): a secret that never crossed the wire goes into SK_d, from
// which all Child SAs have their keys, and into SK_pi and SK_pr, which AUTH is made with.
//
//   HDR, SAi1, KEi, Ni, N(USE_PPK)  -->    <--  HDR, SAr1, KEr, Nr, N(USE_PPK)
//   HDR, SK {IDi, AUTH, SAi2, TSi, TSr, N(PPK_IDENTITY, PPK_ID), [N(NO_PPK_AUTH)]}  -->
//                                          <--  HDR, SK {IDr, AUTH, SAr2, TSi, TSr,
//                                          N(PPK_IDENTITY)}
//
// With the certificate or shared key alone nobody who breaks the key exchange later learns
// anything.
#include <algorithm>

#include "protocol/ikev2/authentication.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

constexpr std::uint8_t ppk_id_fixed = 2;  // RFC 8784, 5.1

struct PpkState {
  bool agreed = false;                 ///< both sent USE_PPK
  const policy::Ppk* used = nullptr;   ///< it is in the keys
  std::optional<keys::IkeKeys> plain;  ///< SK_d', SK_pi', SK_pr', while they may be needed
};

Error problem(const char* code, std::string what) {
  return Error{code, std::move(what)}.see("RFC 8784, 3");
}

const policy::Ppk* find(const policy::ConnectionConfig& connection, const std::string& id) {
  const auto at = std::find_if(connection.ppks.begin(), connection.ppks.end(),
                               [&](const policy::Ppk& ppk) { return ppk.id == id; });
  return at == connection.ppks.end() ? nullptr : &*at;
}

/// What an initiator offers.
const policy::Ppk* own(const policy::ConnectionConfig& connection) {
  return connection.ppk_id.empty() ? nullptr : find(connection, connection.ppk_id);
}

//= rfc8784#5.2.3 "Using PPKs MUST be mandatory for the peers if they advertise support for PPKs in
//= IKE_SA_INIT and use NULL Authentication."
bool required(const policy::ConnectionConfig& connection) {
  return connection.ppk_required || connection.local.kind == policy::AuthKind::null ||
         connection.remote.kind == policy::AuthKind::null;
}

/// SK_d, SK_pi, SK_pr change; the rest stays.
void put(keys::IkeKeys& into, keys::IkeKeys& from) {
  std::swap(into.sk_d, from.sk_d);
  std::swap(into.sk_pi, from.sk_pi);
  std::swap(into.sk_pr, from.sk_pr);
}

Result<void> mix(IkeSa& sa, const policy::Ppk& ppk) {
  auto& state = sa.notes.of<PpkState>();
  keys::Derivations derivations(sa.services.config.disclose_secrets);
  keys::KeySchedule schedule(sa.services.provider, *sa.suite.prf, &derivations);
  IKELAB_TRY(keys::IkeKeys mixed, schedule.with_ppk(sa.keys, ppk.secret, ppk.id));
  sa.emit_keys(derivations);
  put(sa.keys, mixed);
  state.plain = std::move(mixed);
  state.used = &ppk;
  return {};
}

void add_to_init(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (wire::first<wire::SaPayload>(payloads) == nullptr) return;  // a refusal
  //= rfc8784#3 "If the initiator is configured to use a PPK with the responder (whether or not the
  //= use of the PPK is mandatory), then it MUST include a notification USE_PPK in the IKE_SA_INIT
  //= request message"
  const bool wanted = out.response ? !sa.connection->ppks.empty() &&
                                         find_notify(out.request->payloads, NotifyType::use_ppk)
                                   : own(*sa.connection) != nullptr;
  if (wanted) payloads.push_back(notify(NotifyType::use_ppk));
}

/// AUTH as it would be without the PPK.
//= rfc8784#3 "then the initiator MUST include a NO_PPK_AUTH notification in the above message."
void add_no_ppk_auth(IkeSa& sa, std::vector<wire::Payload>& payloads) {
  auto& state = sa.notes.of<PpkState>();
  const auto* id = wire::first<wire::IdPayload>(payloads);
  if (required(*sa.connection) || id == nullptr) return;
  put(sa.keys, *state.plain);
  auto auth = make_auth(sa, *sa.connection->local_rounds().front(), *id);
  put(sa.keys, *state.plain);
  //= rfc8784#3 "the authentication method used for computing the authentication data MUST be the
  //= same as the method indicated in the AUTH payload."
  if (auth)
    payloads.push_back(
        notify(NotifyType::no_ppk_auth, std::get<wire::AuthPayload>(auth->back().body).data));
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (out.exchange == ExchangeType::ike_sa_init) return add_to_init(sa, out, payloads);
  const auto* state = sa.notes.find<PpkState>();
  if (out.exchange != ExchangeType::ike_auth || state == nullptr || state->used == nullptr ||
      wire::first<wire::AuthPayload>(payloads) == nullptr)
    return;
  if (out.response) return payloads.push_back(notify(NotifyType::ppk_identity));
  const Bytes id = concat({Bytes{ppk_id_fixed}, as_bytes(state->used->id)});
  payloads.push_back(notify(NotifyType::ppk_identity, id));
  add_no_ppk_auth(sa, payloads);
}

void read(IkeSa& sa, const Inbound& in) {
  if (in.header.exchange != ExchangeType::ike_sa_init) return;
  const bool has =
      sa.original_initiator ? own(*sa.connection) != nullptr : !sa.connection->ppks.empty();
  if (has)
    sa.notes.of<PpkState>().agreed = find_notify(in.payloads, NotifyType::use_ppk) != nullptr;
}

void keyed(IkeSa& sa, Instant now) {
  const auto* state = sa.notes.find<PpkState>();
  if (state == nullptr || state->agreed) return;
  const Error why = problem("E-AUTH-030", "the responder uses no post-quantum preshared key");
  //= rfc8784#3 "If the responder did not include the USE_PPK notification and the flag
  //= mandatory_or_not indicates that using PPKs is mandatory for communication with this responder,
  //= then the initiator MUST abort the exchange."
  if (required(*sa.connection)) {
    sa.diagnose(why);
    return sa.die(now, Trigger::auth_failed, why.message + ", and ppk_required says that it must");
  }
  sa.emit(trace::Diagnostic{"warning", why.code, why.message, why.rfc, 0, 0, 0});
}

void proves(IkeSa& sa) {
  const auto* state = sa.notes.find<PpkState>();
  if (state == nullptr || !state->agreed || state->used != nullptr) return;
  if (auto mixed = mix(sa, *own(*sa.connection)); !mixed) sa.diagnose(mixed.error());
}

using Judged = Result<std::optional<std::vector<wire::Payload>>>;

/// The responder's answer: does it use the PPK?
Judged judge_response(IkeSa& sa, const Inbound& in, PpkState& state) {
  if (state.used == nullptr || !state.plain) return Judged(std::nullopt);
  //= rfc8784#3 "the content of the received PPK_IDENTITY (if any) MUST be ignored."
  if (find_notify(in.payloads, NotifyType::ppk_identity) != nullptr) {
    state.plain.reset();
    return Judged(std::nullopt);
  }
  //= rfc8784#3 "If the initiator does not receive the PPK_IDENTITY, it MUST either fail the IKE SA
  //= negotiation sending the AUTHENTICATION_FAILED notification in the INFORMATIONAL exchange (if
  //= the PPK was configured as mandatory) or continue without using the PPK"
  if (required(*sa.connection))
    return problem("E-AUTH-031", "the responder went on without the preshared key");
  put(sa.keys, *state.plain);
  state.plain.reset();
  state.used = nullptr;
  sa.emit(
      trace::Diagnostic{"warning", "E-AUTH-031",
                        "the responder does not have the post-quantum preshared key; it goes on "
                        "without",
                        "RFC 8784, 3", 0, 0, 0});
  return Judged(std::nullopt);
}

/// The initiator's request; Table 1 of RFC 8784.
Judged judge_request(IkeSa& sa, const Inbound& in, PpkState& state) {
  if (state.used != nullptr) return Judged(std::nullopt);  // a later round
  const auto* identity = find_notify(in.payloads, NotifyType::ppk_identity);
  if (!state.agreed) {
    if (required(*sa.connection) && !sa.connection->ppks.empty())
      return problem("E-AUTH-030", "the initiator uses no post-quantum preshared key");
    return Judged(std::nullopt);
  }
  //= rfc8784#3 "If no PPK_IDENTITY notification is found and the peers successfully exchanged USE_PPK
  //= notifications in the IKE_SA_INIT exchange, then the responder MUST send back an
  //= AUTHENTICATION_FAILED notification and then fail the negotiation."
  if (identity == nullptr || identity->data.empty())
    return problem("E-AUTH-032", "both sides use a PPK, and the initiator does not say which");
  const std::string id(identity->data.begin() + 1, identity->data.end());
  const policy::ConnectionConfig& connection = *sa.connection;
  const bool allowed =
      identity->data[0] == ppk_id_fixed && (connection.ppk_id.empty() || connection.ppk_id == id);
  if (const policy::Ppk* ppk = allowed ? find(connection, id) : nullptr) {
    IKELAB_CHECK(mix(sa, *ppk));
    state.plain.reset();
    return Judged(std::nullopt);
  }
  const auto* without = find_notify(in.payloads, NotifyType::no_ppk_auth);
  //= rfc8784#3 "If using PPKs is mandatory or no NO_PPK_AUTH notification is found, then the
  //= responder MUST send back an AUTHENTICATION_FAILED notification and then fail the negotiation."
  if (required(connection) || without == nullptr)
    return problem("E-AUTH-032", "no PPK '" + id + "' is known for this initiator");
  //= rfc8784#6 "if a PPK was configured but was not used for a particular IKE SA, then
  //= implementations SHOULD audit this event."
  sa.emit(trace::Diagnostic{"warning", "E-AUTH-032",
                            "no PPK '" + id + "' is known for this initiator; it goes on without",
                            "RFC 8784, 3", in.datagram, 0, 0});
  std::vector<wire::Payload> payloads = in.payloads;
  for (wire::Payload& payload : payloads)
    if (auto* auth = std::get_if<wire::AuthPayload>(&payload.body)) auth->data = without->data;
  return Judged(std::optional(std::move(payloads)));
}

Judged judges(IkeSa& sa, const Inbound& in) {
  if (sa.connection->ppks.empty()) return Judged(std::nullopt);
  auto& state = sa.notes.of<PpkState>();
  return in.header.response ? judge_response(sa, in, state) : judge_request(sa, in, state);
}

}  // namespace

Extension ppk_extension() {
  return {.name = "ppk",
          .rfc = "RFC 8784",
          .add = add,
          .read = read,
          .keyed = keyed,
          .proves = proves,
          .judges = judges};
}

}  // namespace ikelab::ikev2
