// library("caller"): the shipped modules that scripts share (sim/attacks/lib). Their text is part
// of the program: a script names one and reaches no file.
#include "sim/script/libraries.hpp"

#include <algorithm>

#include "sim/script/lua_adversary.hpp"

namespace ikelab::script {
namespace {

constexpr const char* loaded_slot = "libraries";  // in the registry: name to module

/// Runs the module under the script's own limits; it must give a table.
void run_module(lua_State* state, const Library& module) {
  const std::string chunk = "=library " + std::string(module.name);
  Sandbox::charge(state, module.source.size());
  if (luaL_loadbufferx(state, module.source.data(), module.source.size(), chunk.c_str(), "t") !=
      LUA_OK)
    lua_error(state);
  lua_call(state, 0, 1);
  luaL_checktype(state, -1, LUA_TTABLE);
}

std::string names_of(std::span<const Library> all) {
  std::string text = "the name of a shipped library:";
  for (const Library& row : all) text.append(" ").append(row.name);
  return text;
}

int library(lua_State* state) {
  const std::string_view name = check_text(state, 1);
  const auto all = libraries();
  const auto module =
      std::find_if(all.begin(), all.end(), [&](const Library& row) { return row.name == name; });
  if (module == all.end()) luaL_argerror(state, 1, names_of(all).c_str());
  lua_getfield(state, LUA_REGISTRYINDEX, loaded_slot);
  if (lua_getfield(state, -1, module->name.data()) == LUA_TTABLE) return 1;
  lua_pop(state, 1);
  run_module(state, *module);
  lua_pushvalue(state, -1);
  lua_setfield(state, -3, module->name.data());
  return 1;
}

}  // namespace

void open_library_function(lua_State* state) {
  lua_newtable(state);
  lua_setfield(state, LUA_REGISTRYINDEX, loaded_slot);
  lua_pushcfunction(state, library);
  lua_setglobal(state, "library");
}

}  // namespace ikelab::script
