#include "visualizer/models/derivation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace ikelab::view {
namespace {

const trace::KeyDerived& body(EventPtr e) {
  return std::get<trace::KeyDerived>(e->body);
}

bool is_traffic_key(const std::string& name) {
  return name.starts_with("ESP") || name.starts_with("AH ");
}
/// Of a key exchange: SK(1), SK(2) are those of RFC 9370.
bool is_shared_secret(const std::string& name) {
  return name.starts_with("g^ir") || name.starts_with("SK(");
}
/// The box of a key exchange: who only watches cannot walk through it.
bool is_exchange(const GraphNode& n) {
  return n.what == GraphNode::What::function && (n.name == "DH" || n.name == "KE");
}
bool is_child_value(const std::string& name) {
  return is_traffic_key(name) || name.starts_with("KEYMAT");
}

// On the wire for everyone to read.
bool is_public_name(const std::string& name) {
  return !is_shared_secret(name) && !name.starts_with("SK") && !name.starts_with("KEYMAT") &&
         (name.starts_with("N") || name.starts_with("SPI") || name.starts_with("KE") ||
          name.find("public") != std::string::npos);
}

// "prf+(SKEYSEED, ...)[32..64]" without its slice: outputs of one call share one function box.
std::string call_of(const std::string& function) {
  if (!function.ends_with("]")) return function;
  return function.substr(0, function.rfind('['));
}

// Builds the graph one KeyDerived after another: values by name, functions by their call.
class Builder {
 public:
  Builder(bool with_exchange, const std::map<std::string, EventPtr>& sk_d)
      : with_exchange_(with_exchange), sk_d_(sk_d) {}
  void add(EventPtr event) {
    const trace::KeyDerived& d = body(event);
    if (!with_exchange_ && is_shared_secret(d.name)) {
      secrets_[d.name] = event;
      return;
    }
    const std::string call = call_of(d.function);
    std::string key = call;
    for (const trace::NamedValue& in : d.inputs) key += "|" + in.name + to_hex(in.value);
    const auto [place, is_new] = functions_.try_emplace(key, graph_.nodes.size());
    const std::size_t function = place->second;
    if (is_new) {
      const bool exchange = is_shared_secret(d.name);
      GraphNode f{.what = GraphNode::What::function,
                  .name = call.substr(0, call.find('(')),
                  .detail = call,
                  .value = {}};
      if (exchange)
        f.name = d.name.starts_with("SK(") ? "KE" : "DH";
      else if (call.find('(') == std::string::npos)
        f.name = "cut";  // "KEYMAT[0..36]": a part of its input
      graph_.nodes.push_back(f);
      for (const trace::NamedValue& in : d.inputs)
        graph_.edges.push_back({value_of(in, function, event->node), function});
    }
    GraphNode out{
        .what = is_traffic_key(d.name) ? GraphNode::What::traffic_key : GraphNode::What::key,
        .name = d.name,
        .detail = d.function,
        .value = d.output,
        .length = d.length,
        .event = event};
    known_[d.name] = graph_.nodes.size();
    graph_.edges.push_back({function, graph_.nodes.size()});
    graph_.nodes.push_back(out);
  }

  KeyGraph finish() {
    layer();
    stack();
    return std::move(graph_);
  }

 private:
  // A derived value has one box; an input is drawn again before each function that takes it, so
  // that no edge crosses the whole graph.
  std::size_t value_of(const trace::NamedValue& in, std::size_t function, const std::string& node) {
    const auto derived = known_.find(in.name);
    if (derived != known_.end()) {
      const Bytes& value = graph_.nodes[derived->second].value;
      if (value.empty() || in.value.empty() || value == in.value) return derived->second;
    }
    const auto [place, is_new] =
        inputs_.try_emplace(fmt::format("{} {}", in.name, function), graph_.nodes.size());
    if (is_new) {
      const auto secret = secrets_.find(in.name);
      const auto old = sk_d_.find(node + to_hex(in.value));  // of the SA that was rekeyed
      graph_.nodes.push_back({.what = GraphNode::What::input,
                              .name = in.name,
                              .detail = in.source,
                              .value = in.value,
                              .length = in.value.size(),
                              .event = secret != secrets_.end() ? secret->second
                                       : old != sk_d_.end()     ? old->second
                                                                : nullptr});
    }
    return place->second;
  }

