// The shipped attack scenarios on ns-3, both ways: what the script does, what the peers do, and
// what stands in the trace.
#include <algorithm>
#include <tuple>

#include "protocol/trace/attack_items.hpp"
#include "sim/run/run.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

struct Played {
  run::RunReport report;
  std::vector<trace::Event> events;

  template <class T, class Want>
  [[nodiscard]] std::size_t count(Want&& want) const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [&](const trace::Event& event) {
          const T* body = std::get_if<T>(&event.body);
          return body != nullptr && want(event, *body);
        }));
  }
  [[nodiscard]] std::size_t actions(const char* action) const {
    return count<trace::AttackAction>([&](const auto& event, const auto& a) {
      return event.node == "mallory" && a.action == action;
    });
  }
  [[nodiscard]] std::size_t icmp_on(const char* link) const {
    return count<trace::PacketOnLink>(
        [&](const auto&, const auto& p) { return p.link == link && p.protocol == "ICMP"; });
  }
  /// The octets of the first thing of this name that the adversary came to know.
  [[nodiscard]] Bytes learnt(const std::string& item) const {
    for (const trace::Event& event : events)
      if (const auto* k = std::get_if<trace::AttackKnowledge>(&event.body); k && k->item == item)
        return k->value;
    return {};
  }
  /// The last value of this name that the node derived.
  [[nodiscard]] Bytes derived(const std::string& node, const std::string& name) const {
    Bytes value;
    for (const trace::Event& event : events)
      if (const auto* k = std::get_if<trace::KeyDerived>(&event.body);
          k && event.node == node && k->name == name)
        value = k->output;
    return value;
  }
  [[nodiscard]] std::size_t opened_at(const char* node) const {
    return count<trace::EspOpened>(
        [&](const auto& event, const auto&) { return event.node == node; });
  }
};

Played play(const std::string& name, const scenario::Overrides& overrides = {},
            std::optional<std::uint64_t> seed = {}) {
  const auto scenario = scenario::load(name, overrides, seed);
  if (!scenario.ok()) FAIL(scenario.error().to_string());
  trace::MemorySink sink;
  run::RunOptions options;
  options.sinks = {&sink};
  auto report = run::run(*scenario, options);
  if (!report.ok()) FAIL(report.error().to_string());
  return {*report, std::move(sink.events)};
}

void check_expectations(const Played& played) {
  CHECK_FALSE(played.report.expectations.empty());
  for (const auto& outcome : played.report.expectations) {
    INFO(outcome.text << ": " << outcome.found);
    CHECK(outcome.met);
  }
}

}  // namespace

TEST_CASE("replay-esp on ns-3: against the default window it fails", "[attack]") {
  const Played played = play("replay-esp");
  check_expectations(played);
  CHECK(played.actions("replay") == 5);
  CHECK(played.opened_at("gw-b") == played.opened_at("gw-a"));  // a ping each way
}

TEST_CASE("replay-esp on ns-3: against replay window off it succeeds", "[attack]") {
  const Played played = play("replay-esp-open");
  check_expectations(played);
  CHECK(played.actions("replay") == 5);
  const std::size_t replayed =
      played.count<trace::EspOpened>([](const auto& event, const trace::EspOpened& opened) {
        return event.node == "gw-b" &&
               (opened.datagram >> 48) == 1;  // ids of packets the adversary made
      });
  CHECK(replayed == 5);
}

TEST_CASE("the window alone decides: each scenario with the other's window fails its expectations",
          "[attack]") {
  const char* window = "nodes.gw-b.connections.site.children.net.replay_window";
  CHECK_FALSE(play("replay-esp", {{window, "0"}}).report.expectations_met());
  CHECK_FALSE(play("replay-esp-open", {{window, "64"}}).report.expectations_met());
}

TEST_CASE("tamper-sa-init on ns-3: the peers refuse, whatever is altered", "[attack]") {
  for (const char* what : {"proposals", "nonce", "ke"}) {
    INFO(what);
    const Played played = play(
        "tamper-sa-init", {{"adversaries.mallory.parameters.what", what}, {"duration", "200s"}});
    check_expectations(played);
    CHECK(played.actions("modify") >= 1);
    CHECK(played.opened_at("gw-b") == 0);
    CHECK(played.icmp_on("lan-a") > 0);
    CHECK(played.icmp_on("wan") == 0);  // and nothing falls back to clear text
    CHECK(played.count<trace::SaInstalled>(
              [](const auto&, const auto& sa) { return sa.protocol == "ESP"; }) == 0);
  }
}

