// Quick mode: a pair of ESP SAs under an ISAKMP SA, with or without a key exchange of its own (RFC
// 2409, 5.5). Rekeying is a new quick mode, and the deletion of what it replaces.
//
//   initiator                                      responder
//   HDR*, HASH(1), SA, Ni [, KE ], IDci, IDcr  -->
//                                              <--  HDR*, HASH(2), SA, Nr [, KE ], IDci, IDcr
//   HDR*, HASH(3)                              -->
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev1/isakmp_sa.hpp"
#include "protocol/ikev1/selector_id.hpp"
#include "protocol/policy/ikev1_proposal.hpp"
#include "protocol/policy/traffic_selector.hpp"
#include "protocol/wire/encode.hpp"
#include "protocol/wire/ikev1_grammar.hpp"

namespace ikelab::ikev1 {
namespace {

using wire::PayloadType;

constexpr std::size_t nonce_octets = 32;
constexpr Duration lifetime_offered = 1h;

Bytes octets_of(EspSpi spi) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(spi.value >> shift));
  return out;
}
EspSpi spi_of(ByteView octets) {
  std::uint32_t value = 0;
  for (const std::uint8_t octet : octets) value = value << 8 | octet;
  return EspSpi{value};
}
Bytes id_octets(MessageId id) {
  return octets_of(EspSpi{id.value});
}

/// What HASH(n) covers besides its inputs: all that follows the HASH payload (RFC 2409, 5.5).
ByteView behind_hash(const Inbound& in) {
  const std::size_t begin = in.payloads.front().end, end = in.payloads.back().end;
  return ByteView(in.octets).subspan(begin, end - begin);
}

bool starts_with_hash(const Inbound& in) {
  //= rfc2409#5.5 "a HASH payload MUST immediately follow the ISAKMP header"
  return !in.payloads.empty() && in.payloads.front().type == PayloadType::v1_hash;
}

std::uint16_t mode_of(const IsakmpSa& sa, bool transport) {
  const bool udp = udp_ports(sa).has_value();
  if (transport) return udp ? wire::v1::mode_udp_transport : wire::v1::mode_transport;
  return udp ? wire::v1::mode_udp_tunnel : wire::v1::mode_tunnel;
}

const crypto::Algorithm* first_group(const policy::ChildConfig& child) {
  for (const wire::Proposal& proposal : child.esp_proposals)
    for (const wire::Transform& t : proposal.transforms)
      if (t.type == static_cast<std::uint8_t>(crypto::TransformType::ke) && t.id != 0)
        return crypto::find(crypto::TransformType::ke, t.id);
  return nullptr;
}

void emit_negotiation(IsakmpSa& sa, const char* role, const policy::Selection& selection) {
  trace::Negotiated body{"ESP", role, "", selection.verdicts};
  if (selection.chosen) body.chosen = policy::to_string(*selection.chosen);
  sa.emit(std::move(body));
}

EspSpi new_spi(IsakmpSa& sa) {
  const auto draw = static_cast<std::uint32_t>(sa.services.streams.esp_spi->u64());
  return EspSpi{draw | 0x1000};  // never one of the reserved 0 to 255
}

std::string outer(const IpAddress& ip, const std::optional<esp::UdpPorts>& udp,
                  std::uint16_t esp::UdpPorts::*port) {
  return udp ? SocketAddress{ip, (*udp).*port}.to_string() : ip.to_string();
}

}  // namespace

std::vector<wire::TrafficSelector> IsakmpSa::selectors(const policy::ChildConfig& child,
                                                       bool local_side) const {
  std::vector<wire::TrafficSelector> out = local_side ? child.local_ts : child.remote_ts;
  if (!(local_side ? child.local_dynamic : child.remote_dynamic)) return out;
  const std::vector<IpAddress>& inner = local_side ? inner_local : inner_peer;
  for (const IpAddress& address : inner) out.push_back(host_selector(address));
  if (inner.empty()) out.push_back(host_selector(local_side ? local.ip : peer.ip));
  return out;
}

