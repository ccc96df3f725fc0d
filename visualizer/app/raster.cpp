#include "visualizer/app/raster.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ikelab::view {
namespace {

struct Clip {
  int x0, y0, x1, y1;
};

float channel(ImU32 colour, int shift) {
  return static_cast<float>((colour >> shift) & 0xFFU);
}

// Bilinear coverage at u, v, 0 to 1.
float sample(const Atlas& atlas, float u, float v) {
  const float x = u * static_cast<float>(atlas.width) - 0.5F;
  const float y = v * static_cast<float>(atlas.height) - 0.5F;
  const int x0 = static_cast<int>(std::floor(x)), y0 = static_cast<int>(std::floor(y));
  const float fx = x - static_cast<float>(x0), fy = y - static_cast<float>(y0);
  const auto texel = [&atlas](int tx, int ty) {
    tx = std::clamp(tx, 0, atlas.width - 1);
    ty = std::clamp(ty, 0, atlas.height - 1);
    return static_cast<float>(
        atlas.alpha[static_cast<std::size_t>(ty) * static_cast<std::size_t>(atlas.width) +
                    static_cast<std::size_t>(tx)]);
  };
  const float top = texel(x0, y0) * (1 - fx) + texel(x0 + 1, y0) * fx;
  const float bottom = texel(x0, y0 + 1) * (1 - fx) + texel(x0 + 1, y0 + 1) * fx;
  return (top * (1 - fy) + bottom * fy) / 255.0F;
}

void blend(std::uint8_t* pixel, float r, float g, float b, float alpha) {
  const float keep = 1 - alpha;
  const auto over = [&](std::uint8_t under, float colour) {
    return static_cast<std::uint8_t>(colour * alpha + static_cast<float>(under) * keep + 0.5F);
  };
  pixel[0] = over(pixel[0], r);
  pixel[1] = over(pixel[1], g);
  pixel[2] = over(pixel[2], b);
  pixel[3] = 255;
}

// Positions in 1/256 of a pixel: edges are computed in integers, so that triangles that share an
// edge leave no gap and no pixel is drawn twice.
struct Point {
  std::int64_t x, y;
  explicit Point(ImVec2 p) : x(std::llround(p.x * 256.0F)), y(std::llround(p.y * 256.0F)) {}
};

// One edge of a triangle as a half-plane, inside where at() is positive. A pixel centre that lies
// on two triangles' common edge belongs to exactly one of them (the top-left rule).
struct Edge {
  std::int64_t a, b, c;
  bool owns_zero;
  Edge(Point p, Point q)
      : a(p.y - q.y),
        b(q.x - p.x),
        c(-(a * p.x + b * p.y)),
        owns_zero(a > 0 || (a == 0 && b < 0)) {}
  [[nodiscard]] std::int64_t at(std::int64_t x, std::int64_t y) const { return a * x + b * y + c; }
  [[nodiscard]] bool holds(std::int64_t w) const { return w > 0 || (w == 0 && owns_zero); }
};

// What is constant over a triangle, and how to shade one pixel of it.
class Triangle {
 public:
  Triangle(const ImDrawVert& v0, const ImDrawVert& v1, const ImDrawVert& v2, const Atlas& atlas)
      : v_{&v0, &v1, &v2}, atlas_(atlas) {
    flat_uv_ = same(v0.uv, v1.uv) && same(v1.uv, v2.uv);
    flat_colour_ = v0.col == v1.col && v1.col == v2.col;
    if (flat_uv_) coverage_ = sample(atlas, v0.uv.x, v0.uv.y);
  }

  void shade(std::uint8_t* pixel, float w0, float w1, float w2) const {
    const auto mixed = [&](float p, float q, float r) { return p * w0 + q * w1 + r * w2; };
    const auto value = [&](int shift) {
      if (flat_colour_) return channel(v_[0]->col, shift);
      return mixed(channel(v_[0]->col, shift), channel(v_[1]->col, shift),
                   channel(v_[2]->col, shift));
    };
    const float coverage = flat_uv_ ? coverage_
                                    : sample(atlas_, mixed(v_[0]->uv.x, v_[1]->uv.x, v_[2]->uv.x),
                                             mixed(v_[0]->uv.y, v_[1]->uv.y, v_[2]->uv.y));
    const float alpha = value(IM_COL32_A_SHIFT) / 255.0F * coverage;
    if (alpha <= 0) return;
    blend(pixel, value(IM_COL32_R_SHIFT), value(IM_COL32_G_SHIFT), value(IM_COL32_B_SHIFT), alpha);
  }

