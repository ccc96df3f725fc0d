// What is selected: one sentence, facts, then fields and octets that light each other.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/panels/octets.hpp"
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {
namespace {

constexpr float line_height = 22;

float label_width(const Kit& kit, const Inspection& in) {
  float widest = 0;
  for (const Fact& f : in.facts) widest = std::max(widest, measure(kit.fonts.small, f.label).x);
  return std::clamp(widest + kit.px(16), kit.px(72), kit.px(140));
}

ImFont* font_of(const Kit& kit, const Fact& f) {
  return f.mono ? kit.fonts.mono_small : kit.fonts.small;
}

float fact_height(const Kit& kit, const Fact& f, float width) {
  return kit.px(2) + kit.px(18) * static_cast<float>(std::max<std::size_t>(
                                      1, wrap(font_of(kit, f), f.value, width).size()));
}

void draw_fact(const View& v, const Fact& f, float x, float y, float label, float width, int id) {
  const Kit& kit = v.kit;
  ImFont* font = font_of(kit, f);
  put(v.list(), kit.fonts.small, {x, y}, kit.ink(Role::muted), f.label, label - kit.px(8));
  const bool linked = f.link.kind != Selection::Kind::none;
  float at = y;
  for (const std::string& line : wrap(font, f.value, width)) {
    const float used =
        put(v.list(), font, {x + label, at}, kit.ink(linked ? Role::initiator : Role::text), line);
    const float under = at + font->FontSize;
    if (linked)
      v.list()->AddLine({x + label, under}, {x + label + used, under},
                        kit.ink(Role::initiator, 0.4F));
    at += kit.px(18);
  }
  if (linked) v.link(hit(id, {x + label, y}, {x + label + width, at}), f.link);
}

// Facts below each other; in a wide panel two short ones beside each other. Returns the height;
// draws when `v` is given.
float lay_facts(const Kit& kit, const Inspection& in, const View* v, float x, float y,
                float width) {
  const float label = label_width(kit, in), start = y;
  const bool pairs = width > kit.px(720);
  const float half = pairs ? std::round(width / 2) : width;
  const auto is_short = [&](const Fact& f) {
    return measure(font_of(kit, f), f.value).x < half - label - kit.px(24);
  };
  for (std::size_t i = 0; i < in.facts.size(); ++i) {
    const Fact& f = in.facts[i];
    const int id = static_cast<int>(i);
    const bool beside =
        pairs && i + 1 < in.facts.size() && is_short(f) && is_short(in.facts[i + 1]);
    const float room = beside ? half - label - kit.px(24) : width - label;
    if (v != nullptr) draw_fact(*v, f, x, y, label, room, id);
    if (beside && v != nullptr) draw_fact(*v, in.facts[i + 1], x + half, y, label, room, id + 1);
    if (beside) ++i;
    y += fact_height(kit, f, room);
  }
  return y - start;
}

// The sentence, the facts, the explanation with its section.
void draw_about(const View& outer, const Inspection& in, ImVec2 min, ImVec2 max) {
  View v = begin_scroll(outer, "about", min, max);
  const Kit& kit = v.kit;
  float y = v.min.y;
  y += put_wrapped(v.list(), kit.fonts.strong, {v.min.x, y}, kit.ink(Role::text), in.sentence,
                   v.width(), 1.2F);
  y += kit.px(8);
  y += lay_facts(kit, in, &v, v.min.x, y, v.width());
  if (!in.explanation.empty()) {
    y += kit.px(8);
    y += put_wrapped(v.list(), kit.fonts.small, {v.min.x, y}, kit.ink(Role::muted), in.explanation,
                     v.width(), 1.3F);
    if (!in.rfc.empty()) {
      put(v.list(), kit.fonts.small_strong, {v.min.x, y + kit.px(2)}, kit.ink(Role::muted), in.rfc);
      y += kit.px(20);
    }
  }
  end_scroll(v, y - v.min.y + kit.px(8));
}

float about_height(const View& v, const Inspection& in) {
  const Kit& kit = v.kit;
  const float width = v.width() - kit.px(12);
  return wrapped_height(kit.fonts.strong, in.sentence, width, 1.2F) +
         lay_facts(kit, in, nullptr, 0, 0, width) +
         wrapped_height(kit.fonts.small, in.explanation, width, 1.3F) + kit.px(48);
}

void draw_field(const View& v, const OctetBlock& block, const FieldLine& line, float y, int id) {
  const Kit& kit = v.kit;
  const wire::Field& f = *line.field;
  const ImVec2 min = {v.min.x, y}, max = {v.max.x, y + kit.px(line_height)};
  const Selection& s = v.session.selection();
  const bool selected =
      s.has_range() && s.plain == block.plain && s.begin == f.begin && s.end == f.end && !f.bits;
  if (selected && v.session.reveal)
    ImGui::SetScrollY(std::max(
        0.0F, ImGui::GetScrollY() + y - ImGui::GetWindowPos().y - ImGui::GetWindowHeight() / 3));
  if (!ImGui::IsRectVisible(min, max)) return;
  const bool lit = v.session.hover_end > f.begin && v.session.hover_plain == block.plain &&
                   v.session.hover_begin == f.begin && v.session.hover_end == f.end;
  const Hit h = hit(id, min, max);
  const ImU32 hue = kit.rgb(payload_hue(kit.theme, line.payload));
  if (selected)
    v.list()->AddRectFilled(min, max, kit.rgb(payload_hue(kit.theme, line.payload), 0.28F),
                            kit.px(3));
  else if (h.hovered || lit)
    v.list()->AddRectFilled(min, max, kit.rgb(payload_hue(kit.theme, line.payload), 0.12F),
                            kit.px(3));
  v.list()->AddRectFilled({min.x, min.y}, {min.x + kit.px(3), max.y}, hue);
  const float indent = kit.px(10) + kit.px(12) * static_cast<float>(line.depth);
  const float split = std::round(v.width() * 0.5F);
  const float text_y = y + (kit.px(line_height) - kit.fonts.small->FontSize) / 2;
  // A payload's line begins with its notation: "IDi  Identification payload".
  const bool payload = line.depth == 0 && f.name.find('(') != std::string::npos;
  const bool top = line.depth == 0 && !f.children.empty();
  const float room = top ? v.width() - kit.px(96) : (f.value.empty() ? v.width() : split);
  float x = v.min.x + indent;
  std::string name = f.name;
  if (payload) {
    const std::size_t open = name.rfind('(');
    const auto index = static_cast<std::size_t>(line.payload);
    const std::string notation = index < block.payloads.size() ? block.payloads[index] : "";
    x += put(v.list(), kit.fonts.small_strong, {x, text_y}, kit.ink(Role::text), notation) +
         kit.px(8);
    name = name.substr(0, open);
  }
  put(v.list(), top && !payload ? kit.fonts.small_strong : kit.fonts.small, {x, text_y},
      kit.ink(f.bits || payload ? Role::muted : Role::text), name, v.min.x + room - kit.px(8) - x);
  if (top)
    put_right(v.list(), kit.fonts.small, {v.max.x - kit.px(4), text_y}, kit.ink(Role::muted),
              fmt::format("{} octets", f.end - f.begin));
  else
    put(v.list(), kit.fonts.mono_small, {v.min.x + split, text_y}, kit.ink(Role::text), f.value,
        v.width() - split - kit.px(4));
  if (h.hovered) {
    v.session.hover_begin = f.begin;
    v.session.hover_end = f.end;
    v.session.hover_plain = block.plain;
    tip(kit, f.meaning.empty() ? f.name : f.meaning, f.rfc);
  }
  if (h.clicked) v.session.select_range(f.begin, f.end, block.plain);
}

void draw_fields(const View& outer, const Inspection& in, ImVec2 min, ImVec2 max) {
  View v = begin_scroll(outer, "fields", min, max);
  const Kit& kit = v.kit;
  float y = v.min.y;
  int id = 0;
  for (const auto& block : in.blocks) {
    if (in.blocks.size() > 1 || !block->remarks.empty()) {
      put(v.list(), kit.fonts.small_strong, {v.min.x, y + kit.px(4)}, kit.ink(Role::muted),
          block->title, v.width());
      y += kit.px(26);
    }
    for (const Remark& r : block->remarks) {
      const Role role = r.error ? Role::adversary : Role::warning;
      const std::string text = (r.error ? "Refused: " : "Remark: ") + r.text;
      const float height = wrapped_height(kit.fonts.small, text, v.width(), 1.2F);
      if (hit(id++, {v.min.x, y}, {v.max.x, y + height}).clicked && r.end > r.begin)
        v.session.select_range(r.begin, r.end, block->plain);
      y += put_wrapped(v.list(), kit.fonts.small, {v.min.x, y}, kit.ink(role), text, v.width(),
                       1.2F) +
           kit.px(6);
    }
    for (const FieldLine& line : block->lines) {
      draw_field(v, *block, line, y, id++);
      y += kit.px(line_height);
    }
    y += kit.px(8);
  }
  end_scroll(v, y - v.min.y);
}

// The field whose octets are selected: its whole value, what it means, where the RFC says so.
float draw_chosen(const View& v, const Inspection& in, ImVec2 min, float width) {
  const Selection& s = v.session.selection();
  const OctetBlock* block = in.block(s.plain);
  if (!s.has_range() || block == nullptr) return 0;
  const wire::Field* f = block->field_at(s.begin, s.end);
  if (f == nullptr) return 0;
  const Kit& kit = v.kit;
  float y = min.y + kit.px(10);
  v.list()->AddLine(min, {min.x + width, min.y}, kit.ink(Role::rule));
  const std::string place = fmt::format("octets {} to {}, {}", f->begin, f->end - 1, f->rfc);
  const float place_width = measure(kit.fonts.small, place).x;
  put(v.list(), kit.fonts.small_strong, {min.x, y}, kit.ink(Role::text), f->name,
      width - place_width - kit.px(12));
  put_right(v.list(), kit.fonts.small, {min.x + width, y}, kit.ink(Role::muted), place);
  y += kit.px(19);
  if (!f->value.empty()) {
    const auto lines = wrap(kit.fonts.mono_small, f->value, width);
    for (std::size_t i = 0; i < lines.size() && i < 2; ++i) {
      const bool more = i == 1 && lines.size() > 2;
      put(v.list(), kit.fonts.mono_small, {min.x, y}, kit.ink(Role::text),
          more ? lines[i] + "\xE2\x80\xA6" : lines[i], width);
      y += kit.px(17);
    }
  }
  y += put_wrapped(v.list(), kit.fonts.small, {min.x, y + kit.px(2)}, kit.ink(Role::muted),
                   f->meaning, width, 1.25F);
  return y - min.y + kit.px(12);
}

float chosen_height(const View& v, const Inspection& in, float width) {
  const Selection& s = v.session.selection();
  const OctetBlock* block = in.block(s.plain);
  const wire::Field* f =
      s.has_range() && block != nullptr ? block->field_at(s.begin, s.end) : nullptr;
  if (f == nullptr) return 0;
  const Kit& kit = v.kit;
  const auto lines = std::min<std::size_t>(2, wrap(kit.fonts.mono_small, f->value, width).size());
  return kit.px(43) + kit.px(17) * static_cast<float>(f->value.empty() ? 0 : lines) +
         wrapped_height(kit.fonts.small, f->meaning, width, 1.25F);
}

}  // namespace

std::string inspector_caption(const View& v) {
  const Inspection& in = v.session.inspection(v.run);
  return in.title.empty() ? "Nothing is selected" : in.title;
}

void draw_inspector(const View& v) {
  const Inspection& in = v.session.inspection(v.run);
  const Kit& kit = v.kit;
  if (in.title.empty()) {
    empty_state(kit, v.list(), v.min, v.max, "Nothing is selected",
                v.run.empty() ? "What you click in the other panels is explained here."
                              : "Click an arrow, a key, an SA or a line of the story: it is "
                                "explained here, to the octet.");
    return;
  }
  if (in.blocks.empty()) {
    draw_about(v, in, v.min, v.max);
    return;
  }
  const float wanted = about_height(v, in);
  const bool wide = v.width() > kit.px(820);
  if (wide) {
    const float about = std::min(wanted, v.height() * 0.32F), gap = kit.px(32);
    const float middle = std::round(v.min.x + v.width() * 0.44F);
    const float chosen = chosen_height(v, in, middle - v.min.x - gap / 2);
    draw_about(v, in, v.min, {v.max.x, v.min.y + about});
    const float y = v.min.y + about + kit.px(12);
    draw_fields(v, in, {v.min.x, y}, {middle - gap / 2, v.max.y - chosen});
    draw_chosen(v, in, {v.min.x, v.max.y - chosen}, middle - v.min.x - gap / 2);
    draw_octets(v, in, {middle + gap / 2, y}, v.max);
    return;
  }
  const float about = std::min(wanted, v.height() * 0.34F);
  const float chosen = chosen_height(v, in, v.width());
  const float rest = v.height() - about - chosen - kit.px(16);
  const float fields = std::round(rest * 0.5F);
  draw_about(v, in, v.min, {v.max.x, v.min.y + about});
  float y = v.min.y + about + kit.px(8);
  v.list()->AddLine({v.min.x, y - kit.px(4)}, {v.max.x, y - kit.px(4)}, kit.ink(Role::rule));
  draw_fields(v, in, {v.min.x, y + kit.px(4)}, {v.max.x, y + fields});
  y += fields;
  draw_chosen(v, in, {v.min.x, y}, v.width());
  y += chosen;
  v.list()->AddLine({v.min.x, y}, {v.max.x, y}, kit.ink(Role::rule));
  draw_octets(v, in, {v.min.x, y + kit.px(8)}, v.max);
}

}  // namespace ikelab::view
