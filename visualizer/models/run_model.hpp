// A run as the panels see it: the events, and every model over them. Grows: append() takes what a
// run that is still being recorded has added. No ImGui, no files, no clock.
#pragma once
#include <deque>
#include <memory>

#include "sim/store/grades_reader.hpp"
#include "visualizer/models/adversary.hpp"
#include "visualizer/models/derivation.hpp"
#include "visualizer/models/experiments.hpp"
#include "visualizer/models/ladder.hpp"
#include "visualizer/models/roles.hpp"
#include "visualizer/models/sas.hpp"
#include "visualizer/models/story.hpp"
#include "visualizer/models/topology.hpp"

namespace ikelab::view {

class Comparison;

/// Whether an event gets a line in the list of everything: all but those that a message or a packet
/// already stands for.
bool is_listed(const trace::Event& event);

class RunModel {
 public:
  RunModel() = default;
  RunModel(RunModel&&) = default;  // events keep their places when they move; a copy's would not
  RunModel& operator=(RunModel&&) = default;
  /// Describes the run; keeps the events.
  void set_info(store::RunInfo info);
  /// What the database's experiments measured: beside the run, not of it.
  void set_experiments(Experiments experiments) { experiments_ = std::move(experiments); }
  [[nodiscard]] const Experiments& experiments() const { return experiments_; }
  void set_grades(store::Grades grades) { grades_ = std::move(grades); }
  [[nodiscard]] const store::Grades& grades() const { return grades_; }
  /// Another run, laid beside this one; nullptr: none.
  void set_comparison(std::shared_ptr<const Comparison> c) { comparison_ = std::move(c); }
  [[nodiscard]] const Comparison* comparison() const { return comparison_.get(); }
  /// Becomes `next`, which was built elsewhere, and gives what was here in exchange.
  void change_over(RunModel& next);
  /// Adds events, in order of seq, and brings every model up to date. While `more` are already
  /// waiting, ladder and story are told anew only now and then: each time costs as much as all
  /// that is there.
  void append(std::vector<trace::Event> events, bool more = false);

  [[nodiscard]] const store::RunInfo& info() const { return info_; }
  [[nodiscard]] bool empty() const { return events_.empty(); }
  [[nodiscard]] std::size_t event_count() const { return events_.size(); }
  [[nodiscard]] EventPtr event(std::uint64_t seq) const;  ///< nullptr: not recorded
  /// All of them, by seq.
  [[nodiscard]] const std::deque<trace::Event>& events() const { return events_; }
  [[nodiscard]] std::uint64_t last_seq() const { return events_.empty() ? 0 : events_.back().seq; }
  [[nodiscard]] Instant end() const { return end_; }
  /// Raised by every change, for caches.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

  [[nodiscard]] const Traffic& traffic() const { return traffic_; }
  [[nodiscard]] const Ladder& ladder() const { return ladder_; }
  /// How the ladder lays out time, and what it shows.
  void set_axis(Axis axis) { ladder_.set_axis(axis); }
  void set_filter(filter::Filter filter);
  [[nodiscard]] const filter::Filter& filter() const { return filter_; }
  [[nodiscard]] const std::vector<Chapter>& story() const { return story_; }
  [[nodiscard]] const Derivations& derivations() const { return derivations_; }
  [[nodiscard]] const SaTable& sas() const { return sas_; }
  /// Rows of sas() by node, as the ladder's lanes stand, then by time.
  [[nodiscard]] const std::vector<std::size_t>& sa_order() const { return sa_order_; }
  [[nodiscard]] const Topology& topology() const { return topology_; }
  [[nodiscard]] const AdversaryLog& adversary() const { return adversary_; }
  [[nodiscard]] const std::vector<EventPtr>& negotiations() const { return negotiations_; }
  [[nodiscard]] const std::vector<EventPtr>& auths() const { return auths_; }
  [[nodiscard]] const std::vector<EventPtr>& marks() const { return marks_; }
  /// Every event with a line of its own, by seq.
  [[nodiscard]] const std::vector<EventPtr>& listed() const { return listed_; }
  /// Times of IKE messages and of ESP packets, ascending: for the time line's density.
  [[nodiscard]] const std::vector<std::int64_t>& ike_times() const { return ike_times_; }
  [[nodiscard]] const std::vector<std::int64_t>& esp_times() const { return esp_times_; }
  /// The colour of a node: initiator, responder or adversary, by the ladder's lanes; else muted.
  [[nodiscard]] Role role_of(const std::string& node) const;
  /// The instant a selection is about, if it has one.
  [[nodiscard]] std::optional<Instant> time_of(const Selection& selection) const;

 private:
  void rebuild();
  void order_sas();
  store::RunInfo info_;
  std::deque<trace::Event> events_;
  Traffic traffic_;
  Ladder ladder_;
  filter::Filter filter_;
  std::vector<Chapter> story_;
  Derivations derivations_;
  SaTable sas_;
  Experiments experiments_;
  store::Grades grades_;
  std::shared_ptr<const Comparison> comparison_;
  Topology topology_;
  AdversaryLog adversary_;
  std::vector<EventPtr> negotiations_, auths_, marks_, row_events_, told_events_, listed_;
  std::vector<std::size_t> sa_order_;
  std::vector<std::int64_t> ike_times_, esp_times_;
  Instant end_;
  std::uint64_t generation_ = 0;
  std::size_t told_ = 0;  ///< events that ladder and story know
};

}  // namespace ikelab::view
