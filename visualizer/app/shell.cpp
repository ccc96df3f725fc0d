#include "visualizer/app/shell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

constexpr float top_height = 48, bottom_height = 80, edge = 24;

ImGuiWindowFlags bare() {
  return ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
         ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus |
         ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoNav;
}

}  // namespace

const Panel& Shell::active(Area which) const {
  const Panel* chosen = active_[static_cast<std::size_t>(which)];
  if (chosen != nullptr) return *chosen;
  for (const Panel& p : panels())
    if (p.area == which) return p;
  return panels().front();
}

void Shell::show(const Panel& panel) {
  active_[static_cast<std::size_t>(panel.area)] = &panel;
}

void Shell::keys(const FrameInput& input) {
  if (input.find) focus_search_ = palette_open_ = true;
  if (searching_) chosen_ = std::max(0, chosen_ + input.choose);
  if (input.accept && searching_) accept();
  if (input.leave) {
    if (searching_)
      close_palette();
    else if (session.explains)
      session.explains = false;
    else if (session.selection().has_range())
      session.clear_range();
    else if (session.can_back())
      session.back(run);
  }
  if (input.play) {
    if (!session.playing && session.now() >= run.end()) session.rewind();
    session.playing = !session.playing && !run.empty();
  }
  if (input.step_back) session.step(run, -1);
  if (input.step_forward) session.step(run, 1);
  if (input.history_back) session.back(run);
  if (input.history_forward) session.forward(run);
  if (input.step_event != 0) session.step_event(run, input.step_event);
  if (input.step_packet != 0) session.step_packet(run, input.step_packet);
  if (input.bookmark) session.toggle_bookmark();
  if (input.to_bookmark != 0) session.to_bookmark(input.to_bookmark);
  if (input.begin) session.rewind();
  if (input.end) session.to_end(run);
  if (input.axis) session.axis = static_cast<Axis>((static_cast<int>(session.axis) + 1) % 3);
  if (input.explain) session.explains = !session.explains;
  if (input.fit) session.ladder_span = 0;
  if (input.zoom != 0) {
    session.axis = Axis::time;
    session.zoom_ladder(run, input.zoom > 0 ? 0.5 : 2, static_cast<double>(session.now().ns));
  }
  if (input.copy) copy(session.selection().has_range() ? CopyAs::hex : CopyAs::text);
  if (input.export_page) export_page();
  int tab = 0;
  for (const Panel& p : panels())
    if ((p.area == Area::centre || p.area == Area::below) && ++tab == input.panel) show(p);
  session.advance(run, input.seconds);
}

// What cost points: an event of this run, or of one that is opened for it.
void Shell::follow_lost() {
  if (!session.lost) return;
  const store::LostPoint lost = *std::exchange(session.lost, {});
  if (lost.event == 0) return notice("nothing in the run is to blame for this one");
  const bool here = !lost.fingerprint.empty() && lost.fingerprint == run.info().fingerprint &&
                    run.event(lost.event) != nullptr;
  if (here) return session.select(run, select_event(lost.event));
  if (opener != nullptr) return opener->open(*this, lost);
  notice(fmt::format("event {} of run \"{}\" of {}, which is not open here", lost.event, lost.run,
                     lost.student));
}

void Shell::back_to_run() {
  if (opener == nullptr) return notice("no other run was open before");
  opener->back(*this);
}

// The ladder is laid out as the session wishes; a filter that does not read is told, and given up.
void Shell::follow_session() {
  run.set_axis(session.axis);
  follow_lost();
  if (session.filter == run.filter().text()) return;
  auto filter = filter::Filter::parse(session.filter);
  if (!filter.ok()) {
    notice(filter.error().to_string(), true);
    session.filter = run.filter().text();
    return;
  }
  run.set_filter(std::move(filter).value());
}

