// Phase 1 as one table: which message is whose, what is put into it, what is read from it (RFC
// 2409, 5). Main mode has six messages, aggressive mode three.
#include "protocol/ikev1/isakmp_sa.hpp"
#include "protocol/pki/pki.hpp"
#include "protocol/policy/ikev1_proposal.hpp"
#include "protocol/wire/encode.hpp"
#include "protocol/wire/ikev1_grammar.hpp"
#include "protocol/wire/udp_encapsulation.hpp"

namespace ikelab::ikev1 {
namespace {

using wire::ExchangeType;
using wire::PayloadType;

constexpr const char* vendor_nat_t = "4a131c81070358455c5728f20e95452f";  // RFC 3947, 3.1
constexpr const char* vendor_dpd = "afcad71368a1f1c96b8696fc77570100";    // RFC 3706, 5.1
constexpr const char* vendor_xauth = "09002689dfd6b712";  // draft-ietf-ipsec-isakmp-xauth-06
constexpr std::size_t nonce_octets = 32;
constexpr Duration lifetime_offered = 8h;

/// What both do to prove themselves, whoever has to name a user besides.
std::uint16_t method_of(const policy::ConnectionConfig& connection) {
  if (connection.local.kind == policy::AuthKind::psk) return wire::v1::auth::psk;
  return connection.ikev1->rsa_encryption ? wire::v1::auth::rsa_encryption
                                          : wire::v1::auth::rsa_signatures;
}

/// The same in the words of the SA payload, which say who is the user's side (XAuth).
std::uint16_t method_on_wire(const IsakmpSa& sa) {
  using namespace wire::v1;
  struct Row {
    std::uint16_t method, of_initiator, of_responder;
  };
  static constexpr Row rows[] = {
      {auth::psk, auth::xauth_init_psk, auth::xauth_resp_psk},
      {auth::rsa_signatures, auth::xauth_init_rsa, auth::xauth_resp_rsa}};
  if (!sa.asks_for_user() && !sa.names_user()) return sa.method;
  for (const Row& row : rows)
    if (row.method == sa.method)
      return sa.initiator == sa.names_user() ? row.of_initiator : row.of_responder;
  return sa.method;
}

void add_vendor_ids(const IsakmpSa& sa, Payloads& out) {
  for (const char* id : {vendor_nat_t, vendor_dpd})
    out.push_back(data_payload(PayloadType::v1_vendor_id, hex(id)));
  if (sa.asks_for_user() || sa.names_user())
    out.push_back(data_payload(PayloadType::v1_vendor_id, hex(vendor_xauth)));
}

void read_vendor_ids(IsakmpSa& sa, const Payloads& payloads) {
  for (const wire::Payload& payload : payloads) {
    if (payload.type != PayloadType::v1_vendor_id) continue;
    const std::string id = to_hex(std::get<wire::v1::DataPayload>(payload.body).data);
    sa.peer_has_nat_t = sa.peer_has_nat_t || id == vendor_nat_t;
    sa.peer_has_dpd = sa.peer_has_dpd || id.starts_with("afcad71368a1f1c96b8696fc7757");
  }
}

void emit_negotiation(IsakmpSa& sa, const char* role, const policy::Selection& selection) {
  trace::Negotiated body{"IKE", role, "", selection.verdicts};
  if (selection.chosen) body.chosen = policy::to_string(*selection.chosen);
  sa.emit(std::move(body));
}

// ---- the parts of messages ---------------------------------------------------------------------

void add_offer(IsakmpSa& sa, Payloads& out) {
  sa.method = method_of(*sa.connection);
  sa.offered = policy::v1::isakmp_sa(sa.connection->proposals, method_on_wire(sa),
                                     sa.connection->rekey_time > Duration::zero()
                                         ? sa.connection->rekey_time
                                         : Duration(lifetime_offered));
  out.push_back(wire::make_payload(sa.offered));
  sa.sai_b = wire::encode_body(sa.offered);
}

/// The responder's choice among what was offered; kept until its answer is made.
Result<void> choose(IsakmpSa& sa, const Inbound& in) {
  const wire::Payload& payload = *find(in.payloads, PayloadType::v1_sa);
  sa.sai_b = to_bytes(in.body_of(payload));
  sa.method = method_of(*sa.connection);
  policy::v1::Choice choice = policy::v1::choose_isakmp(
      std::get<wire::v1::SaPayload>(payload.body), sa.connection->proposals, method_on_wire(sa));
  emit_negotiation(sa, "responder", choice.selection);
  if (!choice.selection.chosen)
    return Error{"E-IKE1-010", "no proposal of phase 1 was acceptable"}.see("RFC 2408, 4.2");
  sa.suite = choice.selection.suite;
  sa.offered = std::move(choice.answer);
  return {};
}

/// The initiator's check that the answer is one of its transforms.
Result<void> accept(IsakmpSa& sa, const Inbound& in) {
  const auto& answer = std::get<wire::v1::SaPayload>(find(in.payloads, PayloadType::v1_sa)->body);
  //= rfc2408#4.2 "The initiator MUST verify that the Security Association payload received from the
  //= responder matches one of the proposals sent initially."
  const auto ours = policy::v1::offers(sa.offered, wire::v1::protocol_isakmp);
  const auto theirs = policy::v1::offers(answer, wire::v1::protocol_isakmp);
  std::vector<wire::Proposal> offered;
  for (const auto& offer : ours) offered.push_back(offer.words);
  if (theirs.size() != 1 ||
      theirs[0].transform->value_of(wire::v1::phase1::authentication) != method_on_wire(sa))
    return Error{"E-IKE1-011", "the answer is not one transform of those we offered"}.see(
        "RFC 2408, 4.2");
  policy::Selection selection = policy::select({theirs[0].words}, offered);
  emit_negotiation(sa, "initiator", selection);
  if (!selection.chosen)
    return Error{"E-IKE1-011", "the answer is not one transform of those we offered"}.see(
        "RFC 2408, 4.2");
  sa.suite = selection.suite;
  return {};
}

Result<void> make_half(IsakmpSa& sa, const crypto::Algorithm& ke) {
  IKELAB_TRY(sa.ke, sa.services.provider.key_exchange(ke, *sa.services.streams.ke));
  (sa.initiator ? sa.g_xi : sa.g_xr) = sa.ke->public_value();
  (sa.initiator ? sa.ni_b : sa.nr_b) = sa.services.streams.nonce->bytes(nonce_octets);
  return {};
}

void add_half(IsakmpSa& sa, Payloads& out) {
  out.push_back(data_payload(PayloadType::v1_ke, sa.initiator ? sa.g_xi : sa.g_xr));
  out.push_back(data_payload(PayloadType::v1_nonce, sa.initiator ? sa.ni_b : sa.nr_b));
}

void take_half(IsakmpSa& sa, const Inbound& in) {
  (sa.initiator ? sa.g_xr : sa.g_xi) = *data_of(in.payloads, PayloadType::v1_ke);
  (sa.initiator ? sa.nr_b : sa.ni_b) = *data_of(in.payloads, PayloadType::v1_nonce);
}

/// Which authorities' certificates we accept (RFC 2408, 3.10).
void add_certificate_requests(IsakmpSa& sa, Payloads& out) {
  if (sa.method != wire::v1::auth::rsa_signatures) return;
  for (const Bytes& authority : sa.connection->remote.authorities)
    if (const auto info = pki::parse_certificate(authority))
      out.push_back(wire::make_payload(wire::v1::CertPayload{true, 4, info->subject_der}));
}

void add_nat_detection(IsakmpSa& sa, Payloads& out) {
  if (!sa.peer_has_nat_t) return;
  for (wire::Payload& payload : nat_detection(sa)) out.push_back(std::move(payload));
}

void add_id(IsakmpSa& sa, Payloads& out) {
  const wire::v1::IdPayload id = own_id(sa);
  (sa.initiator ? sa.idii_b : sa.idir_b) = wire::encode_body(id);
  out.push_back(wire::make_payload(id));
}

void take_id(IsakmpSa& sa, const Inbound& in) {
  (sa.initiator ? sa.idir_b : sa.idii_b) =
      to_bytes(in.body_of(*find(in.payloads, PayloadType::v1_id)));
}

// ---- the messages ------------------------------------------------------------------------------

Result<Payloads> make_offer(IsakmpSa& sa) {
  Payloads out;
  add_offer(sa, out);
  add_vendor_ids(sa, out);
  return out;
}

Result<Payloads> make_choice(IsakmpSa& sa) {
  Payloads out{wire::make_payload(sa.offered)};
  add_vendor_ids(sa, out);
  return out;
}

Result<void> take_choice(IsakmpSa& sa, const Inbound& in) {
  read_vendor_ids(sa, in.payloads);
  return accept(sa, in);
}

Result<void> take_offer(IsakmpSa& sa, const Inbound& in) {
  read_vendor_ids(sa, in.payloads);
  return choose(sa, in);
}

Result<Payloads> make_key_exchange(IsakmpSa& sa) {
  IKELAB_CHECK(make_half(sa, *sa.suite.ke));
  Payloads out;
  if (sa.method == wire::v1::auth::rsa_encryption) {
    IKELAB_TRY(out, hidden_key_exchange(sa));
  } else {
    add_half(sa, out);
    add_certificate_requests(sa, out);
  }
  add_nat_detection(sa, out);
  if (!sa.initiator) IKELAB_CHECK(make_phase1_keys(sa));
  return out;
}

Result<void> take_key_exchange(IsakmpSa& sa, const Inbound& in) {
  if (sa.method == wire::v1::auth::rsa_encryption) {
    IKELAB_CHECK(take_hidden_key_exchange(sa, in));
  } else {
    take_half(sa, in);
  }
  read_nat_detection(sa, in);
  return sa.initiator ? make_phase1_keys(sa) : Result<void>();
}

Result<Payloads> make_main_proof(IsakmpSa& sa) {
  Payloads out;
  if (sa.method != wire::v1::auth::rsa_encryption) add_id(sa, out);
  IKELAB_TRY(Payloads proof, make_proof(sa));
  out.insert(out.end(), proof.begin(), proof.end());
  return out;
}

Result<void> take_main_proof(IsakmpSa& sa, const Inbound& in) {
  if (sa.method != wire::v1::auth::rsa_encryption) take_id(sa, in);
  return check_proof(sa, in);
}

Result<Payloads> make_all_offer(IsakmpSa& sa) {
  Payloads out;
  add_offer(sa, out);
  const auto offers = policy::v1::offers(sa.offered, wire::v1::protocol_isakmp);
  if (offers.empty())
    return Error{"E-IKE1-010", "no configured proposal has words in IKEv1"}.see("RFC 2409, A");
  const crypto::Algorithm* ke = nullptr;
  for (const wire::Transform& t : offers.front().words.transforms)
    if (t.type == 4) ke = crypto::find(crypto::TransformType::ke, t.id);
  IKELAB_CHECK(make_half(sa, *ke));
  add_half(sa, out);
  add_id(sa, out);
  add_certificate_requests(sa, out);
  add_vendor_ids(sa, out);
  return out;
}

Result<void> take_all_offer(IsakmpSa& sa, const Inbound& in) {
  IKELAB_CHECK(take_offer(sa, in));
  take_half(sa, in);
  take_id(sa, in);
  return {};
}

Result<Payloads> make_all_choice(IsakmpSa& sa) {
  IKELAB_CHECK(make_half(sa, *sa.suite.ke));
  Payloads out{wire::make_payload(sa.offered)};
  add_half(sa, out);
  add_id(sa, out);
  IKELAB_CHECK(make_phase1_keys(sa));
  IKELAB_TRY(Payloads proof, make_proof(sa));
  out.insert(out.end(), proof.begin(), proof.end());
  add_certificate_requests(sa, out);
  add_nat_detection(sa, out);
  add_vendor_ids(sa, out);
  return out;
}

Result<void> take_all_choice(IsakmpSa& sa, const Inbound& in) {
  read_vendor_ids(sa, in.payloads);
  IKELAB_CHECK(accept(sa, in));
  take_half(sa, in);
  take_id(sa, in);
  IKELAB_CHECK(make_phase1_keys(sa));
  IKELAB_CHECK(check_proof(sa, in));
  read_nat_detection(sa, in);
  return {};
}

Result<Payloads> make_last(IsakmpSa& sa) {
  IKELAB_TRY(Payloads out, make_proof(sa));
  add_nat_detection(sa, out);
  return out;
}

Result<void> take_last(IsakmpSa& sa, const Inbound& in) {
  IKELAB_CHECK(check_proof(sa, in));
  read_nat_detection(sa, in);
  return {};
}

struct Step {
  ExchangeType exchange;
  unsigned number;
  bool by_initiator, encrypted, last;
  Result<Payloads> (*make)(IsakmpSa& sa);
  Result<void> (*take)(IsakmpSa& sa, const Inbound& in);
};

constexpr Step steps[] = {
    {ExchangeType::main_mode, 1, true, false, false, make_offer, take_offer},
    {ExchangeType::main_mode, 2, false, false, false, make_choice, take_choice},
    {ExchangeType::main_mode, 3, true, false, false, make_key_exchange, take_key_exchange},
    {ExchangeType::main_mode, 4, false, false, false, make_key_exchange, take_key_exchange},
    {ExchangeType::main_mode, 5, true, true, false, make_main_proof, take_main_proof},
    {ExchangeType::main_mode, 6, false, true, true, make_main_proof, take_main_proof},
    {ExchangeType::aggressive_mode, 1, true, false, false, make_all_offer, take_all_offer},
    {ExchangeType::aggressive_mode, 2, false, false, false, make_all_choice, take_all_choice},
    {ExchangeType::aggressive_mode, 3, true, true, true, make_last, take_last},
};

const Step& step_of(ExchangeType exchange, unsigned number) {
  for (const Step& step : steps)
    if (step.exchange == exchange && step.number == number) return step;
  IKELAB_ASSERT(!"phase 1 has no such step");
  return steps[0];
}

/// Past the NAT, both ports become 4500 (RFC 3947, 4).
void float_ports(IsakmpSa& sa) {
  if (!sa.initiator || !sa.peer_has_nat_t || (!sa.nat_here && !sa.nat_there)) return;
  if (sa.local.port != wire::ike_port) return;
  sa.local.port = sa.peer.port = wire::udp_encapsulation_port;
}

}  // namespace

void IsakmpSa::next_of_phase1(Instant now) {
  const Step& step = step_of(phase1.type, phase1.messages + 1);
  auto payloads = step.make(*this);
  if (!payloads) {
    services.diagnose(name, payloads.error());
    return die(now, payloads.error().message);
  }
  float_ports(*this);
  const bool waits = !step.last && (initiator || services.habits.repeats_to_anybody);
  if (auto sent = send(now, phase1, *payloads, step.encrypted, waits); !sent) {
    services.diagnose(name, sent.error());
    return die(now, sent.error().message);
  }
  if (step.last) return end_phase1(now);
  static constexpr State after[] = {State::offering, State::offering, State::keying, State::keying,
                                    State::authenticating};
  if (state == State::dead) return;
  const State to = aggressive() ? State::authenticating : after[phase1.messages - 1];
  if (to != state) become(to, "the next message of phase 1 is out", "RFC 2409, 5");
  if (!give_up_at_) give_up_at_ = phase1.begun + (initiator ? Duration(150s) : Duration(30s));
}

void IsakmpSa::take_phase1(Instant now, const Datagram& datagram, const wire::Decoded& decoded) {
  if (equal(phase1.last_in, datagram.payload)) {  // its answer was lost: once more
    ++phase1.again;
    return resend(phase1);
  }
  const wire::Header& header = decoded.message.header;
  const bool over = proven() || state == State::dead;
  if (over || header.exchange != phase1.type || header.message_id != phase1.id)
    return services.diagnose(
        name, Error{"E-IKE1-003", "a message of phase 1 that is not due"}.at(18).see("RFC 2408, 4"),
        datagram.id);
  const Step& step = step_of(phase1.type, phase1.messages + 1);
  const bool may_be_clear = phase1.type == ExchangeType::aggressive_mode;
  if (step.by_initiator == initiator || (step.encrypted != header.encrypted && !may_be_clear))
    return services.diagnose(
        name,
        Error{"E-IKE1-004", step.encrypted ? "a message that must be encrypted is not"
                                           : "an encrypted message before there are keys"}
            .at(19)
            .see("RFC 2409, 5"),
        datagram.id);
  const Bytes iv = phase1.iv;
  const auto in = open(now, phase1, datagram, decoded);
  if (!in) return;
  const auto judged = wire::v1::check(phase1.type, step.number, method, in->payloads);
  if (const auto* error = wire::first_error(judged)) {
    phase1.iv = iv;
    return services.diagnose(name, wire::to_error(*error), datagram.id);
  }
  if (auto taken = step.take(*this, *in); !taken) return refuse(*in, taken.error());
  phase1.last_in = datagram.payload;
  ++phase1.messages;
  local = datagram.dst;
  peer = datagram.src;
  if (step.last) return end_phase1(now);
  next_of_phase1(now);
}

// ---- keys --------------------------------------------------------------------------------------

Result<void> make_phase1_keys(IsakmpSa& sa) {
  const Bytes& theirs = sa.initiator ? sa.g_xr : sa.g_xi;
  auto shared = sa.ke->derive(theirs);
  if (!shared) return shared.error();
  sa.g_xy = std::move(*shared);
  keys::Derivations derivations(sa.services.config.disclose_secrets);
  keys::v1::Schedule schedule(sa.services.provider, *sa.suite.prf, &derivations);
  schedule.report_shared_secret(*sa.suite.ke, sa.g_xi, sa.g_xr, sa.g_xy,
                                sa.aggressive() ? "Aggressive Mode" : "Main Mode");
  const keys::v1::Nonces nonces{sa.ni_b, sa.nr_b};
  Secret skeyid;
  if (sa.method == wire::v1::auth::psk) {
    const Bytes& psk =
        sa.connection->local.psk.empty() ? sa.connection->remote.psk : sa.connection->local.psk;
    IKELAB_TRY(skeyid, schedule.skeyid_of_psk(psk, nonces));
  } else if (sa.method == wire::v1::auth::rsa_encryption) {
    IKELAB_TRY(skeyid, schedule.skeyid_of_encryption(nonces, sa.cky_i, sa.cky_r));
  } else {
    IKELAB_TRY(skeyid, schedule.skeyid_of_signatures(sa.g_xy, nonces));
  }
  IKELAB_TRY(sa.keys, schedule.skeyids(std::move(skeyid), sa.g_xy, sa.cky_i, sa.cky_r));
  IKELAB_TRY(sa.cipher_key, schedule.cipher_key(sa.keys.skeyid_e, *sa.suite.encr));
  IKELAB_TRY(sa.phase1.iv, schedule.iv(sa.g_xi, sa.g_xr, *sa.suite.encr));
  sa.emit_keys(derivations);
  return {};
}

}  // namespace ikelab::ikev1
