// Transaction exchanges (draft-dukes-ike-mode-cfg-02): mode config, which gives a client an inner
// address, and XAuth, which asks a user for name and password once phase 1 has proven the machines
// (draft-ietf-ipsec-isakmp-xauth-06). Who is asked for a user may not begin anything before it is
// told that the user is known.
//
//   gateway                                                     client
//   HDR*, HASH, ATTR(REQUEST: user name, user password)    -->
//                          <--  HDR*, HASH, ATTR(REPLY: user name, user password)
//   HDR*, HASH, ATTR(SET: status)                          -->
//                          <--  HDR*, HASH, ATTR(ACK: status)
//
// and then, when the client wants an address,
//
//                          <--  HDR*, HASH, ATTR(REQUEST: address, DNS)
//   HDR*, HASH, ATTR(REPLY: address, DNS)                  -->
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev1/isakmp_sa.hpp"
#include "protocol/ikev2/leases.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev1 {
namespace {

using wire::PayloadType;
using wire::v1::Attribute;
using wire::v1::AttributePayload;
namespace config = wire::v1::config;

constexpr const char* rfc_xauth = "draft-ietf-ipsec-isakmp-xauth-06";
constexpr const char* rfc_config = "draft-dukes-ike-mode-cfg-02";
constexpr Duration time_for_user = 60s;

Attribute text_attribute(std::uint16_t type, ByteView octets) {
  return {type, false, 0, to_bytes(octets)};
}
Attribute number_attribute(std::uint16_t type, std::uint16_t value) {
  return {type, true, value, {}};
}

/// The first attribute of a type, or nullptr.
const Attribute* find(const AttributePayload& message, std::uint16_t type) {
  const auto at = std::find_if(message.attributes.begin(), message.attributes.end(),
                               [&](const Attribute& a) { return a.type == type; });
  return at == message.attributes.end() ? nullptr : &*at;
}

/// Whether a message is of XAuth: its attributes have numbers of their own.
bool is_xauth(const AttributePayload& message) {
  return std::any_of(
      message.attributes.begin(), message.attributes.end(), [](const Attribute& attribute) {
        return attribute.type >= config::xauth_type && attribute.type <= config::xauth_status;
      });
}

Bytes octets_of(const AttributePayload& message, std::uint16_t type) {
  const Attribute* found = find(message, type);
  return found == nullptr ? Bytes{} : found->octets;
}

std::string text_of(const AttributePayload& message, std::uint16_t type) {
  const Bytes octets = octets_of(message, type);
  return {octets.begin(), octets.end()};
}

/// The round of a user: IKEv1 asks by XAuth where IKEv2 has EAP.
const policy::AuthConfig* user_round(const std::vector<const policy::AuthConfig*>& rounds) {
  for (const policy::AuthConfig* round : rounds)
    if (round->kind == policy::AuthKind::eap) return round;
  return nullptr;
}

void tell(IsakmpSa& sa, bool local, const std::string& user, const std::string& failure) {
  trace::AuthDecided event;
  event.subject = local == sa.initiator ? "initiator" : "responder";
  event.local = local;
  event.method = "XAuth";
  event.identity = user;
  event.ok = failure.empty();
  event.reason = failure.empty() ? "the user's password is right" : failure;
  event.rfc = rfc_xauth;
  sa.emit(std::move(event));
}

/// Who is expected, and what proves it: a user of the node's secrets.
Result<std::string> judge(const IsakmpSa& sa, const AttributePayload& reply) {
  const std::string user = text_of(reply, config::xauth_user_name);
  if (const Attribute* status = find(reply, config::xauth_status);
      status != nullptr && status->number() == config::status_fail)
    return Error{"E-IKE1-051", "the client names no user"}.see(rfc_xauth);
  const policy::AuthConfig& expected = *user_round(sa.connection->remote_rounds());
  const bool anybody = expected.eap_id.empty() || expected.eap_id == "%any";
  for (const policy::EapUser& known : sa.services.config.eap_users)
    if (known.id == user && (anybody || expected.eap_id == user) &&
        equal_constant_time(known.secret, octets_of(reply, config::xauth_user_password)))
      return user;
  return Error{"E-IKE1-050", "the password is wrong, or the user is not known"}.see(rfc_xauth);
}

// ---- mode config -------------------------------------------------------------------------------

std::optional<IpAddress> address_of(const Attribute* attribute) {
  if (attribute == nullptr || attribute->octets.size() != 4) return std::nullopt;
  return IpAddress::from_octets(attribute->octets).value();
}

AttributePayload address_request(const IsakmpSa& sa) {
  AttributePayload request{config::request, 0, {}};
  for (const IpAddress& vip : sa.connection->vips)
    if (!vip.is_v6())
      request.attributes.push_back(text_attribute(
          config::ip4_address, vip.is_unspecified() ? ByteView{} : ByteView(vip.octets())));
  request.attributes.push_back(text_attribute(config::ip4_dns, {}));
  return request;
}

}  // namespace

bool IsakmpSa::asks_for_user() const {
  return user_round(connection->remote_rounds()) != nullptr;
}
bool IsakmpSa::names_user() const {
  return user_round(connection->local_rounds()) != nullptr;
}

