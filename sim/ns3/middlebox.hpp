// Firewalls and NAT boxes of a scenario as guards of ns-3 nodes.
#pragma once
#include <map>
#include <set>

#include "protocol/trace/journal.hpp"
#include "sim/ns3/policed_routing.hpp"
#include "sim/path/nat.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::sim {

/// Drops what the node's `firewall:` names, with a DatagramDropped for each.
void guard_with_firewall(ns3::Ptr<ns3::Node> node, const scenario::Node& config,
                         trace::Journal& journal);

class NatBox {
 public:
  /// `media`: the interfaces of the node by the name of their link.
  NatBox(ns3::Ptr<ns3::Node> node, const scenario::Node& config,
         const std::map<std::string, std::uint32_t>& media, trace::Journal& journal);
  NatBox(const NatBox&) = delete;
  NatBox& operator=(const NatBox&) = delete;
  /// The box restarts.
  void rebind();

 private:
  bool take(const Arrival& arrival);
  void settle(const Arrival& arrival, Bytes packet, const std::string& refusal);
  void tell();

  ns3::Ptr<ns3::Node> node_;
  std::string name_;
  trace::Journal& journal_;
  path::Nat nat_;
  std::set<std::uint32_t> inside_;  ///< interfaces
};

}  // namespace ikelab::sim
