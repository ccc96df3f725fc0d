// The kit every panel draws with: theme, scale, type. Sizes are given in base pixels of the 8-pixel
// grid and scaled here, so that one setting serves laptops and projectors.
#pragma once
#include <imgui.h>

#include <string>
#include <string_view>
#include <vector>

#include "visualizer/models/roles.hpp"

namespace ikelab::view {

/// The type scale: Inter 13, 15, 18, 24; JetBrains Mono 13 and 15. Each falls back to DejaVu for
/// what it lacks (arrows, maths), and to ImGui's built-in font when the file is missing.
struct Fonts {
  ImFont* small = nullptr;         ///< Inter 13
  ImFont* small_strong = nullptr;  ///< Inter 13 semibold
  ImFont* body = nullptr;          ///< Inter 15
  ImFont* strong = nullptr;        ///< Inter 15 semibold
  ImFont* heading = nullptr;       ///< Inter 18 semibold
  ImFont* title = nullptr;         ///< Inter 24 semibold
  ImFont* mono_small = nullptr;    ///< JetBrains Mono 13: bytes, keys, figures
  ImFont* mono = nullptr;          ///< JetBrains Mono 15
};

/// Fills the current ImGui context's font atlas at `scale`. Returns the fonts, and in `missing` one
/// clear line for each font file that is not there, with the package that has it.
Fonts load_fonts(float scale, std::vector<std::string>& missing);

struct Kit {
  Theme theme = Theme::light;
  float scale = 1.0F;
  Fonts fonts;
  bool motion = true;

  /// Base pixels to screen pixels, whole.
  [[nodiscard]] float px(float base) const;
  [[nodiscard]] ImU32 ink(Role role, float alpha = 1.0F) const;
  /// `share` of `over` on `under`.
  [[nodiscard]] ImU32 tint(Role under, Role over, float share) const;
  [[nodiscard]] ImU32 rgb(Rgb colour, float alpha = 1.0F) const;
  /// ImGui's own style (inputs, scroll bars, tooltips) in our roles.
  void apply_style() const;
};

/// Names a pressed-mouse target under the current window: an InvisibleButton at screen coordinates.
struct Hit {
  bool hovered = false, clicked = false, double_clicked = false;
};
Hit hit(const char* id, ImVec2 min, ImVec2 max);
Hit hit(int id, ImVec2 min, ImVec2 max);

}  // namespace ikelab::view