void IsakmpSa::begin_quick(Instant now, const policy::ChildConfig& child, const ChildSa* old) {
  if (quick_.size() >= bounds::queued_tasks || children.size() >= bounds::children_in_ike_sa)
    return;
  MessageId id;
  while (id.value == 0 || quick_.contains(id.value))
    id = MessageId{static_cast<std::uint32_t>(services.streams.message_id->u64())};
  Quick& quick = quick_[id.value];
  quick.exchange.type = wire::ExchangeType::quick_mode;
  quick.exchange.id = id;
  quick.exchange.initiator = true;
  quick.exchange.begun = now;
  quick.child = &child;
  quick.replaces = old == nullptr ? "new" : "rekey of " + to_string(old->spi_in);
  if (old != nullptr) quick.old_in = old->spi_in;
  emit(trace::TaskStarted{"quick_mode", "initiator", id.value});
  if (auto sent = offer_quick(now, quick); !sent) quick_failed(now, quick, sent.error().message);
}

Result<void> IsakmpSa::offer_quick(Instant now, Quick& quick) {
  IKELAB_TRY(quick.exchange.iv, fresh_iv(quick.exchange.id));
  const policy::ChildConfig& child = *quick.child;
  quick.spi_in = new_spi(*this);
  quick.transport = child.mode == policy::ChildMode::transport;
  quick.offered = policy::v1::esp_sa(
      child.esp_proposals, octets_of(quick.spi_in), mode_of(*this, quick.transport),
      child.rekey_time > Duration::zero() ? child.rekey_time + child.rekey_time / 10
                                          : Duration(lifetime_offered));
  quick.ni_b = services.streams.nonce->bytes(nonce_octets);
  quick.local_ts = selectors(child, true).front();
  quick.remote_ts = selectors(child, false).front();
  Payloads payloads{wire::make_payload(quick.offered),
                    data_payload(PayloadType::v1_nonce, quick.ni_b)};
  if (const crypto::Algorithm* group = first_group(child)) {
    IKELAB_TRY(quick.ke, services.provider.key_exchange(*group, *services.streams.ke));
    quick.g_xi = quick.ke->public_value();
    payloads.push_back(data_payload(PayloadType::v1_ke, quick.g_xi));
  }
  payloads.push_back(wire::make_payload(id_of_selector(quick.local_ts)));
  payloads.push_back(wire::make_payload(id_of_selector(quick.remote_ts)));
  keys::v1::Schedule schedule(services.provider, *suite.prf);
  //= rfc2409#5.5 "HASH(1) = prf(SKEYID_a, M-ID | SA | Ni [ | KE ] [ | IDci | IDcr )"
  IKELAB_TRY(Bytes hash, schedule.hash(keys.skeyid_a, {id_octets(quick.exchange.id),
                                                       wire::encode_chain(payloads).bytes}));
  payloads.insert(payloads.begin(), data_payload(PayloadType::v1_hash, std::move(hash)));
  return send(now, quick.exchange, payloads, true, true);
}

Result<void> IsakmpSa::derive_quick(Quick& quick, ByteView theirs) {
  if (quick.ke == nullptr) return {};
  IKELAB_TRY(quick.g_xy, quick.ke->derive(theirs));
  keys::Derivations derivations(services.config.disclose_secrets);
  keys::v1::Schedule schedule(services.provider, *suite.prf, &derivations);
  schedule.report_shared_secret(*quick.suite.ke, quick.g_xi, quick.g_xr, *quick.g_xy, "Quick Mode");
  emit_keys(derivations);
  return {};
}

// ---- the responder's side ----------------------------------------------------------------------

