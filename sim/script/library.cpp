// What of Lua's own library a script gets, and the parts that are ours because Lua's would break a
// bound or a run's sameness.
#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "sim/script/sandbox.hpp"

namespace ikelab::script {
namespace {

using Function = luaL_Reg;

// ---- base --------------------------------------------------------------------------------------

/// As Lua's, but what has an address shows only its type.
int base_tostring(lua_State* state) {
  const int type = lua_type(state, 1);
  luaL_argcheck(state, type != LUA_TNONE, 1, "value expected");
  if (type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TNUMBER || type == LUA_TSTRING) {
    luaL_tolstring(state, 1, nullptr);
  } else {
    push(state, std::string_view(lua_typename(state, type)));
  }
  return 1;
}

/// As Lua's for texts of up to 64 characters.
int base_tonumber(lua_State* state) {
  if (lua_type(state, 1) == LUA_TSTRING && lua_rawlen(state, 1) > 64)
    return luaL_argerror(state, 1, "longer than 64 characters");
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, 1);
  return 1;
}

using Key = std::variant<lua_Integer, lua_Number, bool, std::string>;

Key key_on(lua_State* state, int index) {
  if (lua_isinteger(state, index)) return lua_tointeger(state, index);
  if (lua_type(state, index) == LUA_TNUMBER) return lua_tonumber(state, index);
  if (lua_isboolean(state, index)) return lua_toboolean(state, index) != 0;
  if (lua_type(state, index) != LUA_TSTRING)
    luaL_error(state, "pairs: keys must be numbers, booleans or strings");
  return std::string(check_text(state, index));
}

void push_key(lua_State* state, const Key& key) {
  if (const auto* integer = std::get_if<lua_Integer>(&key)) lua_pushinteger(state, *integer);
  if (const auto* number = std::get_if<lua_Number>(&key)) lua_pushnumber(state, *number);
  if (const auto* boolean = std::get_if<bool>(&key)) lua_pushboolean(state, *boolean ? 1 : 0);
  if (const auto* text = std::get_if<std::string>(&key)) push(state, *text);
}

/// Upvalues: table, array of keys, position. Keys whose value has gone are passed over.
int pairs_next(lua_State* state) {
  lua_Integer at = lua_tointeger(state, lua_upvalueindex(3));
  for (;;) {
    if (lua_rawgeti(state, lua_upvalueindex(2), ++at) == LUA_TNIL) return 1;
    lua_pushvalue(state, -1);
    if (lua_rawget(state, lua_upvalueindex(1)) != LUA_TNIL) break;
    lua_pop(state, 2);
    Sandbox::charge(state, 1);
  }
  lua_pushinteger(state, at);
  lua_replace(state, lua_upvalueindex(3));
  return 2;
}

/// Lua's order of keys follows a hash seed drawn from an address: ours is sorted, integers, floats,
/// booleans, then texts.
int base_pairs(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  std::vector<Key> keys;
  for (lua_pushnil(state); lua_next(state, 1) != 0; lua_pop(state, 1)) {
    Sandbox::charge(state, 20);
    keys.push_back(key_on(state, -2));
  }
  std::sort(keys.begin(), keys.end());
  lua_settop(state, 1);
  lua_createtable(state, static_cast<int>(keys.size()), 0);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    push_key(state, keys[i]);
    lua_rawseti(state, 2, static_cast<lua_Integer>(i + 1));
  }
  lua_pushinteger(state, 0);
  lua_pushcclosure(state, pairs_next, 3);
  return 1;
}

// ---- string ------------------------------------------------------------------------------------

/// A one-based start like string.sub's, as an offset from 0; the size when it lies behind the end.
std::size_t start_of(lua_Integer start, std::size_t size) {
  const auto length = static_cast<lua_Integer>(size);
  if (start < 0) start = std::max<lua_Integer>(length + start + 1, 1);
  if (start == 0) start = 1;
  return static_cast<std::size_t>(std::min(start - 1, length));
}

int string_rep(lua_State* state) {
  const std::string text(check_text(state, 1)), separator(luaL_optstring(state, 3, ""));
  const lua_Integer times = std::max<lua_Integer>(luaL_checkinteger(state, 2), 0);
  const std::size_t each = text.size() + separator.size();
  if (static_cast<std::uint64_t>(times) > Sandbox::longest_string / std::max<std::size_t>(each, 1))
    return luaL_error(state, "string.rep: the result would be longer than %d octets",
                      static_cast<int>(Sandbox::longest_string));
  Sandbox::charge(state, static_cast<std::uint64_t>(times) * (each + 1) / 8);
  std::string result;
  for (lua_Integer i = 0; i < times; ++i) result += (i == 0 ? "" : separator) + text;
  push(state, result);
  return 1;
}

