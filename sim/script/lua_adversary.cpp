// The life of a script: load, check its header, call its callbacks, take its decisions; on the
// first error it is off for good.
#include "sim/script/lua_adversary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <tuple>

#include "protocol/trace/attack_items.hpp"
#include "sim/script/libraries.hpp"

namespace ikelab::script {
namespace {

struct PositionRow {
  const char* word;
  Position position;
  bool monitors_only;
};
constexpr PositionRow positions[] = {{"passive", Position::passive, false},
                                     {"on-path", Position::on_path, false},
                                     {"off-path", Position::off_path, false},
                                     {"both-ends", Position::passive, true}};
constexpr const char* callbacks[] = {"on_start", "on_packet", "on_timer", "on_grant", "on_finish"};
constexpr const char* header_keys[] = {"id",     "name",  "about",     "position", "needs",
                                       "source", "shows", "scenarios", "unseen"};
constexpr lua_Integer most_scenarios = 64;   // in one list of a header
constexpr const char* rules_slot = "rules";  // in the registry: the prelude's function

void push_packet(lua_State* state, const TappedPacket& packet, Instant now) {
  lua_createtable(state, 0, 16);
  set(state, "protocol", packet.protocol);
  set(state, "src", packet.src.ip.to_string());
  set(state, "dst", packet.dst.ip.to_string());
  set_integer(state, "src_port", packet.src.port);
  set_integer(state, "dst_port", packet.dst.port);
  set(state, "link", packet.link);
  set(state, "from", packet.from);
  set(state, "to", packet.to);
  set(state, "payload", packet.payload);
  set_integer(state, "size", static_cast<lua_Integer>(packet.payload.size()));
  set_integer(state, "datagram", static_cast<lua_Integer>(packet.datagram));
  set_boolean(state, "fragment", packet.fragment);
  set_boolean(state, "leaving", packet.leaving);
  lua_pushnumber(state, static_cast<lua_Number>(now.ns) / 1e9);
  lua_setfield(state, -2, "time");
}

/// Calls the global function `name` with the arguments that `push_arguments` leaves; nothing when
/// the script has no such function.
void call_back(lua_State* state, const char* name, const std::function<int()>& push_arguments) {
  if (lua_getglobal(state, name) != LUA_TFUNCTION) return;
  lua_call(state, push_arguments(), 1);
  if (!lua_isnil(state, -1))
    luaL_error(
        state,
        "%s must return nothing, it returned a %s: call pass(), drop(), modify() ... instead", name,
        luaL_typename(state, -1));
}

Error header_error(std::string message, std::string hint) {
  return Error{"E-LUA-001", std::move(message)}.expect(std::move(hint));
}

Result<std::string> header_text(lua_State* state, const std::string& global, const char* key,
                                bool needed) {
  const int type = lua_getfield(state, -1, key);
  const std::string text = type == LUA_TSTRING ? std::string(check_text(state, -1)) : std::string();
  lua_pop(state, 1);
  if (text.empty() && needed)
    return header_error(fmt::format("{}.{} is missing", global, key),
                        fmt::format("write {} = \"...\"", key));
  return text;
}

/// header.<table>.<key>, a text or a list of texts; empty when it is not there.
std::vector<std::string> header_texts(lua_State* state, const char* table, const char* key) {
  std::vector<std::string> out;
  if (lua_getfield(state, -1, table) == LUA_TTABLE) {
    const int type = lua_getfield(state, -1, key);
    if (type == LUA_TSTRING) out.emplace_back(check_text(state, -1));
    for (lua_Integer i = 1; type == LUA_TTABLE && i <= most_scenarios; ++i) {
      if (lua_rawgeti(state, -1, i) == LUA_TSTRING) out.emplace_back(check_text(state, -1));
      lua_pop(state, 1);
    }
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
  return out;
}

std::string first_of(const std::vector<std::string>& texts) {
  return texts.empty() ? std::string() : texts.front();
}

Result<void> check_header_keys(lua_State* state, const std::string& global) {
  for (lua_pushnil(state); lua_next(state, -2) != 0; lua_pop(state, 1)) {
    const std::string key =
        lua_type(state, -2) == LUA_TSTRING ? std::string(check_text(state, -2)) : std::string("?");
    if (std::find(std::begin(header_keys), std::end(header_keys), key) == std::end(header_keys))
      return header_error(fmt::format("{}.{} is not known", global, key),
                          "known: id, name, about, position, needs, source, shows, scenarios, "
                          "unseen");
  }
  return {};
}

}  // namespace

LuaAdversary::LuaAdversary(std::string file, const AdversaryOptions& options)
    : file_(std::move(file)),
      options_(options),
      sandbox_({options.instructions_per_call, options.memory_bytes, options.seed}),
      primitives_(options.seed, options.name) {
  if (!options.connections.empty()) endpoint_ = std::make_unique<OwnEndpoint>(options);
}

Error LuaAdversary::error_of(const Failure& failure, bool while_loading) const {
  static constexpr const char* codes[] = {"E-LUA-002", "E-LUA-003", "E-LUA-004"};
  const char* code = while_loading && failure.kind == Failure::Kind::error
                         ? "E-LUA-001"
                         : codes[static_cast<int>(failure.kind)];
  std::string file = file_;
  int line = failure.line;
  for (const auto& [begin, part] : options_.parts)
    if (failure.line >= begin) {
      file = part;
      line = failure.line - begin + 1;
    }
  const std::string place = line > 0 ? fmt::format("{}:{}", file, line) : file;
  return {code, failure.message, {}, {}, place, {}};
}

/// The rest of the globals' contract: a table `attack` (or `monitor`) with name, about and
/// position, and at least one callback or rule.
Result<void> LuaAdversary::read_header(lua_State* state) {
  lua_settop(state, 0);
  const std::string global = options_.side == Side::attack ? "attack" : "monitor";
  if (lua_getglobal(state, global.c_str()) != LUA_TTABLE)
    return header_error(
        "the script has no header table",
        fmt::format("begin with {} = {{ name = ..., about = ..., position = ... }}", global));
  IKELAB_CHECK(check_header_keys(state, global));
  const std::tuple<const char*, std::string*, bool> texts[] = {
      {"name", &header_.name, true},         {"about", &header_.about, true},
      {"position", &header_.position, true}, {"id", &header_.id, false},
      {"needs", &header_.needs, false},      {"source", &header_.source, false},
      {"unseen", &header_.unseen, false}};
  for (const auto& [key, text, needed] : texts) {
    IKELAB_TRY(*text, header_text(state, global, key, needed));
  }
  header_.vulnerable = first_of(header_texts(state, "shows", "vulnerable"));
  header_.hardened = first_of(header_texts(state, "shows", "hardened"));
  const bool attacks = options_.side == Side::attack;
  header_.falls = header_texts(state, "scenarios", attacks ? "vulnerable" : "alarm");
  header_.holds = header_texts(state, "scenarios", attacks ? "hardened" : "quiet");
  const auto row = std::find_if(std::begin(positions), std::end(positions), [&](const auto& known) {
    return header_.position == known.word && (!attacks || !known.monitors_only);
  });
  if (row == std::end(positions))
    return header_error(
        fmt::format("{}.position is \"{}\"", global, header_.position),
        attacks ? "one of passive, on-path, off-path" : "one of passive, both-ends");
  position_ = row->position;
  int found = 0;
  for (const char* name : callbacks) {
    const int type = lua_getglobal(state, name);
    if (type != LUA_TFUNCTION && type != LUA_TNIL)
      return header_error(fmt::format("{} is a {}", name, lua_typename(state, type)),
                          "write function " + std::string(name) + "(...) ... end");
    found += type == LUA_TFUNCTION ? 1 : 0;
    lua_pop(state, 1);
  }
  lua_getfield(state, LUA_REGISTRYINDEX, rules_slot);
  lua_call(state, 0, 1);  // without a packet it says how many rules there are
  found += static_cast<int>(lua_tointeger(state, -1));
  if (found == 0)
    return header_error("the script has no callback",
                        "write at least one of on_start, on_packet, on_timer, on_finish, or on()");
  return {};
}

std::optional<Failure> LuaAdversary::open_libraries() {
  return sandbox_.run([this](lua_State* state) {
    open_actions(state, *this);
    open_wire_library(state);
    open_crypto_library(state, primitives_);
    open_keys_library(state, primitives_);
    open_ikev1_library(state, primitives_);
    open_eap_library(state, primitives_);
    open_forge_library(state);
    open_library_function(state);
    if (luaL_loadbufferx(state, prelude_source, std::char_traits<char>::length(prelude_source),
                         "=prelude", "t") != LUA_OK)
      lua_error(state);
    lua_call(state, 0, 1);
    lua_setfield(state, LUA_REGISTRYINDEX, rules_slot);
  });
}

void LuaAdversary::inspect(const std::function<void(lua_State*)>& look) {
  IKELAB_ASSERT(!open_libraries());
  IKELAB_ASSERT(!sandbox_.run(look));
}

Result<void> LuaAdversary::load(const std::string& source) {
  if (const auto failed = open_libraries()) return error_of(*failed, true);
  if (const auto failed = sandbox_.load(source)) return error_of(*failed, true);
  Result<void> header;
  if (const auto failed = sandbox_.run([&](lua_State* state) { header = read_header(state); }))
    return error_of(*failed, true);
  if (!header.ok()) {
    Error error = header.error();
    error.place = file_;
    return error;
  }
  return {};
}

Result<void> LuaAdversary::start() {
  const auto failed = sandbox_.run([this](lua_State* state) {
    call_back(state, "on_start", [&] {
      lua_newtable(state);
      for (const auto& [name, value] : options_.parameters) set(state, name.c_str(), value);
      return 1;
    });
  });
  if (failed) return error_of(*failed, false);
  if (!decision_.injections.empty())
    return Error{"E-LUA-002", "on_start cannot send: the network does not run yet"}
        .in(file_)
        .expect("set a timer");
  introduce();
  for (const auto& [item, value] : options_.held)
    events_.push_back(
        {"", trace::AttackKnowledge{item, trace::text_held, trace::how_granted, value}});
  static_cast<void>(finish_call(std::nullopt));
  return {};
}

/// Who it is, as the first thing the trace tells of it: where it stands, what it is about to do,
/// and whether anybody could see that.
void LuaAdversary::introduce() {
  if (options_.place.empty() || options_.side != Side::attack) return;
  const auto say = [this](std::string item, std::string text, std::string how) {
    events_.push_back(
        {"", trace::AttackKnowledge{std::move(item), std::move(text), std::move(how), {}}});
  };
  say(trace::item_place, options_.place, "the scenario puts it there");
  const std::string id = header_.id.empty() ? "" : fmt::format(" ({})", header_.id);
  say(trace::item_plan, header_.about, fmt::format("script {}{}", options_.script, id));
  for (const policy::ConnectionConfig& connection : options_.connections)
    say(fmt::format("an IKE endpoint of its own as {}", connection.local.id.to_string()),
        trace::text_held, trace::how_granted);
  if (!header_.unseen.empty()) say(trace::item_unseen, header_.unseen, "its script says so");
}

/// The script had an error or used up its budget: it says so in the trace, and does nothing from
/// now on.
void LuaAdversary::switch_off(const Failure& failure) {
  const Error error = error_of(failure, false);
  off_ = true;
  timers_.clear();
  endpoint_.reset();
  events_.push_back(
      {"", trace::Diagnostic{"error",
                             error.code,
                             error.place + ": " + error.message + "; the script is off",
                             {},
                             packet_ != nullptr ? packet_->datagram : 0,
                             0,
                             0}});
}

/// What the call decided and said, unless it failed: then nothing of it counts and the packet
/// passes.
Decision LuaAdversary::finish_call(const std::optional<Failure>& failed) {
  Decision decision;
  if (failed) {
    switch_off(*failed);
  } else {
    drain_endpoint();
    decision = std::move(decision_);
    for (trace::LocalEvent& event : said_) events_.push_back(std::move(event));
  }
  decision_ = {};
  said_.clear();
  decided_ = false;
  packet_ = nullptr;
  return decision;
}

Decision LuaAdversary::on_packet(Instant now, const TappedPacket& packet) {
  if (off_) return {};
  now_ = now;
  packet_ = &packet;
  return finish_call(sandbox_.run([&](lua_State* state) {
    call_back(state, "on_packet", [&] {
      push_packet(state, packet, now);
      return 1;
    });
    lua_getfield(state, LUA_REGISTRYINDEX, rules_slot);
    push_packet(state, packet, now);
    lua_call(state, 1, 0);
  }));
}

Decision LuaAdversary::on_grant(Instant now, const Grant& grant) {
  if (off_) return {};
  now_ = now;
  events_.push_back({"", trace::AttackKnowledge{grant.what + " of " + grant.node,
                                                "taken from " + grant.node + ", " + grant.sa,
                                                trace::how_granted, grant.value}});
  return finish_call(sandbox_.run([&](lua_State* state) {
    call_back(state, "on_grant", [&] {
      lua_createtable(state, 0, 4);
      set(state, "what", grant.what);
      set(state, "node", grant.node);
      set(state, "sa", grant.sa);
      set(state, "value", grant.value);
      return 1;
    });
  }));
}

std::optional<Instant> LuaAdversary::next_timer() const {
  std::optional<Instant> next;
  if (!timers_.empty()) next = timers_.front().at;
  const auto of_endpoint = endpoint_ ? endpoint_->next_timer() : std::nullopt;
  if (of_endpoint && (!next || *of_endpoint < *next)) next = of_endpoint;
  return next;
}

/// Every timer that is due, in the order of their times.
Decision LuaAdversary::on_timer(Instant now) {
  now_ = now;
  Decision all;
  if (endpoint_) {
    endpoint_->on_timer(now);
    all = finish_call(std::nullopt);
  }
  while (!off_ && !timers_.empty() && timers_.front().at <= now) {
    const Timer timer = timers_.front();
    timers_.erase(timers_.begin());
    Decision one = finish_call(sandbox_.run([&](lua_State* state) {
      call_back(state, "on_timer", [&] {
        push(state, timer.label);
        return 1;
      });
    }));
    for (Injection& injection : one.injections) all.injections.push_back(std::move(injection));
  }
  return all;
}

void LuaAdversary::on_finish(Instant now) {
  if (off_) return;
  now_ = now;
  timers_.clear();
  static_cast<void>(finish_call(
      sandbox_.run([&](lua_State* state) { call_back(state, "on_finish", [] { return 0; }); })));
}

std::optional<trace::LocalEvent> LuaAdversary::poll_event() {
  if (events_.empty()) return std::nullopt;
  trace::LocalEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void LuaAdversary::drain_endpoint() {
  if (!endpoint_) return;
  while (auto event = endpoint_->poll_event()) said_.push_back(std::move(*event));
  for (Injection& packet : endpoint_->poll_transmits())
    decision_.injections.push_back(std::move(packet));
}

Result<Header> read_header(const std::string& source, const std::string& file, Side side) {
  AdversaryOptions options;
  options.side = side;
  options.dictionary = [](const std::string&) { return std::vector<std::string>{}; };
  LuaAdversary script(file, options);
  IKELAB_CHECK(script.load(source));
  return script.header();
}

Result<std::unique_ptr<Adversary>> load_adversary(const std::string& source,
                                                  const std::string& file,
                                                  const AdversaryOptions& options) {
  auto adversary = std::make_unique<LuaAdversary>(file, options);
  IKELAB_CHECK(adversary->load(source));
  IKELAB_CHECK(adversary->start());
  return std::unique_ptr<Adversary>(std::move(adversary));
}

}  // namespace ikelab::script
