// The adversary behind a script: what the script's functions change, and what the network is told
// (lua_adversary.cpp, actions.cpp).
#pragma once
#include <deque>

#include "sim/script/adversary.hpp"
#include "sim/script/own_endpoint.hpp"
#include "sim/script/primitives.hpp"
#include "sim/script/sandbox.hpp"

namespace ikelab::script {

enum class Position { passive, on_path, off_path };

class LuaAdversary : public Adversary {
 public:
  LuaAdversary(std::string file, const AdversaryOptions& options);

  /// Compiles and checks the header.
  Result<void> load(const std::string& source);
  /// Runs on_start at time 0.
  Result<void> start();
  [[nodiscard]] const Header& header() const { return header_; }
  /// Opens the libraries and shows the globals, without a script.
  void inspect(const std::function<void(lua_State*)>& look);

  [[nodiscard]] const std::string& about() const override { return header_.about; }
  [[nodiscard]] const std::string& position() const override { return header_.position; }
  Decision on_packet(Instant now, const TappedPacket& packet) override;
  Decision on_timer(Instant now) override;
  Decision on_grant(Instant now, const Grant& grant) override;
  [[nodiscard]] std::optional<Instant> next_timer() const override;
  void on_finish(Instant now) override;
  std::optional<trace::LocalEvent> poll_event() override;

  // ---- what the script's functions do (actions.cpp); errors are Lua errors ---------------------
  void fate_pass(lua_State* state);
  void fate_drop(lua_State* state);
  void fate_modify(lua_State* state);
  void fate_delay(lua_State* state);
  void replay(lua_State* state);
  void inject(lua_State* state);
  void timer_after(lua_State* state);
  void learn(lua_State* state);
  void say(lua_State* state);
  void mark(lua_State* state);
  void achieved(lua_State* state);
  void progress(lua_State* state);
  void alert(lua_State* state);
  void block(lua_State* state);
  void endpoint_receive(lua_State* state);
  void endpoint_command(lua_State* state);
  void endpoint_sas(lua_State* state);
  void push_held(lua_State* state);
  void push_words(lua_State* state);
  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] Side side() const { return options_.side; }

 private:
  struct Timer {
    Instant at;
    std::uint64_t order;
    std::string label;
  };

  [[nodiscard]] Error error_of(const Failure& failure, bool while_loading) const;
  void introduce();
  void switch_off(const Failure& failure);
  Decision finish_call(const std::optional<Failure>& failed);
  [[nodiscard]] std::optional<Failure> open_libraries();
  Result<void> read_header(lua_State* state);
  OwnEndpoint& own_endpoint(lua_State* state);
  /// What the own endpoint did in this call, among what the script did.
  void drain_endpoint();
  void decide(lua_State* state, Decision::Fate fate, const char* word, std::string note);
  void add_injection(lua_State* state, Injection injection, const char* word, std::string note,
                     ByteView before);
  std::uint64_t made_packet(lua_State* state);
  void emit(lua_State* state, trace::Body body, std::size_t octets);

  std::string file_;
  Header header_;
  Position position_ = Position::passive;
  AdversaryOptions options_;
  Sandbox sandbox_;
  Primitives primitives_;
  std::unique_ptr<OwnEndpoint> endpoint_;
  bool off_ = false;
  Instant now_;

  // of the call in progress
  const TappedPacket* packet_ = nullptr;
  bool decided_ = false;
  Decision decision_;
  std::vector<trace::LocalEvent> said_;

  std::vector<Timer> timers_;
  std::uint64_t timer_order_ = 0;
  std::uint64_t packets_made_ = 0;
  std::deque<trace::LocalEvent> events_;
};

/// "1.5s", "500ms", "10us": what scenarios write. Errors: E-LUA-005.
Result<Duration> parse_duration(std::string_view text);

/// Puts the functions of actions.cpp (for this adversary), wire_library.cpp and forge_library.cpp
/// into the globals.
void open_actions(lua_State* state, LuaAdversary& adversary);
void open_wire_library(lua_State* state);
void open_forge_library(lua_State* state);
/// library(name), for the shipped modules (libraries.cpp).
void open_library_function(lua_State* state);
/// The part that is written in Lua; its chunk returns what on_packet's rules go through.
extern const char* const prelude_source;

}  // namespace ikelab::script