/// string.find(text, needle [, start]): plain, because a pattern can take longer than the universe
/// lasts.
int string_find(lua_State* state) {
  const std::string_view text = check_text(state, 1), needle = check_text(state, 2);
  luaL_argcheck(state, needle.size() <= 256, 2, "longer than 256 octets");
  Sandbox::charge(state, text.size() * (needle.size() + 1) / 16);
  const auto found = text.find(needle, start_of(luaL_optinteger(state, 3, 1), text.size()));
  if (found == std::string_view::npos) {
    lua_pushnil(state);
    return 1;
  }
  lua_pushinteger(state, static_cast<lua_Integer>(found + 1));
  lua_pushinteger(state, static_cast<lua_Integer>(found + needle.size()));
  return 2;
}

/// Lua's string.byte pushes one value an octet: at most 256 of them here.
int string_byte(lua_State* state) {
  const std::string_view text = check_text(state, 1);
  const lua_Integer first = luaL_optinteger(state, 2, 1), last = luaL_optinteger(state, 3, first);
  const std::size_t begin = start_of(first, text.size());
  const std::size_t end =
      last < 0
          ? text.size() - std::min<std::size_t>(text.size(), static_cast<std::size_t>(-(last + 1)))
          : std::min(text.size(), static_cast<std::size_t>(last));
  const std::size_t count = end > begin ? end - begin : 0;
  if (count > 256) return luaL_error(state, "string.byte: more than 256 octets at once");
  luaL_checkstack(state, static_cast<int>(count), "string.byte");
  for (std::size_t i = begin; i < begin + count; ++i)
    lua_pushinteger(state, static_cast<unsigned char>(text[i]));
  return static_cast<int>(count);
}

/// Lua's own function (upvalue 1) behind a limit on the format's length; no %p, and no addresses
/// through %s.
int string_format(lua_State* state) {
  const std::string_view format = check_text(state, 1);
  luaL_argcheck(state, format.size() <= 1024, 1, "a format longer than 1024 characters");
  for (std::size_t i = 0; i + 1 < format.size(); ++i) {
    if (format[i] != '%') continue;
    const auto end = format.find_first_not_of("-+ #0123456789.", i + 1);
    if (end != std::string_view::npos && format[end] == 'p')
      return luaL_error(state, "string.format: %%p shows addresses");
    i = end == std::string_view::npos ? format.size() : end;
  }
  for (int i = 2; i <= lua_gettop(state); ++i) {
    const int type = lua_type(state, i);
    if (type == LUA_TSTRING) Sandbox::charge(state, lua_rawlen(state, i) / 8);
    if (type != LUA_TTABLE && type != LUA_TFUNCTION && type != LUA_TLIGHTUSERDATA) continue;
    push(state, std::string_view(lua_typename(state, type)));
    lua_replace(state, i);
  }
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, 1);
  return 1;
}

/// string.pack and friends: Lua's own (upvalue 1), for formats of up to 64 characters.
int string_packing(lua_State* state) {
  luaL_argcheck(state, check_text(state, 1).size() <= 64, 1, "a format longer than 64 characters");
  Sandbox::charge(state, 1024);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
  return lua_gettop(state);
}

// ---- table and math ----------------------------------------------------------------------------

/// Lua's own function (upvalue 1), charged for every element of the table, because it moves or
/// reads them all.
int table_function(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  Sandbox::charge(state, lua_rawlen(state, 1));
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
  return lua_gettop(state);
}

