// The shipped attacks against real endpoints, vulnerable and hardened: what each header says under
// `shows` is what happens.
#include <algorithm>
#include <filesystem>

#include "tests/sim/attack_world.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

unsigned count_of(const std::vector<trace::Body>& events, const std::string& action) {
  const auto actions = of_kind<trace::AttackAction>(events);
  return static_cast<unsigned>(std::count_if(actions.begin(), actions.end(),
                                             [&](const auto& a) { return a.action == action; }));
}

std::string knowledge(const std::vector<trace::Body>& events, const std::string& item) {
  for (const auto& known : of_kind<trace::AttackKnowledge>(events))
    if (known.item == item) return known.text;
  return {};
}

policy::EndpointConfig with_proposals(policy::EndpointConfig config,
                                      const std::vector<std::string>& proposals) {
  config.connections[0].proposals.clear();
  for (const std::string& text : proposals)
    config.connections[0].proposals.push_back(
        policy::parse_proposal(text, wire::ProtocolId::ike).value());
  return config;
}

}  // namespace

TEST_CASE("every shipped attack loads", "[attack]") {
  unsigned count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(IKELAB_SOURCE_DIR) + "/sim/attacks")) {
    if (entry.path().extension() != ".lua") continue;
    const auto loaded =
        script::read_header(shipped_attack(entry.path().stem()), entry.path().filename());
    INFO(entry.path().string());
    REQUIRE(loaded.ok());
    CHECK(loaded->name == entry.path().stem());
    ++count;
  }
  CHECK(count >= 6);
}

TEST_CASE("replay-esp against replay_window 0: every copy is delivered and answered", "[attack]") {
  AttackWorld world("replay-esp", {}, 0);
  world.initiate();
  world.run_for(1s);
  world.run_pings(8);
  CHECK(world.b.requests == 13);  // 8 sent, 5 delivered twice
  CHECK(world.b.refused.empty());
  const auto events = world.finish();
  CHECK(achieved(events) == 1);
  CHECK(count_of(events, "replay") == 5);
  CHECK(knows(events, "SPI "));
  CHECK(knowledge(events, "the receiver").find("no anti-replay window") != std::string::npos);
  CHECK(of_kind<trace::Diagnostic>(events).empty());
}

TEST_CASE("replay-esp against the default window: every copy is refused", "[attack]") {
  AttackWorld world("replay-esp", {}, 64);
  world.initiate();
  world.run_for(1s);
  world.run_pings(8);
  CHECK(world.b.requests == 8);
  CHECK(world.b.refused == std::vector<std::string>(5, "E-ESP-REPLAY"));
  const auto events = world.finish();
  CHECK(achieved(events) == 0);
  CHECK(count_of(events, "replay") == 5);
  CHECK(knowledge(events, "the receiver").find("remembers sequence numbers") != std::string::npos);
}

TEST_CASE("replay-esp replays the other direction too, and says when there was nothing to record",
          "[attack]") {
  AttackWorld world("replay-esp", {{"from", "gw-b"}, {"packets", "2"}}, 64);
  world.initiate();
  world.run_for(1s);
  world.run_pings(4);
  CHECK(world.a.refused == std::vector<std::string>(2, "E-ESP-REPLAY"));
  AttackWorld silent("replay-esp", {}, 0);
  silent.initiate();
  silent.run_for(1s);
  const auto events = silent.finish();
  CHECK(achieved(events) == 0);
  CHECK(knowledge(events, "goal:make the receiver accept old packets") ==
        "only 0 ESP packets came by");
}

//= rfc7296#2.15 "It is critical to the security of the exchange that each side sign the other
//= side's nonce."
TEST_CASE(
    "tamper-sa-init takes the strong proposal out: AUTH covers the offer, so the peers refuse",
    "[attack]") {
  const std::vector<std::string> offer = {"aes256gcm16-prfsha256-x25519",
                                          "aes128gcm16-prfsha256-x25519"};
  AttackWorld world("tamper-sa-init", {}, 64, with_proposals(site_a(), offer),
                    with_proposals(site_b(), offer));
  world.initiate();
  world.run_for(60s);
  world.run_pings(2);
  CHECK(world.b.requests == 0);
  CHECK(world.a.path->size() + world.b.path->size() == 0);
  REQUIRE_FALSE(world.b.auth.empty());
  CHECK(std::any_of(world.b.auth.begin(), world.b.auth.end(),
                    [](const auto& auth) { return !auth.local && !auth.ok; }));
  const auto events = world.finish();
  CHECK(achieved(events) == 0);
  const auto actions = of_kind<trace::AttackAction>(events);
  REQUIRE_FALSE(actions.empty());
  CHECK(actions[0].note == "took out proposal 1; left ENCR_AES_GCM_16 128");
  CHECK(knowledge(events, "the peers").find("AUTH did not") != std::string::npos);
}

TEST_CASE("tamper-sa-init flips a bit of the nonce: the keys differ, IKE_AUTH cannot be opened",
          "[attack]") {
  for (const char* what : {"nonce", "ke"}) {
    INFO(what);
    AttackWorld world("tamper-sa-init", {{"what", what}}, 64);
    world.initiate();
    world.run_for(120s);
    world.run_pings(2);
    CHECK(world.b.requests == 0);
    CHECK(world.a.path->size() + world.b.path->size() == 0);
    const auto events = world.finish();
    CHECK(achieved(events) == 0);
    CHECK(count_of(events, "modify") >= 1);
    CHECK(knowledge(events, "the peers").find("other keys") != std::string::npos);
  }
}

TEST_CASE("without tampering the same world carries pings: the negative twin", "[attack]") {
  AttackWorld world("eavesdrop", {}, 64);
  world.initiate();
  world.run_for(1s);
  world.run_pings(3);
  CHECK(world.b.requests == 3);
  CHECK(world.a.replies == 3);
}

TEST_CASE("eavesdrop learns what is public, and nothing of what is inside", "[attack]") {
  AttackWorld world("eavesdrop", {}, 64);
  world.initiate();
  world.run_for(1s);
  world.run_pings(3);
  const auto events = world.finish();
  CHECK(achieved(events) == 0);
  for (const char* item :
       {"IKE SA ", "nonce, initiator", "nonce, responder", "public value, initiator",
        "public value, responder", "algorithms, initiator", "exchange IKE_AUTH", "SPI ",
        "traffic: ESP gw-a to gw-b"}) {
    INFO(item);
    CHECK(knows(events, item));
  }
  CHECK(count_of(events, "modify") + count_of(events, "replay") + count_of(events, "drop") == 0);
  for (const auto& known : of_kind<trace::AttackKnowledge>(events)) {
    CHECK(to_text(known.value).find("hello") == std::string::npos);
    CHECK(known.text.find("hello") == std::string::npos);
  }
}

TEST_CASE("the same attack gives the same events", "[attack]") {
  const auto play = [] {
    AttackWorld world("replay-esp", {}, 0);
    world.initiate();
    world.run_for(1s);
    world.run_pings(8);
    std::string notes;
    for (const auto& action : of_kind<trace::AttackAction>(world.finish()))
      notes += action.note + to_hex(action.after) + "\n";
    return notes;
  };
  CHECK(play() == play());
}
