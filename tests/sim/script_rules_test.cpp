// Rules, held packets, the ring of keys, forged packets, an endpoint of its own, detectors.
#include "protocol/wire/encode.hpp"
#include "tests/sim/attack_world.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

Bytes ike_message(std::uint8_t exchange, bool response, std::uint32_t message_id,
                  std::uint64_t spi_i = 0x1111) {
  wire::Message message;
  message.header.spi_i = IkeSpi{spi_i};
  message.header.exchange = static_cast<wire::ExchangeType>(exchange);
  message.header.response = response;
  message.header.initiator = !response;
  message.header.message_id = MessageId{message_id};
  return wire::encode(message);
}

std::vector<std::string> said(script::Adversary& adversary) {
  std::vector<std::string> out;
  for (const auto& action : of_kind<trace::AttackAction>(drain(adversary)))
    out.push_back(action.note);
  return out;
}

std::unique_ptr<script::Adversary> detector(const std::string& body, bool blocks) {
  script::AdversaryOptions options;
  options.name = "ids";
  options.side = script::Side::monitor;
  options.blocks = blocks;
  auto loaded = script::load_adversary(
      "monitor = { name = 'd', about = 'a test', position = 'passive' }\n" + body, "d.lua",
      options);
  if (!loaded.ok()) FAIL(loaded.error().to_string());
  return std::move(loaded).value();
}

}  // namespace

TEST_CASE("a rule is called for what it names, and for nothing else", "[script]") {
  auto adversary = load_script(
      "on({ exchange = 'INFORMATIONAL', response = true }, function(p, m) say('id ' .. "
      "m.message_id) end)\n"
      "on({ exchange = 'INFORMATIONAL', nth = 2 }, function(p, m) say('second') end)\n"
      "on({ spi = '0000000000002222' }, function(p, m) say('spi') end)\n"
      "on({ repeated = true }, function(p, m) say('again') end)\n");
  REQUIRE(adversary.ok());
  const auto see = [&](const Bytes& octets) {
    (*adversary)->on_packet(Instant{1}, tapped(octets, 1, "IKE"));
    return said(**adversary);
  };
  using List = std::vector<std::string>;
  CHECK(see(ike_message(37, false, 2)).empty());
  CHECK(see(ike_message(37, true, 2)) == List{"id 2", "second"});
  CHECK(see(ike_message(35, true, 1)).empty());
  CHECK(see(ike_message(37, true, 2)) == List{"id 2", "again"});
  CHECK(see(ike_message(36, false, 3, 0x2222)) == List{"spi"});
  (*adversary)->on_packet(Instant{1}, tapped(hex("01020304"), 2, "ESP"));
  CHECK(said(**adversary).empty());
}

TEST_CASE("a rule that matches by nothing we know is an error with its line", "[script]") {
  const auto loaded = load_script("\n\non({ exchnge = 'IKE_AUTH' }, function() end)");
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().code == "E-LUA-001");
  CHECK(loaded.error().message.find("'exchnge'") != std::string::npos);
  CHECK(loaded.error().place.find(":4") != std::string::npos);  // line 1 is the header
}

TEST_CASE("a held packet is kept, and goes on when it is let go", "[script]") {
  auto adversary = load_script(
      "function on_packet(p) if p.size == 4 then hold(p, 'x') else say(release('x') .. ' let go') "
      "end end");
  const auto kept = (*adversary)->on_packet(Instant{1}, tapped(hex("01020304"), 5));
  CHECK(kept.fate == script::Decision::Fate::drop);
  const auto later = (*adversary)->on_packet(Instant{2}, tapped(hex("0102030405"), 6));
  CHECK(later.fate == script::Decision::Fate::pass);
  REQUIRE(later.injections.size() == 1);
  CHECK(later.injections[0].copy_of == 5);
  CHECK(later.injections[0].payload == hex("01020304"));
}

TEST_CASE("an ICMP message and an IP packet have right checksums", "[script]") {
  auto adversary = load_script(
      "function on_packet(p)\n"
      "  local inner = inet.packet{ src = '10.1.0.1', dst = '10.2.0.1', protocol = 50, payload = "
      "'x' }\n"
      "  assert(inet.checksum(inner:sub(1, 20)) == 0)\n"
      "  local m = icmp.message{ type = 3, code = 4, rest = '\\0\\0\\2\\64', data = inner }\n"
      "  assert(inet.checksum(m) == 0)\n"
      "  inject{ src = p.dst, dst = p.src, protocol = 'ICMP', payload = m, to = p.from }\n"
      "end");
  const auto decision = (*adversary)->on_packet(Instant{1}, tapped(hex("01020304")));
  REQUIRE(decision.injections.size() == 1);
  CHECK(decision.injections[0].protocol == "ICMP");
  CHECK(diagnostic_code(**adversary).empty());
}