  // Columns: one more than the latest input; pure inputs stand just before their first use.
  void layer() {
    for (bool moved = true; moved;) {  // edges go forward only, so this ends
      moved = false;
      for (const GraphEdge& e : graph_.edges) {
        const int least = graph_.nodes[e.from].column + 1;
        if (graph_.nodes[e.to].column < least) {
          graph_.nodes[e.to].column = least;
          moved = true;
        }
      }
    }
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (graph_.nodes[n].what != GraphNode::What::input) continue;
      int first_use = 1 << 20;
      for (const GraphEdge& e : graph_.edges)
        if (e.from == n) first_use = std::min(first_use, graph_.nodes[e.to].column);
      graph_.nodes[n].column = first_use - 1;
    }
    for (const GraphNode& n : graph_.nodes) graph_.columns = std::max(graph_.columns, n.column + 1);
  }

  // Rows: each column is stacked around the middle, ordered by where its neighbours on the left
  // stand.
  void stack() {
    for (int column = 0; column < graph_.columns; ++column) {
      std::vector<std::pair<double, std::size_t>> order;
      for (std::size_t n = 0; n < graph_.nodes.size(); ++n)
        if (graph_.nodes[n].column == column) order.emplace_back(weight(n), n);
      std::stable_sort(order.begin(), order.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
      const double half = (static_cast<double>(order.size()) - 1) / 2;
      for (std::size_t i = 0; i < order.size(); ++i) {
        double row = static_cast<double>(i) - half;
        GraphNode& node = graph_.nodes[order[i].second];
        if (order.size() == 1 && node.what == GraphNode::What::function) row = 0;
        node.row = row;
        graph_.top = std::min(graph_.top, row);
        graph_.bottom = std::max(graph_.bottom, row);
      }
    }
  }
  [[nodiscard]] double weight(std::size_t n) const {
    double sum = 0;
    int count = 0;
    for (const GraphEdge& e : graph_.edges)
      if (e.to == n) {
        sum += graph_.nodes[e.from].row;
        ++count;
      }
    if (count > 0) return sum / count;
    return graph_.nodes[n].column == 0 ? 0 : 1000;  // inputs that join late stand below
  }

  bool with_exchange_;
  const std::map<std::string, EventPtr>& sk_d_;
  std::map<std::string, EventPtr> secrets_;  ///< shown as inputs: the events that made them
  KeyGraph graph_;
  std::map<std::string, std::size_t> known_, inputs_, functions_;
};

}  // namespace

int KeyGraph::node_of(std::uint64_t seq) const {
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (nodes[n].event != nullptr && nodes[n].event->seq == seq) return static_cast<int>(n);
  return -1;
}

bool is_public(const GraphNode& n) {
  return n.what == GraphNode::What::input && is_public_name(n.name);
}

std::vector<bool> KeyGraph::falls(std::vector<bool> known) const {
  known.resize(nodes.size(), false);
  for (std::size_t n = 0; n < nodes.size(); ++n)  // the same value may be drawn twice
    for (std::size_t m = 0; m < nodes.size(); ++m)
      if (known[n] && !nodes[n].value.empty() && nodes[m].value == nodes[n].value) known[m] = true;
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t f = 0; f < nodes.size(); ++f) {
      if (nodes[f].what != GraphNode::What::function || is_exchange(nodes[f])) continue;
      bool all = true, secret = false;
      for (const GraphEdge& e : edges) {
        if (e.to != f) continue;
        all = all && (known[e.from] || is_public(nodes[e.from]));
        secret = secret || known[e.from];
      }
      if (!all || !secret) continue;
      for (const GraphEdge& e : edges)
        if (e.from == f && !known[e.to]) known[e.to] = moved = true;
    }
  }
  return known;
}

