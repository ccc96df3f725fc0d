#include "protocol/ikev2/child_setup.hpp"

#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/lifetimes.hpp"
#include "protocol/ikev2/nat.hpp"
#include "protocol/ikev2/selectors.hpp"
#include "protocol/policy/traffic_selector.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using crypto::TransformType;
using wire::NotifyType;

std::vector<wire::Proposal> without_ke(std::vector<wire::Proposal> proposals) {
  for (wire::Proposal& proposal : proposals)
    std::erase_if(proposal.transforms, [](const wire::Transform& t) {
      return t.type == static_cast<std::uint8_t>(TransformType::ke) ||
             crypto::is_additional_ke(t.type);
    });
  return proposals;
}

EspSpi spi_of(const wire::Proposal& proposal) {
  std::uint32_t value = 0;
  for (const std::uint8_t octet : proposal.spi) value = value << 8 | octet;
  return EspSpi{value};
}

void emit_negotiation(IkeSa& sa, const char* role, const policy::Selection& selection) {
  if (!sa.services.tells<trace::Negotiated>()) return;
  trace::Negotiated body{"ESP", role, "", selection.verdicts};
  if (selection.chosen) body.chosen = policy::to_string(*selection.chosen);
  sa.emit(std::move(body));
}

std::vector<std::string> words(const std::vector<wire::TrafficSelector>& selectors) {
  std::vector<std::string> out;
  for (const wire::TrafficSelector& ts : selectors) out.push_back(policy::to_string(ts));
  return out;
}

/// "192.0.2.1", and with UDP encapsulation "192.0.2.1:4500".
std::string outer(const IpAddress& ip, const std::optional<esp::UdpPorts>& udp,
                  std::uint16_t esp::UdpPorts::*port) {
  return udp ? SocketAddress{ip, (*udp).*port}.to_string() : ip.to_string();
}

//= rfc7296#1.3.1 "If the responder declines the request, the Child SA will be established in tunnel
//= mode."
void read_modes(const std::vector<wire::Payload>& payloads, ChildPlan& plan) {
  plan.transport = plan.config->mode == policy::ChildMode::transport &&
                   find_notify(payloads, NotifyType::use_transport_mode) != nullptr;
  plan.peer_takes_tfc = find_notify(payloads, NotifyType::esp_tfc_padding_not_supported) == nullptr;
}

}  // namespace

void emit_moved(IkeSa& sa, const esp::MoveSa& move, const std::string& reason) {
  sa.emit(trace::SaMoved{"ESP", move.inbound ? "in" : "out", to_string(move.spi),
                         outer(move.src, move.udp, &esp::UdpPorts::src),
                         outer(move.dst, move.udp, &esp::UdpPorts::dst), reason});
}

void emit_installed(IkeSa& sa, const esp::SaParameters& esp_sa, bool inbound, EspSpi other,
                    const std::string& reason) {
  if (!sa.services.tells<trace::SaInstalled>()) return;
  trace::SaInstalled body;
  body.protocol = "ESP";
  body.direction = inbound ? "in" : "out";
  body.spi = to_string(esp_sa.spi);
  body.peer_spi = to_string(other);
  body.src = outer(esp_sa.src, esp_sa.udp, &esp::UdpPorts::src);
  body.dst = outer(esp_sa.dst, esp_sa.udp, &esp::UdpPorts::dst);
  body.name = esp_sa.child;
  body.encryption = std::string(esp_sa.suite.encr->name);
  if (esp_sa.suite.integ) body.integrity = std::string(esp_sa.suite.integ->name);
  body.ke = esp_sa.suite.ke_names();
  if (sa.services.config.disclose_secrets) {
    body.encryption_key = to_bytes(esp_sa.encryption_key.reveal());
    body.integrity_key = to_bytes(esp_sa.integrity_key.reveal());
  }
  body.ts_src = words(esp_sa.ts_src);
  body.ts_dst = words(esp_sa.ts_dst);
  body.replay_window = inbound ? esp_sa.replay_window : 0;
  body.reason = reason;
  sa.emit(std::move(body));
}