TEST_CASE("an endpoint of its own completes a handshake, and its keys are the script's",
          "[script]") {
  script::AdversaryOptions options;
  options.name = "mallory";
  options.seed = 7;
  options.datagram_id_base = 3ULL << 32;
  options.connections = site_b().connections;  // the scenario grants gw-b's identity and secret
  auto loaded = script::load_adversary(
      std::string(header_on_path) +
          "on({ protocol = 'IKE' }, function(p) drop('mine') endpoint.receive(p) end)\n"
          "function on_finish()\n"
          "  local sa = endpoint.sas()[1]\n"
          "  learn('SK_d', sa.state .. ' with ' .. sa.peer .. ', ' .. #sa.esp, 'own', "
          "sa.keys.sk_d)\n"
          "end",
      "mitm.lua", options);
  REQUIRE(loaded.ok());
  auto& adversary = **loaded;
  auto provider = crypto::openssl_provider();
  policy::EndpointConfig config = site_a();
  config.disclose_secrets = true;
  ikev2::Endpoint victim(config, *provider, crypto::seeded_rng(7, "gw-a"));
  REQUIRE(victim.command(Instant{}, ikev2::Initiate{"site", "net"}).ok());
  Bytes sk_d;
  for (int round = 0; round < 8; ++round) {
    while (auto event = victim.poll_event())
      if (const auto* key = std::get_if<trace::KeyDerived>(&event->body);
          key != nullptr && key->name == "SK_d")
        sk_d = key->output;
    while (victim.poll_sad()) {
    }
    const auto datagram = victim.poll_transmit();
    if (!datagram) break;
    script::TappedPacket packet = tapped(datagram->payload, datagram->id, "IKE");
    packet.src = datagram->src;
    packet.dst = datagram->dst;
    for (const script::Injection& answer : adversary.on_packet(Instant{1}, packet).injections)
      victim.handle_datagram(Instant{2}, {answer.datagram, answer.src, answer.dst, answer.payload});
  }
  REQUIRE(victim.sas().size() == 1);
  CHECK(victim.sas()[0].state == "ESTABLISHED");
  adversary.on_finish(Instant{3});
  bool named = false;
  std::vector<trace::AttackKnowledge> knowledge;
  while (auto event = adversary.poll_event()) {
    named = named || event->sa == "mallory#1";
    if (const auto* k = std::get_if<trace::AttackKnowledge>(&event->body)) knowledge.push_back(*k);
  }
  CHECK(named);  // what its engine says stands in the trace under its own name
  REQUIRE(knowledge.size() == 1);
  CHECK(knowledge[0].value == sk_d);
  CHECK(knowledge[0].text == "ESTABLISHED with gw-a.example, 2");
}

TEST_CASE("without a grant there is no endpoint", "[script]") {
  auto adversary = load_script("function on_packet(p) endpoint.receive(p) end");
  (*adversary)->on_packet(Instant{1}, tapped(hex("01020304")));
  std::string message;
  CHECK(diagnostic_code(**adversary, &message) == "E-LUA-002");
  CHECK(message.find("grants none") != std::string::npos);
}

TEST_CASE("a detector says what it saw, and blocks only where it may", "[script]") {
  for (const bool blocks : {false, true}) {
    auto ids = detector("function on_packet(p) alert('four octets', 'critical') block('junk') end",
                        blocks);
    const auto decision = ids->on_packet(Instant{1}, tapped(hex("01020304"), 9));
    CHECK((decision.fate == script::Decision::Fate::drop) == blocks);
    const auto alerts = of_kind<trace::Alert>(drain(*ids));
    REQUIRE(alerts.size() == 1);
    CHECK(alerts[0].monitor == "d");
    CHECK(alerts[0].severity == "critical");
    CHECK(alerts[0].datagram == 9);
  }
}

TEST_CASE("an attack has no alert(), and a detector cannot send", "[script]") {
  auto adversary = load_script("function on_packet(p) alert('x') end");
  (*adversary)->on_packet(Instant{1}, tapped(hex("01020304")));
  CHECK(diagnostic_code(**adversary) == "E-LUA-002");
  auto ids = detector("function on_packet(p) replay(p) end", true);
  ids->on_packet(Instant{1}, tapped(hex("01020304")));
  CHECK(diagnostic_code(*ids) == "E-LUA-002");
}

TEST_CASE("a monitor's header is called monitor", "[script]") {
  script::AdversaryOptions options;
  options.side = script::Side::monitor;
  const auto loaded = script::load_adversary(
      std::string(header_on_path) + "function on_packet() end", "d.lua", options);
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().code == "E-LUA-001");
}
