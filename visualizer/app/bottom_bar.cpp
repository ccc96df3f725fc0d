// The shell's bottom bar: transport controls and the time line.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/app/shell.hpp"
#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

constexpr float edge = 24;

enum class Icon { start, back, play, pause, forward, end, explain };

void draw_icon(ImDrawList* list, Icon icon, ImVec2 c, float r, ImU32 ink) {
  const auto triangle = [&](float x, float direction) {
    list->AddTriangleFilled({x - direction * r * 0.5F, c.y - r}, {x + direction * r, c.y},
                            {x - direction * r * 0.5F, c.y + r}, ink);
  };
  const auto bar = [&](float x) {
    list->AddRectFilled({x - r * 0.2F, c.y - r}, {x + r * 0.2F, c.y + r}, ink);
  };
  switch (icon) {
    case Icon::start:
      bar(c.x - r);
      triangle(c.x + r * 0.2F, -1);
      break;
    case Icon::back:
      triangle(c.x, -1);
      break;
    case Icon::play:
      triangle(c.x, 1);
      break;
    case Icon::pause:
      bar(c.x - r * 0.5F);
      bar(c.x + r * 0.5F);
      break;
    case Icon::forward:
      triangle(c.x, 1);
      break;
    case Icon::end:
      triangle(c.x - r * 0.2F, 1);
      bar(c.x + r);
      break;
    case Icon::explain:  // a speech bubble
      list->AddRectFilled({c.x - r, c.y - r}, {c.x + r, c.y + r * 0.5F}, ink, r * 0.5F);
      list->AddTriangleFilled({c.x - r * 0.5F, c.y + r * 0.4F}, {c.x + r * 0.3F, c.y + r * 0.4F},
                              {c.x - r * 0.5F, c.y + r * 1.2F}, ink);
      break;
  }
}

}  // namespace

float Shell::transport(ImVec2 min, ImVec2 max) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float y = (min.y + max.y) / 2 - kit_.px(8), size = kit_.px(32);
  float x = min.x + kit_.px(edge) - kit_.px(8);
  const auto button = [&](const char* id, Icon icon, bool main, const char* words) {
    const ImVec2 c = {x + size / 2, y};
    const Hit h = hit(id, {x, y - size / 2}, {x + size, y + size / 2});
    if (main)
      list->AddCircleFilled(c, size / 2, kit_.ink(run.empty() ? Role::rule : Role::initiator), 40);
    else if (h.hovered)
      list->AddCircleFilled(c, size / 2, kit_.tint(Role::ground, Role::text, 0.07F), 40);
    draw_icon(list, icon, c, kit_.px(6), main ? kit_.ink(Role::panel) : kit_.ink(Role::text));
    if (h.hovered) tip(kit_, words);
    x += size + kit_.px(4);
    return h.clicked;
  };
  if (button("start", Icon::start, false, "To the beginning")) session.rewind();
  if (button("back", Icon::back, false, "One row back (Left)")) session.step(run, -1);
  if (button("play", session.playing ? Icon::pause : Icon::play, true,
             session.playing ? "Pause (Space)" : "Play (Space)")) {
    FrameInput pressed;
    pressed.play = true;
    keys(pressed);
  }
  if (button("forward", Icon::forward, false, "One row forward (Right)")) session.step(run, 1);
  if (button("end", Icon::end, false, "To the end")) session.to_end(run);
  if (button("explain", Icon::explain, false, "Explain this step (X)"))
    session.explains = !session.explains;
  const std::string now = clock_text(session.now());
  const std::string whole = fmt::format("of {}", clock_text(run.end()));
  const float text_y = y + size / 2 + kit_.px(4);
  const float from = min.x + kit_.px(edge);
  const float used = put(list, kit_.fonts.mono_small, {from, text_y}, kit_.ink(Role::text), now);
  put(list, kit_.fonts.mono_small, {from + used + kit_.px(8), text_y}, kit_.ink(Role::muted),
      whole);
  if (hit("clock", {from, text_y}, {x, text_y + kit_.px(16)}).hovered)
    tip(kit_, absolute_text(run.info().epoch, session.now()),
        "Simulated time; the clock beside it counts from the run's start.");
  return x + kit_.px(24);
}

void Shell::bottom_bar(ImVec2 min, ImVec2 max) {
  ImGui::GetWindowDrawList()->AddLine(min, {max.x, min.y}, kit_.ink(Role::rule));
  const float x = std::max(transport(min, max), min.x + kit_.px(story_width_));
  const Panel& line = active(Area::bottom);
  ImGui::PushID("time line");
  line.draw(View{
      kit_, run, session, {x, min.y + kit_.px(8)}, {max.x - kit_.px(edge), max.y - kit_.px(8)}});
  ImGui::PopID();
}

}  // namespace ikelab::view
