#include "visualizer/panels/table.hpp"

#include <algorithm>

namespace ikelab::view {

Table::Table(const View& view, std::vector<Column> columns)
    : view_(view), columns_(std::move(columns)) {
  const float gap = view.kit.px(12);
  float fixed = gap * static_cast<float>(columns_.size() - 1), grow = 0, kept = 0;
  for (const Column& c : columns_) {
    (c.keeps ? kept : fixed) += view.kit.px(c.width);
    grow += c.grow;
  }
  const float room = view.width() - view.kit.px(16) - kept;
  const float spare = std::max(0.0F, room - fixed);
  const float shrink = fixed > room ? std::max(0.1F, room / fixed) : 1.0F;
  float x = view.min.x + view.kit.px(8);
  for (const Column& c : columns_) {
    const float width =
        (view.kit.px(c.width) + (grow > 0 ? spare * c.grow / grow : 0)) * (c.keeps ? 1.0F : shrink);
    x_.push_back(x);
    width_.push_back(width);
    x += width + gap * shrink;
  }
}

void Table::head(float y) const {
  const Kit& kit = view_.kit;
  ImGui::PushID("head");
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string title = fit(kit.fonts.small, columns_[i].title, width_[i]);
    if (columns_[i].right)
      put_right(view_.list(), kit.fonts.small, {x_[i] + width_[i], y + kit.px(6)},
                kit.ink(Role::muted), title);
    else
      put(view_.list(), kit.fonts.small, {x_[i], y + kit.px(6)}, kit.ink(Role::muted), title);
    if (title == columns_[i].title) continue;  // cut: the mouse shows it whole
    const Hit h = hit(static_cast<int>(i), {x_[i], y}, {x_[i] + width_[i], y + kit.px(26)});
    if (h.hovered) tip(kit, columns_[i].title);
  }
  ImGui::PopID();
  const float line = y + kit.px(head_height) - 1;
  view_.list()->AddLine({view_.min.x, line}, {view_.max.x, line}, kit.ink(Role::rule));
}

bool Table::is_visible(float y) const {
  return ImGui::IsRectVisible({view_.min.x, y}, {view_.max.x, y + view_.kit.px(row_height)});
}

Hit Table::row(int id, float y, const std::vector<Cell>& cells, bool selected, bool dim) const {
  const Kit& kit = view_.kit;
  const ImVec2 min = {view_.min.x, y}, max = {view_.max.x, y + kit.px(row_height)};
  if (!ImGui::IsRectVisible(min, max)) return {};
  const Hit h = hit(id, min, max);
  if (selected)
    view_.list()->AddRectFilled(min, max, kit.tint(Role::panel, Role::initiator, 0.12F), kit.px(4));
  else if (h.hovered)
    view_.list()->AddRectFilled(min, max, kit.ink(Role::text, 0.04F), kit.px(4));
  const float mouse = ImGui::GetIO().MousePos.x;
  for (std::size_t i = 0; i < cells.size() && i < columns_.size(); ++i) {
    ImFont* font = columns_[i].mono ? kit.fonts.mono_small : kit.fonts.small;
    const std::string shown = fit(font, cells[i].text, width_[i]);
    const float text_y = y + (kit.px(row_height) - font->FontSize) / 2;
    const ImU32 ink = kit.ink(dim ? Role::muted : cells[i].role);
    if (columns_[i].right)
      put_right(view_.list(), font, {x_[i] + width_[i], text_y}, ink, shown);
    else
      put(view_.list(), font, {x_[i], text_y}, ink, shown);
    const bool cut = shown.size() != cells[i].text.size() || shown != cells[i].text;
    if (h.hovered && cut && mouse >= x_[i] && mouse < x_[i] + width_[i])
      tip(kit, columns_[i].title, cells[i].text);
  }
  view_.list()->AddLine({min.x, max.y - 1}, {max.x, max.y - 1}, kit.ink(Role::rule, 0.6F));
  return h;
}

int Table::column_at(float x) const {
  for (std::size_t i = 0; i < x_.size(); ++i)
    if (x >= x_[i] && x < x_[i] + width_[i]) return static_cast<int>(i);
  return -1;
}

}  // namespace ikelab::view
