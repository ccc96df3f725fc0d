#include <algorithm>
#include <array>
#include <cmath>

#include "visualizer/panels/panel.hpp"

namespace ikelab::view {

std::span<const Panel> panels() {
  static constexpr std::array<Panel, 15> all = {{
      {"story", "Story", Area::left, story_caption, draw_story},
      {"ladder", "Messages", Area::centre, ladder_caption, draw_ladder},
      {"topology", "Network", Area::centre, topology_caption, draw_topology},
      {"compare", "Compare", Area::centre, compare_caption, draw_compare},
      {"experiments", "Experiments", Area::centre, experiments_caption, draw_experiments},
      {"gradebook", "Gradebook", Area::centre, gradebook_caption, draw_gradebook},
      {"keys", "Keys", Area::below, keys_caption, draw_keys},
      {"sas", "SAs", Area::below, sas_caption, draw_sas},
      {"policies", "Policies", Area::below, policies_caption, draw_policies},
      {"negotiation", "Negotiation", Area::below, negotiation_caption, draw_negotiation},
      {"adversary", "Adversary", Area::below, adversary_caption, draw_adversary},
      {"monitors", "Alerts", Area::below, monitors_caption, draw_monitors},
      {"events", "Events", Area::below, events_caption, draw_events},
      {"inspector", "Inspector", Area::right, inspector_caption, draw_inspector},
      {"timeline", "Time line", Area::bottom, timeline_caption, draw_timeline},
  }};
  return all;
}

const Panel* find_panel(std::string_view name) {
  for (const Panel& panel : panels())
    if (name == panel.name) return &panel;
  return nullptr;
}

void View::link(const Hit& h, const Selection& s) const {
  if (h.hovered) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  if (h.clicked) session.select(run, s);
}

Role View::role_of(const std::string& node) const {
  return run.role_of(node);
}

View begin_scroll(const View& view, const char* id, ImVec2 min, ImVec2 max) {
  ImGui::SetCursorScreenPos(min);
  ImGui::BeginChild(id, {std::max(1.0F, max.x - min.x), std::max(1.0F, max.y - min.y)}, false);
  View inner = view;
  const float bar = ImGui::GetStyle().ScrollbarSize;
  inner.min = {min.x, min.y - std::round(ImGui::GetScrollY())};
  inner.max = {max.x - bar - view.kit.px(4), max.y};
  return inner;
}

// Where more lies below, the last lines fade: nothing looks cut off.
static void draw_fade(const Kit& kit) {
  const ImVec2 at = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
  const float more = ImGui::GetScrollMaxY() - ImGui::GetScrollY();
  if (more < 1) return;
  const float height = std::min(kit.px(24), size.y / 3), bar = ImGui::GetStyle().ScrollbarSize;
  const ImU32 clear = kit.ink(Role::panel, 0), solid = kit.ink(Role::panel);
  ImGui::GetWindowDrawList()->AddRectFilledMultiColor({at.x, at.y + size.y - height},
                                                      {at.x + size.x - bar, at.y + size.y}, clear,
                                                      clear, solid, solid);
}

void end_scroll(const View& view, float content_height) {
  const ImVec2 origin = ImGui::GetWindowPos();
  draw_fade(view.kit);
  ImGui::SetCursorScreenPos({origin.x, origin.y - ImGui::GetScrollY() + content_height});
  ImGui::Dummy({1, 1});
  ImGui::EndChild();
}

}  // namespace ikelab::view