// ---- the exchange ------------------------------------------------------------------------------

Result<void> IsakmpSa::say_attributes(Instant now, Exchange& exchange, AttributePayload body,
                                      bool waits) {
  Payloads payloads{wire::make_payload(std::move(body))};
  IKELAB_TRY(Bytes hash, hash_of_message(*this, exchange.id, wire::encode_chain(payloads).bytes));
  payloads.insert(payloads.begin(), data_payload(PayloadType::v1_hash, std::move(hash)));
  return send(now, exchange, payloads, true, waits);
}

void IsakmpSa::ask_attributes(Instant now, AttributePayload body) {
  if (transactions_.size() >= bounds::queued_tasks) return;
  Exchange exchange;
  exchange.type = wire::ExchangeType::transaction;
  exchange.initiator = true;
  exchange.begun = now;
  while (exchange.id.value == 0 || transactions_.contains(exchange.id.value))
    exchange.id = MessageId{static_cast<std::uint32_t>(services.streams.message_id->u64())};
  body.identifier = static_cast<std::uint16_t>(exchange.id.value);
  const auto said = [&]() -> Result<void> {
    IKELAB_TRY(exchange.iv, fresh_iv(exchange.id));
    return say_attributes(now, exchange, std::move(body), true);
  }();
  if (!said) return services.diagnose(name, said.error());
  transactions_.emplace(exchange.id.value, std::move(exchange));
}

void IsakmpSa::take_transaction(Instant now, const Datagram& datagram,
                                const wire::Decoded& decoded) {
  const MessageId id = decoded.message.header.message_id;
  auto at = transactions_.find(id.value);
  const bool asked_by_us = at != transactions_.end() && at->second.initiator;
  if (asked_by_us && at->second.messages > 1) return;  // one answer to a question, and one guess
  if (at != transactions_.end() && equal(at->second.last_in, datagram.payload)) {
    ++at->second.again;
    return resend(at->second);
  }
  Exchange fresh;
  if (at == transactions_.end()) {
    auto iv = fresh_iv(id);
    if (!iv || id.value == 0) return;
    if (transactions_.size() >= bounds::queued_tasks) transactions_.erase(transactions_.begin());
    fresh.type = wire::ExchangeType::transaction;
    fresh.id = id;
    fresh.begun = now;
    fresh.iv = std::move(*iv);
  }
  Exchange& exchange = at == transactions_.end() ? fresh : at->second;
  const Bytes iv = exchange.iv;
  const auto in = open(now, exchange, datagram, decoded);
  if (!in) return;
  const wire::Payload* payload = find(in->payloads, PayloadType::v1_attributes);
  const auto* body = payload == nullptr ? nullptr : std::get_if<AttributePayload>(&payload->body);
  if (body == nullptr || !vouched_for(*this, *in)) {
    exchange.iv = iv;
    return services.diagnose(
        name,
        Error{"E-IKE1-052", "a transaction that nobody vouches for, or without attributes"}.see(
            rfc_config),
        datagram.id);
  }
  exchange.last_in = datagram.payload;
  exchange.resend_at.reset();
  ++exchange.messages;
  const AttributePayload message = *body;
  if (asked_by_us) return hear_answer(now, message);
  if (at == transactions_.end()) at = transactions_.emplace(id.value, std::move(fresh)).first;
  answer_transaction(now, at->second, message);
}

/// The peer asks, or tells.
void IsakmpSa::answer_transaction(Instant now, Exchange& exchange, const AttributePayload& asked) {
  AttributePayload answer{config::reply, asked.identifier, {}};
  const auto say = [&] {
    if (auto said = say_attributes(now, exchange, std::move(answer), false); !said)
      services.diagnose(name, said.error());
  };
  if (asked.type == config::request && is_xauth(asked)) {
    name_user(asked, answer);
    return say();
  }
  if (asked.type == config::request) {
    if (state == State::established) give_address(asked, answer);
    return say();
  }
  answer.type = config::ack;
  const Attribute* status = find(asked, config::xauth_status);
  if (asked.type != config::set || status == nullptr || state != State::admitting) return say();
  answer.attributes = {
      number_attribute(config::xauth_status, static_cast<std::uint16_t>(status->number()))};
  say();
  const policy::AuthConfig* own = user_round(connection->local_rounds());
  if (own == nullptr) return;
  const bool accepted = status->number() == config::status_ok;
  tell(*this, true, own->eap_id, accepted ? "" : "the gateway does not accept it");
  if (accepted) return establish(now, "the gateway has accepted the user");
  const Error refused{"E-IKE1-054", "the gateway does not accept user and password"};
  services.diagnose(name, Error(refused).see(rfc_xauth));
  die(now, refused.message);
}