ChildOffer offer_child(const IkeSa& sa, const policy::ChildConfig& config, EspSpi spi_in,
                       bool with_ke, const std::optional<policy::Flow>& packet, bool only_packet) {
  ChildOffer offer;
  offer.local_ts = local_selectors(sa, config);
  offer.remote_ts = remote_selectors(sa, config);
  //= rfc7296#2.23.1 "For transport mode, it MUST use exactly one IP address in the TSi and TSr
  //= payloads."
  const bool transport =
      config.mode == policy::ChildMode::transport &&
      (!nat_of(sa).any() || keep_own_addresses(sa, offer.local_ts, offer.remote_ts));
  if (packet && put_first(*packet, offer.local_ts, offer.remote_ts) && only_packet) {
    offer.local_ts.resize(1);
    offer.remote_ts.resize(1);
  }
  offer.proposals = with_ke ? config.esp_proposals : without_ke(config.esp_proposals);
  for (std::size_t i = 0; i < offer.proposals.size(); ++i) {
    offer.proposals[i].number = static_cast<std::uint8_t>(i + 1);
    offer.proposals[i].spi = octets_of(spi_in);
  }
  offer.payloads = {wire::make_payload(wire::SaPayload{offer.proposals}),
                    wire::make_payload(wire::TsPayload{false, offer.local_ts}),
                    wire::make_payload(wire::TsPayload{true, offer.remote_ts})};
  if (transport) offer.payloads.push_back(notify(NotifyType::use_transport_mode));
  return offer;
}

namespace {

using Selectors = std::vector<wire::TrafficSelector>;

/// Whether all these selectors are about one and the same address.
bool one_pair(const Selectors& selectors) {
  return std::all_of(selectors.begin(), selectors.end(), [&](const wire::TrafficSelector& ts) {
    return ts.start == ts.end && ts.start == selectors.front().start;
  });
}

/// Of those children that `may` be it, the one that fits best what the peer asks for, with its
/// selectors narrowed; `config` is nullptr when none does.
template <class May>
ChildPlan best_child(const IkeSa& sa, const Selectors& wanted_local, const Selectors& wanted_remote,
                     May may) {
  ChildPlan plan;
  bool plan_has_first = false;
  for (const policy::ChildConfig& config : sa.connection->children) {
    if (!may(config)) continue;
    auto remote_ts = policy::narrow(wanted_remote, remote_selectors(sa, config)),
         local_ts = policy::narrow(wanted_local, local_selectors(sa, config));
    if (remote_ts.empty() || local_ts.empty()) continue;
    //= rfc7296#2.9 "If the responder's policy allows it to accept the first selector of TSi and
    //= TSr, then the responder MUST narrow the Traffic Selectors to a subset that includes the
    //= initiator's first choices."
    const bool has_first =
        remote_ts.front() == wanted_remote.front() && local_ts.front() == wanted_local.front();
    const bool whole =
        remote_ts == wanted_remote && local_ts == wanted_local;  // beats one that narrows
    plan.more_possible = plan.more_possible || plan.config != nullptr;
    if (plan.config != nullptr && (plan_has_first || !has_first) && !whole) continue;
    plan_has_first = has_first;
    plan.config = &config;
    plan.remote_ts = policy::simplified(std::move(remote_ts));
    plan.local_ts = policy::simplified(std::move(local_ts));
    if (whole) {
      plan.more_possible = false;
      break;
    }
  }
  return plan;
}

/// ... where `only`, if it is given, is the one that may be it. Across a NAT, transport mode is
/// first asked about with the addresses as they look here, tunnel mode then with those that were
/// sent (RFC 7296, 2.23.1).
ChildPlan find_child(const IkeSa& sa, const wire::TsPayload& ts_i, const wire::TsPayload& ts_r,
                     bool asks_transport, const policy::ChildConfig* only) {
  using policy::ChildMode;
  Selectors local = ts_r.selectors, remote = ts_i.selectors;
  if (!asks_transport || !substitute_addresses(sa, local, remote))
    return best_child(sa, local, remote, [&](const auto& c) { return !only || only == &c; });
  const auto of_mode = [&](ChildMode mode) {
    return [only, mode](const auto& c) { return (!only || only == &c) && c.mode == mode; };
  };
  ChildPlan plan = best_child(sa, local, remote, of_mode(ChildMode::transport));
  if (plan.config == nullptr)
    return best_child(sa, ts_r.selectors, ts_i.selectors, of_mode(ChildMode::tunnel));
  plan.real = {ts_i.selectors.front().start, ts_r.selectors.front().start};
  return plan;
}

}  // namespace