Result<void> IsakmpSa::answer_quick(Quick& quick, const Inbound& in) {
  keys::v1::Schedule schedule(services.provider, *suite.prf);
  const Bytes id = id_octets(quick.exchange.id);
  IKELAB_TRY(const Bytes expected, schedule.hash(keys.skeyid_a, {id, behind_hash(in)}));
  if (!equal_constant_time(expected, *data_of(in.payloads, PayloadType::v1_hash)))
    return Error{"E-IKE1-030", "HASH(1) does not match"}.see("RFC 2409, 5.5");
  const wire::Payload *id_i = find(in.payloads, PayloadType::v1_id),
                      *id_r = find(in.payloads, PayloadType::v1_id, 1);
  const auto selector = [&](const wire::Payload* payload, const SocketAddress& otherwise) {
    return payload ? selector_of_id(std::get<wire::v1::IdPayload>(payload->body))
                   : Result<wire::TrafficSelector>(host_selector(otherwise.ip));
  };
  IKELAB_TRY(quick.remote_ts, selector(id_i, peer));
  IKELAB_TRY(quick.local_ts, selector(id_r, local));
  const auto whole = [](const wire::TrafficSelector& ts,
                        const std::vector<wire::TrafficSelector>& of) {
    return policy::narrow({ts}, of) == std::vector{ts};
  };
  for (const policy::ChildConfig& child : connection->children)
    if (quick.child == nullptr && whole(quick.remote_ts, selectors(child, false)) &&
        whole(quick.local_ts, selectors(child, true)))
      quick.child = &child;
  if (quick.child == nullptr)
    return Error{"E-IKE1-031", "no configured child has the traffic " +
                                   policy::to_string(quick.remote_ts) + " to " +
                                   policy::to_string(quick.local_ts)}
        .see("RFC 2409, 5.5");
  // Nothing says that this is a rekey: the same traffic of the same child does.
  for (const auto& [spi, child] : children)
    if (child.config == quick.child && child.local_ts == quick.local_ts &&
        child.remote_ts == quick.remote_ts)
      quick.replaces = "rekey of " + to_string(child.spi_in);
  quick.spi_in = new_spi(*this);
  const auto& sa = std::get<wire::v1::SaPayload>(find(in.payloads, PayloadType::v1_sa)->body);
  policy::v1::Choice choice =
      policy::v1::choose_esp(sa, quick.child->esp_proposals, octets_of(quick.spi_in));
  emit_negotiation(*this, "responder", choice.selection);
  if (!choice.selection.chosen)
    return Error{"E-IKE1-032", "no proposal of quick mode was acceptable"}.see("RFC 2409, 5.5");
  quick.suite = choice.selection.suite;
  quick.spi_out = spi_of(choice.selection.chosen->spi);
  const auto mode =
      choice.answer.proposals.front().transforms.front().value_of(wire::v1::phase2::mode);
  quick.transport = mode == wire::v1::mode_transport || mode == wire::v1::mode_udp_transport;
  if (quick.transport != (quick.child->mode == policy::ChildMode::transport))
    return Error{"E-IKE1-032", "the peer wants another encapsulation mode"}.see("RFC 2407, 4.5");
  quick.ni_b = *data_of(in.payloads, PayloadType::v1_nonce);
  quick.nr_b = services.streams.nonce->bytes(nonce_octets);
  Payloads payloads{wire::make_payload(choice.answer),
                    data_payload(PayloadType::v1_nonce, quick.nr_b)};
  if (quick.suite.ke != nullptr) {
    const Bytes* theirs = data_of(in.payloads, PayloadType::v1_ke);
    if (theirs == nullptr)
      return Error{"E-IKE1-033", "a group, and no KE payload"}.see("RFC 2409, 5.5");
    IKELAB_TRY(quick.ke, services.provider.key_exchange(*quick.suite.ke, *services.streams.ke));
    quick.g_xi = *theirs;
    quick.g_xr = quick.ke->public_value();
    IKELAB_CHECK(derive_quick(quick, *theirs));
    payloads.push_back(data_payload(PayloadType::v1_ke, quick.g_xr));
  }
  for (const wire::Payload* payload : {id_i, id_r})
    if (payload != nullptr) payloads.push_back(wire::make_payload(payload->body));
  //= rfc2409#5.5 "HASH(2) = prf(SKEYID_a, M-ID | Ni_b | SA | Nr [ | KE ] [ | IDci | IDcr )"
  IKELAB_TRY(Bytes hash,
             schedule.hash(keys.skeyid_a, {id, quick.ni_b, wire::encode_chain(payloads).bytes}));
  payloads.insert(payloads.begin(), data_payload(PayloadType::v1_hash, std::move(hash)));
  IKELAB_CHECK(send(in.now, quick.exchange, payloads, true, true));
  return install_quick(in.now, quick, true, false);
}

