// Scripts that mean harm, or are broken: each is stopped, says why in one line, and lets the
// packets pass.
#include "tests/sim/script_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

/// Loads `body` as on_packet's, calls it, and gives the diagnostic's code; the packet must pass and
/// the script must be off.
std::string run_hostile(const std::string& body, std::string* message = nullptr) {
  auto adversary = load_script("function on_packet(p)\n" + body + "\nend");
  if (!adversary.ok()) return "load: " + adversary.error().to_string();
  const auto decision = (*adversary)->on_packet(Instant{1}, tapped(Bytes(60, 1)));
  CHECK(decision.fate == script::Decision::Fate::pass);
  CHECK(decision.injections.empty());
  const std::string code = diagnostic_code(**adversary, message);
  if (code.empty()) return {};
  static_cast<void>((*adversary)->on_packet(Instant{2}, tapped(Bytes(60, 1))));
  CHECK_FALSE((*adversary)->next_timer());
  CHECK(drain(**adversary).empty());  // off: it does and says nothing any more
  return code;
}

}  // namespace

TEST_CASE("loops without end are stopped", "[script]") {
  for (const char* body : {
           "while true do end",
           "local function f() return f() end f()",  // tail calls need no stack
           "for i = 1, math.huge do end",
           "::again:: goto again",
           "repeat local t = {} until false",
           "local t = {1} while true do table.sort(t, function() while true do end end) "
           "table.insert(t, 1) end",
           "local s = ('x'):rep(60000) while true do local t = s .. 'y' end",
           "local s = ('x'):rep(60000) while true do s:find(('x'):rep(200) .. 'y') end",
           "local t = {} for i = 1, 10000 do t[i] = 'x' end while true do table.concat(t) end",
           "local t = {} for i = 1, 10000 do t[i] = i end while true do table.insert(t, 1, 0) "
           "table.remove(t, 1) end",
           "while true do for k, v in pairs({1, 2, 3}) do end end",
           "while true do ike.decode(p.payload) end",
           "while true do say('x') end",
           "while true do learn('a', 'b', 'c') end",
           "while true do string.format('%99s', 'x') end",
       }) {
    INFO(body);
    CHECK(run_hostile(body) == "E-LUA-003");
  }
}

TEST_CASE("a table that claims to be long keeps no function busy", "[script]") {
  // Lua looks for a border behind the array part by doubling: a few elements, and #t is 2^40
  const std::string long_one =
      "local t = {1, 1, 1, 1, 1} t[9] = 1 for i = 3, 40 do t[1 << i] = 1 end "
      "assert(#t == 1 << 40) ";
  REQUIRE(run_hostile(long_one).empty());
  for (const char* use :
       {"table.insert(t, 1, 0)", "table.remove(t, 1)", "table.sort(t)", "table.concat(t)",
        "table.unpack(t)", "for i = 1, #t do local x = t[i] end",
        "table.insert(t, 1 << 40, 0) table.remove(t, 2)"}) {
    INFO(use);
    const std::string code = run_hostile(long_one + use);  // which border # finds is Lua's choice
    CHECK_THAT(code, Catch::Equals("E-LUA-002") || Catch::Equals("E-LUA-003") || Catch::Equals(""));
  }
}

TEST_CASE("comparisons and conversions of long strings are paid for", "[script]") {
  for (const char* body :
       {"local a = ('x'):rep(60000) local b = a .. 'y' while true do local c = a < b end",
        "local a = ('x'):rep(60000) while true do local b = #a:upper() end",
        "local a = ('1'):rep(15) while true do local b = tonumber(a) end"}) {
    INFO(body);
    CHECK(run_hostile(body) == "E-LUA-003");
  }
}

