// The run in words, chapter by chapter. The chapter time stands in is marked; a line selects.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

constexpr float leading = 1.3F;

float line_width(const View& v) {
  return v.width() - v.kit.px(28);
}
float title_width(const View& v) {
  return v.width() - v.kit.px(16);
}

void draw_line(const View& v, const StoryLine& line, float y, int id) {
  const float indent = v.kit.px(20), width = line_width(v);
  ImFont* font = v.kit.fonts.small;
  const float height = wrapped_height(font, line.text, width, leading);
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
              line.text, width, leading);
  v.link(h, line.selection);
}

void draw_head(const View& v, const Chapter& chapter, std::size_t number, float y) {
  const bool past = chapter.begin <= v.session.now();
  put(v.list(), v.kit.fonts.small, {v.min.x + v.kit.px(8), y}, v.kit.ink(Role::muted),
      fmt::format("{}", number));
  put_right(v.list(), v.kit.fonts.mono_small, {v.max.x - v.kit.px(8), y}, v.kit.ink(Role::muted),
            clock_text(chapter.begin));
  put_wrapped(v.list(), v.kit.fonts.strong, {v.min.x + v.kit.px(8), y + v.kit.px(18)},
              v.kit.ink(past ? Role::text : Role::muted), chapter.title, title_width(v));
}

std::size_t items_of(const std::vector<Chapter>& story) {
  std::size_t count = story.size();
  for (const Chapter& chapter : story) count += chapter.lines.size();
  return count;
}

// Measures the story as the two functions above draw it, so much a frame that none waits for it:
// `height` is that of what has been measured.
const Session::StoryLayout& layout_of(const View& v) {
  constexpr std::size_t most_a_frame = 2'000;
  const std::vector<Chapter>& story = v.run.story();
  Session::StoryLayout& layout = v.session.story;
  if (layout.generation != v.run.generation() || layout.width != v.width() ||
      layout.scale != v.kit.scale)
    layout = {v.run.generation(), v.width(), v.kit.scale, 0, {}};
  std::size_t c = layout.items.empty() ? 0 : layout.items.back().chapter;
  std::ptrdiff_t l = layout.items.empty() ? -1 : layout.items.back().line + 1;
  for (std::size_t n = 0; n < most_a_frame && c < story.size();) {
    const Chapter& chapter = story[c];
    if (l == static_cast<std::ptrdiff_t>(chapter.lines.size())) {
      if (c + 1 == story.size()) break;
      layout.height += v.kit.px(16);
      ++c;
      l = -1;
      continue;
    }
    layout.items.push_back({c, l, layout.height});
    layout.height +=
        l < 0 ? v.kit.px(26) + wrapped_height(v.kit.fonts.strong, chapter.title, title_width(v))
              : v.kit.px(8) + wrapped_height(v.kit.fonts.small,
                                             chapter.lines[static_cast<std::size_t>(l)].text,
                                             line_width(v), leading);
    ++l;
    ++n;
  }
  return layout;
}

// Of all of it, as far as it can be told yet.
float whole_height(const View& v, const Session::StoryLayout& layout) {
  const std::size_t all = items_of(v.run.story()), measured = layout.items.size();
  return (measured == 0 || measured >= all
              ? layout.height
              : layout.height * static_cast<float>(all) / static_cast<float>(measured)) +
         v.kit.px(16);
}

// The bar beside the chapter that time stands in.
void draw_current(const View& v, const Session::StoryLayout& layout) {
  const int current = chapter_at(v.run.story(), v.session.now());
  if (current < 0) return;
  const auto chapter = static_cast<std::size_t>(current);
  const auto head = std::lower_bound(layout.items.begin(), layout.items.end(), chapter,
                                     [](const auto& i, std::size_t c) { return i.chapter < c; });
  const auto next = std::lower_bound(head, layout.items.end(), chapter + 1,
                                     [](const auto& i, std::size_t c) { return i.chapter < c; });
  if (head == layout.items.end()) return;  // not measured yet
  const float end = next == layout.items.end() ? layout.height + v.kit.px(16) : next->y;
  v.list()->AddRectFilled({v.min.x - v.kit.px(10), v.min.y + head->y + v.kit.px(2)},
                          {v.min.x - v.kit.px(7), v.min.y + end - v.kit.px(24)},
                          v.kit.ink(Role::initiator), v.kit.px(2));
}

// Scrolls to the line of what was selected elsewhere.
void reveal(const View& v, const Session::StoryLayout& layout) {
  if (!v.session.reveal || v.session.selection().kind == Selection::Kind::none) return;
  for (const auto& item : layout.items) {
    if (item.line < 0) continue;
    const StoryLine& line = v.run.story()[item.chapter].lines[static_cast<std::size_t>(item.line)];
    if (!v.session.is_selected(line.selection)) continue;
    const float top = ImGui::GetScrollY(), shown = ImGui::GetWindowHeight();
    if (item.y < top || item.y + v.kit.px(40) > top + shown)
      ImGui::SetScrollY(std::max(0.0F, item.y - shown / 3));
    return;
  }
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
  const Session::StoryLayout& layout = layout_of(inner);
  reveal(inner, layout);
  draw_current(inner, layout);
  const float top = ImGui::GetWindowPos().y - inner.min.y, bottom = top + ImGui::GetWindowHeight();
  auto item = std::upper_bound(layout.items.begin(), layout.items.end(), top,
                               [](float y, const auto& i) { return y < i.y; });
  if (item != layout.items.begin()) --item;
  for (; item != layout.items.end() && item->y < bottom; ++item) {
    const Chapter& chapter = v.run.story()[item->chapter];
    const float y = inner.min.y + item->y;
    if (item->line < 0)
      draw_head(inner, chapter, item->chapter + 1, y);
    else
      draw_line(inner, chapter.lines[static_cast<std::size_t>(item->line)], y,
                static_cast<int>(item - layout.items.begin()));
  }
  end_scroll(v, whole_height(v, layout));
}

}  // namespace ikelab::view