TEST_CASE("a script that is placed where it cannot act is refused", "[attack]") {
  const auto scenario = scenario::load("replay-esp", {{"adversaries.mallory.position", "passive"}});
  REQUIRE(scenario.ok());
  const auto report = run::run(*scenario, {});
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().code == "E-RUN-005");
}

TEST_CASE("a script that fails in a run is off, and the run goes on", "[attack]") {
  const Played played = play("replay-esp", {{"adversaries.mallory.parameters.wait", "soon"}});
  CHECK(played.count<trace::Diagnostic>([](const auto& event, const auto& d) {
    return event.node == "mallory" && d.code == "E-LUA-002";
  }) == 1);
  CHECK(played.actions("replay") == 0);
  CHECK(played.opened_at("gw-b") >= 9);
}

TEST_CASE("an attack's run repeats to the byte", "[attack]") {
  CHECK(play("replay-esp").report.fingerprint == play("replay-esp").report.fingerprint);
}

TEST_CASE("psk-dictionary finds the endpoint's own secret, by computing it", "[attack]") {
  const auto scenario = scenario::load("psk-dictionary-weak");
  REQUIRE(scenario.ok());
  const Played played = play("psk-dictionary-weak");
  CHECK(played.learnt("psk") == scenario->nodes[1].connections[0].local.psk);
  // no message of this handshake ever reached the responder
  CHECK(played.count<trace::Message>([](const auto& event, const auto& m) {
    return event.node == "gw-b" && m.direction == "received";
  }) == 0);
  const char* secret = "nodes.gw-a.connections.site.local";
  CHECK_FALSE(play("psk-dictionary-weak",
                   {{secret, "{auth: psk, id: gw-a.example, secret: Zonnebloem-24-vijf}"}})
                  .report.expectations_met());
}

TEST_CASE("later-children makes the very keys of the rekeyed Child SA", "[attack]") {
  const Played played = play("no-pfs");
  Bytes both = played.derived("gw-a", "ESP encryption key, initiator to responder");
  const Bytes back = played.derived("gw-a", "ESP encryption key, responder to initiator");
  both.insert(both.end(), back.begin(), back.end());
  CHECK_FALSE(both.empty());
  CHECK(played.learnt("ESP keys") == both);
}

TEST_CASE("harvest derives the recorded SK_d from g^ir", "[attack]") {
  const Played played = play("harvest");
  CHECK_FALSE(played.learnt("SK_*").empty());
  CHECK(played.learnt("SK_*") == played.derived("gw-b", "SK_d"));
}

namespace {

/// Whether the node derived this very value under this name, at any time.
bool derived_by(const Played& played, const std::string& node, const std::string& name,
                const Bytes& value) {
  return !value.empty() &&
         played.count<trace::KeyDerived>([&](const auto& event, const trace::KeyDerived& k) {
           return event.node == node && k.name == name && k.output == value;
         }) > 0;
}

}  // namespace

TEST_CASE("what an attack claims to have computed is the endpoint's own secret", "[attack]") {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"small-group", "gw-b", "SK_*"},
      {"transcript-downgrade", "gw-b", "SK_*"},
      {"rekey-before-auth", "gw-b", "SK_*"},
      {"reused-keys", "gw-b", "SK_* of session 2"}};
  for (const auto& [scenario, node, item] : rows) {
    INFO(scenario);
    const Played played = play(scenario);
    CHECK(derived_by(played, node, "SK_d", played.learnt(item)));
  }
  const auto guessing = scenario::load("secret-guessing");
  REQUIRE(guessing.ok());
  const auto gateway = std::find_if(guessing->nodes.begin(), guessing->nodes.end(),
                                    [](const auto& node) { return node.name == "gw-b"; });
  REQUIRE(gateway != guessing->nodes.end());
  CHECK(play("secret-guessing").learnt("psk") == gateway->connections[0].local.psk);
}