TEST_CASE("no metatable can be forged, and none of the host's is within reach", "[script]") {
  for (const char* body :
       {"local x <close> = {} while true do end", "local x <close> = 7", "('').rep = nil",
        "string.__index = nil ('x'):rep(2):nothing()",
        "local mt = {} mt.__index = mt local t = {} local v = t.missing.x",
        "local m = ike.of({ payload = p.payload, protocol = 'IKE', src_port = {}, dst_port = 0 }) "
        "m.payloads.x.y = 1"}) {
    INFO(body);
    const std::string code = run_hostile(body);
    CHECK_THAT(code, Catch::Equals("E-LUA-002") || Catch::Equals("E-LUA-003"));
  }
  // what a script does to its own copy of the library harms nobody but itself
  auto first =
      load_script("function on_packet(p) string.rep = nil table.insert = nil pairs = nil end");
  REQUIRE(first.ok());
  static_cast<void>((*first)->on_packet(Instant{1}, tapped(Bytes(60, 1))));
  auto second = load_script("function on_packet(p) assert(('x'):rep(2) == 'xx') end");
  REQUIRE(second.ok());
  static_cast<void>((*second)->on_packet(Instant{1}, tapped(Bytes(60, 1))));
  CHECK(diagnostic_code(**second).empty());
}

TEST_CASE("a hook that returns something is told that it must not", "[script]") {
  for (const char* value :
       {"{}", "function() end", "0/0", "p", "('x'):rep(60000)", "drop", "true", "1, 2, 3"}) {
    INFO(value);
    CHECK(run_hostile(std::string("do return ") + value + " end") == "E-LUA-002");
  }
  CHECK(run_hostile("do return end").empty());
  CHECK(run_hostile("do return nil end").empty());
}

TEST_CASE("a handle that is closed, or was never there, is refused", "[script]") {
  for (const char* body :
       {"local first = crypto.key_pair('x25519') for i = 1, 64 do crypto.key_pair('x25519') end "
        "crypto.shared(first, first.public)",
        "crypto.shared({ handle = 1 << 62 }, 'x')", "crypto.shared({ handle = 0/0 }, 'x')",
        "crypto.shared({}, 'x')", "crypto.shared(nil, 'x')",
        "crypto.shared({ handle = '1' }, ('x'):rep(32))"}) {
    INFO(body);
    CHECK(run_hostile(body) == "E-LUA-002");
  }
}

TEST_CASE("a source that nests without end is an error, not a crash", "[script]") {
  const auto nested = [](const char* open, const char* middle, const char* close, int times) {
    std::string text = "local x = ";
    for (int i = 0; i < times; ++i) text += open;
    text += middle;
    for (int i = 0; i < times; ++i) text += close;
    return text;
  };
  for (const std::string& source :
       {nested("(", "1", ")", 20'000), nested("{", "1", "}", 20'000),
        nested("function() return ", "1", " end", 5'000), nested("-", "1", "", 60'000),
        nested("1 ..", "1", "", 50'000), nested("not ", "1", "", 50'000)}) {
    const auto loaded = load_script(source + "\nfunction on_packet() end");
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.error().code.starts_with("E-LUA-"));
  }
}

TEST_CASE("memory is bounded", "[script]") {
  for (const char* body : {
           "local s = 'x' while true do s = s .. s end",
           "local t = {} for i = 1, 1e9 do t[i] = {} end",
           "local t = {} while true do t[#t + 1] = ('x'):rep(60000) .. #t end",
           "local s = ('x'):rep(60000) local t = {} for i = 1, 5 do t[i] = s end return "
           "table.concat(t)",
       }) {
    INFO(body);
    const std::string code = run_hostile(body);
    CHECK((code == "E-LUA-004" || code == "E-LUA-003"));
  }
  CHECK(run_hostile("local s = 'x' while true do s = s .. s end") == "E-LUA-004");
}

