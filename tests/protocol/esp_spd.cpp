// The SPD: order and priorities, shunts, traps, fragments; and a model of it on random policies.
#include <fmt/format.h>

#include "protocol/esp/outer.hpp"
#include "protocol/esp/sad.hpp"
#include "tests/protocol/esp_support.hpp"
#include "tests/support/catch.hpp"

#ifdef IKELAB_RAPIDCHECK
#include "tests/support/property.hpp"
#endif

using namespace ikelab;
using namespace ikelab::esp;
using namespace ikelab::test;

namespace {

policy::ChildConfig child(const char* name, const char* local, const char* remote,
                          policy::ChildMode mode = policy::ChildMode::tunnel) {
  policy::ChildConfig config;
  config.name = name;
  config.local_ts = {policy::parse_traffic_selector(local).value()};
  config.remote_ts = {policy::parse_traffic_selector(remote).value()};
  config.mode = mode;
  return config;
}

policy::ConnectionConfig connection(std::vector<policy::ChildConfig> children) {
  policy::ConnectionConfig config;
  config.name = "site";
  config.children = std::move(children);
  return config;
}

Bytes to(const char* dst, std::uint16_t port = 5000) {
  return ipv4_packet(17, "10.1.0.10", dst, udp(4000, port, 8));
}

}  // namespace

TEST_CASE("policies are ordered as strongSwan orders them", "[esp][spd]") {
  using policy::ChildMode;
  EspPair pair;
  for (Policy& policy : policies_of(connection(
           {child("all", "10.1.0.0/24", "0.0.0.0/0"), child("net", "10.1.0.0/24", "10.2.0.0/16"),
            child("lan", "10.1.0.0/24", "10.9.0.0/16", ChildMode::pass),
            child("none", "10.1.0.0/24", "10.2.7.0/24", ChildMode::drop)})))
    pair.a.add_policy(std::move(policy));
  CHECK(pair.a.lookup(to("10.9.1.1")) == Verdict::bypass);   // pass comes first
  CHECK(pair.a.lookup(to("10.2.0.1")) == Verdict::discard);  // protect, and no SA
  CHECK(pair.a.seal(to("10.2.0.1")).error().code == "E-ESP-NO-SA");
  pair.install(sa_between, 0x1001, suite_of("aes128gcm16"));  // child net, to 10.2.0.0/24
  CHECK(pair.a.lookup(to("10.2.0.1")) == Verdict::protect);
  // The narrower policy decides, and what its own SA does not carry is not given to another's.
  CHECK(pair.a.lookup(to("10.2.7.1")) == Verdict::discard);
  CHECK(pair.a.lookup(to("8.8.8.8")) == Verdict::discard);
  CHECK(pair.a.lookup(ipv4_packet(17, "10.8.0.1", "10.2.0.1", udp(1, 2, 3))) == Verdict::bypass);
}

TEST_CASE("a priority that is written comes before what would be made", "[esp][spd]") {
  auto dropped = child("none", "10.1.0.0/24", "10.2.7.0/24", policy::ChildMode::drop);
  dropped.priority = 1;
  EspPair pair;
  for (Policy& policy : policies_of(connection(
           {child("lan", "10.1.0.0/24", "10.2.0.0/16", policy::ChildMode::pass), dropped})))
    pair.a.add_policy(std::move(policy));
  CHECK(pair.a.lookup(to("10.2.7.1")) == Verdict::discard);
  CHECK(pair.a.seal(to("10.2.7.1")).error().code == "E-ESP-DISCARD");
  CHECK(pair.a.lookup(to("10.2.8.1")) == Verdict::bypass);
}

TEST_CASE("inbound packets in the clear meet the same policies, the other way round",
          "[esp][spd]") {
  EspPair pair;
  for (Policy& policy : policies_of(
           connection({child("net", "10.2.0.0/24", "10.1.0.0/24"),
                       child("dns", "10.2.0.0/24", "10.1.0.0/24[udp/53]", policy::ChildMode::pass),
                       child("none", "10.2.0.0/24", "10.9.0.0/24", policy::ChildMode::drop)})))
    pair.b.add_policy(std::move(policy));
  const auto from = [](const char* src, std::uint16_t port) {
    return ipv4_packet(17, src, "10.2.0.10", udp(port, 4000, 8));
  };
  CHECK(pair.b.inbound_clear(from("10.1.0.10", 4000)) == Verdict::discard);
  CHECK(pair.b.inbound_clear(from("10.1.0.10", 53)) == Verdict::bypass);
  CHECK(pair.b.inbound_clear(from("10.9.0.10", 53)) == Verdict::discard);
  CHECK(pair.b.inbound_clear(from("10.7.0.10", 53)) == Verdict::bypass);
  CHECK(pair.b.inbound_clear({}) == Verdict::discard);
}

