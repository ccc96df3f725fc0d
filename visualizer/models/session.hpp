// The reader's place in a run: what is selected, where the run's time stands, whether it plays.
#pragma once
#include <set>

#include "visualizer/models/inspector.hpp"

namespace ikelab::view {

class Session {
 public:
  [[nodiscard]] const Selection& selection() const { return history_.current(); }
  [[nodiscard]] bool is_selected(const Selection& s) const { return selection().same_thing(s); }
  /// Selects, and moves time to the middle of what is selected when `move_time`.
  void select(const RunModel& run, const Selection& s, bool move_time = true);
  /// Selects octets of what is selected.
  void select_range(std::size_t begin, std::size_t end, bool plain);
  void clear_range();
  void back(const RunModel& run);
  void forward(const RunModel& run);
  [[nodiscard]] bool can_back() const { return history_.can_back(); }
  [[nodiscard]] bool can_forward() const { return history_.can_forward(); }

  [[nodiscard]] Instant now() const { return now_; }
  void set_now(Instant t) { now_ = t; }
  bool playing = false;
  /// Plays at the ladder's pace: pauses of the run are short, crowded instants take their time.
  void advance(const RunModel& run, double seconds);
  /// To the next (+1) or previous (-1) row of the ladder.
  void step(const RunModel& run, int direction);
  /// To the next or previous event that has a line of its own, or datagram that was sent.
  void step_event(const RunModel& run, int direction);
  void step_packet(const RunModel& run, int direction);
  /// Another run is open: what was about the old one is forgotten, what is about looks stays.
  void begin_anew(const RunModel& run);
  /// Places to come back to. A bookmark on the instant that is shown is taken away again.
  [[nodiscard]] const std::vector<Instant>& bookmarks() const { return bookmarks_; }
  void toggle_bookmark();
  void to_bookmark(int direction);
  /// While the run grows: time stays at its end if it was there.
  void follow_end(const RunModel& run);
  void rewind() {
    now_ = {};
    playing = false;
  }
  void to_end(const RunModel& run) {
    now_ = run.end();
    playing = false;
  }

  /// The selection taken apart; computed once for each selection and state of the run.
  const Inspection& inspection(const RunModel& run);

  // Octets under the mouse: hovering a field lights its bytes, and the other way round.
  std::size_t hover_begin = 0, hover_end = 0;
  bool hover_plain = false;
  /// The key panel's choice; -1: by the selection.
  int key_group = -1;
  std::string key_node;
  /// The experiments panel's choice; empty: the first.
  std::string experiment, measure;
  bool heat_map = false;
  /// The key panel asks what falls if the selected value leaks.
  bool leaks = false;
  Axis axis = Axis::pauses;  ///< of the ladder
  std::string filter;        ///< of the ladder, in display words; empty: everything
  /// The stretch of time the ladder shows on the axis of time, in ns; span 0: all of the run.
  double ladder_begin = 0, ladder_span = 0;
  /// Narrows or widens that stretch around `centre` (ns); from a microsecond to a year and the run.
  void zoom_ladder(const RunModel& run, double factor, double centre);
  void pan_ladder(const RunModel& run, double ns);
  /// What the ladder shows, made whole: [begin, begin + span).
  [[nodiscard]] std::pair<double, double> ladder_stretch(const RunModel& run) const;
  /// The step that is selected is explained at the foot of the window.
  bool explains = false;
  /// What cost points, and is to be gone to: an event of this run or of another.
  std::optional<store::LostPoint> lost;
  /// The gradebook's chosen student and lab.
  std::string student, lab;
  /// Stretches of the comparison that are alike and laid open, by their first row.
  std::set<std::size_t> unfolded;
  /// The part of the run the time line shows, as shares of the whole.
  double line_begin = 0, line_end = 1;
  /// Raised when something was selected from elsewhere: panels scroll to it.
  bool reveal = false;
  /// The story laid out, for a width and a scale: measured once, not in every frame.
  struct StoryLayout {
    struct Item {
      std::size_t chapter;
      std::ptrdiff_t line;  ///< -1: the chapter's head
      float y;
    };
    std::uint64_t generation = 0;
    float width = 0, scale = 0, height = 0;
    std::vector<Item> items;
  } story;

 private:
  void arrived(const RunModel& run);
  History history_;
  Instant now_;
  Inspection inspection_;
  Selection inspected_;
  std::uint64_t inspected_generation_ = 0;
  bool at_end_ = true;
  std::vector<Instant> bookmarks_;  ///< ascending
};

}  // namespace ikelab::view
