// A panel draws one model in a box, and says in one line what it shows now. The registry lists them
// all: to add one, write its file and add its line to registry.cpp.
#pragma once
#include <span>
#include <string>

#include "visualizer/look/draw.hpp"
#include "visualizer/models/session.hpp"

namespace ikelab::view {

/// What a panel gets for a frame. The box is inside the current ImGui window, in screen pixels.
struct View {
  const Kit& kit;
  const RunModel& run;
  Session& session;
  ImVec2 min, max;  ///< the room to draw in, padding taken off
  [[nodiscard]] float width() const { return max.x - min.x; }
  [[nodiscard]] float height() const { return max.y - min.y; }
  [[nodiscard]] ImDrawList* list() const { return ImGui::GetWindowDrawList(); }
  /// Selects when clicked, shows the hand when hovered.
  void link(const Hit& h, const Selection& s) const;
  /// The colour of a node: initiator, responder or adversary, by the ladder's lanes.
  [[nodiscard]] Role role_of(const std::string& node) const;
};

enum class Area : std::uint8_t { left, centre, below, right, bottom };

struct Panel {
  const char* name;  ///< of --panel
  const char* title;
  Area area;
  std::string (*caption)(const View&);
  void (*draw)(const View&);
};

/// Every panel, in the order of its area's tabs.
std::span<const Panel> panels();
/// nullptr: no panel of that name.
const Panel* find_panel(std::string_view name);

// A scrolled part of the current window: begin_scroll ... end_scroll, drawing at view.min - scroll.
View begin_scroll(const View& view, const char* id, ImVec2 min, ImVec2 max);
void end_scroll(const View& view, float content_height);

// One file each.
std::string story_caption(const View& view);
void draw_story(const View& view);
std::string ladder_caption(const View& view);
void draw_ladder(const View& view);
std::string topology_caption(const View& view);
void draw_topology(const View& view);
std::string experiments_caption(const View& view);
void draw_experiments(const View& view);
std::string gradebook_caption(const View& view);
void draw_gradebook(const View& view);
std::string compare_caption(const View& view);
void draw_compare(const View& view);
std::string keys_caption(const View& view);
void draw_keys(const View& view);
std::string sas_caption(const View& view);
void draw_sas(const View& view);
std::string policies_caption(const View& view);
void draw_policies(const View& view);
std::string negotiation_caption(const View& view);
void draw_negotiation(const View& view);
std::string adversary_caption(const View& view);
void draw_adversary(const View& view);
std::string monitors_caption(const View& view);
void draw_monitors(const View& view);
std::string events_caption(const View& view);
void draw_events(const View& view);
std::string inspector_caption(const View& view);
void draw_inspector(const View& view);
std::string timeline_caption(const View& view);
void draw_timeline(const View& view);

}  // namespace ikelab::view