TEST_CASE("a string function cannot run away inside C", "[script]") {
  for (const char* body : {
           "string.rep('', 1 << 62)",
           "string.rep('x', 1 << 40)",
           "string.rep('x', 10, ('y'):rep(60000))",
           "string.byte(('x'):rep(60000), 1, -1)",
           "table.unpack({}, 1, 1e8)",
           "table.unpack({}, math.mininteger, math.maxinteger)",
           "string.format(('%s'):rep(1000), 1)",
           "string.pack(('z'):rep(100), 'x')",
           "tonumber(('1'):rep(60000))",
           "string.format('%p', {})",
           "string.format('%10p', print)",
       }) {
    INFO(body);
    CHECK(run_hostile(body) == "E-LUA-002");
  }
}

TEST_CASE("the machine is out of reach", "[script]") {
  for (const char* name : {"io",
                           "os",
                           "require",
                           "load",
                           "loadstring",
                           "dofile",
                           "loadfile",
                           "package",
                           "debug",
                           "coroutine",
                           "collectgarbage",
                           "pcall",
                           "xpcall",
                           "setmetatable",
                           "getmetatable",
                           "rawset",
                           "rawget",
                           "next",
                           "_G",
                           "string.dump",
                           "string.gsub",
                           "string.gmatch",
                           "string.match",
                           "math.randomseed",
                           "utf8",
                           "warn"}) {
    INFO(name);
    CHECK(run_hostile(std::string("if ") + name + " ~= nil then while true do end end").empty());
  }
  std::string message;
  CHECK(run_hostile("local f = io.open('/etc/passwd')", &message) == "E-LUA-002");
  CHECK(message == "t.lua:3: attempt to index a nil value (global 'io'); the script is off");
  CHECK(run_hostile("os.execute('true')") == "E-LUA-002");
  CHECK(run_hostile("require('socket')") == "E-LUA-002");
  CHECK(run_hostile("load('return 1')()") == "E-LUA-002");
  CHECK(run_hostile("('').__index = nil") == "E-LUA-002");
  CHECK(load_script("\x1bLua", {}, "").error().code == "E-LUA-001");  // bytecode
}

