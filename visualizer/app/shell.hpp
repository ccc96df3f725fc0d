// The main window: top bar, story, ladder or network, the panels below, inspector, time line. The
// same frame function serves the window and the headless host.
#pragma once
#include <array>

#include "visualizer/models/copy.hpp"
#include "visualizer/models/search.hpp"
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {

/// What the keyboard asked for since the last frame, and how much real time passed.
struct FrameInput {
  double seconds = 0;
  bool play = false, step_back = false, step_forward = false, leave = false;
  bool history_back = false, history_forward = false, find = false;
  bool axis = false, explain = false, fit = false;
  int zoom = 0;                         ///< of the ladder's time: +1 nearer, -1 farther
  int step_event = 0, step_packet = 0;  ///< -1 back, +1 forward
  int to_bookmark = 0, choose = 0;      ///< choose: up and down in the palette
  bool accept = false;                  ///< Enter, in the palette
  bool bookmark = false, begin = false, end = false, copy = false, export_page = false;
  int panel = 0;  ///< 1: the first tab, and so on
};

class Shell;

/// What a window can do beside showing one run: open another one. A picture cannot.
class RunOpener {
 public:
  virtual ~RunOpener() = default;
  /// The run of what cost points, at the event that did.
  virtual void open(Shell& shell, const store::LostPoint& lost) = 0;
  /// The run that was open before, where it was.
  virtual void back(Shell& shell) = 0;
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
  /// Puts what is selected on the clipboard.
  void copy(CopyAs as);
  /// Writes the run as a page, or the ladder as a drawing, into the current folder.
  void export_page();
  void export_ladder();
  /// Nullptr: this host shows the one run it has.
  RunOpener* opener = nullptr;
  /// The run that was open before this one.
  void back_to_run();
  /// Changes over to the run this one is compared with, and compares the other way round.
  void swap_compared();
  /// A line that stands in the top bar for a while.
  void notice(std::string words, bool is_error = false);
  /// What is selected and when: "message:3 octets:28-44 at 1.040 s", for tests and for the title.
  [[nodiscard]] std::string place() const;
  /// Theme, scale and the sizes of the parts, as one line; and back. What does not fit is ignored.
  [[nodiscard]] std::string layout() const;
  void set_layout(std::string_view line, bool with_look);
  void frame(const FrameInput& input);

 private:
  void keys(const FrameInput& input);
  void top_bar(ImVec2 min, ImVec2 max);
  float top_left(ImVec2 min, ImVec2 max);
  float top_right(ImVec2 min, ImVec2 max);
  void long_notice(ImVec2 at);
  void search_field(ImVec2 min, ImVec2 max);
  struct Command {
    const char *words, *key;
    void (*act)(Shell&);
  };
  struct PaletteRow {
    std::string what, text, key;
    const Command* command = nullptr;
    const Panel* panel = nullptr;
    Selection selection;
    std::string filter, completion;  ///< to be shown by, to be put into the field
  };
  std::vector<PaletteRow> palette_rows() const;
  void run_row(const PaletteRow& row);
  void accept();
  void close_palette();
  void palette(ImVec2 at, float width);
  void offer_filter(std::vector<PaletteRow>& rows, bool by_words) const;
  void explanation(ImVec2 min, ImVec2 max);
  void follow_session();
  void follow_lost();
  void bottom_bar(ImVec2 min, ImVec2 max);
  float transport(ImVec2 min, ImVec2 max);
  void middle(ImVec2 min, ImVec2 max);
  void area(Area which, ImVec2 min, ImVec2 max);
  struct TabRow {
    ImFont* font;
    float gap, hidden;  ///< hidden: pixels that are pushed out at the left
  };
  [[nodiscard]] TabRow tab_row(Area which, float room) const;
  void tabs(Area which, ImVec2 at, float right);
  void panel_box(const Panel& panel, ImVec2 min, ImVec2 max, float head);
  void splitter(const char* id, ImVec2 min, ImVec2 max, bool vertical, float& value, float sign);
  const Panel& active(Area which) const;

  Kit& kit_;
  std::array<const Panel*, 5> active_{};
  float story_width_ = 248, inspector_width_ = 416, below_share_ = 0.42F;  ///< base pixels
  bool grown_ = false;  ///< the panels below take the whole centre
  std::array<char, 512> query_{};
  std::string completion_;  ///< replaces what stands in the field
  bool focus_search_ = false, searching_ = false, palette_open_ = false;
  int chosen_ = 0;  ///< row of the palette
  std::string notice_;
  bool notice_is_error_ = false;
  double notice_until_ = 0;
  bool notice_is_long_ = false;  ///< the bar has no room for it: it stands below
};

}  // namespace ikelab::view
