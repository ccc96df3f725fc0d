// Attacks on EAP and on GCM: what they claim to have computed is held
// against the endpoints' own secrets.
#include "protocol/crypto/provider.hpp"
#include "sim/run/run.hpp"
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
  template <class T, class Want>
  [[nodiscard]] std::size_t count(Want&& want) const {
    std::size_t n = 0;
    for (const trace::Event& event : events)
      if (const T* body = std::get_if<T>(&event.body)) n += want(event, *body) ? 1 : 0;
    return n;
  }
};

Played play(const std::string& name, const scenario::Overrides& overrides = {}) {
  const auto scenario = scenario::load(name, overrides);
  if (!scenario.ok()) FAIL(scenario.error().to_string());
  trace::MemorySink sink;
  run::RunOptions options;
  options.sinks = {&sink};
  auto report = run::run(*scenario, options);
  if (!report.ok()) FAIL(report.error().to_string());
  for (const Error& error : report->stopped_scripts) FAIL(error.to_string());
  return {std::move(*report), sink.events};
}

/// The secret of the laptop's first round.
Bytes password_in(const std::string& name) {
  const auto scenario = scenario::load(name);
  REQUIRE(scenario.ok());
  for (const scenario::Node& node : scenario->nodes)
    if (node.name == "laptop") return node.connections.at(0).local.psk;
  return {};
}

}  // namespace

TEST_CASE("a rogue gateway finds the user's own password, by computing it", "[attack][eap]") {
  for (const char* name : {"rogue-gateway", "rogue-gateway-md5"}) {
    INFO(name);
    const Played played = play(name);
    CHECK(played.learnt("EAP password") == password_in(name));
    // nothing of it ever reached the real gateway
    CHECK(played.count<trace::Message>([](const auto& event, const trace::Message& m) {
      return event.node == "vpn" && m.direction == "received";
    }) == 0);
  }
  const Played strong =
      play("rogue-gateway", {{"nodes.laptop.connections.office.local",
                              "{auth: eap-mschapv2, id: anna@example, secret: Zonnebloem-24}"}});
  CHECK_FALSE(strong.learnt("response").empty());
  CHECK(strong.learnt("EAP password").empty());
}

TEST_CASE("early Success: the stranger reads what the client sent, and the client believes it",
          "[attack][eap]") {
  const Played played = play("success-too-soon");
  const Bytes read = played.learnt("plaintext");
  REQUIRE_FALSE(read.empty());
  CHECK(played.count<trace::EspSealed>([&](const auto& event, const trace::EspSealed& sealed) {
    return event.node == "laptop" && sealed.inner == read;
  }) == 1);
  // whatever the client believes, the password was never known
  CHECK(played.count<trace::AuthDecided>([](const auto& event, const trace::AuthDecided& a) {
    return event.node == "laptop" && !a.local && a.ok;
  }) >= 1);
}

TEST_CASE("the last word first: the gateway takes a stranger for anna", "[attack][eap]") {
  const Played played = play("skip-the-password");
  const auto believed = [](const auto& event, const trace::AuthDecided& a) {
    return event.node == "vpn" && a.ok && !a.local && a.identity == "anna@example";
  };
  CHECK(played.count<trace::AuthDecided>(believed) >= 1);
  CHECK(play("skip-the-password-patched").count<trace::AuthDecided>(believed) == 0);
}

TEST_CASE("nonce reuse: H is the block cipher of zero under the gateway's own key",
          "[attack][gcm]") {
  const Played played = play("nonce-reuse");
  const Bytes h = played.learnt("H");
  REQUIRE(h.size() == 16);
  const auto provider = crypto::openssl_provider();
  const auto* cbc = crypto::find(crypto::TransformType::encr, 12, 256);
  REQUIRE(cbc != nullptr);
  std::size_t keys = 0;
  CHECK(played.count<trace::SaInstalled>([&](const auto& event, const trace::SaInstalled& sa) {
    if (event.node != "gw-a" || sa.protocol != "ESP" || sa.direction != "out") return false;
    ++keys;
    const ByteView key = ByteView(sa.encryption_key).first(32);
    const auto made = provider->seal(*cbc, key, Bytes(16), {}, Bytes(16));
    return made.ok() && Bytes(made->begin(), made->begin() + 16) == h;
  }) == 1);
  CHECK(keys == 1);
  CHECK(play("nonce-reuse-rekeyed").learnt("nonce").empty());
}
