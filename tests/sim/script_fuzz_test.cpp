// The sandbox fuzzed: scripts put together at random from words that hurt, and shipped scripts with
// pieces torn out, are loaded and handed packets. Whatever they are, the host gets its decision, no
// packet is kept by a script that is off, and the events stay within bounds.
// With -DIKELAB_FUZZER this file is a libFuzzer target (link it with ikelab::sim_script).
#include <fstream>

#include "tests/sim/script_support.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

void run_script(const std::string& source) {
  script::AdversaryOptions options;
  options.name = "mallory";
  options.seed = 1;
  options.datagram_id_base = 1000;
  options.instructions_per_call = 50'000;
  options.memory_bytes = 1U << 20;
  options.dictionary = [](const std::string&) { return std::vector<std::string>{"word"}; };
  auto loaded = script::load_adversary(source, "fuzz.lua", options);
  if (!loaded.ok()) {
    IKELAB_ASSERT(loaded.error().code.starts_with("E-LUA-"));
    return;
  }
  auto& adversary = **loaded;
  const auto settle = [&](const script::Decision& decision) {
    IKELAB_ASSERT(decision.injections.size() <= 1'000);
    std::size_t events = 0;
    bool off = false;
    while (auto event = adversary.poll_event()) {
      IKELAB_ASSERT(++events <= 10'000);
      off = off || std::holds_alternative<trace::Diagnostic>(event->body);
    }
    if (off) IKELAB_ASSERT(decision.fate == script::Decision::Fate::pass);
  };
  const Bytes ike =
      hex("00112233445566770000000000000000212022080000000000000040"
          "290000240102030405060708090a0b0c0d0e0f10111213141516171819");
  settle(adversary.on_packet(Instant{1}, tapped(ike, 1, "IKE")));
  settle(adversary.on_packet(Instant{2}, tapped(hex("c0ffee010000000700"), 2, "ESP")));
  settle(adversary.on_packet(Instant{3}, tapped({}, 0, "ICMP")));
  settle(adversary.on_grant(Instant{4}, {"SK_d", "gw-a", "gw-a#1", hex("00")}));
  for (int i = 0; i < 4; ++i)
    if (const auto at = adversary.next_timer()) settle(adversary.on_timer(*at));
  adversary.on_finish(Instant{5'000'000'000});
  settle({});
}

}  // namespace

#ifdef IKELAB_FUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run_script(std::string(data, data + size));
  return 0;
}
#else
#include <filesystem>

#include "protocol/crypto/rng.hpp"
#include "tests/support/catch.hpp"

namespace {

constexpr const char* words[] = {
    "while true do end",
    "for i = 1, 1e9 do end",
    "local t = {} for i = 1, 1e6 do t[i] = i end",
    "string.rep('x', 1e9)",
    "('x'):rep(66000):rep(66000)",
    "setmetatable({}, { __gc = function() end })",
    "getmetatable('').__index = nil",
    "debug.sethook()",
    "load('return 1')()",
    "require('os')",
    "os.exit()",
    "io.open('/etc/passwd')",
    "coroutine.wrap(function() while true do end end)()",
    "pcall(error)",
    "error({})",
    "error()",
    "local function f() return f() + 1 end f()",
    "return 1",
    "return pass",
    "drop()",
    "drop() drop()",
    "modify('')",
    "modify(p.payload)",
    "modify(('x'):rep(65001))",
    "delay('1h')",
    "delay('soon')",
    "hold(p, 'x') release('x')",
    "replay(p, { count = 1000, every = '1ns' })",
    "replay(nil)",
    "inject{}",
    "inject(p)",
    "timer.after('1ms', 'x')",
    "timer.after('0s')",
    "for i = 1, 2000 do timer.after('1s') end",
    "on({}, function(p, m) on({}, function() end) end)",
    "on({ spi = 7 }, print)",
    "conversation({})",
    "conversation({ spi_i = p }).x = 1",
    "find(p, 'KE')",
    "find({ payloads = { 1 } }, 'KE')",
    "ike.encode({ payloads = {} })",
    "ike.encode({ spi_i = 'x', payloads = { {} } })",
    "ike.encode{ spi_i = '0000000000000000', spi_r = '0000000000000000', payloads = { { number = "
    "33, proposals = { { transforms = { {} } } } } } }",
    "ike.decode(('\\255'):rep(60000))",
    "ike.of(p)",
    "ike.open(p.payload, { encr = 'aes128gcm16' }, { sk_ei = '', sk_er = '' })",
    "ike.delete({ 'zz' })",
    "ike.ts('i', '300.1.1.1', 'x')",
    "inet.address('1.2')",
    "inet.read('E')",
    "icmp.message{ type = 256 }",
    "icmp.message{ data = p }",
    "esp.seal('x', { encr = 'aes256' }, '', '', { spi = '00' })",
    "crypto.key_pair('toymodp31')",
    "for i = 1, 100 do crypto.key_pair('x25519') end",
    "crypto.shared({ handle = 99 }, 'x')",
    "crypto.shared({ handle = -1 }, 'x')",
    "endpoint.receive(p)",
    "endpoint.sas()",
    "ring.open({})",
    "ring.ike(nil, nil, nil) ring.open(p)",
    "ring = nil find = nil",
    "string = nil table = nil",
    "on_packet = 7",
    "attack = nil",
    "pairs = function() end",
    "bytes.u32('', 1)",
    "string.format('%99999d', 1)",
    "string.format(('%d'):rep(500))",
    "table.concat({ {} })",
    "table.unpack({}, 1, 1e8)",
    "table.sort({ 3, 1, 2 }, function() return true end)",
    "math.random(0)",
    "tostring(print)",
    "achieved('x', 'yes')",
    "progress('x', 1.5, 2)",
    "alert('x')",
    "words('../../etc/passwd')",
    "held(('x'):rep(3000))",
};

std::string random_script(crypto::Rng& rng) {
  const auto pick = [&] { return std::string(words[rng.below(std::size(words))]); };
  std::string source = header_on_path;
  source += "local p = { payload = 'x', spi_i = 'y' }\n";
  if (rng.below(6) == 0) source += pick() + "\n";
  for (const char* callback : {"on_packet(p)", "on_timer(l)", "on_grant(g)", "on_finish()"}) {
    if (rng.below(3) == 0) continue;
    source += std::string("function ") + callback + "\n";
    for (std::uint64_t i = rng.below(4); i > 0; --i)
      source += (rng.below(3) == 0 ? "if p then " + pick() + " end" : pick()) + "\n";
    source += "end\n";
  }
  if (rng.below(4) == 0) source += "on({}, function(p, m) " + pick() + " end)\n";
  return source;
}

}  // namespace

TEST_CASE("scripts of words that hurt: the host always gets its decision", "[script][fuzz]") {
  const auto rng = crypto::seeded_rng(1, "script fuzz")->stream("words");
  for (const char* word : words) {
    run_script(std::string(header_on_path) + "function on_packet(p)\n" + word + "\nend");
    run_script(std::string(header_on_path) + word + "\nfunction on_packet(p) end");
  }
  for (int i = 0; i < 400; ++i) run_script(random_script(*rng));
  SUCCEED("nothing got out");
}

TEST_CASE("shipped scripts with pieces torn out: an error, or a script, and nothing else",
          "[script][fuzz]") {
  const auto rng = crypto::seeded_rng(2, "script fuzz")->stream("pieces");
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(IKELAB_SOURCE_DIR) + "/sim/attacks")) {
    if (entry.path().extension() != ".lua") continue;
    std::ifstream in(entry.path());
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    for (int i = 0; i < 12; ++i) {
      std::string torn = whole;
      const auto at = rng->below(torn.size());
      if (rng->below(2) == 0)
        torn.erase(at, 1 + rng->below(40));
      else
        torn[at] = static_cast<char>(rng->below(256));
      run_script(torn);
    }
  }
  SUCCEED("nothing got out");
}
#endif