/// The peer has answered what we asked.
void IsakmpSa::hear_answer(Instant now, const AttributePayload& answer) {
  if (answer.type == config::reply && state == State::established) return take_address(now, answer);
  if (state != State::admitting || !asks_for_user()) return;
  if (answer.type == config::reply) {
    auto user = judge(*this, answer);
    tell(*this, false, user ? *user : text_of(answer, config::xauth_user_name),
         user ? "" : user.error().message);
    if (!user) services.diagnose(name, user.error());
    admitted_ = user.ok();
    if (user) peer_identity = *user;
    const std::uint16_t status = user ? config::status_ok : config::status_fail;
    return ask_attributes(now, {config::set, 0, {number_attribute(config::xauth_status, status)}});
  }
  if (answer.type != config::ack) return;
  if (admitted_) return establish(now, "the user's password is right");
  // The edge device ends what it does not accept (draft-ietf-ipsec-isakmp-xauth-06).
  delete_self(now, "the user was not accepted");
}

// ---- XAuth -------------------------------------------------------------------------------------

void IsakmpSa::begin_admission(Instant now) {
  become(State::admitting, "the machines have proven who they are; a user is due", rfc_xauth);
  give_up_at_ = now + time_for_user;
  if (!asks_for_user()) return;
  ask_attributes(now, {config::request,
                       0,
                       {text_attribute(config::xauth_user_name, {}),
                        text_attribute(config::xauth_user_password, {})}});
}

void IsakmpSa::name_user(const AttributePayload& asked, AttributePayload& answer) {
  const policy::AuthConfig* own = user_round(connection->local_rounds());
  const Attribute* type = find(asked, config::xauth_type);
  const bool generic = type == nullptr || type->number() == config::xauth_generic;
  // Nobody but a gateway that phase 1 has proven is told a password.
  if (own == nullptr || !generic || state != State::admitting) {
    answer.attributes = {number_attribute(config::xauth_status, config::status_fail)};
    return;
  }
  if (type != nullptr)
    answer.attributes.push_back(number_attribute(config::xauth_type, config::xauth_generic));
  const Bytes user = to_bytes(as_bytes(own->eap_id));
  if (find(asked, config::xauth_user_name) != nullptr)
    answer.attributes.push_back(text_attribute(config::xauth_user_name, user));
  if (find(asked, config::xauth_user_password) != nullptr)
    answer.attributes.push_back(text_attribute(config::xauth_user_password, own->psk));
}

// ---- mode config -------------------------------------------------------------------------------

bool IsakmpSa::ask_address(Instant now) {
  const auto& vips = connection->vips;
  const bool wants =
      std::any_of(vips.begin(), vips.end(), [](const auto& x) { return !x.is_v6(); });
  if (!wants || !initiator || replaces.value != 0) return false;  // a rekey keeps what there is
  ask_attributes(now, address_request(*this));
  return true;
}

void IsakmpSa::give_address(const AttributePayload& asked, AttributePayload& answer) {
  if (find(asked, config::ip4_address) == nullptr) return;
  auto& leases = services.notes.of<ikev2::Leases>();
  const IpAddress wished = address_of(find(asked, config::ip4_address)).value_or(IpAddress{});
  for (const std::string& name_of_pool : connection->pools)
    for (const policy::PoolConfig& pool : services.config.pools) {
      if (pool.name != name_of_pool || pool.first.is_v6()) continue;
      const auto address = inner_peer.empty() ? leases.take(pool, peer_identity, wished)
                                              : std::optional(inner_peer.front());
      if (!address) continue;
      answer.attributes.push_back(text_attribute(config::ip4_address, address->octets()));
      std::string more;
      for (const IpAddress& dns : pool.dns) {
        answer.attributes.push_back(text_attribute(config::ip4_dns, dns.octets()));
        more += (more.empty() ? "DNS " : ", DNS ") + dns.to_string();
      }
      if (!inner_peer.empty()) return;
      inner_peer.push_back(*address);
      return emit(trace::Configured{"given", address->to_string(), pool.name, peer_identity, more});
    }
}

void IsakmpSa::take_address(Instant now, const AttributePayload& answer) {
  const auto address = address_of(find(answer, config::ip4_address));
  if (!address || address->is_unspecified() || !inner_local.empty())
    services.diagnose(name,
                      Error{"E-IKE1-053", "the gateway gives no inner address"}.see(rfc_config));
  else {
    inner_local.push_back(*address);
    services.notes.of<ikev2::Leases>().adopt(*address, name);
    services.sad.push_back(esp::InnerAddress{true, *address});
    const auto dns = address_of(find(answer, config::ip4_dns));
    emit(trace::Configured{"got", address->to_string(), "", peer_identity,
                           dns ? "DNS " + dns->to_string() : ""});
  }
  begin_wanted(now);
}

void IsakmpSa::release_addresses() {
  auto& leases = services.notes.of<ikev2::Leases>();
  const auto release = [&](const IpAddress& address, bool own) {
    if (!leases.release(address)) return;
    if (own) services.sad.push_back(esp::InnerAddress{false, address});
    emit(trace::Configured{"released", address.to_string(), "", peer_identity, ""});
  };
  for (const IpAddress& address : std::exchange(inner_peer, {})) release(address, false);
  for (const IpAddress& address : std::exchange(inner_local, {})) release(address, true);
}

}  // namespace ikelab::ikev1
