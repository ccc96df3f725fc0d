#include "visualizer/app/shell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

constexpr float top_height = 48, bottom_height = 80, edge = 24;

std::string status_words(store::RunStatus status) {
  switch (status) {
    case store::RunStatus::finished:
      return "finished";
    case store::RunStatus::failed:
      return "failed";
    case store::RunStatus::unfinished:
      break;
  }
  return "unfinished";
}

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
  if (input.find) focus_search_ = true;
  if (input.leave) {
    if (searching_)
      query_.fill(0);
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
  session.advance(run, input.seconds);
}

void Shell::frame(const FrameInput& input) {
  const bool revealing = session.reveal;
  session.hover_begin = session.hover_end = 0;
  keys(input);
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
    if (searching_) search_results({(size.x - kit_.px(400)) / 2, top - kit_.px(4)}, kit_.px(400));
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

void Shell::tabs(Area which, ImVec2 at, float right) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImFont* font = kit_.fonts.strong;
  for (const Panel& p : panels()) {
    if (p.area != which) continue;
    const float width = measure(font, p.title).x;
    const ImVec2 max = {at.x + width, at.y + kit_.px(22)};
    const Hit h = hit(p.name, {at.x - kit_.px(6), at.y - kit_.px(4)}, {max.x + kit_.px(6), max.y});
    if (h.clicked) active_[static_cast<std::size_t>(which)] = &p;
    const bool on = &active(which) == &p;
    put(list, font, at,
        kit_.ink(on          ? Role::text
                 : h.hovered ? Role::text
                             : Role::muted,
                 on || h.hovered ? 1.0F : 0.85F),
        p.title);
    if (on)
      list->AddRectFilled({at.x, at.y + kit_.px(21)}, {max.x, at.y + kit_.px(23)},
                          kit_.ink(Role::initiator), 1);
    at.x += width + kit_.px(20);
  }
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
  const float least = kit_.px(200);
  float left = std::clamp(kit_.px(story_width_), kit_.px(160), width * 0.3F);
  float right = std::clamp(kit_.px(inspector_width_), kit_.px(280), width * 0.42F);
  float below = grown_ ? height : std::clamp(height * below_share_, kit_.px(120), height - least);
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

// ---- top bar -----------------------------------------------------------------------------------

float Shell::top_left(ImVec2 min, ImVec2 max) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float middle = (min.y + max.y) / 2;
  float x = min.x + kit_.px(edge);
  const float room = (max.x - min.x) / 2 - kit_.px(200 + 2 * edge);
  const store::RunInfo& info = run.info();
  const std::string name = info.scenario.empty() ? "ikelab" : info.scenario;
  x += put(list, kit_.fonts.heading, {x, middle - kit_.fonts.heading->FontSize / 2},
           kit_.ink(Role::text), name, room * 0.6F);
  x += kit_.px(12);
  std::string about = info.scenario.empty()
                          ? "no run is open"
                          : fmt::format("seed {}, {}, {}", info.seed, status_words(info.status),
                                        span_text({std::chrono::nanoseconds(run.end().ns)}));
  if (!status.empty()) about = status;
  const float left = min.x + kit_.px(edge) + room - x;
  if (left > kit_.px(40))
    put(list, kit_.fonts.small, {x, middle - kit_.fonts.small->FontSize / 2 + kit_.px(1)},
        kit_.ink(status_is_error ? Role::adversary : Role::muted), about, left);
  const Hit h = hit("about", min, {min.x + kit_.px(edge) + room, max.y});
  if (h.hovered && !info.scenario.empty())
    tip(kit_, info.about.empty() ? info.scenario : info.about,
        fmt::format("Seed {}, {}, {} events. {}{}", info.seed, status_words(info.status),
                    thousands(run.event_count()), info.versions,
                    info.fingerprint.empty() ? "" : "\nFingerprint " + info.fingerprint));
  return x;
}

void Shell::top_right(ImVec2 min, ImVec2 max) {
  const float y = (min.y + max.y) / 2 - kit_.px(14);
  float x = max.x - kit_.px(edge) + kit_.px(8);
  const auto button = [&](const char* id, const std::string& text, bool on) {
    x -= measure(kit_.fonts.small, text).x + kit_.px(16);
    return text_button(kit_, id, {x, y}, text, on);
  };
  const float step = 0.25F;
  if (button("larger", "+", false)) wanted_scale = std::min(2.0F, kit_.scale + step);
  x -= kit_.px(4);
  const std::string percent = fmt::format("{:.0f} %", kit_.scale * 100);
  x -= measure(kit_.fonts.small, percent).x;
  put(ImGui::GetWindowDrawList(), kit_.fonts.small,
      {x, y + kit_.px(14) - kit_.fonts.small->FontSize / 2}, kit_.ink(Role::text), percent);
  x -= kit_.px(4);
  if (button("smaller", "\xE2\x88\x92", false)) wanted_scale = std::max(1.0F, kit_.scale - step);
  x -= kit_.px(16);
  if (button("dark", "Dark", kit_.theme == Theme::dark)) kit_.theme = Theme::dark;
  x -= kit_.px(2);
  if (button("light", "Light", kit_.theme == Theme::light)) kit_.theme = Theme::light;
  x -= kit_.px(16) + kit_.px(28);
  const auto chevron = [&](const char* id, bool enabled, float direction, const char* words) {
    const ImVec2 c = {x + kit_.px(14), y + kit_.px(14)};
    const Hit h = hit(id, {x, y}, {x + kit_.px(28), y + kit_.px(28)});
    const ImU32 ink = kit_.ink(enabled ? h.hovered ? Role::text : Role::muted : Role::rule);
    const float r = kit_.px(4);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddLine({c.x - direction * r / 2, c.y - r}, {c.x + direction * r / 2, c.y}, ink,
                  kit_.px(2));
    list->AddLine({c.x + direction * r / 2, c.y}, {c.x - direction * r / 2, c.y + r}, ink,
                  kit_.px(2));
    if (h.hovered) tip(kit_, words);
    x -= kit_.px(30);
    return h.clicked && enabled;
  };
  if (chevron("forward", session.can_forward(), 1, "Forward: what was selected after (Alt+Right)"))
    session.forward(run);
  if (chevron("back", session.can_back(), -1, "Back: what was selected before (Alt+Left, Esc)"))
    session.back(run);
}

