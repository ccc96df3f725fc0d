// Routes of a small internet, computed once from the scenario's links: each node gets explicit
// routes for what is not behind its main neighbour, and a default route for the rest.
#pragma once
#include <map>

#include "sim/ns3/ns3.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::sim {

/// Where a link ends at a node: the ns-3 interface, and the address on the other side.
struct Attachment {
  std::size_t link = 0;
  std::uint32_t interface = 0;
  ns3::Ipv4Address next_hop;
  std::string neighbour;
};

void install_routes(const scenario::Scenario& scenario,
                    const std::map<std::string, ns3::Ptr<ns3::Node>>& nodes,
                    const std::map<std::string, std::vector<Attachment>>& attachments);

}  // namespace ikelab::sim
