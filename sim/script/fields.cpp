#include "sim/script/fields.hpp"

#include <fmt/format.h>

namespace ikelab::script {
namespace {

constexpr std::pair<const char*, crypto::TransformType> suite_fields[] = {
    {"encr", crypto::TransformType::encr},
    {"integ", crypto::TransformType::integ},
    {"prf", crypto::TransformType::prf},
    {"ke", crypto::TransformType::ke}};

}  // namespace

Fields::Fields(lua_State* state, int index) : state_(state), index_(lua_absindex(state, index)) {
  luaL_checktype(state, index, LUA_TTABLE);
}

bool Fields::has(const char* name) const {
  const bool there = lua_getfield(state_, index_, name) != LUA_TNIL;
  lua_pop(state_, 1);
  return there;
}

Bytes Fields::octets(const char* name) const {
  if (!has(name)) luaL_error(state_, "%s is missing", name);
  return octets_if_any(name);
}

Bytes Fields::octets_if_any(const char* name) const {
  const int type = lua_getfield(state_, index_, name);
  if (type != LUA_TNIL && type != LUA_TSTRING) luaL_error(state_, "%s must be a string", name);
  Bytes octets = type == LUA_TNIL ? Bytes{} : to_bytes(check_octets(state_, -1));
  lua_pop(state_, 1);
  return octets;
}

lua_Integer Fields::integer(const char* name, lua_Integer most, lua_Integer otherwise) const {
  const int type = lua_getfield(state_, index_, name);
  int whole = 1;
  const lua_Integer value = type == LUA_TNIL ? otherwise : lua_tointegerx(state_, -1, &whole);
  lua_pop(state_, 1);
  if (whole == 0 || value < 0 || value > most)
    luaL_error(state_, "%s must be 0 to %I", name, static_cast<LUAI_UACINT>(most));
  return value;
}

bool Fields::boolean(const char* name) const {
  lua_getfield(state_, index_, name);
  const bool value = lua_toboolean(state_, -1) != 0;
  lua_pop(state_, 1);
  return value;
}

IkeSpi Fields::spi(const char* name) const {
  const auto octets = from_hex(to_text(octets_if_any(name)));
  if (!octets.ok() || octets->size() != 8) luaL_error(state_, "%s must be 16 hex digits", name);
  std::uint64_t value = 0;
  for (const std::uint8_t octet : *octets) value = (value << 8) | octet;
  return IkeSpi{value};
}

const crypto::Algorithm* Fields::algorithm(const char* name, crypto::TransformType type) const {
  if (!has(name)) return nullptr;
  lua_getfield(state_, index_, name);
  const crypto::Algorithm& found = check_algorithm(state_, -1, type);
  lua_pop(state_, 1);
  return &found;
}

const crypto::Algorithm& check_algorithm(lua_State* state, int index, crypto::TransformType type) {
  const crypto::Algorithm* found = nullptr;
  std::string asked;
  if (lua_type(state, index) == LUA_TTABLE) {
    const Fields transform(state, index);
    const auto id = static_cast<std::uint16_t>(transform.integer("id", 65535));
    const auto bits = static_cast<std::uint16_t>(transform.integer("key_bits", 65535));
    found = crypto::find(type, id, bits);
    asked = fmt::format("number {}", id);
  } else if (lua_type(state, index) == LUA_TSTRING) {
    asked = std::string(check_text(state, index)).substr(0, 40);
    found = crypto::find_keyword(type, asked);
  } else {
    luaL_error(state, "an algorithm is a word as in swanctl, or a transform of ike.decode");
  }
  if (found == nullptr)
    luaL_error(state, "%s '%s' is not known",
               std::string(crypto::transform_type_name(type)).c_str(), asked.c_str());
  return *found;
}

policy::Suite check_suite(lua_State* state, int index, bool with_integrity) {
  const Fields fields(state, index);
  const crypto::Algorithm* found[4] = {};
  for (std::size_t i = 0; i < 4; ++i)
    found[i] = fields.algorithm(suite_fields[i].first, suite_fields[i].second);
  if (found[0] == nullptr) luaL_error(state, "a suite needs encr");
  if (with_integrity && !found[0]->aead && found[1] == nullptr)
    luaL_error(state, "a suite without AEAD needs integ");
  policy::Suite suite;
  suite.encr = found[0];
  suite.integ = found[0]->aead ? nullptr : found[1];
  suite.prf = found[2];
  suite.ke = found[3];
  return suite;
}

}  // namespace ikelab::script
