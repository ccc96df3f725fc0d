// Configuration payloads: an inner address for a client, and what it has to know of the network
// behind the gateway (RFC 7296, 2.19, 2.20, 3.15).
//
//   HDR, SK {IDi, AUTH, CP(CFG_REQUEST), SA, TSi, TSr}  -->
//                       <--  HDR, SK {IDr, AUTH, CP(CFG_REPLY), SA, TSi, TSr}
#include <fmt/format.h>

#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/leases.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/policy/traffic_selector.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;
using Attribute = wire::ConfigPayload::Attribute;

enum Type : std::uint8_t { cfg_request = 1, cfg_reply = 2, cfg_set = 3, cfg_ack = 4 };

/// What the attributes of one address family are called (RFC 7296, 3.15.1).
struct Family {
  bool v6;
  std::uint16_t address, dns, subnet;
  std::size_t address_octets;  ///< with IPv6 a prefix length stands behind the address
};
constexpr Family families[] = {{false, 1, 3, 13, 4}, {true, 8, 10, 15, 17}};
constexpr std::uint16_t application_version = 7, supported_attributes = 14;

struct ConfigState {
  std::optional<wire::ConfigPayload> request, reply;  ///< of the peer
  wire::ConfigPayload answer{cfg_reply, {}};          ///< ours, until it was sent
  std::optional<NotifyType> refusal;                  ///< why the peer gets no Child SA
};

const Attribute* find(const wire::ConfigPayload& payload, std::uint16_t type) {
  const auto at = std::find_if(payload.attributes.begin(), payload.attributes.end(),
                               [&](const Attribute& a) { return a.type == type; });
  return at == payload.attributes.end() ? nullptr : &*at;
}

Bytes address_value(const Family& family, const IpAddress& address) {
  Bytes value = to_bytes(address.octets());
  if (family.v6) value.push_back(128);
  return value;
}

std::optional<IpAddress> address_of(const Family& family, const Bytes& value) {
  if (value.size() < (family.v6 ? 16U : 4U)) return std::nullopt;
  return IpAddress::from_octets(ByteView(value).first(family.v6 ? 16 : 4)).value();
}

/// IPv4: address and netmask; IPv6: address and prefix length (RFC 7296, 3.15.1).
Bytes subnet_value(const Family& family, const wire::TrafficSelector& subnet) {
  Bytes value = to_bytes(subnet.start.octets());
  const ByteView start = subnet.start.octets(), end = subnet.end.octets();
  std::uint8_t prefix = 0;
  for (std::size_t i = 0; i < start.size(); ++i) {
    const auto mask = static_cast<std::uint8_t>(~(start[i] ^ end[i]));
    if (!family.v6) value.push_back(mask);
    for (int bit = 7; bit >= 0 && (mask >> bit & 1) != 0; --bit) ++prefix;
  }
  if (family.v6) value.push_back(prefix);
  return value;
}

//= rfc7296#2.19 "In all cases, the CP payload MUST be inserted before the SA payload."
void insert(std::vector<wire::Payload>& payloads, wire::ConfigPayload config) {
  const auto sa = std::find_if(payloads.begin(), payloads.end(), [](const wire::Payload& payload) {
    return payload.type == wire::PayloadType::sa;
  });
  payloads.insert(sa, wire::make_payload(std::move(config)));
}

// ---- the client --------------------------------------------------------------------------------

//= rfc7296#2.19 "CP(CFG_REQUEST) MUST contain at least an INTERNAL_ADDRESS attribute (either IPv4
//= or IPv6) but MAY contain any number of additional attributes the initiator wants returned in the
//= response."
wire::ConfigPayload request_of(const IkeSa& sa) {
  wire::ConfigPayload request{cfg_request, {}};
  for (const Family& family : families) {
    bool any = false;
    for (const IpAddress& vip : sa.connection->vips) {
      if (vip.is_v6() != family.v6) continue;
      any = true;
      request.attributes.push_back(
          {family.address, vip.is_unspecified() ? Bytes{} : address_value(family, vip)});
    }
    if (any)
      request.attributes.insert(request.attributes.end(), {{family.dns, {}}, {family.subnet, {}}});
  }
  return request;
}

std::string more_of(const wire::ConfigPayload& reply) {
  std::string text;
  for (const Family& family : families)
    for (const Attribute& attribute : reply.attributes)
      if (const auto dns = address_of(family, attribute.value); dns && attribute.type == family.dns)
        text += (text.empty() ? "DNS " : ", DNS ") + dns->to_string();
  return text;
}

