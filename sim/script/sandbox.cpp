#include "sim/script/sandbox.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace ikelab::script {
namespace {

constexpr const char* script_chunk = "=script";
constexpr int hook_interval = 100;  // instructions between two looks at the budget

/// "script:12: text" into line and text; the chunk is called "script" in every state.
Failure place_of(Failure::Kind kind, std::string message) {
  Failure failure{kind, std::move(message), 0};
  constexpr std::string_view prefix = "script:";
  if (!failure.message.starts_with(prefix)) return failure;
  const auto colon = failure.message.find(':', prefix.size());
  if (colon == std::string::npos) return failure;
  failure.line = std::atoi(failure.message.c_str() + prefix.size());
  failure.message.erase(0, std::min(colon + 2, failure.message.size()));
  return failure;
}

/// An error's message on one line, whatever the script threw.
std::string message_on_top(lua_State* state) {
  std::size_t size = 0;
  const char* text = lua_type(state, -1) == LUA_TSTRING ? lua_tolstring(state, -1, &size) : nullptr;
  if (text == nullptr)
    return fmt::format("an error that is no text but a {}", luaL_typename(state, -1));
  std::string message(text, std::min<std::size_t>(size, 400));
  for (char& c : message)
    if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~') c = ' ';
  return message;
}

/// The line at which the script itself is: the innermost of its own functions, not one of the
/// prelude or of a library that it called. 0: none of its own is running.
int line_in_script(lua_State* state) {
  lua_Debug where;
  for (int level = 0; lua_getstack(state, level, &where) != 0; ++level)
    if (lua_getinfo(state, "Sl", &where) != 0 && where.currentline > 0 &&
        std::string_view(where.source) == script_chunk)
      return where.currentline;
  return 0;
}

}  // namespace

Sandbox::Sandbox(const Limits& limits) : limits_(limits), random_state_(limits.seed) {
  lua_ = lua_newstate(allocate, this);
  IKELAB_ASSERT(lua_ != nullptr);
  *static_cast<Sandbox**>(lua_getextraspace(lua_)) = this;
  const auto failed = run(open_library);
  IKELAB_ASSERT(!failed);
}

Sandbox::~Sandbox() {
  lua_close(lua_);
}

Sandbox& Sandbox::of(lua_State* state) {
  return **static_cast<Sandbox**>(lua_getextraspace(state));
}

/// Lua's only source of memory. For a new block `old_size` says what it is for: a string may not
/// exceed longest_string.
void* Sandbox::allocate(void* self, void* block, std::size_t old_size, std::size_t new_size) {
  auto& sandbox = *static_cast<Sandbox*>(self);
  const std::size_t held = block == nullptr ? 0 : old_size;
  if (new_size == 0) {
    std::free(block);
    sandbox.used_ -= held;
    return nullptr;
  }
  const bool string = block == nullptr && old_size == LUA_TSTRING;
  if (string && new_size > longest_string + 64) return nullptr;  // 64: the string's header
  if (new_size > held && sandbox.used_ - held + new_size > sandbox.limits_.memory_bytes)
    return nullptr;
  void* grown = std::realloc(block, new_size);
  if (grown == nullptr) return nullptr;
  sandbox.used_ += new_size - held;
  sandbox.allocated_ += new_size;
  return grown;
}

/// Called by Lua every hook_interval instructions; once the budget is used up, at every one, so
/// that nothing can carry on.
void Sandbox::on_count(lua_State* state, lua_Debug*) {
  Sandbox& sandbox = of(state);
  if (const int line = line_in_script(state); line > 0) sandbox.line_ = line;
  sandbox.spent_ += hook_interval;
  if (!sandbox.exhausted()) return;
  lua_sethook(state, on_count, LUA_MASKCOUNT, 1);
  luaL_error(state, "too many instructions");
}

void Sandbox::charge(lua_State* state, std::uint64_t work) {
  Sandbox& sandbox = of(state);
  sandbox.spent_ += std::min<std::uint64_t>(work, std::uint64_t{1} << 40);
  if (!sandbox.exhausted()) return;
  lua_sethook(state, on_count, LUA_MASKCOUNT, 1);
  luaL_error(state, "too many instructions");
}

std::uint64_t Sandbox::random() {
  std::uint64_t z = (random_state_ += 0x9e37'79b9'7f4a'7c15U);
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9U;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebU;
  return z ^ (z >> 31);
}

int Sandbox::enter(lua_State* state) {
  const auto& body = *static_cast<const std::function<void(lua_State*)>*>(lua_touserdata(state, 1));
  lua_settop(state, 0);
  body(state);
  return 0;
}

std::optional<Failure> Sandbox::run(const std::function<void(lua_State*)>& body) {
  spent_ = allocated_ = 0;
  line_ = 0;
  lua_settop(lua_, 0);
  lua_sethook(lua_, on_count, LUA_MASKCOUNT, hook_interval);
  lua_pushcfunction(lua_, enter);  // a light C function and a light pointer: neither allocates
  lua_pushlightuserdata(lua_, const_cast<void*>(static_cast<const void*>(&body)));
  const int status = lua_pcall(lua_, 1, 0, 0);
  if (status == LUA_OK) return std::nullopt;
  Failure failed = failure(status);
  lua_settop(lua_, 0);
  return failed;
}

Failure Sandbox::failure(int status) {
  if (exhausted())
    return {Failure::Kind::instructions,
            fmt::format("more than {} instructions in one call", limits_.instructions), line_};
  if (status == LUA_ERRMEM)
    return {Failure::Kind::memory,
            fmt::format("more than {} KiB of memory, or a string of more than {} octets",
                        limits_.memory_bytes >> 10, longest_string),
            line_};
  return place_of(Failure::Kind::error, message_on_top(lua_));
}

std::optional<Failure> Sandbox::load(const std::string& source) {
  if (source.size() > longest_source)
    return Failure{Failure::Kind::error,
                   fmt::format("the script has more than {} octets", longest_source), 0};
  return run([&](lua_State* state) {
    if (luaL_loadbufferx(state, source.data(), source.size(), script_chunk, "t") != LUA_OK)
      lua_error(state);
    lua_call(state, 0, 0);
  });
}

void push(lua_State* state, std::string_view text) {
  lua_pushlstring(state, text.data(), text.size());
}
void push(lua_State* state, ByteView octets) {
  lua_pushlstring(state, static_cast<const char*>(static_cast<const void*>(octets.data())),
                  octets.size());
}
void set(lua_State* state, const char* name, std::string_view text) {
  push(state, text);
  lua_setfield(state, -2, name);
}
void set(lua_State* state, const char* name, ByteView octets) {
  push(state, octets);
  lua_setfield(state, -2, name);
}
void set_integer(lua_State* state, const char* name, lua_Integer value) {
  lua_pushinteger(state, value);
  lua_setfield(state, -2, name);
}
void set_boolean(lua_State* state, const char* name, bool value) {
  lua_pushboolean(state, value ? 1 : 0);
  lua_setfield(state, -2, name);
}
std::string_view check_text(lua_State* state, int index) {
  luaL_checktype(state, index, LUA_TSTRING);
  std::size_t size = 0;
  const char* text = lua_tolstring(state, index, &size);
  return {text, size};
}
ByteView check_octets(lua_State* state, int index) {
  return as_bytes(check_text(state, index));
}

}  // namespace ikelab::script