TEST_CASE("a trap asks IKE for an SA, once in a while", "[esp][spd]") {
  EspPair pair;
  auto trapped = child("net", "10.1.0.0/24", "10.2.0.0/24");
  trapped.trap = true;
  for (Policy& policy : policies_of(connection({trapped}))) pair.a.add_policy(std::move(policy));
  CHECK_FALSE(pair.a.poll_wish());
  CHECK(pair.a.seal(to("10.2.0.1")).error().code == "E-ESP-NO-SA");
  const auto wish = pair.a.poll_wish();
  REQUIRE(wish);
  CHECK(wish->kind == Wish::Kind::acquire);
  CHECK(wish->connection == "site");
  CHECK(wish->child == "net");
  CHECK_FALSE(pair.a.seal(to("10.2.0.2")).ok());
  CHECK_FALSE(pair.a.poll_wish());  // it was asked already
  pair.a.set_now(Instant{acquire_time.count()});
  CHECK_FALSE(pair.a.seal(to("10.2.0.1")).ok());
  CHECK(pair.a.poll_wish());  // and did not come
  pair.install(sa_between, 0x1001, suite_of("aes128gcm16"));
  CHECK(pair.a.seal(to("10.2.0.1")).ok());
  pair.a.apply(RemoveSa{false, EspSpi{0x1001}});
  CHECK_FALSE(pair.a.seal(to("10.2.0.1")).ok());
  CHECK(pair.a.poll_wish());  // another SA, another wish
  // Without the trap nobody is asked.
  pair.b.require({subnet("10.1.0.0", "10.1.0.255")}, {subnet("10.2.0.0", "10.2.0.255")});
  CHECK_FALSE(pair.b.seal(to("10.2.0.1")).ok());
  CHECK_FALSE(pair.b.poll_wish());
}

TEST_CASE("a later fragment has no ports, and only selectors without ports take it", "[esp][spd]") {
  Bytes fragment = to("10.2.0.1", 53);
  fragment[7] = 5;  // offset
  const auto flow = policy::flow_of_packet(fragment).value();
  CHECK(flow.opaque_ports);
  const auto selectors = [](const char* remote) {
    return Selectors{{policy::parse_traffic_selector("10.1.0.0/24").value()},
                     {policy::parse_traffic_selector(remote).value()}};
  };
  CHECK(selects(selectors("10.2.0.0/24"), flow));
  CHECK(selects(selectors("10.2.0.0/24[udp]"), flow));
  CHECK_FALSE(selects(selectors("10.2.0.0/24[udp/53]"), flow));
  CHECK_FALSE(selects(selectors("10.2.0.0/24[udp/0]"), flow));
  CHECK_FALSE(selects(selectors("10.2.0.0/24[tcp]"), flow));
}

TEST_CASE("IPv6: the protocol stands behind extension headers", "[esp][spd]") {
  const auto flow = [](std::uint8_t first, const char* octets) {
    return policy::flow_of_packet(ipv6_packet(first, "2001:db8::1", "2001:db8::2", hex(octets)))
        .value();
  };
  const char* chain = "3c000000 00000000 11000000 00000000 0fa01388 00080000";
  CHECK(flow(0, chain).protocol == 17);  // hop-by-hop, destination options, UDP
  CHECK(flow(0, chain).dst_port == 5000);
  CHECK(flow(44, "11000001 00000007 0fa01388 00080000").dst_port == 5000);  // first fragment
  const auto later = flow(44, "11000009 00000007 0fa01388 00080000");
  CHECK(later.opaque_ports);
  CHECK(later.protocol == 17);
  CHECK(flow(0, "3cff0000 00000000").protocol == 60);  // runs out of the packet
}

TEST_CASE("outbound SAs of two peers with one SPI are told apart", "[esp][sad]") {
  EspPair pair;
  auto first = sa_between(0x1001, suite_of("aes128gcm16"));
  auto second = sa_between(0x1001, suite_of("aes128gcm16"));
  first.pair = EspSpi{1};
  second.pair = EspSpi{2};
  second.ts_dst = {subnet("10.7.0.0", "10.7.0.255")};
  pair.a.apply(InstallSa{false, std::move(first)});
  pair.a.apply(InstallSa{false, std::move(second)});
  pair.a.apply(RemoveSa{false, EspSpi{0x1001}, EspSpi{2}});
  CHECK(pair.a.lookup(to("10.2.0.1")) == Verdict::protect);
  CHECK(pair.a.lookup(to("10.7.0.1")) == Verdict::bypass);
}

