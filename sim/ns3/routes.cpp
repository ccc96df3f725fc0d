#include "sim/ns3/routes.hpp"

#include <deque>
#include <set>

#include "sim/ns3/policed_routing.hpp"

namespace ikelab::sim {
namespace {

/// A first step from a node: over which attachment, to which neighbour.
struct Step {
  std::size_t attachment = 0, neighbour = 0;
  auto operator<=>(const Step&) const = default;
};

// A higher metric than the tunnel's, so that a policy for 0.0.0.0/0 wins.
constexpr std::uint32_t default_metric = 10;

/// Whom a breadth-first search from one node reaches first over which step. What is behind a NAT
/// box is not reached from outside it.
class Search {
 public:
  Search(const scenario::Scenario& scenario, const std::vector<Medium>& media,
         const Attachments& attachments)
      : attachments_(attachments) {
    for (const scenario::Node& node : scenario.nodes)
      if (node.nat)
        for (std::size_t i = 0; i < media.size(); ++i)
          if (std::find(node.nat->inside.begin(), node.nat->inside.end(), media[i].name) !=
              node.nat->inside.end())
            inside_[node.name].insert(i);
  }

  /// For each medium the step that leads to it; ties go to the earlier one.
  std::map<std::size_t, Step> from(const std::string& start) const {
    std::map<std::size_t, Step> via;
    std::set<std::string> seen = {start};
    std::deque<Place> queue;
    const auto& own = attachments_.at(start);
    for (std::size_t i = 0; i < own.size(); ++i) {
      via[own[i].medium] = {i, 0};
      for (std::size_t n = 0; n < own[i].neighbours.size(); ++n)
        if (seen.insert(own[i].neighbours[n].node).second)
          queue.push_back({own[i].neighbours[n].node, own[i].medium, {i, n}});
    }
    while (!queue.empty()) {
      const Place place = queue.front();
      queue.pop_front();
      const auto found = attachments_.find(place.node);
      if (found == attachments_.end()) continue;
      for (const Attachment& a : found->second) {
        if (!passes(place, a.medium)) continue;
        via.emplace(a.medium, place.through);
        for (const auto& next : a.neighbours)
          if (seen.insert(next.node).second) queue.push_back({next.node, a.medium, place.through});
      }
    }
    return via;
  }

 private:
  struct Place {
    std::string node;
    std::size_t from = 0;  ///< the medium over which it was reached
    Step through;
  };
  [[nodiscard]] bool passes(const Place& place, std::size_t to) const {
    const auto box = inside_.find(place.node);
    return box == inside_.end() || box->second.contains(place.from) || !box->second.contains(to);
  }

  const Attachments& attachments_;
  std::map<std::string, std::set<std::size_t>> inside_;
};

void add_route(ns3::Node& node, const Medium& to, const Attachment& over,
               const Attachment::Neighbour& next) {
  ns3::Ipv4StaticRoutingHelper helper;
  if (!to.network.empty() && !next.address.empty()) {
    const Interface net = parse_interface(to.network);
    helper.GetStaticRouting(node.GetObject<ns3::Ipv4>())
        ->AddNetworkRouteTo(net.address.CombineMask(net.mask), net.mask,
                            parse_interface(next.address).address, over.interface);
  }
  ns3::Ipv6StaticRoutingHelper helper6;
  const auto ip6 = node.GetObject<ns3::Ipv6>();
  if (ip6 && !to.network6.empty() && !next.address6.empty()) {
    const Interface6 net = parse_interface6(to.network6);
    helper6.GetStaticRouting(ip6)->AddNetworkRouteTo(
        net.address.CombinePrefix(net.prefix), net.prefix, parse_interface6(next.address6).address,
        over.interface6);
  }
}

}  // namespace

void set_default_route(ns3::Node& node, const Attachment& over, const Attachment::Neighbour& next) {
  forget_routes(node);
  if (!next.address.empty()) {
    ns3::Ipv4StaticRoutingHelper helper;
    const auto routing = helper.GetStaticRouting(node.GetObject<ns3::Ipv4>());
    for (std::uint32_t i = routing->GetNRoutes(); i-- > 0;)
      if (routing->GetRoute(i).IsDefault() && routing->GetMetric(i) == default_metric)
        routing->RemoveRoute(i);
    routing->SetDefaultRoute(parse_interface(next.address).address, over.interface, default_metric);
  }
  const auto ip6 = node.GetObject<ns3::Ipv6>();
  if (!ip6 || next.address6.empty()) return;
  ns3::Ipv6StaticRoutingHelper helper;
  const auto routing = helper.GetStaticRouting(ip6);
  for (std::uint32_t i = routing->GetNRoutes(); i-- > 0;)
    if (routing->GetRoute(i).IsDefault() && routing->GetMetric(i) == default_metric)
      routing->RemoveRoute(i);
  routing->SetDefaultRoute(parse_interface6(next.address6).address, over.interface6,
                           ns3::Ipv6Address::GetZero(), default_metric);
}

void set_route(ns3::Node& node, const Medium& to, const Attachment& over,
               const Attachment::Neighbour& next) {
  forget_routes(node);
  if (!to.network.empty()) {
    ns3::Ipv4StaticRoutingHelper helper;
    const auto routing = helper.GetStaticRouting(node.GetObject<ns3::Ipv4>());
    const Interface net = parse_interface(to.network);
    for (std::uint32_t i = routing->GetNRoutes(); i-- > 0;)
      if (routing->GetRoute(i).GetDestNetwork() == net.address.CombineMask(net.mask) &&
          routing->GetRoute(i).GetDestNetworkMask() == net.mask)
        routing->RemoveRoute(i);
  }
  add_route(node, to, over, next);
}

void install_routes(const scenario::Scenario& scenario,
                    const std::map<std::string, ns3::Ptr<ns3::Node>>& nodes,
                    const std::vector<Medium>& media, const Attachments& attachments) {
  const Search search(scenario, media, attachments);
  for (const auto& [name, own] : attachments) {
    const auto via = search.from(name);
    std::map<Step, std::size_t> count;
    for (const auto& [medium, step] : via) ++count[step];
    const auto main =
        std::max_element(count.begin(), count.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (main == count.end()) continue;
    const auto next = [&](const Step& step) -> const Attachment::Neighbour& {
      return own[step.attachment].neighbours[step.neighbour];
    };
    ns3::Node& node = *nodes.at(name);
    set_default_route(node, own[main->first.attachment], next(main->first));
    for (const auto& [medium, step] : via)
      if (step != main->first && own[step.attachment].medium != medium)
        add_route(node, media[medium], own[step.attachment], next(step));
  }
}

}  // namespace ikelab::sim
