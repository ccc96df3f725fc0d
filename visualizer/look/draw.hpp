// Marks on the canvas: text that never overflows, chips, hatches, arrows, rules. All in screen
// pixels.
#pragma once
#include "visualizer/look/kit.hpp"

namespace ikelab::view {

/// What a frame wrote and where, when ImGui's UserData points at one: for tests, which read a panel
/// as a person does, and see what lies on top of what.
struct Transcript {
  struct Line {
    std::string text;
    ImVec2 min, max;  ///< what of it is visible
    bool cut;         ///< it was too long for its place
  };
  std::vector<Line> lines;
};

/// Width and height of one line.
ImVec2 measure(ImFont* font, std::string_view text);
/// `text`, or as much of it as fits in `width` with an ellipsis at its end.
std::string fit(ImFont* font, std::string_view text, float width);
/// `text` with the ellipsis in the middle: for names whose end matters.
std::string fit_middle(ImFont* font, std::string_view text, float width);

/// One line at `at` (top left); cut with an ellipsis when wider than `width` (0: unlimited).
/// Returns the width drawn.
float put(ImDrawList* list, ImFont* font, ImVec2 at, ImU32 colour, std::string_view text,
          float width = 0);
/// One line, right-aligned at `right`.
void put_right(ImDrawList* list, ImFont* font, ImVec2 right, ImU32 colour, std::string_view text);
/// One line centred on `centre`.
void put_centred(ImDrawList* list, ImFont* font, ImVec2 centre, ImU32 colour, std::string_view text,
                 float width = 0);
/// The lines of `text` broken at spaces to `width`.
std::vector<std::string> wrap(ImFont* font, std::string_view text, float width);
/// A paragraph; returns its height. `leading`: line height over font height.
float put_wrapped(ImDrawList* list, ImFont* font, ImVec2 at, ImU32 colour, std::string_view text,
                  float width, float leading = 1.15F);
float wrapped_height(ImFont* font, std::string_view text, float width, float leading = 1.15F);

/// Diagonal hairlines inside a box: "encrypted" (solid is plaintext).
void hatch(ImDrawList* list, ImVec2 min, ImVec2 max, ImU32 colour, float spacing);
void dashed_line(ImDrawList* list, ImVec2 a, ImVec2 b, ImU32 colour, float thickness, float dash);
void dashed_box(ImDrawList* list, ImVec2 min, ImVec2 max, ImU32 colour, float thickness,
                float dash);
/// A line from a to b with a filled head at b.
void arrow(ImDrawList* list, ImVec2 a, ImVec2 b, ImU32 colour, float thickness, float head);
void cross(ImDrawList* list, ImVec2 centre, float radius, ImU32 colour, float thickness);

/// A small label in a rounded box; returns its size. Hatched: its content is encrypted.
ImVec2 chip(const Kit& kit, ImDrawList* list, ImVec2 at, std::string_view text, ImU32 colour,
            bool hatched = false, float width = 0);
ImVec2 chip_size(const Kit& kit, std::string_view text, float width = 0);

/// A quiet push button with text; `on` draws it selected. Returns whether it was clicked.
bool text_button(const Kit& kit, const char* id, ImVec2 at, std::string_view text, bool on,
                 ImVec2* size = nullptr);
/// A sentence (and further lines) beside the mouse.
void tip(const Kit& kit, std::string_view title, std::string_view text = {});
/// What would be here and how to get it, in the middle of a box.
void empty_state(const Kit& kit, ImDrawList* list, ImVec2 min, ImVec2 max, std::string_view title,
                 std::string_view text);

}  // namespace ikelab::view