std::vector<bool> KeyGraph::related(std::size_t node) const {
  const auto reach = [&](bool forward) {
    std::vector<bool> seen(nodes.size(), false);
    std::vector<std::size_t> todo = {node};
    seen[node] = true;
    while (!todo.empty()) {
      const std::size_t n = todo.back();
      todo.pop_back();
      for (const GraphEdge& e : edges) {
        const std::size_t next = forward ? e.to : e.from;
        if ((forward ? e.from : e.to) != n || seen[next]) continue;
        seen[next] = true;
        todo.push_back(next);
      }
    }
    return seen;
  };
  std::vector<bool> on = reach(true);
  const std::vector<bool> before = reach(false);
  for (std::size_t n = 0; n < on.size(); ++n) on[n] = on[n] || before[n];
  return on;
}

void Derivations::add(const trace::Event& event) {
  const auto* d = std::get_if<trace::KeyDerived>(&event.body);
  if (d == nullptr) return;
  if (is_shared_secret(d->name)) {  // it belongs to what is derived from it next
    pending_[event.node].push_back(&event);
    return;
  }
  const bool child = is_child_value(d->name);
  Place& place = places_[event.node + " " + event.sa];
  int mine = child ? place.child : place.ike;
  const int ike = place.ike;
  const auto has = [&](int g) {
    const auto& list = groups_[static_cast<std::size_t>(g)].derived;
    return std::any_of(list.begin(), list.end(),
                       [&](EventPtr e) { return body(e).name == d->name; });
  };
  const bool starts = mine < 0 || (child ? has(mine) : d->name == "SKEYSEED" && has(mine));
  if (starts) {
    KeyGroup group{.node = event.node,
                   .sa = event.sa,
                   .child = child,
                   .parent = static_cast<std::size_t>(std::max(0, ike)),
                   .title = "",
                   .derived = {}};
    if (!child) group.old = old_of(event, ike);
    const std::size_t number = ++counts_[event.node][child ? 1 : 0];
    group.title = fmt::format("{} SA {}", child ? "Child" : "IKE", number);
    mine = static_cast<int>(groups_.size());
    (child ? place.child : place.ike) = mine;
    groups_.push_back(std::move(group));
  }
  std::vector<EventPtr>& derived = groups_[static_cast<std::size_t>(mine)].derived;
  std::vector<EventPtr>& waiting = pending_[event.node];
  derived.insert(derived.end(), waiting.begin(), waiting.end());
  for (const EventPtr e : waiting) group_of_[e->seq] = static_cast<std::size_t>(mine);
  waiting.clear();
  derived.push_back(&event);
  if (d->name.starts_with("SK_d") && !d->output.empty())
    sk_d_[event.node + to_hex(d->output)] = &event;
  group_of_[event.seq] = static_cast<std::size_t>(mine);
}

// SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr) when an IKE SA is rekeyed (RFC 7296, 2.18).
int Derivations::old_of(const trace::Event& skeyseed, int latest) const {
  for (const trace::NamedValue& in : body(&skeyseed).inputs) {
    if (!in.name.starts_with("SK_d")) continue;
    const auto found = sk_d_.find(skeyseed.node + to_hex(in.value));
    if (found != sk_d_.end()) return group_of(found->second->seq);
    if (latest >= 0) return latest;
    for (std::size_t g = groups_.size(); g-- > 0;)  // not disclosed: the newest of this node
      if (groups_[g].node == skeyseed.node && !groups_[g].child) return static_cast<int>(g);
  }
  return -1;
}

std::vector<std::size_t> Derivations::family(std::size_t group) const {
  if (group >= groups_.size()) return {};
  const auto root = [&](std::size_t g) {
    while (groups_[g].old >= 0 && static_cast<std::size_t>(groups_[g].old) < g)
      g = static_cast<std::size_t>(groups_[g].old);
    return g;
  };
  const std::size_t first = root(groups_[group].child ? groups_[group].parent : group);
  std::vector<std::size_t> out;
  for (std::size_t g = first; g < groups_.size(); ++g)
    if (!groups_[g].child && groups_[g].node == groups_[first].node && root(g) == first)
      out.push_back(g);
  return out;
}

std::vector<std::size_t> Derivations::children_of(std::size_t ike) const {
  std::vector<std::size_t> out;
  for (std::size_t g = ike + 1; g < groups_.size(); ++g)
    if (groups_[g].child && groups_[g].parent == ike && groups_[g].node == groups_[ike].node)
      out.push_back(g);
  return out;
}

