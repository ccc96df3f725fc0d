// The network as a map, and what is on its links at an instant.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "protocol/trace/event.hpp"
#include "sim/store/run.hpp"
#include "visualizer/models/traffic.hpp"

namespace ikelab::view {

struct Place {
  std::string name, role;
  std::vector<std::string> addresses;
  double x = 0, y = 0;  ///< 0..1
};
struct Cable {
  std::string name, about;
  std::size_t a = 0, b = 0;  ///< places
};
/// A packet on a link: `share` of the way from `from` to `to`.
struct Flight {
  EventPtr event = nullptr;
  std::size_t from = 0, to = 0;
  double share = 0;
  bool lost = false;  ///< it will not arrive
};

class Topology {
 public:
  void add(const trace::Event& event);
  /// Places and cables from the run's description; without one, from who sent and received.
  void build(const store::RunInfo& info, const std::vector<std::string>& seen_nodes);
  [[nodiscard]] const std::vector<Place>& places() const { return places_; }
  [[nodiscard]] const std::vector<Cable>& cables() const { return cables_; }
  [[nodiscard]] int place_of(const std::string& name) const;
  [[nodiscard]] std::vector<Flight> flights_at(Instant t) const;
  [[nodiscard]] std::size_t recorded() const { return crossings_.size(); }

 private:
  std::vector<Place> places_;
  std::vector<Cable> cables_;
  std::vector<EventPtr> crossings_;  ///< PacketOnLink by sent time
  std::int64_t longest_ns_ = 0;
  std::map<std::string, std::size_t> index_;
};

}  // namespace ikelab::view
