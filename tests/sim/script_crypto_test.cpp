// What a script can compute: primitives against known answers, the key schedule and AUTH against
// the engine's own code, and what happens to wrong use.
#include "protocol/keys/auth_octets.hpp"
#include "protocol/keys/ike_keys.hpp"
#include "tests/sim/script_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

/// What `body` says in its last call of say().
std::string computed(const std::string& body) {
  auto adversary = load_script("function on_finish()\n" + body + "\nend");
  if (!adversary.ok()) FAIL(adversary.error().to_string());
  (*adversary)->on_finish(Instant{1});
  const auto events = drain(**adversary);
  for (const auto& diagnostic : of_kind<trace::Diagnostic>(events)) return diagnostic.message;
  const auto actions = of_kind<trace::AttackAction>(events);
  return actions.empty() ? std::string() : actions.back().note;
}

std::string hex_of(const std::string& expression) {
  return computed("say(bytes.hex(" + expression + "))");
}

}  // namespace

TEST_CASE("crypto.*: known answers from outside", "[script]") {
  // FIPS 180-4 examples; RFC 4231, test case 2; RFC 7748, 6.1 is in the engine's own tests
  CHECK(hex_of("crypto.hash('sha256', 'abc')") ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex_of("crypto.prf('prfsha256', 'Jefe', 'what do ya want for nothing?')") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex_of("crypto.random(7)").size() == 14);
  CHECK(hex_of("crypto.random(7)") == hex_of("crypto.random(7)"));  // a run repeats
}

TEST_CASE("crypto.*: two key pairs agree, and a wrong tag is nil", "[script]") {
  for (const char* ke : {"x25519", "ecp256", "modp2048"}) {
    INFO(ke);
    CHECK(computed(
              "local a, b = crypto.key_pair('" + std::string(ke) + "'), crypto.key_pair('" + ke +
              "')\n"
              "say(tostring(crypto.shared(a, b.public) == crypto.shared(b, a.public)))") == "true");
  }
  CHECK(computed("local key, iv = crypto.random(36), crypto.random(8)\n"
                 "local sealed = crypto.seal('aes256gcm16', key, iv, 'head', 'secret')\n"
                 "say(crypto.open('aes256gcm16', key, iv, 'head', sealed) .. ' ' ..\n"
                 "  tostring((crypto.open('aes256gcm16', key, iv, 'hear', sealed))))") ==
        "secret nil");
  CHECK(computed("local p = crypto.key_pair('x25519')\n"
                 "local s, why = crypto.shared(p, string.rep('\\0', 32))\n"
                 "say(tostring(s) .. ' ' .. tostring(#why > 0))") == "nil true");  // RFC 6989
}

TEST_CASE("crypto.*: handles and wrong arguments", "[script]") {
  CHECK(computed("local first = crypto.key_pair('x25519')\n"
                 "for i = 1, 64 do crypto.key_pair('x25519') end\n"
                 "crypto.shared(first, first.public)")
            .find("closed") != std::string::npos);
  for (const char* wrong :
       {"crypto.shared({handle = 99}, 'x')", "crypto.shared({handle = -1}, 'x')",
        "crypto.shared({}, 'x')", "crypto.random(0)", "crypto.random(1e9)",
        "crypto.prf('nosuch', 'k', 'd')", "crypto.seal('aes256gcm16', 'k', 'i', '', 'x')",
        "crypto.mac('sha256', 'short', 'x')", "ike.keys({}, {})", "ike.suite({})",
        "ike.keys({encr='aes256gcm16', prf='prfsha256'}, {ni='x'})", "words('common')",
        "esp.open('x', {encr='aes256gcm16'}, 'k')", "crypto.key_pair({id = 4711})"}) {
    INFO(wrong);
    auto adversary = load_script(std::string("function on_finish() ") + wrong + " end");
    REQUIRE(adversary.ok());
    (*adversary)->on_finish(Instant{1});
    CHECK(diagnostic_code(**adversary) == "E-LUA-002");
  }
}

