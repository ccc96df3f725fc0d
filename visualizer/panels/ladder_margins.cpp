// Beside the ladder's lanes: brackets around exchanges, the minimap, the axis of time, its
// controls.
#include <fmt/format.h>

#include <array>

#include "visualizer/models/text.hpp"
#include "visualizer/panels/ladder_frame.hpp"

namespace ikelab::view {
namespace {

constexpr int most_brackets = 3;  // side by side

struct AxisWords {
  Axis axis;
  const char *name, *about;
};
constexpr std::array<AxisWords, 3> axis_words = {
    {{Axis::pauses, "pauses cut", "Long pauses are shortened, so that all can be read."},
     {Axis::steps, "even steps", "Every row takes the same room, whatever time passed."},
     {Axis::time, "true time", "Time as it passes: wheel zooms, right button drags."}}};

}  // namespace

// A bracket holds the messages of one exchange together; dashed when no answer came.
void draw_brackets(const LadderFrame& f, std::size_t from, std::size_t to,
                   const LadderRow* selected) {
  const Ladder& ladder = f.v.run.ladder();
  const Kit& kit = f.v.kit;
  const auto [first, last] = ladder.exchanges_between(from, to);
  for (std::size_t i = first; i < last; ++i) {
    const Exchange& e = ladder.exchanges()[i];
    if (e.depth >= most_brackets || e.last < from) continue;
    const LadderRow &a = ladder.rows()[e.first], &b = ladder.rows()[e.last];
    const float x = f.right + kit.px(4) + kit.px(8) * static_cast<float>(e.depth);
    const float top = f.start(a) - kit.px(2), bottom = std::max(f.stop(b), top + kit.px(4));
    const bool on = selected != nullptr && selected->exchange == a.exchange && !a.exchange.empty();
    const ImU32 ink = on ? kit.ink(Role::initiator)
                         : kit.tint(Role::panel, e.answered ? Role::muted : Role::adversary, 0.6F);
    const float thickness = (on ? 2.0F : 1.0F) * kit.scale, hook = kit.px(4);
    f.v.list()->AddLine({x - hook, top}, {x, top}, ink, thickness);
    if (e.answered)
      f.v.list()->AddLine({x, top}, {x, bottom}, ink, thickness);
    else
      dashed_line(f.v.list(), {x, top}, {x, bottom}, ink, thickness, kit.px(3));
    f.v.list()->AddLine({x - hook, bottom}, {x, bottom}, ink, thickness);
    ImGui::PushID("exchange");
    const Hit h = hit(static_cast<int>(i), {x - kit.px(4), top}, {x + kit.px(4), bottom});
    ImGui::PopID();
    if (!h.hovered) continue;
    std::string words = fmt::format("{} in {}", counted(e.messages, "message", "messages"),
                                    span_text(b.time - a.time));
    if (e.again > 0) words += fmt::format(", {} of them sent again", e.again);
    if (e.lost > 0) words += fmt::format(", {} lost", e.lost);
    tip(kit, e.name, words + (e.answered ? "." : "; no answer."));
    f.v.link(h, a.selection);
  }
}

// The whole ladder as a strip: where there is much, where there is trouble, what is shown of it.
void draw_map(const LadderFrame& f, ImVec2 min, ImVec2 max, float content) {
  const View& v = f.v;
  const Kit& kit = v.kit;
  const Ladder& ladder = v.run.ladder();
  v.list()->AddRectFilled(min, max, kit.tint(Role::panel, Role::text, 0.04F), kit.px(2));
  const double whole = f.linear ? static_cast<double>(v.run.end().ns) * 1.02
                                : static_cast<double>((content - kit.px(48)) / kit.scale);
  const float tall = max.y - min.y, step = kit.px(2);
  for (float y = 0; y < tall; y += step) {
    const double a = whole * static_cast<double>(y / tall),
                 b = whole * static_cast<double>((y + step) / tall);
    const auto row_before = [&](double place) {
      return f.linear ? ladder.rows_before({static_cast<std::int64_t>(place)})
                      : ladder.rows_above(place);
    };
    const std::size_t first = row_before(a), last = row_before(b);
    if (first == last) continue;
    const bool trouble = ladder.troubles(first, last) > 0;
    const float share = std::min(1.0F, 0.4F + 0.2F * std::log2(static_cast<float>(last - first)));
    v.list()->AddRectFilled(
        {min.x + 1, min.y + y}, {min.x + 1 + (max.x - min.x - 2) * share, min.y + y + step},
        kit.tint(Role::panel, trouble ? Role::adversary : Role::initiator, trouble ? 1.0F : 0.6F));
  }
  const float shown = ImGui::GetWindowHeight();
  const double from =
      f.linear ? f.begin / whole : static_cast<double>(ImGui::GetScrollY() / content);
  const double part = f.linear ? f.span / whole : static_cast<double>(shown / content);
  const float y0 = min.y + tall * static_cast<float>(std::clamp(from, 0.0, 1.0));
  const float y1 = min.y + tall * static_cast<float>(std::clamp(from + part, 0.0, 1.0));
  v.list()->AddRect({min.x, y0}, {max.x, std::max(y1, y0 + kit.px(3))}, kit.ink(Role::text, 0.7F),
                    kit.px(2));
  const Hit h = hit("map", min, max);
  if (h.hovered)
    tip(kit, "The whole ladder", "Drag to move in it; orange is where something went wrong.");
  if (!ImGui::IsItemActive()) return;
  const double share =
      std::clamp(static_cast<double>((ImGui::GetIO().MousePos.y - min.y) / tall), 0.0, 1.0);
  if (f.linear)
    v.session.pan_ladder(v.run, share * whole - f.begin - f.span / 2);
  else
    ImGui::SetScrollY(static_cast<float>(share) * content - shown / 2);
}

// Figures beside the axis of time, round ones.
void draw_ticks(const LadderFrame& f, float bottom) {
  const Kit& kit = f.v.kit;
  const double step =
      round_step(f.span / std::max(2.0, static_cast<double>(f.height / kit.px(56))));
  for (double t = std::ceil(f.begin / step) * step; t <= f.begin + f.span; t += step) {
    const float y = f.at({static_cast<std::int64_t>(t)});
    if (y > bottom) break;
    f.v.list()->AddLine({f.left - kit.px(8), y}, {f.right, y}, kit.ink(Role::rule, 0.6F), 1);
    put_right(f.v.list(), kit.fonts.small, {f.left - kit.px(12), y - kit.px(8)},
              kit.ink(Role::muted), tick_text(t, step));
  }
}

// Wheel and mouse on the axis of time: wheel zooms, with Shift it moves; dragging moves.
void move_time(const LadderFrame& f) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows)) return;
  if (io.MouseWheel != 0 && io.KeyShift)
    f.v.session.pan_ladder(f.v.run, -static_cast<double>(io.MouseWheel) * f.span / 8);
  else if (io.MouseWheel != 0)
    f.v.session.zoom_ladder(f.v.run, io.MouseWheel > 0 ? 0.7 : 1 / 0.7, f.instant(io.MousePos.y));
  if (ImGui::IsMouseDragging(1) || ImGui::IsMouseDragging(2))
    f.v.session.pan_ladder(
        f.v.run, -static_cast<double>(io.MouseDelta.y) * f.span / static_cast<double>(f.height));
}

// Left of the lanes' names: how time is laid out, and the filter, to be clicked.
void draw_controls(const View& v, float y) {
  const AxisWords& words = axis_words[static_cast<std::size_t>(v.session.axis)];
  ImVec2 size;
  if (text_button(v.kit, "axis", {v.min.x - v.kit.px(8), y - v.kit.px(6)}, words.name, false,
                  &size))
    v.session.axis = axis_words[(static_cast<std::size_t>(v.session.axis) + 1) % 3].axis;
  if (ImGui::IsItemHovered()) tip(v.kit, words.about, "Click, or A: the next way.");
  if (v.run.filter().empty()) return;
  if (text_button(v.kit, "filter", {v.min.x - v.kit.px(8), y + v.kit.px(20)}, "\xC3\x97 filter",
                  true))
    v.session.filter.clear();
  if (ImGui::IsItemHovered())
    tip(v.kit, v.run.filter().text(), "Only packets that fit are shown. Click: everything again.");
}

}  // namespace ikelab::view
