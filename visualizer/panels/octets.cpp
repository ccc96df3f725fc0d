#include "visualizer/panels/octets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ikelab::view {
namespace {

// Columns of one block's rows, for one frame: offset, octets in groups of four, ASCII.
struct Grid {
  const View& v;
  const OctetBlock& block;
  float cell, row, hex_x, ascii_x;
  std::size_t per_row;

  Grid(const View& view, const OctetBlock& b) : v(view), block(b) {
    cell = measure(v.kit.fonts.mono_small, "0").x;
    row = v.kit.px(20);
    hex_x = v.min.x + 4 * cell + v.kit.px(8);
    per_row = 4;
    for (const std::size_t n : {8U, 12U, 16U, 24U})
      if (hex_x + hex_width(n) + v.kit.px(8) + static_cast<float>(n) * cell <= v.max.x) per_row = n;
    ascii_x = hex_x + hex_width(per_row) + v.kit.px(8);
  }
  [[nodiscard]] float group_gap() const { return cell * 0.9F; }
  [[nodiscard]] float hex_width(std::size_t n) const {
    return static_cast<float>(n) * 2 * cell + static_cast<float>(n / 4) * group_gap();
  }
  [[nodiscard]] float x_of(std::size_t column) const {
    return hex_x + static_cast<float>(column) * 2 * cell +
           static_cast<float>(column / 4) * group_gap();
  }
  [[nodiscard]] std::size_t rows() const { return (block.bytes.size() + per_row - 1) / per_row; }
};

bool in_hover(const Grid& g, std::size_t i) {
  const Session& s = g.v.session;
  return s.hover_end > s.hover_begin && s.hover_plain == g.block.plain && s.hover_begin <= i &&
         i < s.hover_end;
}
bool in_selection(const Grid& g, std::size_t i) {
  const Selection& s = g.v.session.selection();
  return s.has_range() && s.plain == g.block.plain && s.begin <= i && i < s.end;
}

// Grounds of one row's octets, drawn as runs of the same look; groups of one payload join.
void draw_grounds(const Grid& g, std::size_t from, std::size_t to, float y) {
  const Kit& kit = g.v.kit;
  std::size_t i = from;
  const auto look = [&](std::size_t k) {
    return g.block.payload_of[k] * 4 + (in_selection(g, k) ? 2 : in_hover(g, k) ? 1 : 0);
  };
  while (i < to) {
    std::size_t end = i + 1;
    while (end < to && look(end) == look(i)) ++end;
    const float x0 = g.x_of(i - from) - 1;
    const bool joins = end < to;
    const float x1 = joins ? g.x_of(end - from) - 1 : g.x_of(end - 1 - from) + 2 * g.cell + 1;
    const int payload = g.block.payload_of[i];
    const Rgb hue = payload_hue(kit.theme, payload);
    const bool selected = in_selection(g, i), hovered = in_hover(g, i);
    const ImU32 ground = selected  ? kit.rgb(hue)
                         : hovered ? kit.rgb(hue, 0.36F)
                                   : kit.rgb(payload_tint(kit.theme, payload));
    g.v.list()->AddRectFilled({x0, y}, {x1, y + g.row}, ground);
    i = end;
  }
}

// Ciphertext is hatched.
void draw_hatch(const Grid& g, std::size_t from, std::size_t to, float y) {
  if (!g.block.encrypted) return;
  for (const char* name : {"Ciphertext", "Encrypted data"}) {
    const wire::Field* f = wire::find_field(g.block.root, name);
    if (f == nullptr) continue;
    const std::size_t a = std::max(from, f->begin), b = std::min(to, f->end);
    if (a >= b) continue;
    hatch(g.v.list(), {g.x_of(a - from) - 1, y}, {g.x_of(b - 1 - from) + 2 * g.cell + 1, y + g.row},
          g.v.kit.ink(Role::text, 0.10F), g.v.kit.px(7));
  }
}

// A dashed outline around what AUTH does not cover, edge by edge.
void draw_uncovered(const Grid& g, std::size_t from, std::size_t to, float y) {
  if (!g.block.outline) return;
  const auto open = [&](std::size_t i) {
    return i < g.block.bytes.size() && !g.block.is_covered(i);
  };
  const ImU32 ink = g.v.kit.ink(Role::warning, 0.9F);
  const float dash = g.v.kit.px(3);
  for (std::size_t i = from; i < to; ++i) {
    if (!open(i)) continue;
    const float x0 = g.x_of(i - from) - 1;
    const float x1 = i + 1 < to ? g.x_of(i + 1 - from) - 1 : g.x_of(i - from) + 2 * g.cell + 1;
    if (i < g.per_row || !open(i - g.per_row))
      dashed_line(g.v.list(), {x0, y}, {x1, y}, ink, 1, dash);
    if (!open(i + g.per_row))
      dashed_line(g.v.list(), {x0, y + g.row}, {x1, y + g.row}, ink, 1, dash);
    if (i == from || !open(i - 1)) dashed_line(g.v.list(), {x0, y}, {x0, y + g.row}, ink, 1, dash);
    if (i + 1 == to || !open(i + 1))
      dashed_line(g.v.list(), {x1, y}, {x1, y + g.row}, ink, 1, dash);
  }
}

void draw_row(const Grid& g, std::size_t row, float y) {
  const Kit& kit = g.v.kit;
  const std::size_t from = row * g.per_row, to = std::min(g.block.bytes.size(), from + g.per_row);
  const float text_y = y + (g.row - kit.fonts.mono_small->FontSize) / 2;
  put(g.v.list(), kit.fonts.mono_small, {g.v.min.x, text_y}, kit.ink(Role::muted),
      fmt::format("{:04x}", from));
  draw_grounds(g, from, to, y);
  draw_hatch(g, from, to, y);
  draw_uncovered(g, from, to, y);
  for (std::size_t i = from; i < to; ++i) {
    const bool selected = in_selection(g, i);
    const ImU32 ink = kit.ink(selected ? Role::panel : Role::text);
    put(g.v.list(), kit.fonts.mono_small, {g.x_of(i - from), text_y}, ink,
        fmt::format("{:02x}", g.block.bytes[i]));
    const std::uint8_t c = g.block.bytes[i];
    const bool printable = c >= 0x20 && c < 0x7F;
    const float x = g.ascii_x + static_cast<float>(i - from) * g.cell;
    if (selected)
      g.v.list()->AddRectFilled({x, y}, {x + g.cell, y + g.row},
                                kit.rgb(payload_hue(kit.theme, g.block.payload_of[i])));
    put(g.v.list(), kit.fonts.mono_small, {x, text_y},
        selected ? ink : kit.ink(printable ? Role::text : Role::muted, printable ? 1.0F : 0.6F),
        printable ? std::string(1, static_cast<char>(c)) : "\xC2\xB7");
  }
}

// The octet under the mouse, or the size of the block.
std::size_t octet_at(const Grid& g, float top) {
  const ImVec2 m = ImGui::GetIO().MousePos;
  const auto row = static_cast<std::size_t>(std::max(0.0F, (m.y - top) / g.row));
  for (std::size_t c = 0; c < g.per_row; ++c) {
    const std::size_t i = row * g.per_row + c;
    if (i >= g.block.bytes.size()) break;
    const bool in_hex = m.x >= g.x_of(c) - 1 && m.x < g.x_of(c) + 2 * g.cell + 1;
    const float ascii = g.ascii_x + static_cast<float>(c) * g.cell;
    if (in_hex || (m.x >= ascii && m.x < ascii + g.cell)) return i;
  }
  return g.block.bytes.size();
}

void mouse(const Grid& g, float top, const Hit& h) {
  if (!h.hovered) return;
  const std::size_t i = octet_at(g, top);
  if (i >= g.block.bytes.size()) return;
  const wire::Field* f = g.block.field_at(i, i + 1);
  if (f == nullptr) return;
  g.v.session.hover_begin = f->begin;
  g.v.session.hover_end = f->end;
  g.v.session.hover_plain = g.block.plain;
  std::string more = fmt::format("octet {} of {}", i, g.block.bytes.size());
  if (g.block.outline || !g.block.covered.empty())
    more += g.block.is_covered(i) ? ", covered by AUTH" : ", not covered by AUTH";
  tip(g.v.kit, f->name, more + ". " + f->meaning);
  if (h.clicked) g.v.session.select_range(f->begin, f->end, g.block.plain);
}

// "On the wire: encrypted" beside its pattern, then what AUTH covers; returns the height.
float draw_title(const View& v, const OctetBlock& block, float y) {
  const Kit& kit = v.kit;
  const ImVec2 min = {v.min.x, y + kit.px(3)}, max = {v.min.x + kit.px(14), y + kit.px(15)};
  v.list()->AddRectFilled(min, max, kit.ink(Role::text, block.encrypted ? 0.05F : 0.16F),
                          kit.px(2));
  if (block.encrypted) hatch(v.list(), min, max, kit.ink(Role::text, 0.4F), kit.px(4));
  const std::string size = fmt::format("{} octets", block.bytes.size());
  put(v.list(), kit.fonts.small_strong, {v.min.x + kit.px(22), y}, kit.ink(Role::text), block.title,
      v.width() - kit.px(110));
  put_right(v.list(), kit.fonts.small, {v.max.x, y}, kit.ink(Role::muted), size);
  float height = kit.px(22);
  if (!block.coverage.empty()) {
    float indent = 0;
    if (block.outline) {
      dashed_box(v.list(), {v.min.x, y + height + kit.px(3)},
                 {v.min.x + kit.px(14), y + height + kit.px(14)}, kit.ink(Role::warning), 1,
                 kit.px(3));
      indent = kit.px(22);
    }
    height += put_wrapped(v.list(), kit.fonts.small, {v.min.x + indent, y + height},
                          kit.ink(Role::muted), block.coverage, v.width() - indent, 1.2F);
    height += kit.px(4);
  }
  return height + kit.px(2);
}

}  // namespace