// ---- the initiator's side ----------------------------------------------------------------------

Result<void> IsakmpSa::accept_quick(Quick& quick, const Inbound& in) {
  keys::v1::Schedule schedule(services.provider, *suite.prf);
  const Bytes id = id_octets(quick.exchange.id);
  IKELAB_TRY(const Bytes expected, schedule.hash(keys.skeyid_a, {id, quick.ni_b, behind_hash(in)}));
  if (!equal_constant_time(expected, *data_of(in.payloads, PayloadType::v1_hash)))
    return Error{"E-IKE1-030", "HASH(2) does not match"}.see("RFC 2409, 5.5");
  const auto& answer = std::get<wire::v1::SaPayload>(find(in.payloads, PayloadType::v1_sa)->body);
  const auto ours = policy::v1::offers(quick.offered, wire::v1::protocol_esp);
  const auto theirs = policy::v1::offers(answer, wire::v1::protocol_esp);
  std::vector<wire::Proposal> ours_in_words;
  for (const auto& offer : ours) ours_in_words.push_back(offer.words);
  if (theirs.size() != 1 || theirs[0].proposal->spi.size() != 4)
    return Error{"E-IKE1-034", "the answer is not one transform of those we offered"}.see(
        "RFC 2408, 4.2");
  policy::Selection selection = policy::select({theirs[0].words}, ours_in_words);
  emit_negotiation(*this, "initiator", selection);
  if (!selection.chosen)
    return Error{"E-IKE1-034", "the answer is not one transform of those we offered"}.see(
        "RFC 2408, 4.2");
  quick.suite = selection.suite;
  quick.spi_out = spi_of(theirs[0].proposal->spi);
  // The identities come back as they were sent; who answers others answers another question.
  for (const bool first : {true, false}) {
    const wire::Payload* payload = find(in.payloads, PayloadType::v1_id, first ? 0 : 1);
    if (payload == nullptr) continue;
    IKELAB_TRY(const auto ts, selector_of_id(std::get<wire::v1::IdPayload>(payload->body)));
    if (ts != (first ? quick.local_ts : quick.remote_ts))
      return Error{"E-IKE1-031", "the peer changed the identities of quick mode"}.see(
          "RFC 2409, 5.5");
  }
  quick.nr_b = *data_of(in.payloads, PayloadType::v1_nonce);
  if (quick.ke != nullptr) {
    const Bytes* public_value = data_of(in.payloads, PayloadType::v1_ke);
    if (public_value == nullptr || quick.suite.ke == nullptr)
      return Error{"E-IKE1-033", "a group, and no KE payload"}.see("RFC 2409, 5.5");
    quick.g_xr = *public_value;
    IKELAB_CHECK(derive_quick(quick, *public_value));
  }
  //= rfc2409#5.5 "HASH(3) = prf(SKEYID_a, 0 | M-ID | Ni_b | Nr_b)"
  const std::uint8_t zero[] = {0};
  IKELAB_TRY(Bytes hash, schedule.hash(keys.skeyid_a, {zero, id, quick.ni_b, quick.nr_b}));
  IKELAB_CHECK(install_quick(in.now, quick, true, false));
  IKELAB_CHECK(send(in.now, quick.exchange, {data_payload(PayloadType::v1_hash, std::move(hash))},
                    true, false));
  return install_quick(in.now, quick, false, true);
}

// ---- both --------------------------------------------------------------------------------------

