// What scenarios say of networks: each value arrives, and each mistake has one line with its place.
#include "sim/scenario/scenario.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

/// A scenario of two nodes with one more line.
std::string with(const std::string& node, const std::string& link, const std::string& rest = "") {
  return "name: x\nduration: 1s\nnodes:\n  - {name: a, " + node + "}\n  - {name: b}\nlinks:\n" +
         "  - {name: wire, a: a, b: b, a_address: 10.0.0.1/24, b_address: 10.0.0.2/24" + link +
         "}\n" + rest;
}

}  // namespace

TEST_CASE("network vocabulary: values", "[scenario][network]") {
  const auto s = scenario::load_text(
      with("role: nat, nat: {inside: wire, mapping: address-dependent, udp_timeout: 30s, ports: "
           "100-200, hairpin: no, forward: [{udp: 500, to: 10.0.0.2}]}, firewall: [{drop: udp, "
           "port: 500, from: 3s}]",
           ", loss: 1%, bursts: {enter: 2%, leave: 50%}, to_a: {rate: 1Mbps, loss: 5%}, outages: "
           "[{at: 1s, for: 2s}]"),
      "x.yaml");
  if (!s.ok()) FAIL(s.error().to_string());
  const scenario::Node& node = s->nodes.front();
  REQUIRE(node.nat);
  CHECK(node.role == scenario::Role::nat);
  CHECK(node.nat->inside == std::vector<std::string>{"wire"});
  CHECK(node.nat->mapping == path::Dependence::address_dependent);
  CHECK(node.nat->udp_timeout == Duration(30s));
  CHECK(node.nat->first_port == 100);
  CHECK(node.nat->last_port == 200);
  CHECK_FALSE(node.nat->hairpin);
  REQUIRE(node.nat->forwards.size() == 1);
  CHECK(node.nat->forwards[0].port == 500);
  REQUIRE(node.firewall.size() == 1);
  CHECK(node.firewall[0].from == Duration(3s));
  const scenario::Link& link = s->links.front();
  CHECK(link.to_a.rate_bps == 1'000'000);
  CHECK(link.to_a.loss == Approx(0.05));
  CHECK(link.to_b.loss == Approx(0.01));
  REQUIRE(link.to_a.bursts);
  CHECK(link.to_a.bursts->leave == Approx(0.5));
  REQUIRE(link.outages.size() == 1);
  CHECK(link.outages[0].lasts == Duration(2s));
}

TEST_CASE("network vocabulary: either version of IP", "[scenario][network]") {
  const auto both = scenario::load_text(
      "name: x\nduration: 1s\nnodes: [{name: a}, {name: b}, {name: c}]\nlinks:\n"
      "  - {name: wire, a: a, b: b, a_address: [10.0.0.1/24, \"fd00::1/64\"], b_address: "
      "[10.0.0.2/24, \"fd00::2/64\"]}\n"
      "networks:\n  - {name: lan, members: [{node: b, address: \"fd00:1::1/64\"}, {node: c, "
      "address: \"fd00:1::2/64\"}]}\n",
      "x.yaml");
  if (!both.ok()) FAIL(both.error().to_string());
  CHECK(both->links[0].a_address == "10.0.0.1/24");
  CHECK(both->links[0].b_address6 == "fd00::2/64");
  REQUIRE(both->lans.size() == 1);
  CHECK(both->lans[0].members[1].address6 == "fd00:1::2/64");
  CHECK(both->lans[0].members[1].address.empty());
}

TEST_CASE("network vocabulary: each mistake has its line", "[scenario][network]") {
  struct Mistake {
    std::string yaml, code, place;
  };
  const std::vector<Mistake> mistakes = {
      {with("role: nat", ""), "E-SCN-011", "x.yaml:4:"},
      {with("nat: {inside: wire}", ""), "E-SCN-011", "x.yaml:4:"},
      {with("role: nat, nat: {}", ""), "E-SCN-011", "x.yaml:4:"},
      {with("role: nat, nat: {inside: wier}", ""), "E-SCN-013", "x.yaml:4:"},
      {with("role: nat, nat: {inside: wire, ports: 9-1}", ""), "E-SCN-012", "x.yaml:4:"},
      {with("role: nat, nat: {inside: wire, mapping: odd}", ""), "E-SCN-012", "x.yaml:4:"},
      {with("firewall: [{drop: everything}]", ""), "E-SCN-012", "x.yaml:4:"},
      {with("firewall: [{drop: esp, port: 5}]", ""), "E-SCN-012", "x.yaml:4:"},
      {with("firewall: [{drop: larger}]", ""), "E-SCN-011", "x.yaml:4:"},
      {with("firewall: [{port: 5}]", ""), "E-SCN-011", "x.yaml:4:"},
      {with("role: host", ", loss: 5"), "E-SCN-012", "x.yaml:7:"},
      {with("role: host", ", bursts: {enter: 5%}"), "E-SCN-011", "x.yaml:7:"},
      {with("role: host", ", bursts: {enter: 5%, leave: 0%}"), "E-SCN-012", "x.yaml:7:"},
      {with("role: host", ", outages: [{at: 5s}]"), "E-SCN-011", "x.yaml:7:"},
      {with("role: host", ", to_c: {}"), "E-SCN-010", "x.yaml:7:"},
      {with("role: host", "",
            "networks:\n  - {name: lan, members: [{node: a, address: "
            "10.1.0.1/24}]}\n"),
       "E-SCN-011", "x.yaml:9:"},
      {with("role: host", "", "events:\n  - {at: 0s, node: a, action: move, link: wire}\n"),
       "E-SCN-011", "x.yaml:9:"},
      {with("role: host", "", "events:\n  - {at: 0s, node: a, action: reroute, link: wir}\n"),
       "E-SCN-013", "x.yaml:9:"},
  };
  for (const Mistake& mistake : mistakes) {
    INFO(mistake.yaml);
    const auto loaded = scenario::load_text(mistake.yaml, "x.yaml");
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.error().code == mistake.code);
    CHECK(loaded.error().place.starts_with(mistake.place));
    CHECK(loaded.error().to_string().find('\n') == std::string::npos);
  }
}
