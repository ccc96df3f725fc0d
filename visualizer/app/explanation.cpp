// "Explain this step": a card at the foot of the window, beside the story.
#include <algorithm>

#include "visualizer/app/shell.hpp"
#include "visualizer/models/explain.hpp"

namespace ikelab::view {

void Shell::explanation(ImVec2 min, ImVec2 max) {
  const StepWords words = step_words(run, session.selection(), session.now());
  const float pad = kit_.px(16), width = std::min(kit_.px(640), max.x - min.x - 2 * pad);
  const float room = width - 2 * pad;
  const float title = wrapped_height(kit_.fonts.strong, words.sentence, room, 1.25F);
  const float text = wrapped_height(kit_.fonts.body, words.text, room, 1.35F);
  const float height = title + text + kit_.px(24) + 2 * pad;
  const ImVec2 at = {min.x + pad, max.y - height - pad};
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize({width, height});
  ImGui::Begin("explanation", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoFocusOnAppearing);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 end = {at.x + width, at.y + height};
  list->AddRectFilled(at, end, kit_.ink(Role::panel), kit_.px(6));
  list->AddRect(at, end, kit_.ink(Role::initiator), kit_.px(6), 0, 1.5F * kit_.scale);
  float y = at.y + pad;
  y += put_wrapped(list, kit_.fonts.strong, {at.x + pad, y}, kit_.ink(Role::text), words.sentence,
                   room, 1.25F);
  y += kit_.px(4);
  y += put_wrapped(list, kit_.fonts.body, {at.x + pad, y}, kit_.ink(Role::text), words.text, room,
                   1.35F);
  y += kit_.px(4);
  const float rfc =
      put(list, kit_.fonts.small, {at.x + pad, y}, kit_.ink(Role::muted), words.rfc, room);
  constexpr const char* keys = "Left, Right: steps   Esc: close";
  if (rfc + kit_.px(16) + measure(kit_.fonts.small, keys).x <= room)
    put_right(list, kit_.fonts.small, {end.x - pad, y}, kit_.ink(Role::muted), keys);
  ImGui::End();
}

}  // namespace ikelab::view
