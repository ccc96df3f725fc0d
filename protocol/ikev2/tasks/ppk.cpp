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
#include "protocol/ikev2/ppk.hpp"

#include <algorithm>

#include "protocol/ikev2/authentication.hpp"
#include "protocol/ikev2/intermediate.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

struct PpkState {
  const policy::Ppk* used = nullptr;   ///< it is in the keys
  std::optional<keys::IkeKeys> plain;  ///< SK_d', SK_pi', SK_pr', while they may be needed
};

Error problem(const char* code, std::string what) {
  return Error{code, std::move(what)}.see("RFC 8784, 3");
}

bool agreed(const IkeSa& sa) {
  return ppk_agreement(sa) == PpkAgreement::Where::in_auth;
}

/// SK_d, SK_pi, SK_pr change; the rest stays.
void put(keys::IkeKeys& into, keys::IkeKeys& from) {
  std::swap(into.sk_d, from.sk_d);
  std::swap(into.sk_pi, from.sk_pi);
  std::swap(into.sk_pr, from.sk_pr);
}

Result<void> mix(IkeSa& sa, const policy::Ppk& ppk) {
  auto& state = sa.notes.of<PpkState>();
  keys::Derivations derivations = sa.services.derivations();
  keys::KeySchedule schedule(sa.services.provider, *sa.suite.prf, &derivations);
  IKELAB_TRY(keys::IkeKeys mixed, schedule.with_ppk(sa.keys, ppk.secret, ppk.id));
  sa.emit_keys(derivations);
  put(sa.keys, mixed);
  state.plain = std::move(mixed);
  state.used = &ppk;
  return {};
}

void add_to_init(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  using policy::PpkExchange;
  if (wire::first<wire::SaPayload>(payloads) == nullptr) return;  // a refusal
  const PpkExchange exchange = sa.connection->ppk_exchange;
  if (out.response) {
    // One of the two: what the initiator's request allows, and read() found there.
    if (const auto where = ppk_agreement(sa); where != PpkAgreement::Where::nowhere)
      payloads.push_back(notify(where == PpkAgreement::Where::in_intermediate
                                    ? NotifyType::use_ppk_int
                                    : NotifyType::use_ppk));
    return;
  }
  if (own_ppk(*sa.connection) == nullptr) return;
  if (exchange != PpkExchange::auth) payloads.push_back(notify(NotifyType::use_ppk_int));
  //= rfc8784#3 "If the initiator is configured to use a PPK with the responder (whether or not the
  //= use of the PPK is mandatory), then it MUST include a notification USE_PPK in the IKE_SA_INIT
  //= request message"
  if (exchange != PpkExchange::intermediate) payloads.push_back(notify(NotifyType::use_ppk));
}

/// AUTH as it would be without the PPK.
//= rfc8784#3 "then the initiator MUST include a NO_PPK_AUTH notification in the above message."
void add_no_ppk_auth(IkeSa& sa, std::vector<wire::Payload>& payloads) {
  auto& state = sa.notes.of<PpkState>();
  const auto* id = wire::first<wire::IdPayload>(payloads);
  if (is_ppk_required(*sa.connection) || id == nullptr) return;
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
  payloads.push_back(notify(NotifyType::ppk_identity, ppk_id_data(state->used->id)));
  add_no_ppk_auth(sa, payloads);
}

void read(IkeSa& sa, const Inbound& in) {
  using policy::PpkExchange;
  using Where = PpkAgreement::Where;
  if (in.header.exchange != ExchangeType::ike_sa_init) return;
  const policy::ConnectionConfig& connection = *sa.connection;
  if (sa.original_initiator ? own_ppk(connection) == nullptr : connection.ppks.empty()) return;
  const auto says = [&](NotifyType type) { return find_notify(in.payloads, type) != nullptr; };
  auto& where = sa.notes.of<PpkAgreement>().where;
  where = Where::nowhere;
  if (connection.ppk_exchange != PpkExchange::auth && says(NotifyType::use_ppk_int) &&
      announces_intermediate(in.payloads))
    where = Where::in_intermediate;
  else if (connection.ppk_exchange != PpkExchange::intermediate && says(NotifyType::use_ppk))
    where = Where::in_auth;
}

