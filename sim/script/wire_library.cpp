// The wire codec as scripts see it: ike.decode, ike.encode, ike.describe, esp.header, bytes.*.
// Positions are Lua's: from 1, and an octet range is first..last as in string.sub.
#include <fmt/format.h>

#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "sim/script/lua_adversary.hpp"

namespace ikelab::script {
namespace {

// ---- ike.decode --------------------------------------------------------------------------------

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

/// ike.decode(octets): a table of header fields, `payloads` and `errors` (texts). Never fails: what
/// could not be read is in `errors`.
int ike_decode(lua_State* state) {
  const ByteView octets = check_octets(state, 1);
  Sandbox::charge(state, 200 + octets.size());
  const wire::Decoded decoded = wire::decode(octets);
  lua_newtable(state);
  push_header(state, decoded.message.header);
  lua_newtable(state);
  for (std::size_t i = 0; i < decoded.message.payloads.size(); ++i) {
    push_payload(state, decoded.message.payloads[i], octets);
    lua_rawseti(state, -2, static_cast<lua_Integer>(i + 1));
  }
  lua_setfield(state, -2, "payloads");
  lua_newtable(state);
  lua_Integer errors = 0;
  for (const wire::Diagnostic& d : decoded.diagnostics) {
    if (d.severity != wire::Severity::error) continue;
    push(state, d.code + ": " + d.message);
    lua_rawseti(state, -2, ++errors);
  }
  lua_setfield(state, -2, "errors");
  return 1;
}

// ---- ike.encode --------------------------------------------------------------------------------

lua_Integer integer_field(lua_State* state, const char* name, lua_Integer most,
                          lua_Integer otherwise = 0) {
  const lua_Integer value =
      lua_getfield(state, -1, name) == LUA_TNIL ? otherwise : luaL_checkinteger(state, -1);
  lua_pop(state, 1);
  if (value < 0 || value > most)
    luaL_error(state, "%s must be 0 to %I", name, static_cast<LUAI_UACINT>(most));
  return value;
}

bool boolean_field(lua_State* state, const char* name) {
  lua_getfield(state, -1, name);
  const bool value = lua_toboolean(state, -1) != 0;
  lua_pop(state, 1);
  return value;
}

Bytes octets_field(lua_State* state, const char* name) {
  if (lua_getfield(state, -1, name) == LUA_TNIL) {
    lua_pop(state, 1);
    return {};
  }
  Bytes octets = to_bytes(check_octets(state, -1));
  lua_pop(state, 1);
  return octets;
}

IkeSpi spi_field(lua_State* state, const char* name) {
  const auto octets = from_hex(to_text(octets_field(state, name)));
  if (!octets.ok() || octets->size() != 8) luaL_error(state, "%s must be 16 hex digits", name);
  std::uint64_t value = 0;
  for (const std::uint8_t octet : *octets) value = (value << 8) | octet;
  return IkeSpi{value};
}

/// For each element of the list `name` in the table on top: calls `read` with the element on top.
template <class Read>
void each_of(lua_State* state, const char* name, lua_Integer most, Read&& read) {
  if (lua_getfield(state, -1, name) != LUA_TTABLE) luaL_error(state, "%s must be a list", name);
  const auto count = static_cast<lua_Integer>(lua_rawlen(state, -1));
  if (count > most)
    luaL_error(state, "%s has more than %I elements", name, static_cast<LUAI_UACINT>(most));
  for (lua_Integer i = 1; i <= count; ++i) {
    if (lua_rawgeti(state, -1, i) != LUA_TTABLE) luaL_error(state, "%s must hold tables", name);
    read();
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
}

wire::Transform transform_on_top(lua_State* state) {
  wire::Transform transform;
  transform.type = static_cast<std::uint8_t>(integer_field(state, "type", 255));
  transform.id = static_cast<std::uint16_t>(integer_field(state, "id", 65535));
  const auto key_bits = static_cast<std::uint16_t>(integer_field(state, "key_bits", 65535));
  if (key_bits != 0)
    transform.attributes.push_back({14, true, key_bits, {}});  // Key Length (RFC 7296, 3.3.5)
  return transform;
}

wire::SaPayload sa_on_top(lua_State* state) {
  wire::SaPayload sa;
  each_of(state, "proposals", 255, [&] {
    wire::Proposal proposal;
    proposal.number = static_cast<std::uint8_t>(integer_field(state, "number", 255, 1));
    proposal.protocol = static_cast<wire::ProtocolId>(integer_field(state, "protocol", 255, 1));
    proposal.spi = octets_field(state, "spi");
    if (proposal.spi.size() > 255) luaL_error(state, "spi has more than 255 octets");
    each_of(state, "transforms", 255,
            [&] { proposal.transforms.push_back(transform_on_top(state)); });
    sa.proposals.push_back(std::move(proposal));
  });
  return sa;
}

/// A payload with `body` is written as it stands; an SA without one is written from its
/// `proposals`.
wire::Payload payload_on_top(lua_State* state) {
  const auto type = static_cast<wire::PayloadType>(integer_field(state, "number", 255));
  Bytes body = octets_field(state, "body");
  if (body.empty() && type == wire::PayloadType::sa) body = wire::encode_body(sa_on_top(state));
  if (body.size() > 65'000) luaL_error(state, "a payload has more than 65000 octets");
  wire::Payload payload{type, boolean_field(state, "critical"),
                        wire::UnknownPayload{type, std::move(body)}, 0, 0};
  return payload;
}

/// ike.encode(message): the inverse of ike.decode; lengths and the chain of Next Payload are worked
/// out, the rest is as written.
int ike_encode(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 1);
  wire::Message message;
  message.header.spi_i = spi_field(state, "spi_i");
  message.header.spi_r = spi_field(state, "spi_r");
  const lua_Integer version = integer_field(state, "version", 255, 0x20);
  message.header.major = static_cast<std::uint8_t>(version >> 4);
  message.header.minor = static_cast<std::uint8_t>(version & 15);
  message.header.exchange = static_cast<wire::ExchangeType>(integer_field(state, "exchange", 255));
  message.header.initiator = boolean_field(state, "initiator");
  message.header.response = boolean_field(state, "response");
  message.header.message_id =
      MessageId{static_cast<std::uint32_t>(integer_field(state, "message_id", 0xffff'ffff))};
  std::size_t size = 0;
  each_of(state, "payloads", 64, [&] {
    message.payloads.push_back(payload_on_top(state));
    size += std::get<wire::UnknownPayload>(message.payloads.back().body).data.size() + 4;
  });
  if (size > 65'000) luaL_error(state, "the message has more than 65000 octets");
  Sandbox::charge(state, 200 + size);
  push(state, wire::encode(message));
  return 1;
}

// ---- esp and bytes -----------------------------------------------------------------------------

/// The big-endian number of `count` octets at the one-based `position`.
std::uint32_t number_at(lua_State* state, ByteView octets, lua_Integer position,
                        std::size_t count) {
  if (position < 1 || static_cast<std::uint64_t>(position) - 1 + count > octets.size())
    luaL_error(state, "%d octets at position %I are outside of %d", static_cast<int>(count),
               static_cast<LUAI_UACINT>(position), static_cast<int>(octets.size()));
  std::uint32_t value = 0;
  for (const std::uint8_t octet : octets.subspan(static_cast<std::size_t>(position - 1), count))
    value = (value << 8) | octet;
  return value;
}

/// esp.header(octets): {spi = "8 hex digits", sequence = n}, or nil when the packet is too short.
int esp_header(lua_State* state) {
  const ByteView octets = check_octets(state, 1);
  if (octets.size() < 8) {
    lua_pushnil(state);
    return 1;
  }
  lua_createtable(state, 0, 2);
  set(state, "spi", to_hex(octets.first(4)));
  set_integer(state, "sequence", number_at(state, octets, 5, 4));
  return 1;
}

int bytes_hex(lua_State* state) {
  const ByteView octets = check_octets(state, 1);
  if (octets.size() > Sandbox::longest_string / 2)
    return luaL_error(state, "too long to show in hex");
  push(state, to_hex(octets));
  return 1;
}

int bytes_from_hex(lua_State* state) {
  const auto octets = from_hex(check_text(state, 1));
  if (!octets.ok()) return luaL_argerror(state, 1, octets.error().message.c_str());
  push(state, *octets);
  return 1;
}

template <std::size_t count>
int bytes_number(lua_State* state) {
  lua_pushinteger(state,
                  number_at(state, check_octets(state, 1), luaL_checkinteger(state, 2), count));
  return 1;
}

/// bytes.patch(octets, position, replacement): the same length, other octets from `position` on.
int bytes_patch(lua_State* state) {
  Bytes octets = to_bytes(check_octets(state, 1));
  const lua_Integer position = luaL_checkinteger(state, 2);
  const ByteView replacement = check_octets(state, 3);
  if (position < 1 || static_cast<std::uint64_t>(position) - 1 + replacement.size() > octets.size())
    return luaL_argerror(state, 2, "the replacement does not fit there");
  std::copy(replacement.begin(), replacement.end(),
            octets.begin() + static_cast<std::ptrdiff_t>(position - 1));
  push(state, octets);
  return 1;
}

/// bytes.flip(octets, position [, bit]): one bit turned over; bit 0 is the least significant.
int bytes_flip(lua_State* state) {
  Bytes octets = to_bytes(check_octets(state, 1));
  const lua_Integer position = luaL_checkinteger(state, 2), bit = luaL_optinteger(state, 3, 0);
  luaL_argcheck(state, position >= 1 && static_cast<std::uint64_t>(position) <= octets.size(), 2,
                "outside of the octets");
  luaL_argcheck(state, bit >= 0 && bit <= 7, 3, "a bit is 0 to 7");
  octets[static_cast<std::size_t>(position - 1)] ^= static_cast<std::uint8_t>(1U << bit);
  push(state, octets);
  return 1;
}

constexpr luaL_Reg ike_functions[] = {
    {"decode", ike_decode}, {"encode", ike_encode}, {nullptr, nullptr}};
constexpr luaL_Reg esp_functions[] = {{"header", esp_header}, {nullptr, nullptr}};
constexpr luaL_Reg bytes_functions[] = {{"hex", bytes_hex},       {"from_hex", bytes_from_hex},
                                        {"u16", bytes_number<2>}, {"u32", bytes_number<4>},
                                        {"patch", bytes_patch},   {"flip", bytes_flip},
                                        {nullptr, nullptr}};

}  // namespace

void open_wire_library(lua_State* state) {
  luaL_newlib(state, ike_functions);
  lua_setglobal(state, "ike");
  luaL_newlib(state, esp_functions);
  lua_setglobal(state, "esp");
  luaL_newlib(state, bytes_functions);
  lua_setglobal(state, "bytes");
}

}  // namespace ikelab::script
