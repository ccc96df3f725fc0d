#include "sim/script/wire_tables.hpp"

#include "protocol/wire/encode.hpp"
#include "sim/script/fields.hpp"

namespace ikelab::script {
namespace {

// ---- to Lua ------------------------------------------------------------------------------------

void push_transform(lua_State* state, const wire::Transform& transform) {
  lua_createtable(state, 0, 5);
  set_integer(state, "type", transform.type);
  set(state, "type_name", wire::transform_type_name(transform.type));
  set_integer(state, "id", transform.id);
  set(state, "name", wire::transform_name(transform.type, transform.id));
  set_integer(state, "key_bits", transform.key_bits());
}

void push_proposals(lua_State* state, const wire::SaPayload& sa) {
  lua_newtable(state);
  for (std::size_t i = 0; i < sa.proposals.size(); ++i) {
    const wire::Proposal& proposal = sa.proposals[i];
    lua_newtable(state);
    set_integer(state, "number", proposal.number);
    set_integer(state, "protocol", static_cast<lua_Integer>(proposal.protocol));
    set(state, "protocol_name", wire::name(proposal.protocol));
    set(state, "spi", proposal.spi);
    lua_newtable(state);
    for (std::size_t j = 0; j < proposal.transforms.size(); ++j) {
      push_transform(state, proposal.transforms[j]);
      lua_rawseti(state, -2, static_cast<lua_Integer>(j + 1));
    }
    lua_setfield(state, -2, "transforms");
    lua_rawseti(state, -2, static_cast<lua_Integer>(i + 1));
  }
}

/// What the payload says beyond its octets, for those that are in the clear.
void add_meaning(lua_State* state, const wire::PayloadBody& body) {
  if (const auto* sa = std::get_if<wire::SaPayload>(&body)) {
    push_proposals(state, *sa);
    lua_setfield(state, -2, "proposals");
  } else if (const auto* ke = std::get_if<wire::KePayload>(&body)) {
    set_integer(state, "method", ke->method);
    set(state, "method_name", wire::transform_name(4, ke->method));
    set(state, "data", ke->data);
  } else if (const auto* nonce = std::get_if<wire::NoncePayload>(&body)) {
    set(state, "data", nonce->data);
  } else if (const auto* notify = std::get_if<wire::NotifyPayload>(&body)) {
    set_integer(state, "notify", static_cast<lua_Integer>(notify->type));
    set(state, "notify_name", wire::name(notify->type));
    set(state, "data", notify->data);
  } else if (const auto* id = std::get_if<wire::IdPayload>(&body)) {
    set_integer(state, "id_type", static_cast<lua_Integer>(id->type));
    set(state, "id_type_name", wire::name(id->type));
    set(state, "data", id->data);
  } else if (const auto* auth = std::get_if<wire::AuthPayload>(&body)) {
    set_integer(state, "method", static_cast<lua_Integer>(auth->method));
    set(state, "method_name", wire::name(auth->method));
    set(state, "data", auth->data);
  } else if (const auto* cert = std::get_if<wire::CertPayload>(&body)) {
    set_integer(state, "encoding", cert->encoding);
    set(state, "data", cert->data);
  } else if (const auto* deleted = std::get_if<wire::DeletePayload>(&body)) {
    set_integer(state, "protocol", static_cast<lua_Integer>(deleted->protocol));
    lua_newtable(state);
    for (std::size_t i = 0; i < deleted->spis.size(); ++i) {
      push(state, to_hex(deleted->spis[i]));
      lua_rawseti(state, -2, static_cast<lua_Integer>(i + 1));
    }
    lua_setfield(state, -2, "spis");
  } else if (const auto* eap = std::get_if<wire::EapPayload>(&body)) {
    set(state, "data", eap->data);
  }
}

void push_payload(lua_State* state, const wire::Payload& payload, ByteView octets) {
  lua_newtable(state);
  set(state, "type", wire::notation(payload.type));
  set_integer(state, "number", static_cast<lua_Integer>(payload.type));
  set_boolean(state, "critical", payload.critical);
  set_integer(state, "first", static_cast<lua_Integer>(payload.begin + 1));
  set_integer(state, "last", static_cast<lua_Integer>(payload.end));
  const std::size_t body =
      std::min(payload.begin + 4, payload.end);  // behind the generic header (RFC 7296, 3.2)
  set(state, "body", octets.subspan(body, payload.end - body));
  add_meaning(state, payload.body);
}

void push_header(lua_State* state, const wire::Header& header) {
  set(state, "spi_i", to_string(header.spi_i));
  set(state, "spi_r", to_string(header.spi_r));
  set_integer(state, "version", (header.major << 4) | header.minor);
  set_integer(state, "exchange", static_cast<lua_Integer>(header.exchange));
  set(state, "exchange_name", wire::name(header.exchange));
  set_boolean(state, "initiator", header.initiator);
  set_boolean(state, "response", header.response);
  set_integer(state, "message_id", header.message_id.value);
  set_integer(state, "length", header.length);
}

// ---- from Lua ----------------------------------------------------------------------------------

/// For each element of the list `name` in the table at `index`: calls `read` with the element's
/// index.
template <class Read>
void each_of(lua_State* state, int index, const char* name, lua_Integer most, Read&& read) {
  if (lua_getfield(state, index, name) != LUA_TTABLE) luaL_error(state, "%s must be a list", name);
  const int list = lua_gettop(state);
  const auto count = static_cast<lua_Integer>(lua_rawlen(state, list));
  if (count > most)
    luaL_error(state, "%s has more than %I elements", name, static_cast<LUAI_UACINT>(most));
  for (lua_Integer i = 1; i <= count; ++i) {
    if (lua_rawgeti(state, list, i) != LUA_TTABLE) luaL_error(state, "%s must hold tables", name);
    read(lua_gettop(state));
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
}

wire::Transform transform_at(lua_State* state, int index) {
  const Fields fields(state, index);
  wire::Transform transform;
  transform.type = static_cast<std::uint8_t>(fields.integer("type", 255));
  transform.id = static_cast<std::uint16_t>(fields.integer("id", 65535));
  const auto key_bits = static_cast<std::uint16_t>(fields.integer("key_bits", 65535));
  if (key_bits != 0)
    transform.attributes.push_back({14, true, key_bits, {}});  // Key Length (RFC 7296, 3.3.5)
  return transform;
}

wire::SaPayload sa_at(lua_State* state, int index) {
  wire::SaPayload sa;
  each_of(state, index, "proposals", 255, [&](int at) {
    const Fields fields(state, at);
    wire::Proposal proposal;
    proposal.number = static_cast<std::uint8_t>(fields.integer("number", 255, 1));
    proposal.protocol = static_cast<wire::ProtocolId>(fields.integer("protocol", 255, 1));
    proposal.spi = fields.octets_if_any("spi");
    if (proposal.spi.size() > 255) luaL_error(state, "spi has more than 255 octets");
    each_of(state, at, "transforms", 255,
            [&](int transform) { proposal.transforms.push_back(transform_at(state, transform)); });
    sa.proposals.push_back(std::move(proposal));
  });
  return sa;
}

wire::Payload payload_at(lua_State* state, int index) {
  const Fields fields(state, index);
  const auto type = static_cast<wire::PayloadType>(fields.integer("number", 255));
  Bytes body = fields.octets_if_any("body");
  if (body.empty() && type == wire::PayloadType::sa) body = wire::encode_body(sa_at(state, index));
  if (body.size() > 65'000) luaL_error(state, "a payload has more than 65000 octets");
  return {type, fields.boolean("critical"), wire::UnknownPayload{type, std::move(body)}, 0, 0};
}

}  // namespace

void push_message(lua_State* state, const wire::Header& header,
                  const std::vector<wire::Payload>& payloads, ByteView octets,
                  const std::vector<wire::Diagnostic>& diagnostics) {
  lua_newtable(state);
  push_header(state, header);
  lua_newtable(state);
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    push_payload(state, payloads[i], octets);
    lua_rawseti(state, -2, static_cast<lua_Integer>(i + 1));
  }
  lua_setfield(state, -2, "payloads");
  lua_newtable(state);
  lua_Integer errors = 0;
  for (const wire::Diagnostic& d : diagnostics) {
    if (d.severity != wire::Severity::error) continue;
    push(state, d.code + ": " + d.message);
    lua_rawseti(state, -2, ++errors);
  }
  lua_setfield(state, -2, "errors");
}

wire::Message message_argument(lua_State* state, int index) {
  const Fields fields(state, index);
  wire::Message message;
  wire::Header& header = message.header;
  header.spi_i = fields.spi("spi_i");
  header.spi_r = fields.spi("spi_r");
  const lua_Integer version = fields.integer("version", 255, 0x20);
  header.major = static_cast<std::uint8_t>(version >> 4);
  header.minor = static_cast<std::uint8_t>(version & 15);
  header.exchange = static_cast<wire::ExchangeType>(fields.integer("exchange", 255));
  header.initiator = fields.boolean("initiator");
  header.response = fields.boolean("response");
  header.message_id =
      MessageId{static_cast<std::uint32_t>(fields.integer("message_id", 0xffff'ffff))};
  std::size_t size = 0;
  each_of(state, index, "payloads", 64, [&](int at) {
    message.payloads.push_back(payload_at(state, at));
    size += std::get<wire::UnknownPayload>(message.payloads.back().body).data.size() + 4;
  });
  if (size > 65'000) luaL_error(state, "the message has more than 65000 octets");
  Sandbox::charge(state, 200 + size);
  return message;
}

}  // namespace ikelab::script
