// The attacks that live on IKEv1, both ways and with three seeds: what a script claims is held to
// what the endpoints themselves had.
#include <algorithm>

#include "sim/run/run.hpp"
#include "sim/script/natural.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

struct Played {
  run::RunReport report;
  std::vector<trace::Event> events;

  [[nodiscard]] Bytes learnt(const std::string& item) const {
    for (const trace::Event& event : events)
      if (const auto* k = std::get_if<trace::AttackKnowledge>(&event.body); k && k->item == item)
        return k->value;
    return {};
  }
  [[nodiscard]] bool derived(const std::string& node, const std::string& name,
                             const Bytes& value) const {
    return std::any_of(events.begin(), events.end(), [&](const trace::Event& event) {
      const auto* k = std::get_if<trace::KeyDerived>(&event.body);
      return k && event.node == node && k->name == name && k->output == value;
    });
  }
  [[nodiscard]] std::size_t diagnosed(const std::string& code) const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [&](const trace::Event& event) {
          const auto* d = std::get_if<trace::Diagnostic>(&event.body);
          return d && d->code == code;
        }));
  }
};

Played play(const std::string& name, std::optional<std::uint64_t> seed = {},
            const scenario::Overrides& overrides = {}) {
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
  CHECK(played.diagnosed("E-LUA-002") == 0);
}

}  // namespace

TEST_CASE("each attack on IKEv1 and its twin end as they say, with three seeds",
          "[attack][ikev1]") {
  for (const char* name :
       {"ikev1-gateways", "ikev1-aggressive-crack", "ikev1-aggressive-crack-main",
        "ikev1-main-mode-crack", "ikev1-main-mode-crack-strong", "ikev1-amplification",
        "ikev1-amplification-silent"})
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      INFO(name << ", seed " << seed);
      check_expectations(play(name, seed));
    }
}

TEST_CASE("the secret that a listener to aggressive mode finds is the endpoint's own",
          "[attack][ikev1]") {
  const auto scenario = scenario::load("ikev1-aggressive-crack");
  REQUIRE(scenario.ok());
  const Played played = play("ikev1-aggressive-crack");
  CHECK(played.learnt("psk") == scenario->nodes[1].connections[0].local.psk);
  const char* one = "nodes.gw-a.connections.site.local";
  const char* other = "nodes.gw-b.connections.site.local";
  const Played strong =
      play("ikev1-aggressive-crack", {},
           {{one, "{auth: psk, id: gw-a.example, secret: Zonnebloem-24-vijf}"},
            {other, "{auth: psk, id: gw-b.example, secret: Zonnebloem-24-vijf}"}});
  CHECK(strong.learnt("psk").empty());
  CHECK_FALSE(strong.learnt("HASH_R").empty());
}

TEST_CASE("the responder that answered main mode has the secret and the Diffie-Hellman value",
          "[attack][ikev1]") {
  const auto scenario = scenario::load("ikev1-main-mode-crack");
  REQUIRE(scenario.ok());
  const Played played = play("ikev1-main-mode-crack");
  CHECK(played.learnt("psk") == scenario->nodes[1].connections[0].local.psk);
  CHECK(played.derived("gw-a", "g^xy", played.learnt("g^xy")));
}

TEST_CASE("a Bleichenbacher oracle gives gw-b's place away, and none gives nothing, with three seeds",
          "[attack][ikev1]") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    INFO("seed " << seed);
    const Played open = play("ikev1-rsa-nonces", seed);
    check_expectations(open);
    // the nonce, and what follows from it, are what gw-a had
    CHECK(open.derived("gw-a", "SKEYID", open.learnt("SKEYID")));
    check_expectations(play("ikev1-rsa-nonces-alike", seed));
  }
}

TEST_CASE("numbers of scripts: arithmetic against what is known", "[script][ikev1]") {
  using script::Natural;
  const Natural a(hex("ffffffffffffffffffffffff")), b(hex("0123456789abcdef"));
  CHECK(to_hex((a + Natural(std::uint64_t{1})).octets()) == "01000000000000000000000000");
  CHECK(to_hex((a - a).octets()) == "00");
  CHECK(to_hex((b * b).octets()) == "014b66dc33f6acdca5e20890f2a521");
  const auto [quotient, rest] = a.divided_by(b);
  CHECK((quotient * b + rest).octets() == a.octets());
  CHECK(rest < b);
  // 3^65537 mod 1000000007, by another program
  CHECK(Natural(std::uint64_t{3})
            .power(Natural(std::uint64_t{65537}), Natural(std::uint64_t{1'000'000'007}))
            .octets() == Natural(std::uint64_t{754'428'556}).octets());
}
