// The shell's top bar: the run's name, search, history, theme and scale.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/app/shell.hpp"
#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

constexpr float edge = 24;

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

}  // namespace

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
  static constexpr std::array<Command, 7> commands = {{
      {"motion on or off", [](Shell& s) { s.kit_.motion = !s.kit_.motion; }},
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

}  // namespace ikelab::view