void IsakmpSa::take_quick(Instant now, const Datagram& datagram, const wire::Decoded& decoded) {
  const MessageId id = decoded.message.header.message_id;
  auto at = quick_.find(id.value);
  if (at != quick_.end() && equal(at->second.exchange.last_in, datagram.payload)) {
    ++at->second.exchange.again;
    return resend(at->second.exchange);
  }
  if (const auto over = finished_quick_.find(id.value); over != finished_quick_.end()) {
    if (!over->second.empty()) services.transmit(local, peer, over->second);
    return;
  }
  if (at == quick_.end()) {
    auto iv = fresh_iv(id);
    if (!iv || quick_.size() >= bounds::queued_tasks || id.value == 0) return;
    Quick fresh;
    fresh.exchange.type = wire::ExchangeType::quick_mode;
    fresh.exchange.id = id;
    fresh.exchange.iv = std::move(*iv);
    fresh.exchange.begun = now;
    fresh.replaces = "new";
    at = quick_.emplace(id.value, std::move(fresh)).first;
  }
  Quick& quick = at->second;
  const Bytes iv = quick.exchange.iv;
  const auto in = open(now, quick.exchange, datagram, decoded);
  const unsigned number = quick.exchange.messages + 1;
  const bool due = quick.exchange.initiator == (number == 2);
  const auto drop_it = [&](const Error& error) {
    services.diagnose(name, error, datagram.id);
    quick.exchange.iv = iv;
    if (number == 1) quick_.erase(id.value);
  };
  if (!in) {
    if (number == 1) quick_.erase(id.value);
    return;
  }
  if (!due || !in->header.encrypted || !starts_with_hash(*in))
    return drop_it(
        Error{"E-IKE1-004", "a message of quick mode that is not due, or unprotected"}.see(
            "RFC 2409, 5.5"));
  const auto judged = wire::v1::check(wire::ExchangeType::quick_mode, number, method, in->payloads);
  if (const auto* error = wire::first_error(judged)) return drop_it(wire::to_error(*error));
  if (connection->dpd_delay > Duration::zero() && dpd_at_) dpd_at_ = now + connection->dpd_delay;
  if (number == 3) {
    keys::v1::Schedule schedule(services.provider, *suite.prf);
    const std::uint8_t zero[] = {0};
    const auto expected =
        schedule.hash(keys.skeyid_a, {zero, id_octets(id), quick.ni_b, quick.nr_b});
    if (!expected || !equal_constant_time(*expected, *data_of(in->payloads, PayloadType::v1_hash)))
      return drop_it(Error{"E-IKE1-030", "HASH(3) does not match"}.see("RFC 2409, 5.5"));
    if (auto made = install_quick(now, quick, false, true); !made)
      return quick_failed(now, quick, made.error().message);
    return finish_quick(now, quick);
  }
  if (number == 1) emit(trace::TaskStarted{"quick_mode", "responder", id.value});
  quick.exchange.last_in = datagram.payload;
  ++quick.exchange.messages;
  const auto done = number == 1 ? answer_quick(quick, *in) : accept_quick(quick, *in);
  if (!done) {
    services.diagnose(name, done.error(), datagram.id);
    if (done.error().code != "E-IKE1-030")
      notify(now,
             done.error().code == "E-IKE1-031" ? wire::v1::notify::invalid_id_information
                                               : wire::v1::notify::no_proposal_chosen,
             {}, {});
    return quick_failed(now, quick, done.error().message);
  }
  if (number == 2) finish_quick(now, quick);
}

void IsakmpSa::quick_failed(Instant now, Quick& quick, const std::string& why) {
  emit(trace::TaskEnded{"quick_mode", quick.exchange.initiator ? "initiator" : "responder",
                        "failed", why, (now - quick.exchange.begun).count()});
  const EspSpi spi_in = quick.spi_in;
  quick_.erase(quick.exchange.id.value);
  if (children.contains(spi_in.value)) delete_child(now, spi_in, why);
}

