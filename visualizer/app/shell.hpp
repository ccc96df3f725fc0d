// The main window: top bar, story, ladder or network, the panels below, inspector, time line. The
// same frame function serves the window and the headless host.
#pragma once
#include <array>

#include "visualizer/models/search.hpp"
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {

/// What the keyboard asked for since the last frame, and how much real time passed.
struct FrameInput {
  double seconds = 0;
  bool play = false, step_back = false, step_forward = false, leave = false;
  bool history_back = false, history_forward = false, find = false;
};

class Shell {
 public:
  explicit Shell(Kit& kit) : kit_(kit) {}
  RunModel run;
  Session session;
  /// One line about loading or an error, and whether it is one; empty: none.
  std::string status;
  bool status_is_error = false;
  /// Draws this panel alone, with its title and caption; nullptr: the whole window.
  const Panel* solo = nullptr;
  /// Set by the scale buttons; the host rebuilds the fonts and applies it between frames.
  float wanted_scale = 1.0F;
  /// Brings a panel's tab to the front.
  void show(const Panel& panel);
  void frame(const FrameInput& input);

 private:
  void keys(const FrameInput& input);
  void top_bar(ImVec2 min, ImVec2 max);
  float top_left(ImVec2 min, ImVec2 max);
  void top_right(ImVec2 min, ImVec2 max);
  void search_field(ImVec2 min, ImVec2 max);
  void search_results(ImVec2 at, float width);
  void bottom_bar(ImVec2 min, ImVec2 max);
  float transport(ImVec2 min, ImVec2 max);
  void middle(ImVec2 min, ImVec2 max);
  void area(Area which, ImVec2 min, ImVec2 max);
  void tabs(Area which, ImVec2 at, float right);
  void panel_box(const Panel& panel, ImVec2 min, ImVec2 max, float head);
  void splitter(const char* id, ImVec2 min, ImVec2 max, bool vertical, float& value, float sign);
  const Panel& active(Area which) const;

  Kit& kit_;
  std::array<const Panel*, 5> active_{};
  float story_width_ = 248, inspector_width_ = 416, below_share_ = 0.42F;  ///< base pixels
  bool grown_ = false;  ///< the panels below take the whole centre
  std::array<char, 128> query_{};
  bool focus_search_ = false, searching_ = false;
};

}  // namespace ikelab::view
