// Two gateways with real IKE and real ESP, a host behind each, and an adversary on the wire between
// them: no network simulator, so that a shipped attack script can be judged in milliseconds.
// Host 10.2.0.10 answers pings, as hosts do.
#pragma once
#include <fstream>
#include <functional>

#include "tests/protocol/esp_support.hpp"
#include "tests/sim/script_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

namespace ikelab::test {

inline std::string shipped_attack(const std::string& name) {
  const std::string path = std::string(IKELAB_SOURCE_DIR) + "/sim/attacks/" + name + ".lua";
  std::ifstream in(path);
  if (!in) FAIL("cannot read " << path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class AttackWorld {
 public:
  struct Node {
    std::string name;
    std::unique_ptr<crypto::Provider> provider = crypto::openssl_provider();
    std::unique_ptr<crypto::Rng> rng;
    std::unique_ptr<ikev2::Endpoint> endpoint;
    std::unique_ptr<esp::DataPath> path;
    std::vector<std::string> refused;    ///< codes of ESP packets that were not opened
    unsigned requests = 0, replies = 0;  ///< pings that came out of the tunnel
    std::vector<trace::AuthDecided> auth;
    std::uint64_t next_datagram = 0;
  };

  /// `attack` is a shipped script's name; `replay_window` is gw-b's.
  AttackWorld(const std::string& attack, const std::map<std::string, std::string>& parameters,
              std::uint32_t replay_window, policy::EndpointConfig a_config = site_a(),
              policy::EndpointConfig b_config = site_b()) {
    script::AdversaryOptions options;
    options.name = "mallory";
    options.parameters = parameters;
    options.datagram_id_base = 3ULL << 32;
    auto loaded = script::load_adversary(shipped_attack(attack), attack + ".lua", options);
    if (!loaded.ok()) FAIL(loaded.error().to_string());
    adversary_ = std::move(loaded).value();
    for (auto& connection : b_config.connections)
      for (auto& child : connection.children) child.replay_window = replay_window;
    start(a, std::move(a_config));
    start(b, std::move(b_config));
  }

  Node a, b;
  Instant now;

  void initiate() {
    REQUIRE(a.endpoint->command(now, ikev2::Initiate{"site", "net"}).ok());
    drain(a);
  }
  /// The host behind gw-a pings the one behind gw-b.
  void ping() {
    send_inner(a, ipv4_packet(1, "10.1.0.10", "10.2.0.10",
                              Bytes{8, 0, 0, 0, 0, 1, 0, 1, 'h', 'e', 'l', 'l', 'o'}));
  }
  void run_for(Duration time) {
    const Instant until = now + time;
    for (unsigned steps = 0; step(until); ++steps) REQUIRE(steps < 100'000);
    now = until;
  }
  void run_pings(int count) {
    for (int i = 0; i < count; ++i) {
      ping();
      run_for(1s);
    }
  }
  /// The run ends; what the adversary did and learnt.
  std::vector<trace::Body> finish() {
    adversary_->on_finish(now);
    return drain_adversary();
  }

 private:
  void start(Node& node, policy::EndpointConfig config) {
    node.name = config.node;
    node.rng = crypto::seeded_rng(7, config.node)->stream("esp");
    node.path = std::make_unique<esp::DataPath>(*node.provider, *node.rng);
    node.next_datagram = config.datagram_id_base + 1'000'000;
    node.endpoint = std::make_unique<ikev2::Endpoint>(std::move(config), *node.provider,
                                                      crypto::seeded_rng(7, node.name));
  }

  void drain(Node& node) {
    while (auto event = node.endpoint->poll_event())
      if (const auto* auth = std::get_if<trace::AuthDecided>(&event->body))
        node.auth.push_back(*auth);
    while (auto change = node.endpoint->poll_sad()) node.path->apply(std::move(*change));
    while (auto datagram = node.endpoint->poll_transmit()) {
      script::TappedPacket packet = tapped(datagram->payload, datagram->id, "IKE");
      packet.src = datagram->src;
      packet.dst = datagram->dst;
      cross(node, std::move(packet));
    }
  }

  void send_inner(Node& node, const Bytes& inner) {
    if (node.path->lookup(inner) != esp::Verdict::protect) return;
    const auto sealed = node.path->seal(inner);
    REQUIRE(sealed.ok());
    script::TappedPacket packet = tapped(sealed->packet, node.next_datagram++);
    packet.src.ip = sealed->src;
    packet.dst.ip = sealed->dst;
    cross(node, std::move(packet));
  }

  /// A packet leaves `from`: the adversary sees it first.
  void cross(Node& from, script::TappedPacket packet) {
    Node& to = &from == &a ? b : a;
    packet.from = from.name;
    packet.to = to.name;
    script::Decision decision = adversary_->on_packet(now, packet);
    send_injections(decision.injections);
    if (decision.fate == script::Decision::Fate::drop) return;
    if (decision.fate == script::Decision::Fate::modify) packet.payload = decision.payload;
    later(5ms + decision.delay, [this, &to, packet] { arrive(to, packet); });
  }

  void send_injections(const std::vector<script::Injection>& injections) {
    for (const script::Injection& injection : injections) {
      script::TappedPacket packet =
          tapped(injection.payload, injection.datagram, injection.protocol.c_str());
      packet.src = injection.src;
      packet.dst = injection.dst;
      Node& to = injection.towards == a.name ? a : b;
      later(5ms + injection.after, [this, &to, packet] { arrive(to, packet); });
    }
  }

  void arrive(Node& node, const script::TappedPacket& packet) {
    if (packet.protocol == "IKE") {
      node.endpoint->handle_datagram(now,
                                     {packet.datagram, packet.src, packet.dst, packet.payload});
      drain(node);
      return;
    }
    const auto opened = node.path->open(packet.payload);
    if (!opened.ok()) {
      node.refused.push_back(opened.error().code);
      return;
    }
    const bool request = opened->inner[20] == 8;
    ++(request ? node.requests : node.replies);
    if (request)
      send_inner(node, ipv4_packet(1, "10.2.0.10", "10.1.0.10",
                                   Bytes{0, 0, 0, 0, 0, 1, 0, 1, 'h', 'e', 'l', 'l', 'o'}));
  }

  void later(Duration after, std::function<void()> what) {
    agenda_.emplace(now + after, std::move(what));
  }

  bool step(Instant until) {
    std::optional<Instant> next = adversary_->next_timer();
    const auto sooner = [&](std::optional<Instant> at) {
      if (at && (!next || *at < *next)) next = at;
    };
    sooner(a.endpoint->poll_timeout());
    sooner(b.endpoint->poll_timeout());
    if (!agenda_.empty()) sooner(agenda_.begin()->first);
    if (!next || *next > until) return false;
    now = std::max(now, *next);
    if (!agenda_.empty() && agenda_.begin()->first <= now) {
      const auto what = std::move(agenda_.begin()->second);
      agenda_.erase(agenda_.begin());
      what();
      return true;
    }
    if (const auto at = adversary_->next_timer(); at && *at <= now)
      send_injections(adversary_->on_timer(now).injections);
    for (Node* node : {&a, &b})
      if (const auto at = node->endpoint->poll_timeout(); at && *at <= now) {
        node->endpoint->handle_timeout(now);
        drain(*node);
      }
    return true;
  }

  std::vector<trace::Body> drain_adversary() { return test::drain(*adversary_); }

  std::unique_ptr<script::Adversary> adversary_;
  std::multimap<Instant, std::function<void()>> agenda_;
};

inline std::int64_t achieved(const std::vector<trace::Body>& events) {
  const auto metrics = of_kind<trace::Metric>(events);
  REQUIRE(metrics.size() == 1);
  CHECK(metrics[0].subject == "mallory");
  CHECK(metrics[0].name == "achieved");
  return metrics[0].value;
}

inline bool knows(const std::vector<trace::Body>& events, const std::string& item) {
  for (const auto& known : of_kind<trace::AttackKnowledge>(events))
    if (known.item.starts_with(item)) return true;
  return false;
}

}  // namespace ikelab::test
