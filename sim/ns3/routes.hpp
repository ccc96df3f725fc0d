// Routes of a small internet, computed once from the scenario's links and networks: each node gets
// explicit routes for what is not behind its main neighbour, and a default route for the rest.
#pragma once
#include <map>

#include "sim/ns3/ns3.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::sim {

/// A link or a network as routing sees it.
struct Medium {
  std::string name;
  std::string network, network6;  ///< one address on it with its prefix; empty: not of this version
};

/// Where a node is attached to a medium, and who else is there.
struct Attachment {
  std::size_t medium = 0;
  std::uint32_t interface = 0, interface6 = 0;
  struct Neighbour {
    std::string node;
    std::string address, address6;  ///< as the scenario writes them
  };
  std::vector<Neighbour> neighbours;
};
using Attachments = std::map<std::string, std::vector<Attachment>>;

void install_routes(const scenario::Scenario& scenario,
                    const std::map<std::string, ns3::Ptr<ns3::Node>>& nodes,
                    const std::vector<Medium>& media, const Attachments& attachments);
/// The node's default route leads over this attachment from now on.
void set_default_route(ns3::Node& node, const Attachment& over, const Attachment::Neighbour& next);
/// Its route to one network does.
void set_route(ns3::Node& node, const Medium& to, const Attachment& over,
               const Attachment::Neighbour& next);

}  // namespace ikelab::sim
