// Draws ImDrawData into memory without a display or a GPU: golden images and the README's pictures.
// Invariant: the same draw data gives the same pixels; no threads, no clock, no platform calls.
#pragma once
#include <imgui.h>

#include <cstdint>
#include <vector>

namespace ikelab::view {

/// RGBA, 8 bits a channel, rows from the top.
struct Image {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgba;
  [[nodiscard]] std::uint8_t* at(int x, int y) {
    return &rgba[(static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)) *
                 4];
  }
};

/// The font atlas as the rasterizer samples it: 8 bits of coverage.
struct Atlas {
  int width = 0, height = 0;
  std::vector<std::uint8_t> alpha;
};
/// Copies the atlas of the current ImGui context and gives it a texture id.
Atlas take_atlas();

/// Triangles with clipping, bilinear atlas sampling and alpha blending, over `background`.
void rasterize(const ImDrawData& data, const Atlas& atlas, ImU32 background, Image& image);

}  // namespace ikelab::view