ResponderChoice choose_child(IkeSa& sa, const std::vector<wire::Payload>& payloads,
                             const policy::ChildConfig* only, bool with_ke, std::string& detail) {
  const auto* offered = wire::first<wire::SaPayload>(payloads);
  const wire::TsPayload* ts_i = nullptr;
  const wire::TsPayload* ts_r = nullptr;
  for (const wire::Payload& payload : payloads)
    if (const auto* ts = std::get_if<wire::TsPayload>(&payload.body))
      (ts->responder ? ts_r : ts_i) = ts;
  const auto refuse = [&](NotifyType type, std::string why) {
    detail = std::move(why);
    return ResponderChoice{{}, notify(type)};
  };
  if (offered == nullptr || ts_i == nullptr || ts_r == nullptr)
    return refuse(NotifyType::invalid_syntax, "SA, TSi or TSr is missing");
  //= rfc7296#1.3 "The responder sends a NO_ADDITIONAL_SAS notification to indicate that a
  //= CREATE_CHILD_SA request is unacceptable because the responder is unwilling to accept any more
  //= Child SAs on this IKE SA."
  if (sa.children.size() >= bounds::children_in_ike_sa)
    return refuse(NotifyType::no_additional_sas, "no more Child SAs on this IKE SA");

  for (const Extension& extension : extensions())
    if (extension.refuse_child != nullptr)
      if (auto why = extension.refuse_child(sa, detail)) return {{}, std::move(why)};

  const bool asks_transport = find_notify(payloads, NotifyType::use_transport_mode) != nullptr;
  ChildPlan plan = find_child(sa, *ts_i, *ts_r, asks_transport, only);
  if (sa.connection->single_pair && plan.config != nullptr &&
      !(one_pair(ts_i->selectors) && one_pair(ts_r->selectors)))
    return refuse(NotifyType::single_pair_required,
                  "each Child SA is for a single pair of addresses here");
  //= rfc7296#2.9 "If the responder's policy does not allow it to accept any part of the proposed
  //= Traffic Selectors, it responds with a TS_UNACCEPTABLE Notify message."
  if (plan.config == nullptr)
    return refuse(NotifyType::ts_unacceptable,
                  "no configured child has a part of the proposed traffic selectors");

  const auto& configured = plan.config->esp_proposals;
  const policy::Selection selection =
      policy::select(offered->proposals, with_ke ? configured : without_ke(configured), true,
                     sa.services.tells<trace::Negotiated>());
  emit_negotiation(sa, "responder", selection);
  if (!selection.chosen || selection.chosen->spi.size() != 4)
    return refuse(NotifyType::no_proposal_chosen, "no ESP proposal was acceptable");
  read_modes(payloads, plan);
  plan.suite = selection.suite;
  plan.spi_out = spi_of(*selection.chosen);
  plan.spi_in = sa.new_esp_spi();
  plan.answer = *selection.chosen;
  plan.answer.spi = octets_of(plan.spi_in);
  return {std::move(plan), {}};
}

std::vector<wire::Payload> answer_child(const ChildPlan& plan) {
  std::vector<wire::Payload> payloads = {wire::make_payload(wire::SaPayload{{plan.answer}}),
                                         wire::make_payload(wire::TsPayload{false, plan.remote_ts}),
                                         wire::make_payload(wire::TsPayload{true, plan.local_ts})};
  //= rfc7296#1.3.1 "If the request is accepted, the response MUST also include a notification of
  //= type USE_TRANSPORT_MODE."
  if (plan.transport) payloads.push_back(notify(NotifyType::use_transport_mode));
  //= rfc7296#2.9 "The ADDITIONAL_TS_POSSIBLE notification asserts that the responder narrowed the
  //= proposed Traffic Selectors but that other Traffic Selectors would also have been acceptable,
  //= though only in a separate SA."
  if (plan.more_possible) payloads.push_back(notify(NotifyType::additional_ts_possible));
  return payloads;
}

