// Pictures to look at, of every panel, in both themes: run by hand with `test_visualizer
// "[.pictures]"`; written below the folder that IKELAB_PICTURES names.
#include <cstdlib>

#include "tests/support/catch.hpp"
#include "tests/visualizer/real_run.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/app/headless.hpp"
#include "visualizer/app/png.hpp"
#include "visualizer/models/address.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

enum class Content { none, small, busy, engine };

struct Shot {
  std::string name;
  int width = 1280, height = 800;
  Theme theme = Theme::light;
  float scale = 1;
  Content content = Content::small;
  std::string select = "message:3/field:Identification Data";
};

void fill(Shell& shell, const Shot& shot) {
  if (shot.content == Content::none) return;
  if (shot.content == Content::engine) {
    shell.run.append(samples::engine_events());
  } else {
    shell.run.set_info(samples::sample_info());
    shell.run.append(
        samples::sample_events({.esp_packets = shot.content == Content::busy ? 4000U : 20U}));
  }
  shell.session.to_end(shell.run);
  const auto selection = parse_selection(shell.run, shot.select);
  REQUIRE(selection.ok());
  shell.session.select(shell.run, *selection);
}

void draw(const Shot& shot) {
  const char* folder = std::getenv("IKELAB_PICTURES");
  const auto save = [&](Headless& host, const std::string& what) {
    const std::string file =
        std::string(folder == nullptr ? "." : folder) + "/" + shot.name + "-" + what + ".png";
    REQUIRE(write_png(file, host.picture()).ok());
  };
  Headless host(shot.width, shot.height, shot.theme, shot.scale);
  fill(host.shell(), shot);
  save(host, "window");
  for (const Panel& p : panels()) {
    host.shell().solo = &p;
    save(host, p.name);
  }
}

}  // namespace

TEST_CASE("pictures to look at", "[.pictures]") {
  draw({.name = "light"});
  draw({.name = "dark", .theme = Theme::dark, .select = "key:SK_d@gw-a"});
  draw({.name = "big", .width = 1920, .height = 1080, .scale = 1.5F, .content = Content::busy});
  draw({.name = "bigdark",
        .width = 1920,
        .height = 1080,
        .theme = Theme::dark,
        .scale = 1.5F,
        .content = Content::busy,
        .select = "packet:50"});
  draw({.name = "real", .content = Content::engine, .select = "message:1/field:Nonce Data"});
  draw({.name = "empty", .content = Content::none});
  draw({.name = "emptydark", .theme = Theme::dark, .content = Content::none});
}