#ifdef IKELAB_RAPIDCHECK
namespace {

/// Few addresses, ports and protocols, so that policies overlap and packets hit their edges.
struct Draw {
  static IpAddress address() {
    return IpAddress::v4(0x0a000000U + *rc::gen::inRange<std::uint32_t>(0, 12));
  }
  static wire::TrafficSelector selector() {
    wire::TrafficSelector ts;
    IpAddress a = address(), b = *rc::gen::inRange(0, 3) == 0 ? a : address();
    ts.start = std::min(a, b);
    ts.end = std::max(a, b);
    ts.protocol = *rc::gen::element<std::uint8_t>(0, 0, 6, 17);
    ts.start_port = *rc::gen::element<std::uint16_t>(0, 0, 79, 80, 0);
    ts.end_port = *rc::gen::element<std::uint16_t>(80, 81, 0xffff, 0xffff);
    return ts;
  }
  static std::vector<wire::TrafficSelector> selectors() {
    std::vector<wire::TrafficSelector> all{selector()};
    if (*rc::gen::inRange(0, 4) == 0) all.push_back(selector());
    return all;
  }
  static policy::Flow flow() {
    policy::Flow flow;
    flow.src = address();
    flow.dst = address();
    flow.protocol = *rc::gen::element<std::uint8_t>(1, 6, 17);
    flow.src_port = *rc::gen::element<std::uint16_t>(0, 78, 79, 80, 81, 82, 0xffff);
    flow.dst_port = *rc::gen::element<std::uint16_t>(0, 78, 79, 80, 81, 82, 0xffff);
    flow.opaque_ports = *rc::gen::inRange(0, 8) == 0;
    return flow;
  }
};

/// RFC 4301, 4.4.1.1, said slowly.
bool obviously_in(const wire::TrafficSelector& ts, const IpAddress& address, std::uint8_t protocol,
                  std::uint16_t port, bool opaque) {
  if (address.to_v4() < ts.start.to_v4()) return false;
  if (address.to_v4() > ts.end.to_v4()) return false;
  if (ts.protocol != 0)
    if (ts.protocol != protocol) return false;
  const bool every_port = ts.start_port == 0 && ts.end_port == 65535;
  if (opaque) return every_port;
  return every_port || (port >= ts.start_port && port <= ts.end_port);
}

bool obviously_selects(const Selectors& s, const policy::Flow& f) {
  bool local = false, remote = false;
  for (const auto& ts : s.local_ts)
    local = local || obviously_in(ts, f.src, f.protocol, f.src_port, f.opaque_ports);
  for (const auto& ts : s.remote_ts)
    remote = remote || obviously_in(ts, f.dst, f.protocol, f.dst_port, f.opaque_ports);
  return local && remote;
}

}  // namespace

TEST_CASE("model: the SPD takes the first policy by priority, then by order", "[esp][model]") {
  holds("SPD", 1000, [] {
    Spd spd;
    std::vector<Policy> model;
    const auto count = *rc::gen::inRange<std::size_t>(0, 8);
    for (std::size_t i = 0; i < count; ++i) {
      Policy policy{
          "c", fmt::format("{}", i), Action::protect, {Draw::selectors(), Draw::selectors()}};
      policy.priority = *rc::gen::inRange<std::uint32_t>(0, 3);
      spd.add(policy);
      model.push_back(policy);
    }
    for (int i = 0; i < 20; ++i) {
      const policy::Flow flow = Draw::flow();
      const Policy* expected = nullptr;
      for (std::uint32_t priority = 0; priority < 3; ++priority)
        for (const Policy& policy : model)
          if (expected == nullptr && policy.priority == priority &&
              obviously_selects(policy.selectors, flow))
            expected = &policy;
      const Policy* found = std::as_const(spd).find(flow);
      RC_ASSERT((found == nullptr) == (expected == nullptr));
      if (found != nullptr) RC_ASSERT(found->child == expected->child);
    }
  });
}

TEST_CASE("model: the newest SA for a flow, among those that come and go", "[esp][model]") {
  holds("flow index", 1000, [] {
    FlowIndex index;
    std::map<Serial, Selectors> model;
    Serial next = 1;
    const auto steps = *rc::gen::inRange<int>(0, 30);
    for (int i = 0; i < steps; ++i) {
      if (!model.empty() && *rc::gen::inRange(0, 3) == 0) {
        const auto victim = *rc::gen::inRange<Serial>(1, next);
        index.remove(victim);  // perhaps one that has gone already
        model.erase(victim);
      } else {
        const Selectors selectors{Draw::selectors(), Draw::selectors()};
        index.add(next, selectors);
        model.emplace(next++, selectors);
      }
      const policy::Flow flow = Draw::flow();
      const auto fits = [](Serial serial) { return serial % 5 != 0; };
      std::optional<Serial> expected;
      for (const auto& [serial, selectors] : model)
        if (obviously_selects(selectors, flow) && fits(serial)) expected = serial;
      RC_ASSERT(index.newest(flow, fits) == expected);
    }
  });
}
#endif