int table_sort(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_argcheck(state, lua_rawlen(state, 1) <= 10'000, 1, "more than 10000 elements");
  Sandbox::charge(state, 15 * lua_rawlen(state, 1));
  return table_function(state);
}

int table_unpack(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  const lua_Integer first = luaL_optinteger(state, 2, 1);
  const lua_Integer last =
      luaL_optinteger(state, 3, static_cast<lua_Integer>(lua_rawlen(state, 1)));
  if (last < first) return 0;
  if (last > 1'000'000 || first < -1'000'000 || last - first >= 256)
    return luaL_error(state, "table.unpack: more than 256 elements");
  luaL_checkstack(state, static_cast<int>(last - first + 1), "table.unpack");
  for (lua_Integer i = first; i <= last; ++i) lua_rawgeti(state, 1, i);
  return static_cast<int>(last - first + 1);
}

/// math.random(): [0, 1); (m): 1..m; (m, n): m..n. From the run's seed, so that the attack repeats.
int math_random(lua_State* state) {
  const std::uint64_t drawn = Sandbox::of(state).random();
  if (lua_gettop(state) == 0) {
    lua_pushnumber(state, static_cast<lua_Number>(drawn >> 11) * (1.0 / 9007199254740992.0));
    return 1;
  }
  const lua_Integer low = lua_gettop(state) == 1 ? 1 : luaL_checkinteger(state, 1);
  const lua_Integer high = luaL_checkinteger(state, lua_gettop(state) == 1 ? 1 : 2);
  luaL_argcheck(state, low <= high, 1, "interval is empty");
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  lua_pushinteger(state, static_cast<lua_Integer>(static_cast<std::uint64_t>(low) +
                                                  (span == 0 ? drawn : drawn % span)));
  return 1;
}

// ---- putting it together -----------------------------------------------------------------------

struct Row {
  const char* name;
  lua_CFunction ours = nullptr;  ///< nullptr: Lua's own function; else ours, with Lua's own as
                                 ///< upvalue 1 if there is one
};

constexpr Row base_rows[] = {{"assert"},
                             {"error"},
                             {"ipairs"},
                             {"select"},
                             {"type"},
                             {"tostring", base_tostring},
                             {"tonumber", base_tonumber},
                             {"pairs", base_pairs}};
constexpr Row string_rows[] = {{"len"},
                               {"sub"},
                               {"upper"},
                               {"lower"},
                               {"reverse"},
                               {"char"},
                               {"rep", string_rep},
                               {"find", string_find},
                               {"byte", string_byte},
                               {"format", string_format},
                               {"pack", string_packing},
                               {"unpack", string_packing},
                               {"packsize", string_packing}};
constexpr Row table_rows[] = {{"insert", table_function},
                              {"remove", table_function},
                              {"concat", table_function},
                              {"sort", table_sort},
                              {"unpack", table_unpack}};
constexpr Row math_rows[] = {
    {"abs"},  {"ceil"}, {"floor"},      {"max"},        {"min"},
    {"fmod"}, {"sqrt"}, {"tointeger"},  {"type"},       {"ult"},
    {"huge"}, {"pi"},   {"maxinteger"}, {"mininteger"}, {"random", math_random}};

/// Fills the table on top of the stack with the rows, taking Lua's own from the table at
/// `original`.
template <std::size_t n>
void fill(lua_State* state, int original, const Row (&rows)[n]) {
  for (const Row& row : rows) {
    lua_getfield(state, original, row.name);
    if (row.ours != nullptr) lua_pushcclosure(state, row.ours, 1);
    lua_setfield(state, -2, row.name);
  }
}

/// env.<name> = a table of the rows, for the new globals at `env`; leaves that table on the stack.
template <std::size_t n>
void open_table(lua_State* state, int env, const char* name, lua_CFunction opener,
                const Row (&rows)[n]) {
  luaL_requiref(state, name, opener, 0);
  const int original = lua_gettop(state);
  lua_newtable(state);
  fill(state, original, rows);
  lua_pushvalue(state, -1);
  lua_setfield(state, env, name);
}

}  // namespace

void open_library(lua_State* state) {
  lua_newtable(state);
  const int env = lua_gettop(state);
  luaL_requiref(state, LUA_GNAME, luaopen_base, 0);
  const int original = lua_gettop(state);
  lua_pushvalue(state, env);
  fill(state, original, base_rows);
  open_table(state, env, "table", luaopen_table, table_rows);
  open_table(state, env, "math", luaopen_math, math_rows);
  open_table(state, env, "string", luaopen_string, string_rows);
  // ("text"):sub(1, 2) works through the metatable of strings: ours has nothing else in it
  push(state, std::string_view());
  lua_newtable(state);
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, -2);
  lua_pushvalue(state, env);
  lua_rawseti(state, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_pushnil(state);
  lua_setfield(state, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}

}  // namespace ikelab::script