TEST_CASE("deep recursion is an error of the script, not of the program", "[script]") {
  std::string message;
  const std::string code =
      run_hostile("local function f(n) return 1 + f(n + 1) end f(0)", &message);
  CHECK((code == "E-LUA-002" || code == "E-LUA-004"));
  CHECK(run_hostile(
            "local t = {1, 2} local function f() table.sort(t, function() f() end) end f()") ==
        "E-LUA-002");
  CHECK(load_script("x = " + std::string(10'000, '(')).error().code == "E-LUA-001");
}

TEST_CASE("errors name file and line, and switch the script off", "[script]") {
  std::string message;
  CHECK(run_hostile("local x = nil\nlocal y = x.z", &message) == "E-LUA-002");
  CHECK(message == "t.lua:4: attempt to index a nil value (local 'x'); the script is off");
  CHECK(run_hostile("error({})", &message) == "E-LUA-002");
  CHECK(message == "t.lua: an error that is no text but a table; the script is off");
  CHECK(run_hostile("error('a\\nb\\27[31m')", &message) == "E-LUA-002");
  CHECK(message == "t.lua:3: a b [31m; the script is off");
  CHECK(run_hostile("while true do end", &message) == "E-LUA-003");
  CHECK(message.starts_with("t.lua:3: more than 1000000 instructions"));
}

TEST_CASE("wrong use of the functions is an error that says what is right", "[script]") {
  const std::pair<const char*, const char*> rows[] = {
      {"return 'drop'", "on_packet must return nothing"},
      {"return {}", "on_packet must return nothing"},
      {"drop() pass()", "decided already"},
      {"modify()", "string expected"},
      {"modify('')", "1 to 65000 octets"},
      {"delay(5)", "string expected"},
      {"delay('5')", "a time is written with its unit"},
      {"delay('-5s')", "a time is written with its unit"},
      {"timer.after('0s')", "at least 1ms"},
      {"for i = 1, 2000 do timer.after('1s') end", "timers at once"},
      {"replay({})", "src is missing"},
      {"replay(p, {count = 0})", "count must be 1 to 1000"},
      {"p.protocol = 'TCP' replay(p)", "protocol must be"},
      {"p.src = 'nowhere' inject(p)", "src is no IP address"},
      {"p.src_port = 70000 inject(p)", "src_port is no port"},
      {"achieved('x', 1, 'y')", "boolean expected"},
      {"learn('only')", "string expected"},
      {"ike.encode({})", "spi_i must be 16 hex digits"},
      {"bytes.patch('abc', 3, 'xy')", "does not fit"},
      {"bytes.u32('abc', 1)", "outside of"},
      {"bytes.flip('abc', 4)", "outside of"},
      {"bytes.from_hex('zz')", "E-HEX"},
      {"for k in pairs({[{}] = 1}) do end", "keys must be"},
  };
  for (const auto& [body, expected] : rows) {
    INFO(body);
    std::string message;
    CHECK(run_hostile(body, &message) == "E-LUA-002");
    INFO(message);
    if (std::string(expected) != "E-HEX") CHECK(message.find(expected) != std::string::npos);
  }
}

TEST_CASE("what cannot be loaded says why", "[script]") {
  const auto error_of = [](const char* body, const char* header = header_on_path) {
    return load_script(body, {}, header).error();
  };
  const Error syntax = error_of("function on_packet(p)\n  drop(\nend");
  CHECK(syntax.code == "E-LUA-001");
  CHECK(syntax.place == "t.lua:4");
  CHECK(error_of("function on_packet() end", "").message == "the script has no header table");
  CHECK(error_of("function on_packet() end", "attack = 5\n").code == "E-LUA-001");
  CHECK(error_of("function on_packet() end", "attack = { name = 'x', position = 'passive' }\n")
            .message == "attack.about is missing");
  CHECK(error_of("function on_packet() end",
                 "attack = { name = 'x', about = 'y', position = 'above' }\n")
            .hint == "one of passive, on-path, off-path");
  CHECK(error_of("function on_packet() end",
                 "attack = { name = 'x', about = 'y', position = 'passive', nmae = 1 }\n")
            .message == "attack.nmae is not known");
  CHECK(error_of("").message == "the script has no callback");
  CHECK(error_of("on_packet = 5").message == "on_packet is a number");
  CHECK(error_of("while true do end").code == "E-LUA-003");
  CHECK(error_of("function on_start() local s = 'x' while true do s = s .. s end end").code ==
        "E-LUA-004");
  CHECK(error_of("function on_start() error('no') end").code == "E-LUA-002");
  CHECK(error_of("local x = y.z").code == "E-LUA-001");
  CHECK(load_script(std::string(300'000, ' ')).error().code == "E-LUA-001");
}

TEST_CASE("a position allows what it allows", "[script]") {
  const auto message_of = [](const char* position, const char* body) {
    auto adversary = load_script(
        std::string("function on_packet(p) ") + body + " end", {},
        std::string("attack = { name = 't', about = 'a', position = '") + position + "' }\n");
    static_cast<void>((*adversary)->on_packet(Instant{1}, tapped(Bytes(60, 1))));
    std::string message;
    diagnostic_code(**adversary, &message);
    return message;
  };
  CHECK(message_of("passive", "drop()").find("needs position \"on-path\"") != std::string::npos);
  CHECK(message_of("passive", "modify('x')").find("needs position \"on-path\"") !=
        std::string::npos);
  CHECK(message_of("passive", "replay(p)").find("position is \"passive\"") != std::string::npos);
  CHECK(message_of("off-path", "drop()").find("needs position \"on-path\"") != std::string::npos);
  CHECK(message_of("off-path", "inject(p)").empty());
  CHECK(message_of("passive", "pass()").empty());
  CHECK(message_of("on-path", "drop()").empty());
}
