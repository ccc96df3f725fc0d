// The rasterizer, through pictures of known panels: no gaps between triangles that share an edge.
#include "tests/support/catch.hpp"
#include "visualizer/app/headless.hpp"

using namespace ikelab::view;

TEST_CASE("grounds are filled without gaps, each pixel once", "[raster]") {
  // An empty window: the top bar is the ground's colour from edge to edge, the panels the panel's.
  Headless host(640, 400, Theme::light, 1);
  Image image = host.picture();
  const auto colour_at = [&](int x, int y) {
    const std::uint8_t* p = image.at(x, y);
    return Rgb{p[0], p[1], p[2]};
  };
  for (int x = 0; x < 640; ++x) CHECK(colour_at(x, 1) == colour(Theme::light, Role::ground));
  for (int y = 60; y < 300; ++y) CHECK(colour_at(3, y) == colour(Theme::light, Role::panel));
}
