// What a script can do to packets and say about them (docs/ADVERSARY.md). Each is charged, so that
// no call can flood the trace.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "protocol/trace/attack_items.hpp"
#include "sim/script/lua_adversary.hpp"

namespace ikelab::script {
namespace {

constexpr std::uint64_t cost_of_event = 100;  // instructions
constexpr std::uint64_t cost_of_packet = 1'000;
constexpr std::uint64_t packets_in_a_run = 100'000;
constexpr std::size_t timers_at_once = 1'024;
constexpr Duration shortest_timer = 1ms;  // simulated time must pass, or a run never ends
constexpr std::size_t longest_text = 2'000;
constexpr std::size_t largest_payload = 65'000;

std::string text_argument(lua_State* state, int index, const char* otherwise = nullptr) {
  if (otherwise != nullptr && lua_isnoneornil(state, index)) return otherwise;
  if (lua_type(state, index) == LUA_TNUMBER)
    lua_tolstring(state, index, nullptr);  // becomes its text
  const std::string_view text = check_text(state, index);
  if (text.size() > longest_text) luaL_argerror(state, index, "a text longer than 2000 octets");
  return std::string(text);
}

Duration duration_argument(lua_State* state, int index) {
  const auto duration = parse_duration(check_text(state, index));
  if (!duration.ok()) luaL_argerror(state, index, duration.error().message.c_str());
  return *duration;
}

Bytes payload_argument(lua_State* state, int index) {
  const ByteView octets = check_octets(state, index);
  if (octets.empty() || octets.size() > largest_payload)
    luaL_argerror(state, index, "a payload has 1 to 65000 octets");
  return to_bytes(octets);
}

// ---- fields of a table argument ----------------------------------------------------------------

bool push_field(lua_State* state, int table, const char* name) {
  return lua_getfield(state, table, name) != LUA_TNIL;
}

std::string text_field(lua_State* state, int table, const char* name,
                       const char* otherwise = nullptr) {
  if (!push_field(state, table, name) && otherwise == nullptr)
    luaL_error(state, "%s is missing", name);
  std::string text = text_argument(state, lua_gettop(state), otherwise);
  lua_pop(state, 1);
  return text;
}

lua_Integer integer_field(lua_State* state, int table, const char* name, lua_Integer otherwise) {
  const lua_Integer value =
      push_field(state, table, name) ? luaL_checkinteger(state, lua_gettop(state)) : otherwise;
  lua_pop(state, 1);
  return value;
}

Duration duration_field(lua_State* state, int table, const char* name) {
  const Duration value =
      push_field(state, table, name) ? duration_argument(state, lua_gettop(state)) : Duration{0};
  lua_pop(state, 1);
  return value;
}

SocketAddress address_fields(lua_State* state, int table, const char* ip_name,
                             const char* port_name) {
  const auto ip = IpAddress::parse(text_field(state, table, ip_name));
  if (!ip.ok()) luaL_error(state, "%s is no IP address", ip_name);
  const lua_Integer port = integer_field(state, table, port_name, 0);
  if (port < 0 || port > 65535) luaL_error(state, "%s is no port", port_name);
  return {*ip, static_cast<std::uint16_t>(port)};
}

Bytes payload_field(lua_State* state, int table) {
  push_field(state, table, "payload");
  Bytes payload = payload_argument(state, lua_gettop(state));
  lua_pop(state, 1);
  return payload;
}

/// A packet as on_packet got it, or as inject{} describes it.
Injection packet_argument(lua_State* state, int table) {
  luaL_checktype(state, table, LUA_TTABLE);
  Injection packet;
  packet.src = address_fields(state, table, "src", "src_port");
  packet.dst = address_fields(state, table, "dst", "dst_port");
  packet.protocol = text_field(state, table, "protocol");
  static constexpr const char* protocols[] = {"IKE", "ESP", "ESP-in-UDP", "ICMP", "UDP"};
  if (std::find(std::begin(protocols), std::end(protocols), packet.protocol) == std::end(protocols))
    luaL_error(state, "protocol must be \"IKE\", \"ESP\", \"ESP-in-UDP\", \"ICMP\" or \"UDP\"");
  packet.payload = payload_field(state, table);
  return packet;
}

std::string when(Duration after) {
  return after.count() == 0 ? "" : " (in " + to_string(after) + ")";
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  static constexpr std::pair<std::string_view, std::int64_t> units[] = {{"ns", 1},
                                                                        {"us", 1'000},
                                                                        {"ms", 1'000'000},
                                                                        {"s", 1'000'000'000},
                                                                        {"m", 60'000'000'000},
                                                                        {"h", 3'600'000'000'000}};
  const Error error{"E-LUA-005", "a time is written with its unit", {}, {},
                    {},          "as \"500ms\" or \"1.5s\""};
  double number = 0;
  const auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (problem != std::errc{} || number < 0) return error;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, ns] : units)
    if (unit == name && number * static_cast<double>(ns) <= 1e15)
      return Duration(static_cast<std::int64_t>(number * static_cast<double>(ns) + 0.5));
  return error;
}

void LuaAdversary::emit(lua_State* state, trace::Body body, std::size_t octets) {
  Sandbox::charge(state, cost_of_event + octets / 16);
  said_.push_back({"", std::move(body)});
}

std::uint64_t LuaAdversary::made_packet(lua_State* state) {
  Sandbox::charge(state, cost_of_packet);
  if (packets_made_ >= packets_in_a_run)
    luaL_error(state, "more than %d packets made in one run", static_cast<int>(packets_in_a_run));
  return options_.datagram_id_base + packets_made_++;
}

// ---- the fate of the packet in hand ------------------------------------------------------------

void LuaAdversary::decide(lua_State* state, Decision::Fate fate, const char* word,
                          std::string note) {
  if (packet_ == nullptr)
    luaL_error(state, "%s() is for on_packet: there is no packet in hand", word);
  if (decided_) luaL_error(state, "%s(): the packet's fate is decided already", word);
  if (position_ != Position::on_path && fate != Decision::Fate::pass)
    luaL_error(state, "%s() needs position \"on-path\", this script's is \"%s\"", word,
               header_.position.c_str());
  decided_ = true;
  decision_.fate = fate;
  decision_.note = note;
  if (fate == Decision::Fate::pass || options_.side == Side::monitor) return;
  trace::AttackAction action{word,
                             packet_->datagram,
                             decision_.datagram,
                             std::move(note),
                             packet_->payload,
                             decision_.payload};
  emit(state, std::move(action), packet_->payload.size() + decision_.payload.size());
}

void LuaAdversary::fate_pass(lua_State* state) {
  decide(state, Decision::Fate::pass, "pass", {});
}
void LuaAdversary::fate_drop(lua_State* state) {
  decide(state, Decision::Fate::drop, "drop", text_argument(state, 1, ""));
}

void LuaAdversary::fate_modify(lua_State* state) {
  const bool may = position_ == Position::on_path && packet_ != nullptr && !decided_;
  if (may) {
    decision_.payload = payload_argument(state, 1);
    decision_.datagram = made_packet(state);
  }
  decide(state, Decision::Fate::modify, "modify", text_argument(state, 2, ""));
}

void LuaAdversary::fate_delay(lua_State* state) {
  decision_.delay = duration_argument(state, 1);
  decide(state, Decision::Fate::delay, "delay",
         to_string(decision_.delay) + ": " + text_argument(state, 2, "held back"));
}

// ---- new packets -------------------------------------------------------------------------------

void LuaAdversary::add_injection(lua_State* state, Injection injection, const char* word,
                                 std::string note, ByteView before) {
  if (position_ == Position::passive)
    luaL_error(state, "%s() sends, and this script's position is \"passive\"", word);
  injection.datagram = made_packet(state);
  note += when(injection.after);
  emit(state,
       trace::AttackAction{word, injection.copy_of, injection.datagram, std::move(note),
                           to_bytes(before), injection.payload},
       2 * injection.payload.size());
  decision_.injections.push_back(std::move(injection));
}

/// replay(packet, {after = "500ms", every = "10ms", count = 1, note = "..."})
void LuaAdversary::replay(lua_State* state) {
  Injection copy = packet_argument(state, 1);
  copy.copy_of = static_cast<std::uint64_t>(integer_field(state, 1, "datagram", 0));
  copy.towards = text_field(state, 1, "to");
  if (lua_isnoneornil(state, 2)) {
    lua_settop(state, 1);
    lua_newtable(state);
  }
  luaL_checktype(state, 2, LUA_TTABLE);
  copy.after = duration_field(state, 2, "after");
  const Duration every = duration_field(state, 2, "every");
  const lua_Integer count = integer_field(state, 2, "count", 1);
  const std::string note = text_field(state, 2, "note", "the same octets once more");
  if (count < 1 || count > 1'000) luaL_error(state, "count must be 1 to 1000");
  for (lua_Integer i = 0; i < count; ++i, copy.after += every)
    add_injection(state, copy, "replay", note, copy.payload);
}

/// inject{src=, src_port=, dst=, dst_port=, protocol=, payload=, to=, after=, note=}
void LuaAdversary::inject(lua_State* state) {
  Injection made = packet_argument(state, 1);
  made.after = duration_field(state, 1, "after");
  made.towards = text_field(state, 1, "to", "");
  add_injection(state, std::move(made), "inject",
                text_field(state, 1, "note", "a packet of the adversary's own"), {});
}

/// timer.after("1s", label): on_timer(label) is called then.
void LuaAdversary::timer_after(lua_State* state) {
  const Duration after = duration_argument(state, 1);
  if (after < shortest_timer) luaL_argerror(state, 1, "a timer takes at least 1ms");
  if (timers_.size() >= timers_at_once)
    luaL_error(state, "more than %d timers at once", static_cast<int>(timers_at_once));
  Sandbox::charge(state, cost_of_event);
  Timer timer{now_ + after, timer_order_++, text_argument(state, 2, "")};
  const auto place =
      std::upper_bound(timers_.begin(), timers_.end(), timer, [](const Timer& a, const Timer& b) {
        return std::pair(a.at, a.order) < std::pair(b.at, b.order);
      });
  timers_.insert(place, std::move(timer));
}

// ---- what it says ------------------------------------------------------------------------------

/// learn(item, text, how [, octets])
void LuaAdversary::learn(lua_State* state) {
  Bytes value = lua_isnoneornil(state, 4) ? Bytes{} : to_bytes(check_octets(state, 4));
  const std::size_t size = value.size();
  emit(state,
       trace::AttackKnowledge{text_argument(state, 1), text_argument(state, 2),
                              text_argument(state, 3), std::move(value)},
       size);
}

void LuaAdversary::say(lua_State* state) {
  emit(state,
       trace::AttackAction{"observe",
                           packet_ != nullptr ? packet_->datagram : 0,
                           0,
                           text_argument(state, 1),
                           {},
                           {}},
       0);
}

void LuaAdversary::mark(lua_State* state) {
  emit(state, trace::Mark{text_argument(state, 1)}, 0);
}

/// achieved(goal, true or false, text): knowledge for people, a metric for `expect:`.
void LuaAdversary::achieved(lua_State* state) {
  const std::string goal = text_argument(state, 1);
  luaL_checktype(state, 2, LUA_TBOOLEAN);
  const bool yes = lua_toboolean(state, 2) != 0;
  emit(state,
       trace::AttackKnowledge{
           trace::item_goal + goal, text_argument(state, 3), yes ? "achieved" : "not achieved", {}},
       0);
  emit(state, trace::Metric{options_.name, "achieved", "", yes ? 1 : 0}, 0);
}

/// progress("dictionary", 200, 4000): how far a long computation is.
void LuaAdversary::progress(lua_State* state) {
  const std::string what = text_argument(state, 1);
  const lua_Integer done = luaL_checkinteger(state, 2), all = luaL_checkinteger(state, 3);
  emit(state,
       trace::AttackAction{"compute", 0, 0, fmt::format("{}: {} of {}", what, done, all), {}, {}},
       0);
}

// ---- a monitor's words -------------------------------------------------------------------------

/// alert(text [, severity [, packet]]): about the packet in hand, unless another is named.
void LuaAdversary::alert(lua_State* state) {
  static constexpr const char* severities[] = {"info", "warning", "critical"};
  std::string text = text_argument(state, 1);
  const std::string severity = text_argument(state, 2, "warning");
  if (std::find(std::begin(severities), std::end(severities), severity) == std::end(severities))
    luaL_argerror(state, 2, "info, warning or critical");
  std::uint64_t datagram = packet_ != nullptr ? packet_->datagram : 0;
  if (lua_type(state, 3) == LUA_TTABLE)
    datagram = static_cast<std::uint64_t>(integer_field(state, 3, "datagram", 0));
  emit(state, trace::Alert{header_.name, severity, std::move(text), datagram}, 0);
}

/// block(note): takes the packet in hand out where the monitor may (`blocks: true`); else it
/// passes.
void LuaAdversary::block(lua_State* state) {
  if (packet_ == nullptr) luaL_error(state, "block() is for on_packet: there is no packet in hand");
  if (!options_.blocks || decided_) return;
  decided_ = true;
  decision_.fate = Decision::Fate::drop;
  decision_.note = "blocked by " + header_.name + ": " + text_argument(state, 1, "");
}

// ---- its own endpoint --------------------------------------------------------------------------

OwnEndpoint& LuaAdversary::own_endpoint(lua_State* state) {
  if (!endpoint_) luaL_error(state, "this adversary has no endpoint: the scenario grants none");
  if (position_ == Position::passive)
    luaL_error(state, "an endpoint sends, and this script's position is \"passive\"");
  Sandbox::charge(state, 20'000);
  return *endpoint_;
}

/// endpoint.receive(p): its own endpoint gets the packet; its answers go where p came from.
void LuaAdversary::endpoint_receive(lua_State* state) {
  OwnEndpoint& own = own_endpoint(state);
  Injection packet = packet_argument(state, 1);
  packet.datagram = static_cast<std::uint64_t>(integer_field(state, 1, "datagram", 0));
  own.receive(now_, packet, text_field(state, 1, "from", ""));
}

/// endpoint.command("initiate", {connection=, child=, to=}): nil, or why not.
void LuaAdversary::endpoint_command(lua_State* state) {
  OwnEndpoint& own = own_endpoint(state);
  const std::string word = text_argument(state, 1);
  if (lua_isnoneornil(state, 2)) {
    lua_settop(state, 1);
    lua_newtable(state);
  }
  luaL_checktype(state, 2, LUA_TTABLE);
  const std::string connection = text_field(state, 2, "connection", ""),
                    child = text_field(state, 2, "child", ""), to = text_field(state, 2, "to", "");
  const std::pair<const char*, ikev2::Command> commands[] = {
      {"initiate", ikev2::Initiate{connection, child}}, {"rekey-ike", ikev2::RekeyIke{}},
      {"rekey-child", ikev2::RekeyChild{child}},        {"delete-ike", ikev2::DeleteIke{}},
      {"delete-child", ikev2::DeleteChild{child}},      {"liveness", ikev2::CheckLiveness{}}};
  for (const auto& [name, command] : commands) {
    if (word != name) continue;
    const auto done = own.command(now_, command, to);
    if (done.ok()) return lua_pushnil(state);
    return push(state, std::string_view(done.error().message));
  }
  luaL_argerror(state, 1, "initiate, rekey-ike, rekey-child, delete-ike, delete-child or liveness");
}

void LuaAdversary::endpoint_sas(lua_State* state) {
  own_endpoint(state).push_sas(state);
}

// ---- what it has -------------------------------------------------------------------------------

/// held("psk:gw-a"): octets that the scenario's `compromise:` gave it, or nil.
void LuaAdversary::push_held(lua_State* state) {
  const auto found = options_.held.find(text_argument(state, 1));
  if (found == options_.held.end()) return lua_pushnil(state);
  push(state, found->second);
}

/// words("common"): the words of a dictionary, as a list.
void LuaAdversary::push_words(lua_State* state) {
  const std::string name = text_argument(state, 1);
  if (!options_.dictionary) luaL_argerror(state, 1, "there are no dictionaries here");
  const auto words = options_.dictionary(name);
  if (!words.ok()) luaL_argerror(state, 1, words.error().message.c_str());
  Sandbox::charge(state, 10 * words->size());
  lua_createtable(state, static_cast<int>(words->size()), 0);
  for (std::size_t i = 0; i < words->size(); ++i) {
    push(state, (*words)[i]);
    lua_rawseti(state, -2, static_cast<lua_Integer>(i + 1));
  }
}

// ---- the table of functions --------------------------------------------------------------------

namespace {

using Action = void (LuaAdversary::*)(lua_State*);

/// A Lua function that calls a member of the adversary in upvalue 1.
template <Action action>
int call(lua_State* state) {
  (static_cast<LuaAdversary*>(lua_touserdata(state, lua_upvalueindex(1)))->*action)(state);
  return 0;
}

/// The same for a member that leaves one value on the stack.
template <Action action>
int value_of(lua_State* state) {
  (static_cast<LuaAdversary*>(lua_touserdata(state, lua_upvalueindex(1)))->*action)(state);
  return 1;
}

int seconds_now(lua_State* state) {
  const auto* adversary =
      static_cast<const LuaAdversary*>(lua_touserdata(state, lua_upvalueindex(1)));
  lua_pushnumber(state, static_cast<lua_Number>(adversary->now().ns) / 1e9);
  return 1;
}

constexpr luaL_Reg actions[] = {{"pass", call<&LuaAdversary::fate_pass>},
                                {"drop", call<&LuaAdversary::fate_drop>},
                                {"modify", call<&LuaAdversary::fate_modify>},
                                {"delay", call<&LuaAdversary::fate_delay>},
                                {"replay", call<&LuaAdversary::replay>},
                                {"inject", call<&LuaAdversary::inject>},
                                {"learn", call<&LuaAdversary::learn>},
                                {"say", call<&LuaAdversary::say>},
                                {"print", call<&LuaAdversary::say>},
                                {"mark", call<&LuaAdversary::mark>},
                                {"achieved", call<&LuaAdversary::achieved>},
                                {"progress", call<&LuaAdversary::progress>},
                                {"held", value_of<&LuaAdversary::push_held>},
                                {"words", value_of<&LuaAdversary::push_words>},
                                {"now", seconds_now}};
constexpr luaL_Reg monitor_actions[] = {{"alert", call<&LuaAdversary::alert>},
                                        {"block", call<&LuaAdversary::block>}};
constexpr luaL_Reg timer_actions[] = {{"after", call<&LuaAdversary::timer_after>}};
constexpr luaL_Reg endpoint_actions[] = {{"receive", call<&LuaAdversary::endpoint_receive>},
                                         {"command", value_of<&LuaAdversary::endpoint_command>},
                                         {"sas", value_of<&LuaAdversary::endpoint_sas>}};

}  // namespace

void open_actions(lua_State* state, LuaAdversary& adversary) {
  const auto fill = [&](const auto& rows) {
    for (const luaL_Reg& row : rows) {
      lua_pushlightuserdata(state, &adversary);
      lua_pushcclosure(state, row.func, 1);
      lua_setfield(state, -2, row.name);
    }
  };
  lua_pushglobaltable(state);
  fill(actions);
  if (adversary.side() == Side::monitor) fill(monitor_actions);
  lua_newtable(state);
  fill(timer_actions);
  lua_setfield(state, -2, "timer");
  lua_newtable(state);
  fill(endpoint_actions);
  lua_setfield(state, -2, "endpoint");
}

}  // namespace ikelab::script
