// The wire codec as scripts see it: ike.decode, ike.encode, esp.header, bytes.*.
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "sim/script/lua_adversary.hpp"
#include "sim/script/wire_tables.hpp"

namespace ikelab::script {
namespace {

/// ike.decode(octets): a table of header fields, `payloads` and `errors` (texts). Never fails: what
/// could not be read is in `errors`.
int ike_decode(lua_State* state) {
  const ByteView octets = check_octets(state, 1);
  Sandbox::charge(state, 200 + octets.size());
  const wire::Decoded decoded = wire::decode(octets);
  push_message(state, decoded.message.header, decoded.message.payloads, octets,
               decoded.diagnostics);
  return 1;
}

/// ike.encode(message): the inverse of ike.decode; lengths and the chain of Next Payload are worked
/// out, the rest is as written.
int ike_encode(lua_State* state) {
  push(state, wire::encode(message_argument(state, 1)));
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
