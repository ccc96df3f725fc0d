#include "visualizer/models/topology.hpp"

#include <algorithm>

namespace ikelab::view {
namespace {

constexpr std::int64_t lost_lives_ns = 2'000'000;  // a packet without an arrival is shown this long

const trace::PacketOnLink& body(EventPtr e) {
  return std::get<trace::PacketOnLink>(e->body);
}

std::int64_t end_of(const trace::PacketOnLink& p) {
  return p.arrives_ns > p.sent_ns ? p.arrives_ns : p.sent_ns + lost_lives_ns;
}

}  // namespace

void Topology::add(const trace::Event& event) {
  const auto* p = std::get_if<trace::PacketOnLink>(&event.body);
  if (p == nullptr) return;
  const auto place = std::upper_bound(
      crossings_.begin(), crossings_.end(), p->sent_ns,
      [](std::int64_t t, EventPtr e) { return t < body(e).sent_ns; });  // nearly always the end
  crossings_.insert(place, &event);
  longest_ns_ = std::max(longest_ns_, end_of(*p) - p->sent_ns);
}

void Topology::build(const store::RunInfo& info, const std::vector<std::string>& seen_nodes) {
  places_.clear();
  cables_.clear();
  index_.clear();
  for (const store::NodeInfo& n : info.nodes)
    places_.push_back({n.name, n.role, n.addresses, n.x, n.y});
  if (places_.empty())
    for (std::size_t i = 0; i < seen_nodes.size(); ++i) {
      const double x = seen_nodes.size() == 1
                           ? 0.5
                           : static_cast<double>(i) / (static_cast<double>(seen_nodes.size()) - 1);
      places_.push_back({seen_nodes[i], "gateway", {}, x, 0.5});
    }
  for (std::size_t i = 0; i < places_.size(); ++i) index_[places_[i].name] = i;
  for (const store::LinkInfo& l : info.links) {
    const int a = place_of(l.a), b = place_of(l.b);
    if (a >= 0 && b >= 0)
      cables_.push_back(
          {l.name, l.about, static_cast<std::size_t>(a), static_cast<std::size_t>(b)});
  }
  if (info.links.empty())
    for (std::size_t i = 1; i < places_.size(); ++i) cables_.push_back({"", "", i - 1, i});
}

int Topology::place_of(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? -1 : static_cast<int>(found->second);
}

std::vector<Flight> Topology::flights_at(Instant t) const {
  std::vector<Flight> out;
  const auto first =
      std::lower_bound(crossings_.begin(), crossings_.end(), t.ns - longest_ns_,
                       [](EventPtr e, std::int64_t v) { return body(e).sent_ns < v; });
  for (auto it = first; it != crossings_.end() && body(*it).sent_ns <= t.ns; ++it) {
    const trace::PacketOnLink& p = body(*it);
    const std::int64_t end = end_of(p);
    const int from = place_of(p.from), to = place_of(p.to);
    if (t.ns > end || from < 0 || to < 0) continue;
    const double share =
        static_cast<double>(t.ns - p.sent_ns) / static_cast<double>(end - p.sent_ns);
    out.push_back({*it, static_cast<std::size_t>(from), static_cast<std::size_t>(to), share,
                   !p.lost.empty()});
  }
  return out;
}

}  // namespace ikelab::view
