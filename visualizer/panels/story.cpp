// The run in words, chapter by chapter. The chapter time stands in is marked; a line selects.
#include <fmt/format.h>

#include "visualizer/models/text.hpp"
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {
namespace {

Role role_of_tone(StoryLine::Tone tone) {
  switch (tone) {
    case StoryLine::Tone::good:
      return Role::responder;
    case StoryLine::Tone::bad:
    case StoryLine::Tone::attack:
      return Role::adversary;
    case StoryLine::Tone::secret:
      return Role::secret;
    case StoryLine::Tone::plain:
      break;
  }
  return Role::muted;
}

// The mark before a line: a dot, a tick, a cross, a key's diamond. Shape first, colour second.
void bullet(const View& v, ImVec2 at, StoryLine::Tone tone, bool past) {
  const ImU32 ink = v.kit.ink(past ? role_of_tone(tone) : Role::muted);
  const float r = v.kit.px(3);
  switch (tone) {
    case StoryLine::Tone::good:
      v.list()->AddLine({at.x - r, at.y}, {at.x - r / 3, at.y + r}, ink, v.kit.px(2));
      v.list()->AddLine({at.x - r / 3, at.y + r}, {at.x + r + 1, at.y - r}, ink, v.kit.px(2));
      break;
    case StoryLine::Tone::bad:
    case StoryLine::Tone::attack:
      cross(v.list(), at, r, ink, v.kit.px(2));
      break;
    case StoryLine::Tone::secret:
      v.list()->AddQuadFilled({at.x, at.y - r - 1}, {at.x + r + 1, at.y}, {at.x, at.y + r + 1},
                              {at.x - r - 1, at.y}, ink);
      break;
    case StoryLine::Tone::plain:
      v.list()->AddCircleFilled(at, v.kit.px(2), ink, 12);
      break;
  }
}

float draw_line(const View& v, const StoryLine& line, float y, int id) {
  const float indent = v.kit.px(20), width = v.width() - indent - v.kit.px(8);
  ImFont* font = v.kit.fonts.small;
  const float height = wrapped_height(font, line.text, width, 1.3F);
  const ImVec2 min = {v.min.x, y - v.kit.px(4)}, max = {v.max.x, y + height + v.kit.px(4)};
  const bool selected = v.session.is_selected(line.selection);
  const bool past = line.time <= v.session.now();
  const Hit h = hit(id, min, max);
  if (selected)
    v.list()->AddRectFilled(min, max, v.kit.tint(Role::panel, Role::initiator, 0.12F), v.kit.px(6));
  else if (h.hovered)
    v.list()->AddRectFilled(min, max, v.kit.tint(Role::panel, Role::text, 0.05F), v.kit.px(6));
  bullet(v, {v.min.x + v.kit.px(10), y + std::round(font->FontSize * 0.55F)}, line.tone, past);
  put_wrapped(v.list(), font, {v.min.x + indent, y}, v.kit.ink(past ? Role::text : Role::muted),
              line.text, width, 1.3F);
  v.link(h, line.selection);
  if (selected && v.session.reveal) {
    const ImVec2 window = ImGui::GetWindowPos();
    const float shown = ImGui::GetWindowHeight();
    if (min.y < window.y || max.y > window.y + shown)
      ImGui::SetScrollY(std::max(0.0F, ImGui::GetScrollY() + min.y - window.y - shown / 3));
  }
  return height + v.kit.px(8);
}

float draw_chapter(const View& v, const Chapter& chapter, int number, bool current, float y,
                   int& id) {
  const float start = y;
  ImFont* font = v.kit.fonts.strong;
  const bool past = chapter.begin <= v.session.now();
  const std::string when = clock_text(chapter.begin);
  put(v.list(), v.kit.fonts.small, {v.min.x + v.kit.px(8), y}, v.kit.ink(Role::muted),
      fmt::format("{}", number));
  put_right(v.list(), v.kit.fonts.mono_small, {v.max.x - v.kit.px(8), y}, v.kit.ink(Role::muted),
            when);
  y += v.kit.px(18);
  y += put_wrapped(v.list(), font, {v.min.x + v.kit.px(8), y},
                   v.kit.ink(past ? Role::text : Role::muted), chapter.title,
                   v.width() - v.kit.px(16));
  y += v.kit.px(8);
  for (const StoryLine& line : chapter.lines) y += draw_line(v, line, y, id++);
  if (current)
    v.list()->AddRectFilled({v.min.x - v.kit.px(10), start + v.kit.px(2)},
                            {v.min.x - v.kit.px(7), y - v.kit.px(8)}, v.kit.ink(Role::initiator),
                            v.kit.px(2));
  return y - start + v.kit.px(16);
}

}  // namespace

std::string story_caption(const View& v) {
  const auto& story = v.run.story();
  if (story.empty()) return "What happened, in words";
  const int at = chapter_at(story, v.session.now());
  return at < 0 ? fmt::format("{} chapters", story.size())
                : fmt::format("Chapter {} of {}", at + 1, story.size());
}

void draw_story(const View& v) {
  if (v.run.story().empty()) {
    empty_state(
        v.kit, v.list(), v.min, v.max, "No story yet",
        "The run appears here in words, chapter by chapter, as soon as nodes exchange messages.");
    return;
  }
  // room at the left for the mark of the current chapter
  View inner = begin_scroll(v, "story", {v.min.x - v.kit.px(12), v.min.y}, v.max);
  inner.min.x += v.kit.px(12);
  const int current = chapter_at(v.run.story(), v.session.now());
  float y = inner.min.y;
  int id = 0, number = 0;
  for (const Chapter& chapter : v.run.story()) {
    y += draw_chapter(inner, chapter, number + 1, number == current, y, id);
    ++number;
  }
  end_scroll(v, y - inner.min.y);
}

}  // namespace ikelab::view
