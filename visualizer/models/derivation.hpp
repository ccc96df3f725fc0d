// How keys come from keys (RFC 7296, 2.13 to 2.18): the KeyDerived events of one node as a graph
// from nonces and Diffie-Hellman values to the ESP keys, laid out left to right in layers.
#pragma once
#include <array>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "protocol/trace/event.hpp"
#include "visualizer/models/traffic.hpp"

namespace ikelab::view {

/// The keys of one IKE SA, or of one Child SA, on one node.
struct KeyGroup {
  std::string node, sa;
  bool child = false;
  std::size_t parent = 0;         ///< child: index of its IKE SA's group
  int old = -1;                   ///< IKE SA: the group whose SK_d made its SKEYSEED; -1: none
  std::string title;              ///< "IKE SA 1", "Child SA 2"
  std::vector<EventPtr> derived;  ///< KeyDerived, in order
};

struct GraphNode {
  enum class What : std::uint8_t { input, key, traffic_key, function };
  What what = What::input;
  std::string name;          ///< "Ni", "SK_d", "prf+"
  std::string detail;        ///< function: whole formula; input: where it comes from
  Bytes value;               ///< empty when not disclosed
  std::uint64_t length = 0;  ///< octets
  EventPtr event = nullptr;  ///< of a derived value
  int column = 0;
  double row = 0;  ///< 0 is the middle of the graph
};
/// Of an input: on the wire for everyone to read (RFC 7296, 1.2).
bool is_public(const GraphNode& node);
struct GraphEdge {
  std::size_t from = 0, to = 0;
};

struct KeyGraph {
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
  int columns = 0;
  double top = 0, bottom = 0;  ///< extent in rows
  /// The value of a KeyDerived event, or -1.
  [[nodiscard]] int node_of(std::uint64_t seq) const;
  /// What follows from values that are known: a function whose secret inputs are all known gives
  /// its outputs away. Nonces, SPIs and public key shares are known to everyone who listens.
  [[nodiscard]] std::vector<bool> falls(std::vector<bool> known) const;
  /// For each node: whether it lies on a path to or from `node`.
  [[nodiscard]] std::vector<bool> related(std::size_t node) const;
};

class Derivations {
 public:
  void add(const trace::Event& event);
  [[nodiscard]] const std::vector<KeyGroup>& groups() const { return groups_; }
  [[nodiscard]] std::vector<std::string> nodes() const;
  /// The group an event belongs to, or -1.
  [[nodiscard]] int group_of(std::uint64_t seq) const;
  /// The graph of an IKE SA's group, with one of its children when `child` is not negative.
  /// `with_exchange`: also how the Diffie-Hellman secret came from the public values.
  [[nodiscard]] KeyGraph graph(std::size_t ike, int child, bool with_exchange = true) const;
  /// Of an IKE SA with its first child, or of the child's IKE SA with it; -1: of the first one.
  [[nodiscard]] KeyGraph graph_around(int group) const;
  /// The IKE SAs that a group belongs to: the first one and all that came from it by rekeying, as
  /// groups, in order.
  [[nodiscard]] std::vector<std::size_t> family(std::size_t group) const;
  /// Groups of an IKE SA's children.
  [[nodiscard]] std::vector<std::size_t> children_of(std::size_t ike) const;
  /// What follows in a group's family and its children, over their rekeying, from values and
  /// derivations (by seq) that somebody has: the seqs of all that falls, those included. Whoever
  /// reads the traffic has nonces, SPIs and public key shares.
  [[nodiscard]] std::set<std::uint64_t> falls(std::size_t group, const std::set<Bytes>& values,
                                              const std::set<std::uint64_t>& seqs) const;
  /// What a derived value was used for: names of values made from it.
  [[nodiscard]] std::vector<EventPtr> made_from(const trace::Event& key) const;
  [[nodiscard]] EventPtr find(std::string_view name) const;  ///< the first of that name

 private:
  [[nodiscard]] int old_of(const trace::Event& skeyseed, int latest) const;
  std::vector<KeyGroup> groups_;
  struct Place {
    int ike = -1, child = -1;  ///< the newest groups of an IKE SA
  };
  std::map<std::string, Place> places_;  ///< by node and the IKE SA's local name
  std::map<std::string, std::array<std::size_t, 2>> counts_;  ///< by node: IKE SAs, Child SAs
  std::unordered_map<std::uint64_t, std::size_t> group_of_;   ///< by seq
  std::map<std::string, EventPtr> sk_d_;                      ///< by node and value
  std::map<std::string, std::vector<EventPtr>> pending_;  ///< by node: shared secrets not yet used
};

}  // namespace ikelab::view
