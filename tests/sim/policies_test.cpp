// What a run keeps of its nodes' SPD and PAD: in the order in which they are asked, without
// secrets.
#include "sim/run/policies.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

store::RunInfo told(const std::string& name) {
  const auto scenario = scenario::load(name);
  if (!scenario.ok()) FAIL(scenario.error().to_string());
  store::RunInfo info;
  run::describe_policies(*scenario, info);
  return info;
}

}  // namespace

TEST_CASE("policies: those of two gateways mirror each other", "[policies]") {
  const store::RunInfo info = told("site-to-site");
  REQUIRE(info.policies.size() >= 2);
  const auto of = [&](const std::string& node) {
    const auto found = std::find_if(info.policies.begin(), info.policies.end(),
                                    [&](const store::PolicyInfo& p) { return p.node == node; });
    REQUIRE(found != info.policies.end());
    return *found;
  };
  const store::PolicyInfo a = of("gw-a"), b = of("gw-b");
  CHECK(a.action == "protect");
  CHECK(a.mode == "tunnel");
  CHECK(a.local_ts == b.remote_ts);
  CHECK(a.remote_ts == b.local_ts);
  CHECK_FALSE(a.proposals.empty());
  REQUIRE(info.peers.size() >= 2);
  CHECK(info.peers.front().version == "IKEv2");
  CHECK_FALSE(info.peers.front().proof.empty());
}

TEST_CASE("policies: rounds and IKEv1 are named, every policy says what it does", "[policies]") {
  const auto peers = told("multi-factor").peers;
  CHECK(std::any_of(peers.begin(), peers.end(), [](const store::PeerInfo& p) {
    return p.own_proof.find(", then ") != std::string::npos;
  }));
  const auto old = told("ikev1-gateways").peers;
  CHECK(std::all_of(old.begin(), old.end(),
                    [](const store::PeerInfo& p) { return p.version.starts_with("IKEv1"); }));
  for (const auto& [name, about] : scenario::shipped()) {
    INFO(name);
    const store::RunInfo info = told(name);
    for (const store::PolicyInfo& p : info.policies) {
      CHECK((p.action == "protect" || p.action == "bypass" || p.action == "discard"));
      CHECK_FALSE(p.local_ts.empty());
    }
  }
}