void Shell::frame(const FrameInput& input) {
  const bool revealing = session.reveal;
  session.hover_begin = session.hover_end = 0;
  keys(input);
  follow_session();
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(size);
  ImGui::Begin("ikelab", nullptr, bare());
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled({0, 0}, size, kit_.ink(Role::ground));
  const float top = kit_.px(top_height), bottom = size.y - kit_.px(bottom_height);
  if (solo != nullptr) {
    list->AddRectFilled({0, 0}, size, kit_.ink(Role::panel));
    panel_box(*solo, {0, 0}, size, 0);
  } else {
    middle({0, top}, {size.x, bottom});
    top_bar({0, 0}, {size.x, top});
    bottom_bar({0, bottom}, size);
    if (session.explains)
      explanation({kit_.px(story_width_), top}, {size.x - kit_.px(inspector_width_), bottom});
    long_notice({kit_.px(edge), top + kit_.px(8)});
    if (searching_) palette({(size.x - kit_.px(440)) / 2, top - kit_.px(4)}, kit_.px(440));
  }
  ImGui::End();
  if (revealing) session.reveal = false;
}

// A panel with its heading: title and caption unless tabs stand there (`head` is their height).
void Shell::panel_box(const Panel& panel, ImVec2 min, ImVec2 max, float head) {
  ImGui::PushID(panel.name);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float pad = kit_.px(edge);
  View view{kit_, run, session, {min.x + pad, min.y}, {max.x - pad, max.y - kit_.px(8)}};
  float y = min.y + kit_.px(16);
  if (panel.area != Area::bottom || solo != nullptr) {
    if (head <= 0) {
      put(list, solo != nullptr ? kit_.fonts.heading : kit_.fonts.strong, {view.min.x, y},
          kit_.ink(Role::text), panel.title);
      head = kit_.px(solo != nullptr ? 24 : 20);
    }
    y += head;
    put(list, kit_.fonts.small, {view.min.x, y}, kit_.ink(Role::muted), panel.caption(view),
        view.width());
    y += kit_.px(28);
  }
  view.min.y = y;
  if (solo != nullptr) view.max.y -= kit_.px(16);
  panel.draw(view);
  ImGui::PopID();
}

// Where there is too little room the tabs move together; then those left of the active one go.
Shell::TabRow Shell::tab_row(Area which, float room) const {
  TabRow row{kit_.fonts.strong, kit_.px(20), 0};
  float width = 0, to_active = 0;
  const auto lay = [&] {
    width = -row.gap;
    for (const Panel& p : panels()) {
      if (p.area != which) continue;
      width += row.gap + measure(row.font, p.title).x;
      if (&p == &active(which)) to_active = width;
    }
  };
  lay();
  if (width > room) {
    row.font = kit_.fonts.small_strong;
    row.gap = kit_.px(12);
    lay();
  }
  row.hidden = std::max(0.0F, to_active - room);
  return row;
}

void Shell::tabs(Area which, ImVec2 at, float right) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float room = right - at.x - (which == Area::below ? kit_.px(28) : 0);
  const TabRow row = tab_row(which, room);
  list->PushClipRect({at.x - kit_.px(8), at.y - kit_.px(8)},
                     {at.x + room + kit_.px(2), at.y + kit_.px(32)}, true);
  float x = at.x - row.hidden;
  for (const Panel& p : panels()) {
    if (p.area != which) continue;
    const float width = measure(row.font, p.title).x;
    const ImVec2 max = {x + width, at.y + kit_.px(22)};
    const Hit h = hit(p.name, {x - kit_.px(6), at.y - kit_.px(4)}, {max.x + kit_.px(6), max.y});
    if (h.clicked) active_[static_cast<std::size_t>(which)] = &p;
    const bool on = &active(which) == &p;
    put(list, row.font, {x, at.y},
        kit_.ink(on || h.hovered ? Role::text : Role::muted, on || h.hovered ? 1.0F : 0.85F),
        p.title);
    if (on)
      list->AddRectFilled({x, at.y + kit_.px(21)}, {max.x, at.y + kit_.px(23)},
                          kit_.ink(Role::initiator), 1);
    x += width + row.gap;
  }
  list->PopClipRect();
  if (which != Area::below) return;
  const ImVec2 c = {right - kit_.px(8), at.y + kit_.px(9)};
  const float r = kit_.px(5);
  const Hit h =
      hit("grow", {c.x - kit_.px(12), c.y - kit_.px(12)}, {c.x + kit_.px(12), c.y + kit_.px(12)});
  const ImU32 ink = kit_.ink(h.hovered ? Role::text : Role::muted);
  const float d = grown_ ? -1.0F : 1.0F;  // a chevron up to grow, down to shrink
  list->AddLine({c.x - r, c.y + d * r / 2}, {c.x, c.y - d * r / 2}, ink, kit_.px(2));
  list->AddLine({c.x, c.y - d * r / 2}, {c.x + r, c.y + d * r / 2}, ink, kit_.px(2));
  if (h.hovered) tip(kit_, grown_ ? "Show the ladder again" : "Give this panel the whole height");
  if (h.clicked) grown_ = !grown_;
}

