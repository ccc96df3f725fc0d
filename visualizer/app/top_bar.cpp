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
  const float room = max.x - min.x - kit_.px(2 * edge);
  const store::RunInfo& info = run.info();
  const std::string name = info.scenario.empty() ? "ikelab" : info.scenario;
  x += put(list, kit_.fonts.heading, {x, middle - kit_.fonts.heading->FontSize / 2},
           kit_.ink(Role::text), name, room * 0.6F);
  x += kit_.px(12);
  std::string about = info.scenario.empty()
                          ? "no run is open"
                          : fmt::format("seed {}, {}, {}", info.seed, status_words(info.status),
                                        span_text({std::chrono::nanoseconds(run.end().ns)}));
  const bool told = !notice_.empty() && ImGui::GetTime() < notice_until_;
  if (!status.empty()) about = status;
  const float left = min.x + kit_.px(edge) + room - x;
  notice_is_long_ = told && measure(kit_.fonts.small, notice_).x > left;
  if (told && !notice_is_long_) about = notice_;
  if (left > kit_.px(40))
    put(list, kit_.fonts.small, {x, middle - kit_.fonts.small->FontSize / 2 + kit_.px(1)},
        kit_.ink((told && !notice_is_long_ ? notice_is_error_ : status_is_error) ? Role::adversary
                                                                                 : Role::muted),
        about, left);
  const Hit h = hit("about", min, {min.x + kit_.px(edge) + room, max.y});
  if (h.hovered && !info.scenario.empty())
    tip(kit_, info.about.empty() ? info.scenario : info.about,
        fmt::format("Seed {}, {}, {} events. {}{}", info.seed, status_words(info.status),
                    thousands(run.event_count()), info.versions,
                    info.fingerprint.empty() ? "" : "\nFingerprint " + info.fingerprint));
  return x;
}

// Under the bar, as many lines as it takes, above everything else.
void Shell::long_notice(ImVec2 at) {
  if (!notice_is_long_) return;
  ImDrawList* list = ImGui::GetForegroundDrawList();
  const float pad = kit_.px(12), width = kit_.px(400);
  const float height = wrapped_height(kit_.fonts.small, notice_, width, 1.3F);
  const ImVec2 max = {at.x + width + 2 * pad, at.y + height + 2 * pad};
  list->AddRectFilled(at, max, kit_.ink(Role::panel), kit_.px(6));
  list->AddRect(at, max, kit_.ink(notice_is_error_ ? Role::adversary : Role::rule), kit_.px(6));
  put_wrapped(list, kit_.fonts.small, {at.x + pad, at.y + pad}, kit_.ink(Role::text), notice_,
              width, 1.3F);
}

float Shell::top_right(ImVec2 min, ImVec2 max) {
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
  return x + kit_.px(30);
}

void Shell::search_field(ImVec2 min, ImVec2 max) {
  const float width = max.x - min.x;
  ImGui::SetCursorScreenPos({min.x, (min.y + max.y) / 2 - kit_.px(15)});
  ImGui::SetNextItemWidth(width);
  ImGui::PushFont(kit_.fonts.small);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {kit_.px(12), kit_.px(7)});
  if (focus_search_) ImGui::SetKeyboardFocusHere();
  focus_search_ = false;
  // A completion is put in here: the field keeps a text of its own as long as it is active.
  const auto complete = [](ImGuiInputTextCallbackData* data) {
    auto& text = *static_cast<std::string*>(data->UserData);
    if (text.empty()) return 0;
    data->DeleteChars(0, data->BufTextLen);
    data->InsertChars(0, text.c_str());
    text.clear();
    return 0;
  };
  const bool entered = ImGui::InputTextWithHint(
      "##search", "Find a message, key, SA, command; or filter   (Ctrl+K)", query_.data(),
      query_.size(), ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_CallbackAlways,
      complete, &completion_);
  searching_ = query_[0] != 0 || palette_open_;
  ImGui::PopStyleVar();
  ImGui::PopFont();
  if (ImGui::IsItemActivated()) palette_open_ = true;
  if (ImGui::IsItemEdited()) chosen_ = 0;
  if (entered && searching_) accept();
}

void Shell::top_bar(ImVec2 min, ImVec2 max) {
  ImGui::GetWindowDrawList()->AddLine({min.x, max.y - 1}, {max.x, max.y - 1}, kit_.ink(Role::rule));
  // In the middle, as long as the buttons leave it there.
  const float buttons = top_right(min, max), gap = kit_.px(16);
  const float centre = (min.x + max.x) / 2, half = kit_.px(200);
  const float right = std::min(centre + half, buttons - gap);
  const float wanted = std::max(min.x + kit_.px(160), std::min(centre - half, right - 2 * half));
  const float left = std::max(min.x + kit_.px(edge), std::min(wanted, right - kit_.px(80)));
  top_left(min, {left, max.y});
  search_field({left, min.y}, {right, max.y});
}

}  // namespace ikelab::view
