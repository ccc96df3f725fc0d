// Panels drawn headless: on an empty run, a small one, and one of thousands of events; and the
// mouse.
#include <unistd.h>

#include <filesystem>

#include "tests/support/catch.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/app/headless.hpp"
#include "visualizer/app/png.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

void fill(Shell& shell, const samples::SampleOptions& options = {}) {
  shell.run.set_info(samples::sample_info());
  shell.run.append(samples::sample_events(options));
  shell.session.to_end(shell.run);
}

std::string caption_of(Headless& host, const Panel& panel) {
  const Kit kit;
  return panel.caption(View{kit, host.shell().run, host.shell().session, {0, 0}, {600, 400}});
}

void draw_all(Headless& host) {
  for (const Panel& p : panels()) {
    INFO("panel " << p.name);
    host.shell().solo = &p;
    host.frame();
    CHECK(host.frame().vertices > 100);
    CHECK_FALSE(caption_of(host, p).empty());
  }
  host.shell().solo = nullptr;
  CHECK(host.frame().vertices > 500);
}

struct TemporaryFolder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("ikelab-view-" + std::to_string(::getpid()));
  TemporaryFolder() { std::filesystem::create_directories(path); }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("every panel draws an empty run and says how to get one", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  draw_all(host);
}

TEST_CASE("every panel draws a small run, whatever is selected", "[panels]") {
  Headless host(1280, 800, Theme::dark, 1.5F);
  fill(host.shell());
  draw_all(host);
  RunModel& run = host.shell().run;
  for (std::uint64_t seq = 1; seq <= run.last_seq(); seq += 5) {
    host.shell().session.select(run, select_event(seq));
    host.frame();
  }
  for (std::uint64_t n = 1; n <= run.traffic().messages().size(); ++n) {
    host.shell().session.select(run, select_message(n));
    host.shell().session.select_range(20, 24, false);
    host.frame();
  }
  host.shell().session.select(run, select_packet(5));
  draw_all(host);
}

TEST_CASE("a busy run draws what is visible, not everything", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  fill(host.shell(), {.esp_packets = 4000});
  REQUIRE(host.shell().run.event_count() > 30'000);
  draw_all(host);
  CHECK(host.frame().vertices < 200'000);
}

TEST_CASE("a small window and a large scale do not break the layout", "[panels]") {
  Headless host(400, 300, Theme::light, 2);
  fill(host.shell());
  draw_all(host);
}

TEST_CASE("a click on a story line selects its message everywhere", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  fill(host.shell());
  CHECK(host.shell().session.selection().kind == Selection::Kind::none);
  host.click(120, 208);  // "1: gw-a offers algorithms ..."
  CHECK(host.shell().session.selection() == select_message(1));
  CHECK(caption_of(host, *find_panel("ladder")).starts_with("Message 1 of 11"));
  CHECK(caption_of(host, *find_panel("inspector")) == "IKE_SA_INIT request");
}

TEST_CASE("a click in the ladder selects the arrow under it", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  fill(host.shell());
  host.click(560, 312);  // the third message's arrow
  CHECK(host.shell().session.selection() == select_message(3));
  host.click(560, 268);
  CHECK(host.shell().session.selection() == select_message(2));
  host.frame({.history_back = true});
  CHECK(host.shell().session.selection() == select_message(3));
}

TEST_CASE("a click on an octet selects its field, Esc lets go", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  fill(host.shell());
  host.shell().session.select(host.shell().run, select_message(3));
  host.click(1000, 618);  // second row of the decrypted octets
  REQUIRE(host.shell().session.selection().has_range());
  CHECK(host.shell().session.selection().plain);
  host.frame({.leave = true});
  CHECK_FALSE(host.shell().session.selection().has_range());
  CHECK(host.shell().session.selection() == select_message(3));
}

TEST_CASE("keys step and play", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  fill(host.shell());
  Session& s = host.shell().session;
  s.rewind();
  host.frame({.step_forward = true});
  host.frame({.step_forward = true});
  CHECK(s.selection() == select_message(1));
  host.frame({.play = true});
  CHECK(s.playing);
  const Instant before = s.now();
  for (int i = 0; i < 30; ++i) host.frame({.seconds = 0.1});
  CHECK(s.now() > before);
  host.frame({.play = true});
  CHECK_FALSE(s.playing);
}

TEST_CASE("a picture is written, can be read, and is the same twice", "[panels]") {
  const TemporaryFolder folder;
  const auto shoot = [&](const std::string& name) {
    Headless host(800, 600, Theme::dark, 1);
    fill(host.shell());
    const std::filesystem::path file = folder.path / name;
    REQUIRE(write_png(file, host.picture()).ok());
    auto image = read_png(file);
    REQUIRE(image.ok());
    return std::move(image).value();
  };
  const Image a = shoot("a.png"), b = shoot("b.png");
  CHECK(a.width == 800);
  CHECK(a.height == 600);
  CHECK(a.rgba == b.rgba);
  std::size_t bright = 0;
  for (std::size_t i = 0; i < a.rgba.size(); i += 4) bright += a.rgba[i] > 0x80 ? 1 : 0;
  CHECK(bright > 2000);                   // there is text
  CHECK(bright < a.rgba.size() / 4 / 2);  // on a dark ground
  CHECK(write_png(folder.path / "no" / "such" / "a.png", a).error().code == "E-VIEW-003");
  CHECK(read_png(folder.path / "none.png").error().code == "E-VIEW-004");
}
