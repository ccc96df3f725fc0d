#include "sim/ns3/routes.hpp"

#include <deque>
#include <set>

namespace ikelab::sim {
namespace {

/// For each link: through which attachment of `start` it is reached on a shortest path (breadth
/// first; ties go to the earlier link).
std::map<std::size_t, std::size_t> first_hops(
    const std::string& start, const std::map<std::string, std::vector<Attachment>>& attachments) {
  std::map<std::size_t, std::size_t> via;
  std::set<std::string> seen = {start};
  std::deque<std::pair<std::string, std::size_t>> queue;
  const auto& own = attachments.at(start);
  for (std::size_t i = 0; i < own.size(); ++i) {
    via[own[i].link] = i;
    if (seen.insert(own[i].neighbour).second) queue.emplace_back(own[i].neighbour, i);
  }
  while (!queue.empty()) {
    const auto [node, through] = queue.front();
    queue.pop_front();
    const auto found = attachments.find(node);
    if (found == attachments.end()) continue;
    for (const Attachment& a : found->second) {
      via.emplace(a.link, through);
      if (seen.insert(a.neighbour).second) queue.emplace_back(a.neighbour, through);
    }
  }
  return via;
}

}  // namespace

void install_routes(const scenario::Scenario& scenario,
                    const std::map<std::string, ns3::Ptr<ns3::Node>>& nodes,
                    const std::map<std::string, std::vector<Attachment>>& attachments) {
  ns3::Ipv4StaticRoutingHelper helper;
  for (const auto& [name, own] : attachments) {
    const auto via = first_hops(name, attachments);
    std::vector<std::size_t> count(own.size());
    for (const auto& [link, through] : via) ++count[through];
    const std::size_t main =
        static_cast<std::size_t>(std::max_element(count.begin(), count.end()) - count.begin());
    auto routing = helper.GetStaticRouting(nodes.at(name)->GetObject<ns3::Ipv4>());
    // A higher metric than the tunnel's, so that a policy for 0.0.0.0/0 wins.
    routing->SetDefaultRoute(own[main].next_hop, own[main].interface, 10);
    for (const auto& [link, through] : via) {
      if (through == main || own[through].link == link) continue;
      const Interface net = parse_interface(scenario.links[link].a_address);
      routing->AddNetworkRouteTo(net.address.CombineMask(net.mask), net.mask, own[through].next_hop,
                                 own[through].interface);
    }
  }
}

}  // namespace ikelab::sim
