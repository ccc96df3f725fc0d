// The modules of sim/attacks/lib: loaded by a bare name and by nothing else, under the script's own
// limits, and every script has its own.
#include "sim/script/libraries.hpp"
#include "tests/sim/script_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

/// Calls on_packet with this body; the code of what went wrong, "" when nothing did.
std::string run_body(const std::string& body, std::string* message = nullptr) {
  auto adversary = load_script("function on_packet(p)\n" + body + "\nend");
  if (!adversary.ok()) FAIL(adversary.error().to_string());
  static_cast<void>((*adversary)->on_packet(Instant{1}, tapped(Bytes(60, 1))));
  return diagnostic_code(**adversary, message);
}

}  // namespace

TEST_CASE("a library comes by its name, once, as a table of functions", "[script]") {
  REQUIRE(script::libraries().size() >= 3);
  for (const script::Library& row : script::libraries()) {
    const std::string name(row.name);
    INFO(name);
    std::string message;
    const std::string code =
        run_body("local l = library('" + name + "') assert(l == library('" + name +
                     "')) local n = 0 for k, v in pairs(l) do n = n + 1 "
                     "assert(type(v) == 'function', k) end assert(n > 1)",
                 &message);
    INFO(message);
    CHECK(code.empty());
  }
}

TEST_CASE("no file, no path and no other name is a library", "[script]") {
  for (const char* name : {"'nothing'", "''", "'caller.lua'", "'./caller'", "'../lib/caller'",
                           "'lib/caller'", "'/etc/passwd'", "'CALLER'", "'caller '", "'caller\\0'",
                           "'replay-esp'", "7", "nil", "{}", "('x'):rep(60000)"}) {
    INFO(name);
    CHECK(run_body(std::string("library(") + name + ")") == "E-LUA-002");
  }
  std::string message;
  CHECK(run_body("library('socket')", &message) == "E-LUA-002");
  CHECK(message.find("the name of a shipped library: answerer caller secrets") !=
        std::string::npos);
}

TEST_CASE("what a script does to a library harms nobody but itself", "[script]") {
  CHECK(run_body("local l = library('secrets') l.variants = nil l.search = 7").empty());
  CHECK(run_body("assert(#library('secrets').variants('a') == 22)").empty());
  // and it finds no more of the machine there than elsewhere
  CHECK(run_body("for _, name in ipairs({'caller', 'answerer', 'secrets'}) do library(name) end "
                 "assert(io == nil and require == nil and load == nil and package == nil)")
            .empty());
}

TEST_CASE("a library works under the script's limits, and errors have the script's line",
          "[script]") {
  std::string message;
  CHECK(run_body("while true do library('caller') end", &message) == "E-LUA-003");
  CHECK(run_body("local s = library('secrets')\nlocal step = s.search({ words = { 'a' }, each = 1, "
                 "pause = '1s' }, {\nfits = function() while true do end end })\nstep()",
                 &message) == "E-LUA-003");
  CHECK(message.starts_with("t.lua:5: more than 1000000 instructions"));
  // the loop is the library's own: the script's call of it is what its author can look at
  CHECK(run_body("local s = library('secrets')\ns.variants(('x'):rep(60000))\nlocal step = "
                 "s.search({ words = {}, each = 1, pause = '1s' }, { none = say })\nfor i = 1, 1e9 "
                 "do step() end",
                 &message) == "E-LUA-003");
  CHECK(message.starts_with("t.lua:6: more than 1000000 instructions"));
  CHECK(run_body("library('caller').call({})", &message) == "E-LUA-002");
  CHECK(message.find("src is missing") != std::string::npos);
  CHECK(run_body("library('secrets').variants(nil)", &message) == "E-LUA-002");
  CHECK(message.find("library secrets:") != std::string::npos);
}

TEST_CASE("a search tries every variant of every word, in parts, and says how far it is",
          "[script]") {
  const std::string script =
      "local secrets, step = library('secrets'), nil\n"
      "function on_packet() step = secrets.search({ words = { 'spring', 'summer', 'autumn' }, each "
      "= 22, pause = '5ms' }, { fits = function(guess) return guess == 'Autumn2026' end,\n"
      "found = function(guess, tried) achieved(guess, true, tostring(tried)) end,\n"
      "none = function(tried) achieved('none', false, tostring(tried)) end }) end\n"
      "function on_timer() step() end";
  auto adversary = load_script(script);
  REQUIRE(adversary.ok());
  static_cast<void>((*adversary)->on_packet(Instant{0}, tapped(Bytes(60, 1))));
  unsigned calls = 0;
  while (const auto at = (*adversary)->next_timer()) {
    static_cast<void>((*adversary)->on_timer(*at));
    REQUIRE(++calls < 10);
  }
  CHECK(calls == 3);  // a word a call
  const auto events = drain(**adversary);
  const auto known = of_kind<trace::AttackKnowledge>(events);
  REQUIRE(known.size() == 1);
  CHECK(known[0].item == "goal:Autumn2026");
  CHECK(known[0].text == "66");  // the last of 3 x 22
  const auto told = of_kind<trace::AttackAction>(events);
  REQUIRE(told.size() == 2);
  CHECK(told[1].note == "words of the dictionary tried: 2 of 3");
}
