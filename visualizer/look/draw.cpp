#include "visualizer/look/draw.hpp"

#include <algorithm>
#include <cmath>

namespace ikelab::view {
namespace {

constexpr std::string_view ellipsis = "\xE2\x80\xA6";

// The start of the UTF-8 character before `at`.
std::size_t previous(std::string_view text, std::size_t at) {
  if (at == 0) return 0;
  --at;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
  return at;
}

// How many leading octets of `text` fit in `width`.
std::size_t octets_that_fit(ImFont* font, std::string_view text, float width) {
  const char* rest = nullptr;
  font->CalcTextSizeA(font->FontSize, width, 0.0F, text.data(), text.data() + text.size(), &rest);
  return static_cast<std::size_t>(rest - text.data());
}

}  // namespace

ImVec2 measure(ImFont* font, std::string_view text) {
  if (text.empty()) return {0, font->FontSize};
  return font->CalcTextSizeA(font->FontSize, 1e9F, 0.0F, text.data(), text.data() + text.size());
}

std::string fit(ImFont* font, std::string_view text, float width) {
  if (measure(font, text).x <= width) return std::string(text);
  const float room = width - measure(font, ellipsis).x;
  if (room <= 0) return {};
  std::size_t count = octets_that_fit(font, text, room);
  while (count > 0 && text[count - 1] == ' ') count = previous(text, count);
  return std::string(text.substr(0, count)) + std::string(ellipsis);
}

std::string fit_middle(ImFont* font, std::string_view text, float width) {
  if (measure(font, text).x <= width) return std::string(text);
  const float half = (width - measure(font, ellipsis).x) / 2;
  if (half <= 0) return {};
  std::size_t tail = text.size();
  while (tail > 0 && measure(font, text.substr(previous(text, tail))).x <= half)
    tail = previous(text, tail);
  return std::string(text.substr(0, octets_that_fit(font, text, half))) + std::string(ellipsis) +
         std::string(text.substr(tail));
}

// What is outside the clip rectangle is not seen, and so not written down.
static void note(ImDrawList* list, ImVec2 at, ImVec2 size, const std::string& text) {
  auto* transcript = static_cast<Transcript*>(ImGui::GetIO().UserData);
  if (transcript == nullptr) return;
  const ImVec2 low = list->GetClipRectMin(), high = list->GetClipRectMax();
  const ImVec2 min = {std::max(at.x, low.x), std::max(at.y, low.y)};
  const ImVec2 max = {std::min(at.x + size.x, high.x), std::min(at.y + size.y, high.y)};
  if (min.x < max.x && min.y < max.y)
    transcript->lines.push_back({text, min, max, text.ends_with(ellipsis)});
}

float put(ImDrawList* list, ImFont* font, ImVec2 at, ImU32 colour, std::string_view text,
          float width) {
  const std::string shown = width > 0 ? fit(font, text, width) : std::string(text);
  if (shown.empty()) return 0;
  list->AddText(font, font->FontSize, {std::floor(at.x), std::floor(at.y)}, colour, shown.data(),
                shown.data() + shown.size());
  const ImVec2 size = measure(font, shown);
  note(list, at, size, shown);
  return size.x;
}

void put_right(ImDrawList* list, ImFont* font, ImVec2 right, ImU32 colour, std::string_view text) {
  put(list, font, {right.x - measure(font, text).x, right.y}, colour, text);
}

void put_centred(ImDrawList* list, ImFont* font, ImVec2 centre, ImU32 colour, std::string_view text,
                 float width) {
  const std::string shown = width > 0 ? fit(font, text, width) : std::string(text);
  const ImVec2 size = measure(font, shown);
  put(list, font, {centre.x - size.x / 2, centre.y - size.y / 2}, colour, shown);
}

std::vector<std::string> wrap(ImFont* font, std::string_view text, float width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t space = std::min(text.find_first_of(" \n", at), text.size());
    std::string word(text.substr(at, space - at));
    const std::string joined = line.empty() ? word : line + " " + word;
    if (measure(font, joined).x <= width) {
      line = joined;
    } else {
      if (!line.empty()) lines.push_back(line);
      while (measure(font, word).x > width && word.size() > 1) {  // longer than a line: break it
        const std::size_t count = std::max<std::size_t>(1, octets_that_fit(font, word, width));
        lines.push_back(word.substr(0, count));
        word.erase(0, count);
      }
      line = word;
    }
    if (space < text.size() && text[space] == '\n') {
      lines.push_back(line);
      line.clear();
    }
    at = space + 1;
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

float put_wrapped(ImDrawList* list, ImFont* font, ImVec2 at, ImU32 colour, std::string_view text,
                  float width, float leading) {
  float y = at.y;
  for (const std::string& line : wrap(font, text, width)) {
    put(list, font, {at.x, y}, colour, line);
    y += std::round(font->FontSize * leading);
  }
  return y - at.y;
}

float wrapped_height(ImFont* font, std::string_view text, float width, float leading) {
  return static_cast<float>(wrap(font, text, width).size()) * std::round(font->FontSize * leading);
}

void hatch(ImDrawList* list, ImVec2 min, ImVec2 max, ImU32 colour, float spacing) {
  const float height = max.y - min.y;
  list->PushClipRect(min, max, true);
  for (float x = min.x - height; x < max.x; x += spacing)
    list->AddLine({x, max.y}, {x + height, min.y}, colour, 1.0F);
  list->PopClipRect();
}

void dashed_line(ImDrawList* list, ImVec2 a, ImVec2 b, ImU32 colour, float thickness, float dash) {
  const float length = std::hypot(b.x - a.x, b.y - a.y);
  if (length < 1) return;
  const ImVec2 d = {(b.x - a.x) / length, (b.y - a.y) / length};
  for (float s = 0; s < length; s += 2 * dash) {
    const float e = std::min(length, s + dash);
    list->AddLine({a.x + d.x * s, a.y + d.y * s}, {a.x + d.x * e, a.y + d.y * e}, colour,
                  thickness);
  }
}

void dashed_box(ImDrawList* list, ImVec2 min, ImVec2 max, ImU32 colour, float thickness,
                float dash) {
  dashed_line(list, min, {max.x, min.y}, colour, thickness, dash);
  dashed_line(list, {max.x, min.y}, max, colour, thickness, dash);
  dashed_line(list, max, {min.x, max.y}, colour, thickness, dash);
  dashed_line(list, {min.x, max.y}, min, colour, thickness, dash);
}

void arrow(ImDrawList* list, ImVec2 a, ImVec2 b, ImU32 colour, float thickness, float head) {
  const float length = std::hypot(b.x - a.x, b.y - a.y);
  if (length < 1) return;
  const ImVec2 d = {(b.x - a.x) / length, (b.y - a.y) / length};
  const ImVec2 base = {b.x - d.x * head, b.y - d.y * head};
  list->AddLine(a, base, colour, thickness);
  const float half = head * 0.5F;
  list->AddTriangleFilled(b, {base.x - d.y * half, base.y + d.x * half},
                          {base.x + d.y * half, base.y - d.x * half}, colour);
}

void cross(ImDrawList* list, ImVec2 c, float r, ImU32 colour, float thickness) {
  list->AddLine({c.x - r, c.y - r}, {c.x + r, c.y + r}, colour, thickness);
  list->AddLine({c.x - r, c.y + r}, {c.x + r, c.y - r}, colour, thickness);
}

ImVec2 chip_size(const Kit& kit, std::string_view text, float width) {
  const float natural = measure(kit.fonts.small, text).x + kit.px(16);
  return {width > 0 ? std::min(width, natural) : natural, kit.px(20)};
}

ImVec2 chip(const Kit& kit, ImDrawList* list, ImVec2 at, std::string_view text, ImU32 colour,
            bool hatched, float width) {
  const ImVec2 size = chip_size(kit, text, width);
  const ImVec2 max = {at.x + size.x, at.y + size.y};
  const ImU32 faint =
      (colour & ~IM_COL32_A_MASK) | (static_cast<ImU32>(hatched ? 20 : 28) << IM_COL32_A_SHIFT);
  list->AddRectFilled(at, max, kit.ink(Role::panel), kit.px(4));
  list->AddRectFilled(at, max, faint, kit.px(4));
  if (hatched) {
    const ImU32 lines = (colour & ~IM_COL32_A_MASK) | (static_cast<ImU32>(48) << IM_COL32_A_SHIFT);
    hatch(list, {at.x + 1, at.y + 1}, {max.x - 1, max.y - 1}, lines, kit.px(6));
  }
  const float inner = size.x - kit.px(16);
  put(list, kit.fonts.small, {at.x + kit.px(8), at.y + (size.y - kit.fonts.small->FontSize) / 2},
      colour, text, inner + 1);
  return size;
}

bool text_button(const Kit& kit, const char* id, ImVec2 at, std::string_view text, bool on,
                 ImVec2* size_out) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 words = measure(kit.fonts.small, text);
  const ImVec2 size = {words.x + kit.px(16), kit.px(28)};
  const ImVec2 max = {at.x + size.x, at.y + size.y};
  const Hit h = hit(id, at, max);
  if (on)
    list->AddRectFilled(at, max, kit.tint(Role::panel, Role::text, 0.09F), kit.px(6));
  else if (h.hovered)
    list->AddRectFilled(at, max, kit.tint(Role::panel, Role::text, 0.05F), kit.px(6));
  put(list, kit.fonts.small, {at.x + kit.px(8), at.y + (size.y - words.y) / 2},
      kit.ink(on ? Role::text : Role::muted), text);
  if (size_out != nullptr) *size_out = size;
  return h.clicked;
}

void tip(const Kit& kit, std::string_view title, std::string_view text) {
  const float width = kit.px(320), pad = kit.px(12);
  const float title_height = wrapped_height(kit.fonts.small_strong, title, width);
  const float text_height = wrapped_height(kit.fonts.small, text, width);
  float widest = 0;
  for (const auto& line : wrap(kit.fonts.small_strong, title, width))
    widest = std::max(widest, measure(kit.fonts.small_strong, line).x);
  for (const auto& line : wrap(kit.fonts.small, text, width))
    widest = std::max(widest, measure(kit.fonts.small, line).x);
  const ImVec2 size = {widest + 2 * pad, title_height + text_height + 2 * pad};
  const ImVec2 screen = ImGui::GetIO().DisplaySize, mouse = ImGui::GetIO().MousePos;
  ImVec2 at = {mouse.x + kit.px(14), mouse.y + kit.px(18)};
  if (at.x + size.x > screen.x) at.x = std::max(0.0F, screen.x - size.x - kit.px(4));
  if (at.y + size.y > screen.y) at.y = std::max(0.0F, mouse.y - size.y - kit.px(8));
  ImDrawList* list = ImGui::GetForegroundDrawList();
  const ImVec2 max = {at.x + size.x, at.y + size.y};
  list->AddRectFilled({at.x, at.y + kit.px(2)}, {max.x, max.y + kit.px(2)}, IM_COL32(0, 0, 0, 40),
                      kit.px(6));
  list->AddRectFilled(at, max, kit.ink(Role::panel), kit.px(6));
  list->AddRect(at, max, kit.ink(Role::rule), kit.px(6));
  put_wrapped(list, kit.fonts.small_strong, {at.x + pad, at.y + pad}, kit.ink(Role::text), title,
              width);
  put_wrapped(list, kit.fonts.small, {at.x + pad, at.y + pad + title_height}, kit.ink(Role::muted),
              text, width);
}

void empty_state(const Kit& kit, ImDrawList* list, ImVec2 min, ImVec2 max, std::string_view title,
                 std::string_view text) {
  const float width = std::min(kit.px(360), max.x - min.x - kit.px(48));
  const float height = wrapped_height(kit.fonts.strong, title, width) + kit.px(8) +
                       wrapped_height(kit.fonts.small, text, width, 1.3F);
  const float middle = (min.x + max.x) / 2;
  float y = std::max(min.y, (min.y + max.y - height) / 2 - kit.px(8));
  const auto centred = [&](ImFont* font, Role role, std::string_view words, float leading) {
    for (const std::string& line : wrap(font, words, width)) {
      put(list, font, {middle - measure(font, line).x / 2, y}, kit.ink(role), line);
      y += std::round(font->FontSize * leading);
    }
  };
  list->PushClipRect(min, max, true);
  centred(kit.fonts.strong, Role::text, title, 1.15F);
  y += kit.px(8);
  centred(kit.fonts.small, Role::muted, text, 1.3F);
  list->PopClipRect();
}

}  // namespace ikelab::view