void Shell::area(Area which, ImVec2 min, ImVec2 max) {
  const float width = max.x - min.x, height = max.y - min.y;
  if (width < 8 || height < 8) return;
  ImGui::PushID(static_cast<int>(which));
  ImGui::SetCursorScreenPos(min);
  ImGui::BeginChild("area", {width, height}, false,
                    ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  ImGui::GetWindowDrawList()->AddRectFilled(min, max, kit_.ink(Role::panel));
  const bool tabbed = which == Area::centre || which == Area::below;
  if (tabbed) tabs(which, {min.x + kit_.px(edge), min.y + kit_.px(12)}, max.x - kit_.px(edge));
  panel_box(active(which), min, max, tabbed ? kit_.px(26) : 0);
  ImGui::EndChild();
  ImGui::PopID();
}

void Shell::splitter(const char* id, ImVec2 min, ImVec2 max, bool vertical, float& value,
                     float sign) {
  const float grab = kit_.px(4);
  const Hit h = vertical ? hit(id, {min.x - grab, min.y}, {max.x + grab, max.y})
                         : hit(id, {min.x, min.y - grab}, {max.x, max.y + grab});
  const bool held = ImGui::IsItemActive();
  if (h.hovered || held)
    ImGui::SetMouseCursor(vertical ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
  if (held) {
    const ImVec2 d = ImGui::GetIO().MouseDelta;
    value += sign * (vertical ? d.x : d.y);
  }
  ImGui::GetWindowDrawList()->AddRectFilled(min, max,
                                            kit_.ink(held || h.hovered ? Role::muted : Role::rule));
}

void Shell::middle(ImVec2 min, ImVec2 max) {
  const float width = max.x - min.x, height = max.y - min.y;
  // In a window too small for its minimums, shares of what there is.
  const auto bounded = [](float value, float low, float high) {
    return std::clamp(value, std::min(low, high), high);
  };
  float left = bounded(kit_.px(story_width_), kit_.px(160), width * 0.3F);
  float right = bounded(kit_.px(inspector_width_), kit_.px(280), width * 0.42F);
  float below = grown_ ? height
                       : bounded(height * below_share_, kit_.px(120),
                                 std::max(height * 0.5F, height - kit_.px(200)));
  const float x0 = std::round(min.x + left), x1 = std::round(max.x - right),
              y = std::round(max.y - below);
  area(Area::left, min, {x0, max.y});
  if (!grown_) area(Area::centre, {x0 + 1, min.y}, {x1, y});
  area(Area::below, {x0 + 1, y + 1}, {x1, max.y});
  area(Area::right, {x1 + 1, min.y}, max);
  splitter("left edge", {x0, min.y}, {x0 + 1, max.y}, true, left, 1);
  splitter("right edge", {x1, min.y}, {x1 + 1, max.y}, true, right, -1);
  if (!grown_) splitter("lower edge", {x0 + 1, y}, {x1, y + 1}, false, below, -1);
  story_width_ = left / kit_.scale;
  inspector_width_ = right / kit_.scale;
  if (!grown_) below_share_ = below / height;
}

}  // namespace ikelab::view
