#include "sim/run/policies.hpp"

#include <fmt/format.h>

#include "protocol/esp/spd.hpp"
#include "protocol/policy/traffic_selector.hpp"

namespace ikelab::run {
namespace {

using policy::AuthConfig;

std::string proof_of(const AuthConfig& auth) {
  switch (auth.kind) {
    case policy::AuthKind::psk:
      return "pre-shared key";
    case policy::AuthKind::pubkey:
      return "certificate";
    case policy::AuthKind::eap:
      return auth.eap_method == wire::EapType::none ? "EAP" : wire::name(auth.eap_method);
    case policy::AuthKind::null:
      return "nothing (NULL)";
  }
  return "";
}

// The rounds of a side, one after another (RFC 4739).
std::string proofs(const std::vector<const AuthConfig*>& rounds) {
  std::string out;
  for (const AuthConfig* round : rounds) out += (out.empty() ? "" : ", then ") + proof_of(*round);
  return out;
}

std::string proposals(const std::vector<wire::Proposal>& all) {
  std::string out;
  for (const wire::Proposal& p : all) out += (out.empty() ? "" : ", ") + policy::to_string(p);
  return out;
}

// "1 h", "15 min", "40 s": the largest unit that says it whole.
std::string in_words(Duration d) {
  struct Unit {
    Duration size;
    const char* name;
  };
  static constexpr Unit units[] = {{1h, "h"}, {1min, "min"}, {1s, "s"}};
  for (const Unit& unit : units)
    if (d.count() % unit.size.count() == 0)
      return fmt::format("{} {}", d.count() / unit.size.count(), unit.name);
  return to_string(d);
}

// "rekey after 1 h, end after 66 min"; also by volume.
std::string lifetime(const policy::ChildConfig& child) {
  std::string out;
  const auto add = [&](std::string words) { out += (out.empty() ? "" : ", ") + std::move(words); };
  if (child.rekey_time.count() != 0) add("rekey after " + in_words(child.rekey_time));
  if (child.bytes.rekey != 0) add(fmt::format("rekey after {} octets", child.bytes.rekey));
  if (child.packets.rekey != 0) add(fmt::format("rekey after {} packets", child.packets.rekey));
  if (child.life_time) add("end after " + in_words(*child.life_time));
  return out.empty() ? "no limit" : out;
}

std::string lifetime(const policy::ConnectionConfig& connection) {
  std::string out;
  if (connection.rekey_time.count() != 0) out = "rekey after " + in_words(connection.rekey_time);
  if (connection.reauth_time.count() != 0)
    out += (out.empty() ? "" : ", ") + ("begin anew after " + in_words(connection.reauth_time));
  return out.empty() ? "no limit" : out;
}

store::PolicyInfo policy_row(const std::string& node, const policy::ConnectionConfig& connection,
                             const esp::Policy& p) {
  static constexpr const char* actions[] = {"protect", "bypass", "discard"};
  store::PolicyInfo row;
  row.node = node;
  row.action = row.mode = actions[static_cast<std::size_t>(p.action)];
  row.connection = p.connection;
  row.child = p.child;
  row.local_ts = policy::to_string(p.selectors.local_ts.front());
  row.remote_ts = policy::to_string(p.selectors.remote_ts.front());
  for (const policy::ChildConfig& child : connection.children) {
    if (child.name != p.child || !child.needs_sas()) continue;
    row.mode = child.mode == policy::ChildMode::transport ? "transport" : "tunnel";
    row.proposals = proposals(child.esp_proposals);
    row.lifetime = lifetime(child);
    row.start = child.start ? "at once" : child.trap ? "when traffic wants it" : "";
  }
  return row;
}

store::PeerInfo peer_row(const std::string& node, const policy::ConnectionConfig& c) {
  store::PeerInfo row;
  row.node = node;
  row.connection = c.name;
  row.address = c.remote_addr.is_unspecified() ? "any" : c.remote_addr.to_string();
  row.identity = c.remote.id.to_string();
  row.proof = proofs(c.remote_rounds());
  row.own_identity = c.local.id.to_string();
  row.own_proof = proofs(c.local_rounds());
  row.version = c.ikev1 ? (c.ikev1->aggressive ? "IKEv1, aggressive" : "IKEv1") : "IKEv2";
  row.proposals = proposals(c.proposals);
  row.lifetime = lifetime(c);
  return row;
}

}  // namespace

void describe_policies(const scenario::Scenario& scenario, store::RunInfo& info) {
  for (const scenario::Node& node : scenario.nodes) {
    esp::Spd spd;
    for (const policy::ConnectionConfig& connection : node.connections) {
      info.peers.push_back(peer_row(node.name, connection));
      for (esp::Policy& policy : esp::policies_of(connection, node.pools))
        spd.add(std::move(policy));
    }
    for (const esp::Policy& policy : spd.policies())
      for (const policy::ConnectionConfig& connection : node.connections)
        if (connection.name == policy.connection)
          info.policies.push_back(policy_row(node.name, connection, policy));
  }
}

}  // namespace ikelab::run