TEST_CASE("a forged redirect: the keys that mallory made are those that the caller made with her",
          "[attack]") {
  const auto scenario = scenario::load("forged-redirect");
  REQUIRE(scenario.ok());
  const Played played = play("forged-redirect");
  const Bytes keys = played.learnt("SK_ei, SK_er"), sk_ei = played.derived("gw-a", "SK_ei");
  REQUIRE_FALSE(sk_ei.empty());
  CHECK(keys == concat({sk_ei, played.derived("gw-a", "SK_er")}));
  CHECK(played.learnt("identity") == to_bytes(as_bytes("gw-a.example")));
  CHECK(played.learnt("caller") == from_hex("0104c6336401").value());  // 198.51.100.1: gw-b
  // without the nonce nothing is sent to the address in the forged redirect
  for (const char* hardened : {"forged-redirect-blind", "forged-redirect-declined"}) {
    INFO(hardened);
    CHECK(play(hardened).count<trace::DatagramSent>([](const auto& event, const auto& d) {
      return event.node == "gw-a" && d.dst.starts_with("203.0.113.66");
    }) == 0);
  }
}

TEST_CASE("the trace says who attacks, from where, and with what", "[attack]") {
  const auto first = [](const Played& played, const char* item) {
    for (const trace::Event& event : played.events)
      if (const auto* k = std::get_if<trace::AttackKnowledge>(&event.body); k && k->item == item)
        return std::pair(event.time, k->text + " | " + k->how);
    return std::pair(Instant{-1}, std::string());
  };
  const Played harvest = play("harvest");
  CHECK(
      first(harvest, trace::item_place) ==
      std::pair(Instant{}, std::string("passive at link wan, between gw-a and gw-b: it sees every "
                                       "packet there, and sends none | the scenario puts it "
                                       "there")));
  CHECK(first(harvest, trace::item_plan).second.ends_with(" | script harvest (A22)"));
  CHECK_FALSE(first(harvest, trace::item_unseen).second.empty());
  const Played middle = play("man-in-the-middle");
  CHECK(first(middle, "an IKE endpoint of its own as gw-b.example").second ==
        std::string(trace::text_held) + " | " + trace::how_granted);
  CHECK(first(middle, trace::item_unseen).second.empty());
  CHECK(first(play("group-enumeration"), trace::item_place)
            .second.starts_with("off-path at link road (stranger and internet)"));
}

TEST_CASE("a flaw of history changes nothing in a node that has none", "[attack]") {
  const Played with = play("two-gateways"), again = play("two-gateways");
  CHECK(with.report.fingerprint == again.report.fingerprint);
  CHECK(with.count<trace::Diagnostic>([](const auto&, const trace::Diagnostic& d) {
    return d.code.starts_with("E-BUG");
  }) == 0);
  const auto unknown = scenario::load("two-gateways", {{"nodes.gw-a.bugs", "[CVE-1999-0001]"}});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().code == "E-SCN-030");
}

TEST_CASE("invariants hold where nobody attacks, and fire at the packet where somebody does",
          "[attack][monitor]") {
  const char* judge = "[{name: judge, invariants: all}]";
  for (const char* name : {"two-gateways", "site-to-site", "road-warrior", "lossy-link"}) {
    INFO(name);
    CHECK(play(name, {{"monitors", judge}}).count<trace::Alert>([](const auto&, const auto&) {
      return true;
    }) == 0);
  }
  const Played broken = play("reflection");
  CHECK(broken.count<trace::Alert>([](const auto& event, const trace::Alert& alert) {
    return event.node == "judge" && alert.datagram != 0;
  }) > 0);
  const auto unknown =
      scenario::load("two-gateways", {{"monitors", "[{name: judge, invariants: [beauty]}]"}});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().code == "E-SCN-012");
}

TEST_CASE("a monitor that blocks takes packets out, and says why", "[attack][monitor]") {
  const Played played = play("junk-auth-flood-filtered");
  CHECK(played.count<trace::DatagramDropped>([](const auto&, const trace::DatagramDropped& d) {
    return d.where == "filter" && d.reason.starts_with("blocked by junk-auth");
  }) > 100);
}
