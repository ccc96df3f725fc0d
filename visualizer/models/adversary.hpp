// What adversaries did, what came of it, and what they know: up to an instant.
#pragma once
#include <string>
#include <vector>

#include "protocol/trace/event.hpp"
#include "visualizer/models/traffic.hpp"

namespace ikelab::view {

/// A line of the log. Neighbours with the same action, note and outcome are folded.
struct AttackLine {
  EventPtr first = nullptr, last = nullptr;
  std::string node, action, note, outcome;
  bool succeeded = false;  ///< the victim took what the adversary made
  bool refused = false;    ///< it did not
  std::uint64_t count = 1;
};

class AdversaryLog {
 public:
  void add(const trace::Event& event);
  /// Folds the actions; outcomes come from what the packets met.
  void build(const Traffic& traffic);
  [[nodiscard]] const std::vector<AttackLine>& lines() const { return lines_; }
  /// Where it stands, what it plans, why nobody can see it.
  [[nodiscard]] const std::vector<EventPtr>& about() const { return about_; }
  /// What it has and learns; a goal's verdict as well.
  [[nodiscard]] const std::vector<EventPtr>& knowledge() const { return knowledge_; }
  [[nodiscard]] const std::vector<EventPtr>& alerts() const { return alerts_; }
  [[nodiscard]] const std::vector<EventPtr>& actions() const { return actions_; }

 private:
  std::vector<EventPtr> actions_, about_, knowledge_, alerts_;
  std::vector<AttackLine> lines_;
};

}  // namespace ikelab::view
