// The window without a display: the shell's frames drawn into memory. For --png, tests, and
// pictures.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "visualizer/app/raster.hpp"
#include "visualizer/app/shell.hpp"

namespace ikelab::view {

/// What a frame came to: for tests that know no ImGui.
struct DrawStats {
  int vertices = 0, indices = 0, lists = 0;
};

class Headless {
 public:
  Headless(int width, int height, Theme theme, float scale);
  ~Headless();
  Headless(const Headless&) = delete;
  Headless& operator=(const Headless&) = delete;

  Shell& shell() { return *shell_; }
  /// Lines about missing fonts.
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
  /// Draws one frame of 1/60 s; input as given.
  DrawStats frame(const FrameInput& input = {});
  /// Moves the mouse, presses and releases; a frame for each.
  void click(float x, float y);
  void move(float x, float y);
  /// What the last frame wrote, and where.
  [[nodiscard]] const Transcript& transcript() const { return transcript_; }
  /// Whether the last frame wrote these words, alone or within a longer text.
  [[nodiscard]] bool says(std::string_view words) const;
  /// Draws until the layout has settled, then rasterizes.
  Image picture();

 private:
  void set_mouse(float x, float y, bool down);
  ImGuiContext* context_;
  Kit kit_;
  Atlas atlas_;
  Transcript transcript_;
  std::vector<std::string> complaints_;
  std::unique_ptr<Shell> shell_;
  int width_, height_;
};

}  // namespace ikelab::view
