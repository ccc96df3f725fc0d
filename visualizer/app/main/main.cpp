// ikelab-view: the visualizer. A window, or with --png a picture without a display.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <filesystem>

#include "visualizer/app/headless.hpp"
#include "visualizer/app/loader.hpp"
#include "visualizer/app/main/window.hpp"
#include "visualizer/app/png.hpp"
#include "visualizer/models/address.hpp"
#include "visualizer/page/page.hpp"
#include "visualizer/page/svg.hpp"

namespace {

using namespace ikelab;
using namespace ikelab::view;

struct Options {
  std::string run, database = "ikelab.db", png, panel, size = "1280x800", theme = "light",
                   scale = "100%";
  std::string at, select, html, svg, status, compare, filter, axis = "pauses";
  bool look_given = false, explain = false;
};

struct Drawing {
  int width = 1280, height = 800;
  Theme theme = Theme::light;
  float scale = 1;
  const Panel* panel = nullptr;
};

Error wrong(std::string option, std::string_view value, std::string hint) {
  return Error{.code = "E-VIEW-020",
               .message = fmt::format("\"{}\" does not fit", value),
               .offset = {},
               .rfc = "",
               .place = std::move(option),
               .hint = std::move(hint)};
}

bool read_int(std::string_view text, int& out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failure == std::errc{} && end == text.data() + text.size();
}

Result<Drawing> read_drawing(const Options& o) {
  Drawing d;
  const std::string_view size = o.size;
  const std::size_t x = size.find('x');
  if (x == std::string_view::npos || !read_int(size.substr(0, x), d.width) ||
      !read_int(size.substr(x + 1), d.height) || d.width < 320 || d.height < 200 ||
      d.width > 8192 || d.height > 8192)
    return wrong("--size", o.size,
                 "write WIDTHxHEIGHT in pixels, for example 1280x800; 320x200 to 8192x8192");
  if (o.theme == "dark")
    d.theme = Theme::dark;
  else if (o.theme != "light")
    return wrong("--theme", o.theme, "light or dark");
  int percent = 0;
  const std::string_view digits = std::string_view(o.scale).substr(0, o.scale.find('%'));
  if (!read_int(digits, percent) || percent < 100 || percent > 200)
    return wrong("--scale", o.scale, "100% to 200%");
  d.scale = static_cast<float>(percent) / 100;
  if (o.panel.empty()) return d;
  d.panel = find_panel(o.panel);
  if (d.panel != nullptr) return d;
  std::string names;
  for (const Panel& p : panels()) names += (names.empty() ? "" : ", ") + std::string(p.name);
  return wrong("--panel", o.panel, "one of " + names);
}

std::string svg_panel(const Options& o) {
  return o.panel.empty() ? "ladder" : o.panel;
}

// How the ladder lays out time, and what it shows.
Result<Axis> axis_of(const Options& o) {
  static constexpr std::array<std::string_view, 3> axes = {"pauses", "steps", "time"};
  const auto* axis = std::find(axes.begin(), axes.end(), o.axis);
  if (axis == axes.end()) return wrong("--axis", o.axis, "pauses, steps or time");
  return static_cast<Axis>(axis - axes.begin());
}

// Time and selection as asked; else the end of the run and its first message.
Result<void> arrive(Shell& shell, const Options& o) {
  shell.session.to_end(shell.run);
  shell.session.explains = o.explain;
  IKELAB_TRY(shell.session.axis, axis_of(o));
  IKELAB_TRY(const auto filter, filter::Filter::parse(o.filter));
  shell.session.filter = filter.text();
  if (!o.select.empty()) {
    IKELAB_TRY(const Selection s, parse_selection(shell.run, o.select));
    shell.session.select(shell.run, s, false);
  } else if (!shell.run.traffic().messages().empty() && o.at.starts_with("message:")) {
    IKELAB_TRY(const Selection s, parse_selection(shell.run, o.at));
    shell.session.select(shell.run, s, false);
  } else if (!shell.run.traffic().messages().empty()) {
    shell.session.select(shell.run, select_message(1), false);
  }
  if (!o.at.empty()) {
    IKELAB_TRY(const Instant t, parse_time(shell.run, o.at));
    shell.session.set_now(t);
  }
  return {};
}

Result<void> draw_picture(const Options& o, const Drawing& d) {
  Headless host(d.width, d.height, d.theme, d.scale);
  for (const std::string& line : host.complaints()) fmt::print(stderr, "ikelab-view: {}\n", line);
  Shell& shell = host.shell();
  IKELAB_CHECK(load_all(o.database, o.run, shell.run));
  if (shell.run.empty() && !shell.run.experiments().empty()) shell.show(*find_panel("experiments"));
  if (!o.compare.empty()) {
    IKELAB_CHECK(load_beside_it(o.database, o.compare, shell.run));
    shell.show(*find_panel("compare"));
  }
  IKELAB_CHECK(arrive(shell, o));
  shell.solo = d.panel;
  return write_png(o.png, host.picture());
}

// What is drawn whole follows the ladder's options; the rest is for what shows one place of a run.
Result<void> load_whole(const Options& o, RunModel& run) {
  IKELAB_TRY(const Axis axis, axis_of(o));
  IKELAB_TRY(auto filter, filter::Filter::parse(o.filter));
  IKELAB_CHECK(load_all(o.database, o.run, run));
  run.set_axis(axis);
  if (!filter.empty()) run.set_filter(std::move(filter));
  return {};
}

Result<void> write_page(const Options& o) {
  RunModel run;
  IKELAB_CHECK(load_whole(o, run));
  return write_text(o.html, page_html(run));
}

// The ladder whole, or the derivation of the keys that are selected (else the initiator's first).
Result<void> write_svg(const Options& o, const Drawing& d) {
  RunModel run;
  IKELAB_CHECK(load_whole(o, run));
  SvgOptions options;
  options.theme = d.theme;
  if (svg_panel(o) == "ladder") return write_text(o.svg, ladder_svg(run, options));
  if (svg_panel(o) != "keys") return wrong("--panel", o.panel, "with --svg: ladder or keys");
  const Derivations& keys = run.derivations();
  int group = -1;
  if (!o.select.empty()) {
    IKELAB_TRY(const Selection s, parse_selection(run, o.select));
    group = keys.group_of(s.id);
  }
  const KeyGraph graph = keys.graph_around(group);
  return write_text(o.svg, keys_svg(graph, "How the keys are derived", options));
}

// An option that nothing of what is written follows is refused, not passed over.
Result<void> check_options(const Options& o) {
  const bool window = o.html.empty() && o.svg.empty() && o.png.empty();
  if (window || !o.png.empty()) return {};
  const bool ladder = !o.html.empty() || svg_panel(o) == "ladder";
  const bool keys = !o.svg.empty() && svg_panel(o) == "keys";
  struct Row {
    const char* option;
    bool given, follows;
    const char* hint;
  };
  for (const Row& row : {
           Row{"--at", !o.at.empty(), false, "it is for --png and the window"},
           Row{"--explain", o.explain, false, "it is for --png and the window"},
           Row{"--compare", !o.compare.empty(), false, "it is for --png and the window"},
           Row{"--select", !o.select.empty(), keys,
               "it is for --png, the window, and --svg with --panel keys"},
           Row{"--filter", !o.filter.empty(), ladder, "it is for the ladder"},
           Row{"--axis", o.axis != "pauses", ladder && o.axis != "time",
               "pauses or steps; true time has no end on paper, it is for --png and the window"},
       })
    if (row.given && !row.follows)
      return Error{.code = "E-VIEW-021",
                   .message = "it would change nothing in what is written here",
                   .offset = {},
                   .rfc = "",
                   .place = row.option,
                   .hint = row.hint};
  return {};
}

Result<void> open_window(const Options& o, const Drawing& d) {
  // A missing database is told at once, not in a window; a missing display before the run is read.
  IKELAB_TRY(auto reader, store::Reader::open(o.database));
  const auto info = reader->run(o.run);
  if (!o.compare.empty()) {
    RunModel nothing;
    IKELAB_CHECK(load_beside_it(o.database, o.compare, nothing));
  }
  if (!info.ok()) {
    RunModel beside;
    IKELAB_CHECK(load_beside(o.database, beside));
    if (!has_only_beside(o.run, info.error(), beside)) return info.error();
  }
  WindowOptions w{.database = o.database,
                  .run = info.ok() ? std::to_string(info->id) : "",
                  .compare = o.compare,
                  .width = d.width,
                  .height = d.height,
                  .theme = d.theme,
                  .scale = d.scale,
                  .panel = d.panel,
                  .look_given = o.look_given,
                  .status = o.status,
                  .arrive = {}};
  w.arrive = [&o](Shell& shell) {
    if (const Result<void> r = arrive(shell, o); !r.ok()) {
      shell.status = r.error().to_string();
      shell.status_is_error = true;
    }
  };
  return run_window(w);
}

void add_options(CLI::App& app, Options& o) {
  app.add_option("RUN", o.run, "a run's id or its scenario's name; the newest run when left out");
  app.add_option("--db", o.database, "the database")->capture_default_str();
  app.add_option("--png", o.png,
                 "draw one picture into this file instead of opening a window; needs no display");
  app.add_option("--html", o.html,
                 "write the whole run as one page of HTML into this file: every octet explained");
  app.add_option("--svg", o.svg,
                 "draw the ladder (or with --panel keys the derivation of keys) whole, as SVG");
  app.add_option("--panel", o.panel, "with --png: this panel alone; else: the tab in front");
  app.add_option("--size", o.size, "in pixels")->capture_default_str();
  app.add_option("--theme", o.theme, "light or dark")->capture_default_str();
  app.add_option("--scale", o.scale, "100% to 200%, for projectors")->capture_default_str();
  app.add_option("--at", o.at, "the run's time: 12.5ms, 2s, message:3, end (the default)");
  app.add_option(
      "--select", o.select,
      "message:3, message:3/field:Nonce Data, key:SKEYSEED, sa:SPI, packet:17, event:120");
  app.add_option("--filter", o.filter,
                 "of the ladder: Wireshark's display words, e.g. \"isakmp.exchangetype == 36\"");
  app.add_flag("--explain", o.explain, "open with the explanation of the step that is selected");
  app.add_option("--axis", o.axis, "of the ladder: pauses (cut short), steps (even), time (true)")
      ->capture_default_str();
  app.add_option("--compare", o.compare,
                 "another run to lay beside it: an id, a scenario's name, or other.db:RUN");
  app.add_option("--status", o.status, "where the window is, line by line, for tests")->group("");
}

// Everything that was asked for, in order; a window when nothing was.
Result<void> perform(const Options& o) {
  IKELAB_TRY(const Drawing drawing, read_drawing(o));
  IKELAB_CHECK(check_options(o));
  const auto write = [&](const std::string& file, auto&& how) -> Result<void> {
    if (file.empty()) return {};
    IKELAB_CHECK(how());
    fmt::print("{}\n", file);
    return {};
  };
  IKELAB_CHECK(write(o.html, [&] { return write_page(o); }));
  IKELAB_CHECK(write(o.svg, [&] { return write_svg(o, drawing); }));
  IKELAB_CHECK(write(o.png, [&] { return draw_picture(o, drawing); }));
  if (o.html.empty() && o.svg.empty() && o.png.empty()) return open_window(o, drawing);
  return {};
}

int exit_code(const Error& e) {
  static constexpr std::array<std::string_view, 4> broken = {"E-VIEW-001", "E-VIEW-002",
                                                             "E-VIEW-003", "E-VIEW-005"};
  return std::find(broken.begin(), broken.end(), e.code) != broken.end() ? 3 : 2;
}

int complain(const Error& e) {
  fmt::print(stderr, "ikelab-view: {}\n", e.to_string());
  return exit_code(e);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Looks at a recorded run: messages, bytes, keys, the network, the adversary."};
  Options o;
  add_options(app, o);
  try {
    app.parse(argc, argv);
    o.look_given = app.count("--theme") + app.count("--scale") > 0;
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);
    fmt::print(stderr, "ikelab-view: {} (see ikelab-view --help)\n", e.what());
    return 2;
  }
  try {
    const Result<void> done = perform(o);
    return done.ok() ? 0 : complain(done.error());
  } catch (const std::exception& e) {
    fmt::print(stderr, "ikelab-view: something broke: {}\n", e.what());
    return 3;
  }
}