TEST_CASE("ike.*: the key schedule and AUTH are the engine's", "[script]") {
  const auto provider = crypto::openssl_provider();
  const crypto::Algorithm& prf = *crypto::find_keyword(crypto::TransformType::prf, "prfsha256");
  const crypto::Algorithm& encr = *crypto::find_keyword(crypto::TransformType::encr, "aes256gcm16");
  const Bytes ni(32, 'a'), nr(32, 'b');
  keys::KeySchedule schedule(*provider, prf);
  const keys::Nonces nonces{ni, nr, {}};
  const Secret seed = schedule.skeyseed(nonces, Secret(Bytes(32, 'g'))).value();
  const auto keys = schedule.ike_keys(seed, nonces, IkeSpi{1}, IkeSpi{2}, {&encr, nullptr}).value();
  const std::string made =
      "local suite = {encr = 'aes256gcm16', prf = 'prfsha256'}\n"
      "local ni, nr = string.rep('a', 32), string.rep('b', 32)\n"
      "local k = ike.keys(suite, {ni = ni, nr = nr, shared = string.rep('g', 32),\n"
      "  spi_i = '0000000000000001', spi_r = '0000000000000002'})\n";
  CHECK(computed(made + "say(bytes.hex(k.sk_d .. k.sk_ei .. k.sk_pr))") ==
        to_hex(keys.sk_d.reveal()) + to_hex(keys.sk_ei.reveal()) + to_hex(keys.sk_pr.reveal()));
  const auto child = schedule.child_keys(keys.sk_d, nullptr, nonces, {&encr, nullptr}).value();
  CHECK(computed(made + "local c = ike.child_keys('prfsha256', suite, {sk_d = k.sk_d, ni = ni,"
                        " nr = nr})\nsay(bytes.hex(c.encr_i .. c.encr_r))") ==
        to_hex(child.encr_initiator_to_responder.reveal()) +
            to_hex(child.encr_responder_to_initiator.reveal()));
  const auto octets =
      keys::initiator_signed_octets(*provider, prf, Bytes{1, 2, 3}, nr, keys.sk_pi, Bytes{2, 0})
          .value();
  const auto auth =
      keys::shared_key_auth(*provider, prf, Secret(Bytes{'p', 's', 'k'}), octets.octets).value();
  CHECK(computed(made +
                 "local o = ike.signed_octets('prfsha256', {message = '\\1\\2\\3', nonce = nr,"
                 " sk_p = k.sk_pi, id = '\\2\\0'})\n"
                 "say(bytes.hex(ike.psk_auth('prfsha256', 'psk', o)))") == to_hex(auth));
}

TEST_CASE("ike.seal and ike.open, esp.seal and esp.open are inverses", "[script]") {
  const std::string keys =
      "local suite = {encr = 'aes256gcm16', prf = 'prfsha256'}\n"
      "local k = {sk_ei = crypto.random(36), sk_er = crypto.random(36)}\n";
  const std::string message =
      "local m = {spi_i = '0000000000000001', spi_r = '0000000000000002', exchange = 37,"
      " initiator = true, message_id = 5,"
      " payloads = {{number = 41, body = '\\0\\0\\64\\0'}}}\n";
  CHECK(
      computed(keys + message +
               "local o = ike.open(ike.seal(m, suite, k), suite, k)\n"
               "say(o.exchange_name .. ' ' .. o.message_id .. ' ' .. o.payloads[1].notify_name)") ==
      "INFORMATIONAL 5 INITIAL_CONTACT");
  CHECK(computed(keys + message +
                 "local octets = ike.seal(m, suite, k)\n"
                 "local o, why = ike.open(bytes.flip(octets, #octets), suite, k)\n"
                 "say(tostring(o) .. ' ' .. why)") ==
        "nil the integrity check of the Encrypted payload failed");
  CHECK(computed(keys + "local packet = esp.seal('inner', suite, k.sk_ei, nil, {spi = 'cafe0001',"
                        " sequence = 9})\n"
                        "local plain = esp.open(packet, suite, k.sk_ei)\n"
                        "say(esp.header(packet).sequence .. ' ' .. plain.payload .. ' ' ..\n"
                        "  plain.next_header)") == "9 inner 4");
}

TEST_CASE("what is granted is known from then on, and the script hears of it", "[script]") {
  auto adversary =
      load_script("function on_grant(g) say(g.what .. ' ' .. g.node .. ' ' .. #g.value) end");
  REQUIRE(adversary.ok());
  static_cast<void>((*adversary)->on_grant(Instant{5}, {"SK_d", "gw-a", "gw-a#1", Bytes(32, 1)}));
  const auto events = drain(**adversary);
  REQUIRE(of_kind<trace::AttackKnowledge>(events).size() == 1);
  CHECK(of_kind<trace::AttackKnowledge>(events)[0].how == "granted by the scenario");
  REQUIRE(of_kind<trace::AttackAction>(events).size() == 1);
  CHECK(of_kind<trace::AttackAction>(events)[0].note == "SK_d gw-a 32");
}

TEST_CASE("what is held is there from the beginning", "[script]") {
  script::AdversaryOptions options;
  options.name = "mallory";
  options.held["psk:gw-a"] = Bytes{'o', 'p', 'e', 'n'};
  auto adversary = script::load_adversary(
      std::string(header_on_path) +
          "function on_start() say(held('psk:gw-a') .. ' ' .. tostring(held('psk:gw-b'))) end",
      "t.lua", options);
  REQUIRE(adversary.ok());
  const auto events = drain(**adversary);
  CHECK(of_kind<trace::AttackKnowledge>(events).size() == 1);
  REQUIRE(of_kind<trace::AttackAction>(events).size() == 1);
  CHECK(of_kind<trace::AttackAction>(events)[0].note == "open nil");
}