void Shell::search_field(ImVec2 min, ImVec2 max) {
  const float width = max.x - min.x;
  ImGui::SetCursorScreenPos({min.x, (min.y + max.y) / 2 - kit_.px(15)});
  ImGui::SetNextItemWidth(width);
  ImGui::PushFont(kit_.fonts.small);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {kit_.px(12), kit_.px(7)});
  if (focus_search_) ImGui::SetKeyboardFocusHere();
  focus_search_ = false;
  const bool entered =
      ImGui::InputTextWithHint("##search", "Find a message, key, SA, or command   (Ctrl+K)",
                               query_.data(), query_.size(), ImGuiInputTextFlags_EnterReturnsTrue);
  searching_ = query_[0] != 0;
  ImGui::PopStyleVar();
  ImGui::PopFont();
  if (!entered) return;
  const auto found = search(run, query_.data(), 1);
  if (!found.empty()) session.select(run, found.front().selection);
  query_.fill(0);
}

void Shell::search_results(ImVec2 at, float width) {
  struct Command {
    const char* words;
    void (*act)(Shell&);
  };
  static constexpr std::array<Command, 6> commands = {{
      {"light theme", [](Shell& s) { s.kit_.theme = Theme::light; }},
      {"dark theme", [](Shell& s) { s.kit_.theme = Theme::dark; }},
      {"play", [](Shell& s) { s.session.playing = true; }},
      {"go to the beginning", [](Shell& s) { s.session.rewind(); }},
      {"go to the end", [](Shell& s) { s.session.to_end(s.run); }},
      {"larger, for projectors",
       [](Shell& s) { s.wanted_scale = std::min(2.0F, s.kit_.scale + 0.25F); }},
  }};
  const std::string_view query = query_.data();
  struct Row {
    std::string what, text;
    const Command* command;
    const Panel* panel;
    Selection selection;
  };
  std::vector<Row> rows;
  for (const Panel& p : panels())
    if (p.area != Area::bottom && lower_contains(p.title, query))
      rows.push_back({"panel", p.title, nullptr, &p, {}});
  for (const Command& c : commands)
    if (lower_contains(c.words, query)) rows.push_back({"command", c.words, &c, nullptr, {}});
  for (Found& f : search(run, query, 10))
    rows.push_back({f.what, f.text, nullptr, nullptr, f.selection});
  const float line = kit_.px(28), pad = kit_.px(8);
  const float height = static_cast<float>(std::max<std::size_t>(1, rows.size())) * line + 2 * pad;
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize({width, height});
  ImGui::Begin("results", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoFocusOnAppearing);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 max = {at.x + width, at.y + height};
  list->AddRectFilled(at, max, kit_.ink(Role::panel), kit_.px(6));
  list->AddRect(at, max, kit_.ink(Role::rule), kit_.px(6));
  float y = at.y + pad;
  if (rows.empty())
    put(list, kit_.fonts.small, {at.x + kit_.px(16), y + kit_.px(6)}, kit_.ink(Role::muted),
        "Nothing in this run holds these words.");
  int id = 0;
  for (const Row& row : rows) {
    const Hit h = hit(id++, {at.x + pad, y}, {max.x - pad, y + line});
    if (h.hovered)
      list->AddRectFilled({at.x + pad, y}, {max.x - pad, y + line},
                          kit_.tint(Role::panel, Role::text, 0.06F), kit_.px(4));
    put(list, kit_.fonts.small, {at.x + kit_.px(16), y + kit_.px(6)}, kit_.ink(Role::muted),
        row.what);
    put(list, kit_.fonts.small, {at.x + kit_.px(96), y + kit_.px(6)}, kit_.ink(Role::text),
        row.text, width - kit_.px(112));
    if (h.clicked) {
      if (row.command != nullptr)
        row.command->act(*this);
      else if (row.panel != nullptr)
        show(*row.panel);
      else
        session.select(run, row.selection);
      query_.fill(0);
    }
    y += line;
  }
  ImGui::End();
}

void Shell::top_bar(ImVec2 min, ImVec2 max) {
  ImGui::GetWindowDrawList()->AddLine({min.x, max.y - 1}, {max.x, max.y - 1}, kit_.ink(Role::rule));
  top_left(min, max);
  const float centre = (min.x + max.x) / 2, half = kit_.px(200);
  search_field({centre - half, min.y}, {centre + half, max.y});
  top_right(min, max);
}

// ---- bottom bar --------------------------------------------------------------------------------

namespace {

enum class Icon { start, back, play, pause, forward, end };

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
