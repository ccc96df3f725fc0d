// A Lua state that cannot hurt: bounded memory, bounded work, nothing to reach the machine with,
// and the same behaviour in every run.
//
// Invariants:
//  - Every entry into Lua is protected: run() is the only way in, and an error comes out as a
//  Failure.
//  - Work is counted in instructions of Lua's machine; what C functions do is charged in the same
//  coin, by the octets they touch.
//  - No metatables, no coroutines, no pcall, no patterns, no load: each is a way around the
//  instruction hook (docs/ADVERSARY.md).
//  - Nothing a script can see depends on an address, a clock or a hash seed: pairs() is sorted,
//  tostring() shows no addresses.
#pragma once
#include <cstdint>
#include <functional>
// Not <lua.hpp>, which says extern "C": Lua built as C++ has C++ names in Debian 13, and in Debian
// 12 its own headers say extern "C" where that is needed.
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <optional>
#include <string>

#include "protocol/base/bytes.hpp"

namespace ikelab::script {

/// Why a call into the script ended early.
struct Failure {
  enum class Kind { error, instructions, memory } kind = Kind::error;
  std::string message;  ///< one line, without place
  int line = 0;         ///< in the script; 0 when unknown
};

class Sandbox {
 public:
  struct Limits {
    std::uint64_t instructions = 1'000'000;  ///< per run()
    std::size_t memory_bytes = 16U << 20;
    std::uint64_t seed = 0;  ///< of math.random
  };
  /// A script's longest string: a datagram fits.
  static constexpr std::size_t longest_string = 66'000;
  /// A script's source may not be longer, octets.
  static constexpr std::size_t longest_source = 256U << 10;

  explicit Sandbox(const Limits& limits);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  /// Runs `body` under the limits, with an empty stack. Lua errors raised inside end it as a
  /// Failure; destructors run, because this Lua is built as C++.
  [[nodiscard]] std::optional<Failure> run(const std::function<void(lua_State*)>& body);
  /// Compiles and runs a script (text only, no bytecode).
  [[nodiscard]] std::optional<Failure> load(const std::string& source);

  /// The sandbox a state belongs to.
  static Sandbox& of(lua_State* state);
  /// Charges `work` instructions for something C did; raises a Lua error when the budget is used
  /// up.
  static void charge(lua_State* state, std::uint64_t work);
  /// A number of [0, 2^64) from the script's own stream (SplitMix64; not for keys).
  std::uint64_t random();

 private:
  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t new_size);
  static void on_count(lua_State* state, lua_Debug* where);
  static int enter(lua_State* state);
  [[nodiscard]] bool exhausted() const { return spent_ + allocated_ / 64 > limits_.instructions; }
  [[nodiscard]] Failure failure(int status);

  Limits limits_;
  std::size_t used_ = 0;         // octets of memory now
  std::uint64_t allocated_ = 0;  // octets allocated in this run(): copying is work
  std::uint64_t spent_ = 0;      // instructions in this run()
  std::uint64_t random_state_;
  int line_ = 0;  // where the hook last looked
  lua_State* lua_ = nullptr;
};

// ---- reading and writing tables and strings ----------------------------------------------------

void push(lua_State* state, std::string_view text);
void push(lua_State* state, ByteView octets);
/// table[name] = value, for the table on top of the stack.
void set(lua_State* state, const char* name, std::string_view text);
void set(lua_State* state, const char* name, ByteView octets);
void set_integer(lua_State* state, const char* name, lua_Integer value);
void set_boolean(lua_State* state, const char* name, bool value);
/// The string at `index`, an error if there is none. The view lives as long as the value does.
std::string_view check_text(lua_State* state, int index);
ByteView check_octets(lua_State* state, int index);

/// What a script finds when it starts: the harmless part of Lua's own library (library.cpp).
void open_library(lua_State* state);

}  // namespace ikelab::script
