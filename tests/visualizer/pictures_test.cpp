// Pictures to look at, of every panel, in both themes: run by hand with `test_visualizer
// "[.pictures]"`; written below the folder that IKELAB_PICTURES names.
#include <cstdlib>

#include "tests/support/catch.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/app/headless.hpp"
#include "visualizer/app/png.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

void draw(const std::string& name, int width, int height, Theme theme, float scale, bool busy,
          bool full) {
  const char* folder = std::getenv("IKELAB_PICTURES");
  const auto save = [&](Headless& host, const std::string& what) {
    const std::string file =
        std::string(folder == nullptr ? "." : folder) + "/" + name + "-" + what + ".png";
    REQUIRE(write_png(file, host.picture()).ok());
  };
  Headless host(width, height, theme, scale);
  if (full) {
    host.shell().run.set_info(samples::sample_info());
    host.shell().run.append(samples::sample_events({.esp_packets = busy ? 4000U : 20U}));
    host.shell().session.to_end(host.shell().run);
    host.shell().session.select(host.shell().run, select_message(3), false);
  }
  save(host, "window");
  for (const Panel& p : panels()) {
    host.shell().solo = &p;
    save(host, p.name);
  }
}

}  // namespace

TEST_CASE("pictures to look at", "[.pictures]") {
  draw("light", 1280, 800, Theme::light, 1, false, true);
  draw("dark", 1280, 800, Theme::dark, 1, false, true);
  draw("big", 1920, 1080, Theme::light, 1.5F, true, true);
  draw("bigdark", 1920, 1080, Theme::dark, 1.5F, true, true);
  draw("empty", 1280, 800, Theme::light, 1, false, false);
  draw("emptydark", 1280, 800, Theme::dark, 1, false, false);
}