Result<ChildPlan> accept_child(IkeSa& sa, const std::vector<wire::Payload>& payloads,
                               const policy::ChildConfig& config, EspSpi spi_in,
                               const ChildOffer& offer) {
  if (const auto* error = find_error(payloads))
    return Error{"E-IKE-020", "the peer refused: " + wire::name(error->type)}.see(
        "RFC 7296, 3.10.1");
  const auto* answer = wire::first<wire::SaPayload>(payloads);
  if (answer == nullptr || answer->proposals.size() != 1 ||
      answer->proposals.front().spi.size() != 4)
    return Error{"E-IKE-022",
                 "the response does not hold exactly one proposal with an SPI of 4 octets"}
        .see("RFC 7296, 2.7");
  ChildPlan plan;
  plan.config = &config;
  read_modes(payloads, plan);
  plan.spi_in = spi_in;
  plan.spi_out = spi_of(answer->proposals.front());
  plan.answer = answer->proposals.front();
  plan.more_possible = find_notify(payloads, NotifyType::additional_ts_possible) != nullptr;
  IKELAB_TRY(plan.suite, policy::check_answer(offer.proposals, plan.answer));
  for (const wire::Payload& payload : payloads)
    if (const auto* ts = std::get_if<wire::TsPayload>(&payload.body))
      (ts->responder ? plan.remote_ts : plan.local_ts) = ts->selectors;
  const Selectors remote_sent = plan.remote_ts, local_sent = plan.local_ts;
  if (plan.transport && substitute_addresses(sa, plan.local_ts, plan.remote_ts))
    plan.real = {remote_sent.front().start, local_sent.front().start};
  //= rfc7296#2.9 "it narrows the Traffic Selectors to some subset of the initiator's proposal
  //= (provided the set does not become the null set)."
  const auto subset = [](const std::vector<wire::TrafficSelector>& part,
                         const std::vector<wire::TrafficSelector>& whole) {
    return !part.empty() && std::all_of(part.begin(), part.end(), [&](const auto& ts) {
      return std::any_of(whole.begin(), whole.end(),
                         [&](const auto& offered) { return policy::intersect(ts, offered) == ts; });
    });
  };
  if (!subset(plan.local_ts, offer.local_ts) || !subset(plan.remote_ts, offer.remote_ts))
    return Error{"E-IKE-023", "the peer widened the traffic selectors"}.see("RFC 7296, 2.9");
  if (config.local_dynamic && !sa.connection->vips.empty() && sa.inner_local.empty())
    return Error{"E-IKE-081", "the peer gave no inner address"}.see("RFC 7296, 2.19");
  if (!sa.services.tells<trace::Negotiated>()) return plan;
  policy::Selection selection;
  selection.chosen = plan.answer;
  for (const wire::Proposal& proposal : offer.proposals) {
    const bool won = proposal.number == plan.answer.number;
    selection.verdicts.push_back({proposal.number, "ESP", policy::to_string(proposal), won,
                                  won ? "the responder chose it" : "the responder chose another"});
  }
  emit_negotiation(sa, "initiator", selection);
  return plan;
}

Result<ChildSa*> install_child(IkeSa& sa, Instant now, const ChildPlan& plan,
                               const ChildSecrets& secrets, const std::string& reason,
                               bool hold_outbound) {
  Services& services = sa.services;
  keys::Derivations derivations = services.derivations();
  keys::KeySchedule schedule(services.provider, *sa.suite.prf, &derivations);
  const keys::Root* root = secrets.root;
  auto made = schedule.child_keys(root != nullptr ? root->sk_d : sa.keys.sk_d, secrets.g_ir,
                                  secrets.nonces, {plan.suite.encr, plan.suite.integ}, secrets.more,
                                  root != nullptr && root->has_ppk);
  sa.emit_keys(derivations);
  if (!made) return made.error();

  const bool we_are_i = secrets.exchange_initiator;
  esp::SaParameters in, out;
  in.spi = plan.spi_in;
  out.spi = plan.spi_out;
  in.src = out.dst = sa.peer.ip;
  in.dst = out.src = sa.local.ip;
  out.udp = udp_ports(sa);
  if (out.udp) in.udp = esp::UdpPorts{out.udp->dst, out.udp->src};
  in.suite = out.suite = plan.suite;
  out.encryption_key =
      std::move(we_are_i ? made->encr_initiator_to_responder : made->encr_responder_to_initiator);
  out.integrity_key =
      std::move(we_are_i ? made->integ_initiator_to_responder : made->integ_responder_to_initiator);
  in.encryption_key =
      std::move(we_are_i ? made->encr_responder_to_initiator : made->encr_initiator_to_responder);
  in.integrity_key =
      std::move(we_are_i ? made->integ_responder_to_initiator : made->integ_initiator_to_responder);
  in.ts_src = out.ts_dst = plan.remote_ts;
  in.ts_dst = out.ts_src = plan.local_ts;
  in.replay_window = out.replay_window = plan.config->replay_window;
  in.child = out.child = plan.config->name;
  in.ike_sa = out.ike_sa = sa.name;
  in.transport = out.transport = plan.transport;
  in.real = plan.real;
  in.copy = out.copy = plan.config->copy;
  out.pair = plan.spi_in;
  //= rfc7296#1.3.1 "The ESP_TFC_PADDING_NOT_SUPPORTED notification asserts that the sending
  //= endpoint will not accept packets that contain Traffic Flow Confidentiality (TFC) padding over
  //= the Child SA being negotiated."
  if (plan.peer_takes_tfc && !plan.transport) out.tfc_padding = plan.config->tfc_padding;

  ChildSa child;
  child.config = plan.config;
  child.spi_in = plan.spi_in;
  child.spi_out = plan.spi_out;
  child.suite = plan.suite;
  child.local_ts = plan.local_ts;
  child.remote_ts = plan.remote_ts;
  begin_lifetime(sa, now, child, in, out);
  child.reason = reason;
  child.waiting_outbound = std::move(out);
  if (!plan.suite.encr->aead && plan.suite.integ == nullptr)
    sa.emit(trace::Diagnostic{"warning", "E-ESP-NO-INTEGRITY",
                              "ESP SA " + to_string(plan.spi_in) + " of child '" +
                                  plan.config->name + "' encrypts without integrity: whoever is " +
                                  "on the path can change packets, and read them by trying",
                              "RFC 4303, 1", 0, 0, 0});
  emit_installed(sa, in, true, plan.spi_out, reason);
  services.sad.push_back(esp::InstallSa{true, std::move(in)});
  ChildSa& kept = sa.children.insert_or_assign(plan.spi_in.value, std::move(child)).first->second;
  if (!hold_outbound) sa.release_outbound(kept);
  return &kept;
}