void take(IkeSa& sa, const wire::ConfigPayload& reply) {
  for (const Family& family : families)
    for (const Attribute& attribute : reply.attributes) {
      const auto address = address_of(family, attribute.value);
      if (attribute.type != family.address || !address || address->is_unspecified()) continue;
      const auto& vips = sa.connection->vips;
      const bool asked = std::any_of(vips.begin(), vips.end(),
                                     [&](const auto& vip) { return vip.is_v6() == family.v6; });
      if (!asked || sa.inner_local.size() >= vips.size()) continue;
      sa.inner_local.push_back(*address);
      sa.services.notes.of<Leases>().adopt(*address, sa.name);
      sa.services.sad.push_back(esp::InnerAddress{true, *address});
      sa.emit(trace::Configured{"got", address->to_string(), "", sa.peer_identity, more_of(reply)});
    }
}

// ---- the gateway -------------------------------------------------------------------------------

std::vector<const policy::PoolConfig*> pools_of(const IkeSa& sa) {
  std::vector<const policy::PoolConfig*> out;
  for (const std::string& name : sa.connection->pools)
    for (const policy::PoolConfig& pool : sa.services.config.pools)
      if (pool.name == name) out.push_back(&pool);
  return out;
}

/// What else the clients of a pool are told, as attributes and in words.
std::string add_details(const Family& family, const policy::PoolConfig& pool,
                        wire::ConfigPayload& answer) {
  std::string text;
  const auto say = [&](const std::string& words) { text += (text.empty() ? "" : ", ") + words; };
  for (const IpAddress& dns : pool.dns) {
    if (dns.is_v6() != family.v6) continue;
    answer.attributes.push_back({family.dns, to_bytes(dns.octets())});
    say("DNS " + dns.to_string());
  }
  for (const wire::TrafficSelector& subnet : pool.subnets) {
    if (subnet.start.is_v6() != family.v6) continue;
    answer.attributes.push_back({family.subnet, subnet_value(family, subnet)});
    say("subnet " + policy::to_string(subnet));
  }
  return text;
}

void give_one(IkeSa& sa, const Family& family, const Bytes& wish) {
  auto& state = sa.notes.of<ConfigState>();
  for (const policy::PoolConfig* pool : pools_of(sa)) {
    if (pool->first.is_v6() != family.v6) continue;
    const auto address = sa.services.notes.of<Leases>().take(
        *pool, sa.peer_identity, address_of(family, wish).value_or(IpAddress{}));
    if (!address) continue;
    sa.inner_peer.push_back(*address);
    state.answer.attributes.push_back({family.address, address_value(family, *address)});
    std::string more = add_details(family, *pool, state.answer);
    sa.emit(trace::Configured{"given", address->to_string(), pool->name, sa.peer_identity,
                              std::move(more)});
    return;
  }
}

void give(IkeSa& sa, const wire::ConfigPayload& request) {
  for (const Family& family : families)
    for (const Attribute& attribute : request.attributes)
      if (attribute.type == family.address && sa.inner_peer.size() < bounds::addresses_of_peer)
        give_one(sa, family, attribute.value);
  //= rfc7296#3.15.4 "If the responder encounters an error while attempting to assign an IP address
  //= to the initiator during the processing of a Configuration payload, it responds with an
  //= INTERNAL_ADDRESS_FAILURE notification."
  if (sa.inner_peer.empty())
    sa.notes.of<ConfigState>().refusal = NotifyType::internal_address_failure;
}

/// RFC 7296, 2.20 and 3.15.1: a question after IKE_AUTH, which no address answers.
wire::ConfigPayload answer_question(const wire::ConfigPayload& question) {
  if (question.type == cfg_set) return {cfg_ack, {}};  // nothing of it is accepted
  wire::ConfigPayload answer{cfg_reply, {}};
  //= rfc7296#3.15.1 "SUPPORTED_ATTRIBUTES - When used within a Request, this attribute MUST be zero
  //= -length and specifies a query to the responder to reply back with all of the attributes that
  //= it supports."
  // the types of the families above, APPLICATION_VERSION, and this one
  if (find(question, supported_attributes) != nullptr) {
    const Bytes types = {0, 1, 0, 3, 0, 7, 0, 8, 0, 10, 0, 13, 0, 14, 0, 15};
    answer.attributes.push_back({supported_attributes, types});
  }
  //= rfc7296#2.20 "An IKE implementation MAY decline to give out version information prior to
  //= authentication or even after authentication in case some implementation is known to have some
  //= security weakness."
  if (find(question, application_version) != nullptr)
    answer.attributes.push_back({application_version, {}});
  return answer;
}