void IsakmpSa::finish_quick(Instant now, Quick& quick) {
  emit(trace::TaskEnded{"quick_mode", quick.exchange.initiator ? "initiator" : "responder", "done",
                        quick.replaces, (now - quick.exchange.begun).count()});
  const auto old = quick.old_in;
  const std::uint32_t id = quick.exchange.id.value;
  if (finished_quick_.size() >= bounds::queued_tasks)
    finished_quick_.erase(finished_quick_.begin());
  finished_quick_[id] = quick.exchange.initiator ? quick.exchange.last_out : Bytes{};
  quick_.erase(id);
  if (old && children.contains(old->value)) delete_child(now, *old, "replaced");
}

Result<void> IsakmpSa::install_quick(Instant now, Quick& quick, bool inbound, bool outbound) {
  const bool we = quick.exchange.initiator;
  const auto install = [&](bool in) -> Result<void> {
    const EspSpi spi = in ? quick.spi_in : quick.spi_out;
    // Which way the packets go, in the words of who began quick mode.
    const bool to_responder = we != in;
    keys::Derivations derivations(services.config.disclose_secrets);
    keys::v1::Schedule schedule(services.provider, *suite.prf, &derivations);
    IKELAB_TRY(keys::v1::EspKeys made,
               schedule.keymat(keys.skeyid_d, quick.g_xy ? &*quick.g_xy : nullptr, octets_of(spi),
                               {quick.ni_b, quick.nr_b}, *quick.suite.encr, quick.suite.integ,
                               to_responder ? "initiator to responder" : "responder to initiator"));
    emit_keys(derivations);
    esp::SaParameters sa;
    sa.spi = spi;
    sa.src = in ? peer.ip : local.ip;
    sa.dst = in ? local.ip : peer.ip;
    if (auto ports = udp_ports(*this)) sa.udp = in ? esp::UdpPorts{ports->dst, ports->src} : *ports;
    sa.suite = quick.suite;
    sa.encryption_key = std::move(made.encryption);
    sa.integrity_key = std::move(made.integrity);
    sa.ts_src = {in ? quick.remote_ts : quick.local_ts};
    sa.ts_dst = {in ? quick.local_ts : quick.remote_ts};
    sa.replay_window = quick.child->replay_window;
    sa.child = quick.child->name;
    sa.ike_sa = name;
    sa.transport = quick.transport;
    sa.copy = quick.child->copy;
    if (!in) sa.pair = quick.spi_in;
    trace::SaInstalled body;
    body.protocol = "ESP";
    body.direction = in ? "in" : "out";
    body.spi = to_string(spi);
    body.peer_spi = to_string(in ? quick.spi_out : quick.spi_in);
    body.src = outer(sa.src, sa.udp, &esp::UdpPorts::src);
    body.dst = outer(sa.dst, sa.udp, &esp::UdpPorts::dst);
    body.name = sa.child;
    body.encryption = std::string(sa.suite.encr->name);
    if (sa.suite.integ) body.integrity = std::string(sa.suite.integ->name);
    if (sa.suite.ke) body.ke = std::string(sa.suite.ke->name);
    if (services.config.disclose_secrets) {
      body.encryption_key = to_bytes(sa.encryption_key.reveal());
      body.integrity_key = to_bytes(sa.integrity_key.reveal());
    }
    body.ts_src = {policy::to_string(sa.ts_src.front())};
    body.ts_dst = {policy::to_string(sa.ts_dst.front())};
    body.replay_window = in ? sa.replay_window : 0;
    body.reason = quick.replaces;
    emit(std::move(body));
    services.sad.push_back(esp::InstallSa{in, std::move(sa)});
    return {};
  };
  if (inbound) {
    IKELAB_CHECK(install(true));
    ChildSa child{quick.child,     quick.spi_in, quick.spi_out, quick.local_ts,
                  quick.remote_ts, {},           quick.replaces};
    if (we && quick.child->rekey_time > Duration::zero())
      child.rekey_at = now + quick.child->rekey_time;
    children.insert_or_assign(quick.spi_in.value, std::move(child));
  }
  return outbound ? install(false) : Result<void>();
}

}  // namespace ikelab::ikev1