void draw_octets(const View& outer, const Inspection& in, ImVec2 min, ImVec2 max) {
  View v = begin_scroll(outer, "octets", min, max);
  float y = v.min.y;
  int id = 0;
  const Selection& s = v.session.selection();
  for (const auto& block : in.blocks) {
    y += draw_title(v, *block, y);
    const Grid grid(v, *block);
    const float top = y, height = static_cast<float>(grid.rows()) * grid.row;
    const Hit h = hit(id++, {v.min.x, top}, {v.max.x, top + height});
    mouse(grid, top, h);
    const float window = ImGui::GetWindowPos().y, shown = ImGui::GetWindowHeight();
    for (std::size_t row = 0; row < grid.rows(); ++row) {
      const float row_y = top + static_cast<float>(row) * grid.row;
      if (row_y + grid.row >= window && row_y <= window + shown) draw_row(grid, row, row_y);
    }
    if (v.session.reveal && s.has_range() && s.plain == block->plain) {
      const float at = top + static_cast<float>(s.begin / grid.per_row) * grid.row;
      if (at < window || at + grid.row > window + shown)
        ImGui::SetScrollY(std::max(0.0F, ImGui::GetScrollY() + at - window - shown / 3));
    }
    y += height + v.kit.px(16);
  }
  end_scroll(v, y - v.min.y);
}

}  // namespace ikelab::view