void keyed(IkeSa& sa, Instant now) {
  if (own_ppk(*sa.connection) == nullptr || ppk_agreement(sa) != PpkAgreement::Where::nowhere)
    return;
  const Error why = problem("E-AUTH-030", "the responder uses no post-quantum preshared key");
  //= rfc8784#3 "If the responder did not include the USE_PPK notification and the flag
  //= mandatory_or_not indicates that using PPKs is mandatory for communication with this responder,
  //= then the initiator MUST abort the exchange."
  if (is_ppk_required(*sa.connection)) {
    sa.diagnose(why);
    return sa.die(now, Trigger::auth_failed, why.message + ", and ppk_required says that it must");
  }
  sa.emit(trace::Diagnostic{"warning", why.code, why.message, why.rfc, 0, 0, 0});
}

void proves(IkeSa& sa) {
  if (!agreed(sa) || sa.notes.of<PpkState>().used != nullptr) return;
  if (auto mixed = mix(sa, *own_ppk(*sa.connection)); !mixed) sa.diagnose(mixed.error());
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
  if (is_ppk_required(*sa.connection))
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
  if (!agreed(sa)) {
    if (ppk_agreement(sa) == PpkAgreement::Where::nowhere && is_ppk_required(*sa.connection) &&
        !sa.connection->ppks.empty())
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
  const bool allowed = read_ppk_id(identity->data).has_value() &&
                       (connection.ppk_id.empty() || connection.ppk_id == id);
  if (const policy::Ppk* ppk = allowed ? find_ppk(connection, id) : nullptr) {
    IKELAB_CHECK(mix(sa, *ppk));
    state.plain.reset();
    return Judged(std::nullopt);
  }
  const auto* without = find_notify(in.payloads, NotifyType::no_ppk_auth);
  //= rfc8784#3 "If using PPKs is mandatory or no NO_PPK_AUTH notification is found, then the
  //= responder MUST send back an AUTHENTICATION_FAILED notification and then fail the negotiation."
  if (is_ppk_required(connection) || without == nullptr)
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

PpkAgreement::Where ppk_agreement(const IkeSa& sa) {
  const auto* agreement = sa.notes.find<PpkAgreement>();
  return agreement == nullptr ? PpkAgreement::Where::nowhere : agreement->where;
}

const policy::Ppk* find_ppk(const policy::ConnectionConfig& connection, const std::string& id) {
  const auto at = std::find_if(connection.ppks.begin(), connection.ppks.end(),
                               [&](const policy::Ppk& ppk) { return ppk.id == id; });
  return at == connection.ppks.end() ? nullptr : &*at;
}

const policy::Ppk* own_ppk(const policy::ConnectionConfig& connection) {
  return connection.ppk_id.empty() ? nullptr : find_ppk(connection, connection.ppk_id);
}

//= rfc8784#5.2.3 "Using PPKs MUST be mandatory for the peers if they advertise support for PPKs in
//= IKE_SA_INIT and use NULL Authentication."
bool is_ppk_required(const policy::ConnectionConfig& connection) {
  return connection.ppk_required || connection.local.kind == policy::AuthKind::null ||
         connection.remote.kind == policy::AuthKind::null;
}

namespace {
constexpr std::uint8_t ppk_id_fixed = 2;  // RFC 8784, 5.1
}  // namespace

Bytes ppk_id_data(const std::string& id) {
  return concat({Bytes{ppk_id_fixed}, as_bytes(id)});
}

std::optional<std::string> read_ppk_id(ByteView data) {
  if (data.size() < 2 || data[0] != ppk_id_fixed) return std::nullopt;
  return std::string(data.begin() + 1, data.end());
}

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