std::uint16_t wanted_method(const wire::NotifyPayload& invalid_ke,
                            const std::vector<wire::Proposal>& offered) {
  if (invalid_ke.data.size() != 2) return 0;
  const auto method = static_cast<std::uint16_t>(invalid_ke.data[0] << 8 | invalid_ke.data[1]);
  for (const wire::Proposal& proposal : offered)
    for (const wire::Transform& t : proposal.transforms)
      if (t.type == static_cast<std::uint8_t>(TransformType::ke) && t.id == method) return method;
  return 0;
}

std::uint16_t first_ke_method(const std::vector<wire::Proposal>& proposals) {
  for (const wire::Proposal& proposal : proposals)
    for (const wire::Transform& transform : proposal.transforms)
      if (transform.type == static_cast<std::uint8_t>(TransformType::ke)) return transform.id;
  return 0;
}

namespace {

Result<const crypto::Algorithm*> method_of(std::uint16_t id) {
  const crypto::Algorithm* ke = crypto::find(TransformType::ke, id);
  if (ke == nullptr)
    return Error{"E-IKE-021", "key exchange method " + std::to_string(id) + " is not implemented"}
        .see("RFC 7296, 3.4");
  return ke;
}

void report(IkeSa& sa, const crypto::Algorithm& ke, ByteView ke_i, ByteView ke_r,
            const Secret& secret, const std::string& exchange, unsigned n) {
  keys::Derivations derivations = sa.services.derivations();
  keys::KeySchedule schedule(sa.services.provider, *sa.suite.prf, &derivations);
  if (n == 0)
    schedule.report_shared_secret(ke, ke_i, ke_r, secret, exchange);
  else
    schedule.report_additional_secret(ke, n, ke_i, ke_r, secret, exchange);
  sa.emit_keys(derivations);
}

}  // namespace

Result<std::unique_ptr<crypto::KeyExchange>> make_key_exchange(IkeSa& sa, std::uint16_t method) {
  IKELAB_TRY(const crypto::Algorithm* ke, method_of(method));
  return sa.services.provider.key_exchange(*ke, *sa.services.streams.ke);
}

Result<Secret> shared_secret(IkeSa& sa, crypto::KeyExchange& own, const wire::KePayload& ke_r,
                             const std::string& exchange, unsigned n) {
  IKELAB_TRY(const crypto::Algorithm* ke, method_of(ke_r.method));
  IKELAB_TRY(Secret secret, own.derive(ke_r.data));
  report(sa, *ke, own.public_value(), ke_r.data, secret, exchange, n);
  return secret;
}

Result<Secret> secret_of_request(IkeSa& sa, crypto::KeyExchange& own, const wire::KePayload& ke_i,
                                 const std::string& exchange) {
  IKELAB_TRY(const crypto::Algorithm* ke, method_of(ke_i.method));
  IKELAB_TRY(Secret secret, own.derive(ke_i.data));
  report(sa, *ke, ke_i.data, own.public_value(), secret, exchange, 0);
  return secret;
}

Result<crypto::KeyAnswer> answer_key_exchange(IkeSa& sa, const wire::KePayload& ke_i,
                                              const std::string& exchange, unsigned n) {
  IKELAB_TRY(const crypto::Algorithm* ke, method_of(ke_i.method));
  IKELAB_TRY(crypto::KeyAnswer answer,
             sa.services.provider.answer_key_exchange(*ke, ke_i.data, *sa.services.streams.ke));
  report(sa, *ke, ke_i.data, answer.public_value, answer.shared, exchange, n);
  return answer;
}

}  // namespace ikelab::ikev2
