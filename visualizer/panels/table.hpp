// A quiet table: a muted head, hairlines, no boxes. Cells are cut with an ellipsis; hovering shows
// them whole.
#pragma once
#include <vector>

#include "visualizer/panels/panel.hpp"

namespace ikelab::view {

struct Column {
  const char* title;
  float width;  ///< base pixels; what is left over goes to the `grow` columns
  float grow = 0;
  bool mono = false, right = false;
  bool keeps = false;  ///< its width, where there is too little room for all
};
struct Cell {
  std::string text;
  Role role = Role::text;
  Cell(std::string t, Role r = Role::text) : text(std::move(t)), role(r) {}  // NOLINT
  Cell(const char* t) : text(t) {}                                           // NOLINT
};

class Table {
 public:
  Table(const View& view, std::vector<Column> columns);
  static constexpr float head_height = 28, row_height = 30;  ///< base pixels
  void head(float y) const;
  /// Whether a row at this height is seen: one that is not needs no text.
  [[nodiscard]] bool is_visible(float y) const;
  /// The column at a place, from 0; -1: none.
  [[nodiscard]] int column_at(float x) const;
  /// One row; `dim` greys it. Returns what the mouse did.
  Hit row(int id, float y, const std::vector<Cell>& cells, bool selected, bool dim) const;

 private:
  const View& view_;
  std::vector<Column> columns_;
  std::vector<float> x_, width_;
};

}  // namespace ikelab::view