 private:
  static bool same(ImVec2 p, ImVec2 q) { return p.x == q.x && p.y == q.y; }
  const ImDrawVert* v_[3];
  const Atlas& atlas_;
  bool flat_uv_ = false, flat_colour_ = false;
  float coverage_ = 1;
};

void draw_triangle(const ImDrawVert& v0, const ImDrawVert& v1_in, const ImDrawVert& v2_in,
                   const Clip& clip, const Atlas& atlas, Image& image) {
  const ImDrawVert *v1 = &v1_in, *v2 = &v2_in;
  Point p0(v0.pos), p1(v1->pos), p2(v2->pos);
  std::int64_t area = (p1.x - p0.x) * (p2.y - p0.y) - (p1.y - p0.y) * (p2.x - p0.x);
  if (area == 0) return;
  if (area < 0) {
    std::swap(v1, v2);
    std::swap(p1, p2);
    area = -area;
  }
  const auto [left, right] = std::minmax({v0.pos.x, v1->pos.x, v2->pos.x});
  const auto [top, bottom] = std::minmax({v0.pos.y, v1->pos.y, v2->pos.y});
  const int x0 = std::max(clip.x0, static_cast<int>(std::floor(left)));
  const int x1 = std::min(clip.x1, static_cast<int>(std::ceil(right)));
  const int y0 = std::max(clip.y0, static_cast<int>(std::floor(top)));
  const int y1 = std::min(clip.y1, static_cast<int>(std::ceil(bottom)));
  const Edge e0(p1, p2), e1(p2, p0), e2(p0, p1);
  const float whole = 1.0F / static_cast<float>(area);
  const Triangle triangle(v0, *v1, *v2, atlas);
  for (int y = y0; y < y1; ++y)
    for (int x = x0; x < x1; ++x) {
      const std::int64_t px = x * 256 + 128, py = y * 256 + 128;
      const std::int64_t w0 = e0.at(px, py), w1 = e1.at(px, py), w2 = e2.at(px, py);
      if (e0.holds(w0) && e1.holds(w1) && e2.holds(w2))
        triangle.shade(image.at(x, y), static_cast<float>(w0) * whole,
                       static_cast<float>(w1) * whole, static_cast<float>(w2) * whole);
    }
}

void draw_command(const ImDrawList& list, const ImDrawCmd& command, ImVec2 origin,
                  const Atlas& atlas, Image& image) {
  const auto bound = [](float value, int limit) {
    return std::clamp(static_cast<int>(value), 0, limit);
  };
  const Clip clip = {bound(command.ClipRect.x - origin.x, image.width),
                     bound(command.ClipRect.y - origin.y, image.height),
                     bound(command.ClipRect.z - origin.x, image.width),
                     bound(command.ClipRect.w - origin.y, image.height)};
  if (clip.x0 >= clip.x1 || clip.y0 >= clip.y1) return;
  const ImDrawIdx* index = list.IdxBuffer.Data + command.IdxOffset;
  const ImDrawVert* vertex = list.VtxBuffer.Data + command.VtxOffset;
  for (unsigned i = 0; i + 2 < command.ElemCount; i += 3)
    draw_triangle(vertex[index[i]], vertex[index[i + 1]], vertex[index[i + 2]], clip, atlas, image);
}

}  // namespace

Atlas take_atlas() {
  ImFontAtlas& fonts = *ImGui::GetIO().Fonts;
  unsigned char* pixels = nullptr;
  Atlas atlas;
  fonts.GetTexDataAsAlpha8(&pixels, &atlas.width, &atlas.height);
  atlas.alpha.assign(pixels, pixels + static_cast<std::ptrdiff_t>(atlas.width) * atlas.height);
  static int texture = 0;  // its address is the id; there is one texture only
  fonts.SetTexID(static_cast<ImTextureID>(&texture));
  return atlas;
}

void rasterize(const ImDrawData& data, const Atlas& atlas, ImU32 background, Image& image) {
  image.rgba.resize(static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) *
                    4);
  for (std::size_t i = 0; i < image.rgba.size(); i += 4) {
    image.rgba[i] = static_cast<std::uint8_t>(background >> IM_COL32_R_SHIFT);
    image.rgba[i + 1] = static_cast<std::uint8_t>(background >> IM_COL32_G_SHIFT);
    image.rgba[i + 2] = static_cast<std::uint8_t>(background >> IM_COL32_B_SHIFT);
    image.rgba[i + 3] = 255;
  }
  for (int n = 0; n < data.CmdListsCount; ++n) {
    const ImDrawList& list = *data.CmdLists[n];
    for (const ImDrawCmd& command : list.CmdBuffer)
      if (command.UserCallback == nullptr)
        draw_command(list, command, data.DisplayPos, atlas, image);
  }
}

}  // namespace ikelab::view