// One pass: derivations stand in the order in which they were made, and nothing is made from what
// comes later.
std::set<std::uint64_t> Derivations::falls(std::size_t of, const std::set<Bytes>& values,
                                           const std::set<std::uint64_t>& seqs) const {
  if (values.empty() && seqs.empty()) return {};
  std::set<std::size_t> related;
  for (const std::size_t ike : family(of)) {
    related.insert(ike);
    for (const std::size_t child : children_of(ike)) related.insert(child);
  }
  std::set<std::string> known;  // the value; not disclosed: its group and name
  for (const Bytes& v : values) known.insert(to_hex(v));
  std::set<std::uint64_t> fallen;
  const auto token = [](std::size_t group, const std::string& name, const Bytes& value) {
    return value.empty() ? fmt::format("{} {}", group, name) : to_hex(value);
  };
  for (const std::size_t g : related) {
    const KeyGroup& group = groups_[g];
    const auto has = [&](const trace::NamedValue& in) {
      if (known.contains(token(g, in.name, in.value))) return true;
      const int from = group.child ? static_cast<int>(group.parent) : group.old;
      return in.value.empty() && from >= 0 &&
             known.contains(token(static_cast<std::size_t>(from), in.name, in.value));
    };
    for (const EventPtr e : group.derived) {
      const trace::KeyDerived& d = body(e);
      bool falls = seqs.contains(e->seq) ||
                   (!d.output.empty() && known.contains(token(g, d.name, d.output)));
      if (!falls && !is_shared_secret(d.name)) {
        bool all = true, secret = false;
        for (const trace::NamedValue& in : d.inputs) {
          const bool open = is_public_name(in.name), mine = !open && has(in);
          all = all && (open || mine);
          secret = secret || mine;
        }
        falls = all && secret;
      }
      if (!falls) continue;
      fallen.insert(e->seq);
      known.insert(token(g, d.name, d.output));
    }
  }
  return fallen;
}

std::vector<std::string> Derivations::nodes() const {
  std::vector<std::string> names;
  for (const KeyGroup& g : groups_)
    if (std::find(names.begin(), names.end(), g.node) == names.end()) names.push_back(g.node);
  return names;
}

int Derivations::group_of(std::uint64_t seq) const {
  const auto found = group_of_.find(seq);
  return found == group_of_.end() ? -1 : static_cast<int>(found->second);
}

KeyGraph Derivations::graph(std::size_t ike, int child, bool with_exchange) const {
  Builder builder(with_exchange, sk_d_);
  if (ike < groups_.size())
    for (const EventPtr e : groups_[ike].derived) builder.add(e);
  if (child >= 0)
    for (const EventPtr e : groups_[static_cast<std::size_t>(child)].derived) builder.add(e);
  return builder.finish();
}

KeyGraph Derivations::graph_around(int group) const {
  if (groups_.empty()) return {};
  const std::size_t g = group < 0 ? 0 : static_cast<std::size_t>(group);
  if (groups_[g].child) return graph(groups_[g].parent, static_cast<int>(g));
  for (std::size_t c = 0; c < groups_.size(); ++c)
    if (groups_[c].child && groups_[c].parent == g) return graph(g, static_cast<int>(c));
  return graph(g, -1);
}

std::vector<EventPtr> Derivations::made_from(const trace::Event& key) const {
  const auto& made = std::get<trace::KeyDerived>(key.body);
  std::vector<EventPtr> out;
  for (const KeyGroup& g : groups_) {
    if (g.node != key.node) continue;
    for (const EventPtr e : g.derived)
      for (const trace::NamedValue& in : body(e).inputs)
        if (in.name == made.name && e->seq > key.seq &&
            (in.value.empty() || made.output.empty() || in.value == made.output))
          out.push_back(e);
  }
  return out;
}

EventPtr Derivations::find(std::string_view name) const {
  for (const KeyGroup& g : groups_)
    for (const EventPtr e : g.derived)
      if (body(e).name == name) return e;
  return nullptr;
}

}  // namespace ikelab::view