// ---- hooks -------------------------------------------------------------------------------------

void read(IkeSa& sa, const Inbound& in) {
  const auto* config = wire::first<wire::ConfigPayload>(in.payloads);
  if (config == nullptr || in.header.exchange != wire::ExchangeType::ike_auth) return;
  auto& state = sa.notes.of<ConfigState>();
  if (!in.header.response && config->type == cfg_request) state.request = *config;
  if (in.header.response && config->type == cfg_reply) state.reply = *config;
}

void established(IkeSa& sa, Instant) {
  if (sa.by_rekey) return;  // what was given lives on
  auto& state = sa.notes.of<ConfigState>();
  if (sa.original_initiator) {
    if (state.reply && !sa.connection->vips.empty()) take(sa, *state.reply);
    return;
  }
  if (sa.connection->pools.empty()) return;
  //= rfc7296#2.19 "In the case where the IRAS's configuration requires that CP be used for a given
  //= identity IDi, but IRAC has failed to send a CP(CFG_REQUEST), IRAS MUST fail the request, and
  //= terminate the Child SA creation with a FAILED_CP_REQUIRED error."
  if (!state.request)
    state.refusal = NotifyType::failed_cp_required;
  else
    give(sa, *state.request);
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  const bool has_sa = wire::first<wire::SaPayload>(payloads) != nullptr;
  if (out.exchange == wire::ExchangeType::ike_auth && !out.response && has_sa &&
      !sa.connection->vips.empty())
    return insert(payloads, request_of(sa));
  //= rfc7296#2.19 "The responder MUST NOT send a CFG_REPLY without having first received a
  //= CP(CFG_REQUEST) from the initiator"
  if (out.exchange == wire::ExchangeType::ike_auth && out.response && has_sa) {
    auto& answer = sa.notes.of<ConfigState>().answer;
    if (!answer.attributes.empty()) insert(payloads, std::exchange(answer, {cfg_reply, {}}));
  }
  if (out.exchange == wire::ExchangeType::informational && out.response)
    if (const auto* question = wire::first<wire::ConfigPayload>(out.request->payloads);
        question != nullptr && (question->type == cfg_request || question->type == cfg_set))
      payloads.push_back(wire::make_payload(answer_question(*question)));
}

std::optional<wire::Payload> refuse_child(IkeSa& sa, std::string& detail) {
  const auto* state = sa.notes.find<ConfigState>();
  if (state == nullptr || !state->refusal) return std::nullopt;
  detail = state->refusal == NotifyType::failed_cp_required
               ? "the peer asked for no inner address, and needs one here"
               : "no pool has an inner address left";
  return notify(*state->refusal);
}

void inherit(IkeSa& heir, const IkeSa& old) {
  heir.inner_local = old.inner_local;
  heir.inner_peer = old.inner_peer;
  if (const auto* state = old.notes.find<ConfigState>())
    heir.notes.of<ConfigState>().refusal = state->refusal;
  for (const auto* addresses : {&heir.inner_local, &heir.inner_peer})
    for (const IpAddress& address : *addresses) heir.services.notes.of<Leases>().hold(address);
}

//= rfc7296#2.19 "That address persists at least until the deletion of the IKE SA."
void ended(IkeSa& sa) {
  auto& leases = sa.services.notes.of<Leases>();
  for (const IpAddress& address : std::exchange(sa.inner_peer, {}))
    if (leases.release(address))
      sa.emit(trace::Configured{"released", address.to_string(), "", sa.peer_identity, ""});
  for (const IpAddress& address : std::exchange(sa.inner_local, {}))
    if (leases.release(address)) {
      sa.services.sad.push_back(esp::InnerAddress{false, address});
      sa.emit(trace::Configured{"released", address.to_string(), "", sa.peer_identity, ""});
    }
}

}  // namespace

Extension configuration_extension() {
  return {.name = "configuration",
          .rfc = "RFC 7296, 2.19",
          .add = add,
          .read = read,
          .established = established,
          .inherit = inherit,
          .ended = ended,
          .refuse_child = refuse_child};
}

}  // namespace ikelab::ikev2
