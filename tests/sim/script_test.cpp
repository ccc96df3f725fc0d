// What scripts can do: fates, new packets, timers, the wire library, knowledge; and that a run
// repeats.
#include <fstream>

#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/sim/script_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;
using script::Decision;

namespace {

Bytes sa_init() {
  wire::Message message;
  message.header.spi_i = IkeSpi{0x0102030405060708};
  message.header.exchange = wire::ExchangeType::ike_sa_init;
  message.header.initiator = true;
  const auto proposal = [](std::uint8_t number, std::uint16_t bits) {
    return wire::Proposal{number,
                          wire::ProtocolId::ike,
                          {},
                          {{1, 20, {{14, true, bits, {}}}}, {2, 5, {}}, {4, 31, {}}}};
  };
  message.payloads.push_back(
      wire::make_payload(wire::SaPayload{{proposal(1, 256), proposal(2, 128)}}));
  message.payloads.push_back(wire::make_payload(wire::KePayload{31, Bytes(32, 0xaa)}));
  message.payloads.push_back(wire::make_payload(wire::NoncePayload{Bytes(32, 0x55)}));
  message.payloads.push_back(wire::make_payload(
      wire::NotifyPayload{wire::ProtocolId::none, {}, wire::NotifyType::cookie, {1, 2, 3}}));
  return wire::encode(message);
}

/// The texts a script said in one call of on_packet with the IKE_SA_INIT above.
std::vector<std::string> said(const std::string& body) {
  auto adversary = load_script("function on_packet(p)\n" + body + "\nend");
  REQUIRE(adversary.ok());
  static_cast<void>((*adversary)->on_packet(Instant{1'500'000'000}, tapped(sa_init(), 9, "IKE")));
  const auto events = drain(**adversary);
  for (const auto& diagnostic : of_kind<trace::Diagnostic>(events)) FAIL(diagnostic.message);
  std::vector<std::string> texts;
  for (const auto& action : of_kind<trace::AttackAction>(events)) texts.push_back(action.note);
  return texts;
}

}  // namespace

TEST_CASE("a script decides a packet's fate, and the trace says so", "[script]") {
  const auto decide = [](const char* body) {
    auto adversary = load_script(std::string("function on_packet(p) ") + body + " end");
    const Decision decision =
        (*adversary)->on_packet(Instant{1}, tapped(hex("0102030405060708"), 7));
    return std::pair(decision, drain(**adversary));
  };
  SECTION("pass") {
    CHECK(decide("").first.fate == Decision::Fate::pass);
    CHECK(decide("pass()").second.empty());
  }
  SECTION("drop") {
    const auto [decision, events] = decide("return drop('no more of these')");
    CHECK(decision.fate == Decision::Fate::drop);
    REQUIRE(events.size() == 1);
    const auto action = std::get<trace::AttackAction>(events[0]);
    CHECK(action.action == "drop");
    CHECK(action.datagram == 7);
    CHECK(action.result == 0);
    CHECK(action.note == "no more of these");
    CHECK(action.before == hex("0102030405060708"));
  }
  SECTION("modify") {
    const auto [decision, events] = decide("modify(bytes.flip(p.payload, 1, 7), 'one bit')");
    CHECK(decision.fate == Decision::Fate::modify);
    CHECK(decision.payload == hex("8102030405060708"));
    CHECK(decision.datagram == 1000);
    const auto action = std::get<trace::AttackAction>(events.at(0));
    CHECK(action.result == 1000);
    CHECK(action.before == hex("0102030405060708"));
    CHECK(action.after == hex("8102030405060708"));
  }
  SECTION("delay") {
    const auto [decision, events] = decide("delay('1.5ms', 'a little')");
    CHECK(decision.fate == Decision::Fate::delay);
    CHECK(decision.delay == 1500us);
    CHECK(std::get<trace::AttackAction>(events.at(0)).note == "1.500 ms: a little");
  }
  SECTION("replay") {
    const auto [decision, events] =
        decide("replay(p, {after = '500ms', every = '10ms', count = 3, note = 'again'})");
    CHECK(decision.fate == Decision::Fate::pass);
    REQUIRE(decision.injections.size() == 3);
    CHECK(decision.injections[2].after == 520ms);
    CHECK(decision.injections[2].copy_of == 7);
    CHECK(decision.injections[2].datagram == 1002);
    CHECK(decision.injections[2].towards == "gw-b");
    CHECK(decision.injections[2].payload == hex("0102030405060708"));
    CHECK(of_kind<trace::AttackAction>(events).size() == 3);
  }
  SECTION("inject") {
    const auto [decision, events] = decide(
        "inject{src = p.dst, dst = p.src, protocol = 'ESP', payload = '12345678', to = p.from, "
        "note = 'back'}");
    REQUIRE(decision.injections.size() == 1);
    CHECK(decision.injections[0].towards == "gw-a");
    CHECK(decision.injections[0].src.ip.to_string() == "192.0.2.2");
    CHECK(decision.injections[0].copy_of == 0);
    CHECK(std::get<trace::AttackAction>(events.at(0)).action == "inject");
  }
}

TEST_CASE("timers fire in order, with their labels, and can send", "[script]") {
  auto adversary = load_script(R"(
function on_start(params) timer.after(params.first, 'late') timer.after('1s', 'early') end
function on_timer(label) say(label .. string.format(' at %.3f', now())) if label == 'early' then timer.after('10s', 'more') end end
)",
                               {{"first", "2s"}});
  REQUIRE(adversary.ok());
  CHECK((*adversary)->next_timer() == Instant{1'000'000'000});
  static_cast<void>((*adversary)->on_timer(Instant{999'999'999}));
  CHECK(drain(**adversary).empty());
  static_cast<void>((*adversary)->on_timer(Instant{2'000'000'000}));
  const auto actions = of_kind<trace::AttackAction>(drain(**adversary));
  REQUIRE(actions.size() == 2);
  CHECK(actions[0].note == "early at 2.000");
  CHECK(actions[1].note == "late at 2.000");
  CHECK((*adversary)->next_timer() == Instant{12'000'000'000});
}

TEST_CASE("knowledge, marks and goals reach the trace", "[script]") {
  auto adversary = load_script(R"(
function on_finish()
  learn('SPI', 'the SA of the tunnel', 'read from the clear ESP header', '\1\2\3\4')
  mark('the end')
  achieved('replay', true, 'the peer answered twice')
end)");
  (*adversary)->on_finish(Instant{5});
  const auto events = drain(**adversary);
  const auto knowledge = of_kind<trace::AttackKnowledge>(events);
  REQUIRE(knowledge.size() == 2);
  CHECK(knowledge[0].item == "SPI");
  CHECK(knowledge[0].value == hex("01020304"));
  CHECK(knowledge[1].item == "goal:replay");
  CHECK(knowledge[1].how == "achieved");
  CHECK(of_kind<trace::Mark>(events).at(0).text == "the end");
  const auto metric = of_kind<trace::Metric>(events).at(0);
  CHECK(metric.subject == "mallory");
  CHECK(metric.name == "achieved");
  CHECK(metric.value == 1);
}

TEST_CASE("ike.decode shows the message, ike.encode writes it back", "[script]") {
  CHECK(said(R"(
    local m = ike.decode(p.payload)
    say(m.exchange_name .. ' ' .. m.spi_i .. ' ' .. m.message_id .. ' ' .. tostring(m.response) .. ' ' .. #m.errors)
    for i, pl in ipairs(m.payloads) do say(pl.type .. ' ' .. pl.first .. '-' .. pl.last .. ' ' .. #pl.body) end
    say(m.payloads[1].proposals[2].transforms[1].name .. ' ' .. m.payloads[1].proposals[2].transforms[1].key_bits)
    say(m.payloads[2].method_name .. ' ' .. #m.payloads[2].data)
    say(m.payloads[4].notify_name .. ' ' .. bytes.hex(m.payloads[4].data))
    say(tostring(ike.encode(m) == p.payload))
    say(tostring(p.payload:sub(m.payloads[3].first + 4, m.payloads[3].last) == m.payloads[3].data))
  )") == std::vector<std::string>{"IKE_SA_INIT 0102030405060708 0 false 0", "SA 29-104 72",
                                  "KE 105-144 36", "Ni/Nr 145-180 32", "N 181-191 7",
                                  "ENCR_AES_GCM_16 128", "CURVE25519 32", "COOKIE 010203", "true",
                                  "true"});
}

TEST_CASE("a proposal taken out of an SA payload leaves a well-formed message", "[script]") {
  auto adversary = load_script(R"(
function on_packet(p)
  local m = ike.decode(p.payload)
  local sa = m.payloads[1]
  sa.proposals = {sa.proposals[2]}
  sa.body = nil
  modify(ike.encode(m), 'only the weak proposal')
end)");
  const Decision decision = (*adversary)->on_packet(Instant{1}, tapped(sa_init(), 1, "IKE"));
  REQUIRE(decision.fate == Decision::Fate::modify);
  const auto decoded = wire::decode(decision.payload);
  CHECK(decoded.ok());
  const auto* sa = wire::first<wire::SaPayload>(decoded.message.payloads);
  REQUIRE(sa != nullptr);
  REQUIRE(sa->proposals.size() == 1);
  CHECK(sa->proposals[0].transforms[0].key_bits() == 128);
}

TEST_CASE("damaged messages decode to what can be read, with errors", "[script]") {
  CHECK(said("local m = ike.decode(p.payload:sub(1, 50)) say(tostring(#m.errors > 0) .. ' ' .. "
             "m.exchange_name)")
            .at(0) == "true IKE_SA_INIT");
  CHECK(said("local m = ike.decode('') say(tostring(#m.errors > 0) .. ' ' .. #m.payloads)").at(0) ==
        "true 0");
}

TEST_CASE("octets: hex, numbers, patches, ESP headers", "[script]") {
  CHECK(said(R"(
    say(bytes.hex(bytes.from_hex('00 ff')) .. ' ' .. bytes.u16('\1\2', 1) .. ' ' .. bytes.u32('\0\0\1\0', 1))
    say(bytes.patch('abcdef', 3, 'XY') .. ' ' .. bytes.hex(bytes.flip('\0', 1, 3)))
    local h = esp.header('\0\0\16\1\0\0\0\42rest') say(h.spi .. ' ' .. h.sequence)
    say(tostring(esp.header('short')))
  )") == std::vector<std::string>{"00ff 258 256", "abXYef 08", "00001001 42", "nil"});
}

TEST_CASE("the library is Lua's where it can be", "[script]") {
  CHECK(said(R"(
    say(string.rep('ab', 3, '-') .. ' ' .. ('hello'):sub(2, -2) .. ' ' .. ('hello'):upper() .. ' ' .. #('x'):rep(10))
    say(tostring(('hello'):find('l')) .. ' ' .. tostring(('hello'):find('.', 1)) .. ' ' .. ('hello'):byte(-1))
    local t = {3, 1, 2} table.sort(t) table.insert(t, 9) table.insert(t, 1, 0) table.remove(t) say(table.concat(t, ','))
    say(select('#', table.unpack(t)) .. ' ' .. math.floor(2.5) .. ' ' .. tostring(tonumber('0x10')))
    say(string.format('%05.1f|%s', 2.25, 'x'))
    say(string.unpack('>I4', string.pack('>I4', 77)))
    local a, b, c = ('hello'):byte(1, 3) say(a .. b .. c)
  )") == std::vector<std::string>{"ab-ab-ab ell HELLO 10", "3 nil 111", "0,1,2,3", "4 2 16",
                                  "002.2|x", "77", "104101108"});
}

TEST_CASE("nothing a script sees changes from run to run", "[script]") {
  const std::string body = R"(
    local t = {} for i = 1, 40 do t['key' .. (i * 7919 % 100)] = i end t[3] = 'c' t[1] = 'a' t[true] = 'yes' t[2.5] = 'f'
    local s = '' for k, v in pairs(t) do s = s .. tostring(k) .. ' ' end say(s)
    say(tostring(t) .. tostring(print) .. string.format('%s', {}))
    say(math.random(1000) .. ' ' .. math.random(5, 6) .. ' ' .. string.format('%.6f', math.random()))
  )";
  const auto once = said(body), twice = said(body);
  CHECK(once == twice);
  CHECK(once[0].starts_with("1 3 2.5 true key"));
  CHECK(once[1] == "tablefunctiontable");
  auto other = load_script(
      "function on_finish() for k in pairs({b = 1, a = 2}) do say(k) end local t = {1, 2, 3} for k "
      "in pairs(t) do t[k] = nil end say(#t) end");
  (*other)->on_finish(Instant{1});
  CHECK(of_kind<trace::AttackAction>(drain(**other)).at(0).note == "a");
}

TEST_CASE("times are written with units", "[script]") {
  CHECK(said("say('x') timer.after('1.5s') timer.after('2h') timer.after('10m') "
             "timer.after('5000us') timer.after('1000000ns')")
            .size() == 1);
  for (const char* wrong : {"5", "s", "5 s", "1e3s", "-1s", "5sec", "", "99999999h"}) {
    auto adversary =
        load_script(std::string("function on_finish() timer.after('") + wrong + "') end");
    (*adversary)->on_finish(Instant{1});
    INFO(wrong);
    CHECK(diagnostic_code(**adversary) == "E-LUA-002");
  }
}
