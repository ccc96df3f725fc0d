// `ikelab bench view [--brief]`: what a large run costs the visualizer. How long the models take,
// the longest time a frame waits for them, and a frame itself: laid out, and drawn in software at
// 1280 x 800.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "tests/bench/bench.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/app/headless.hpp"

namespace ikelab::bench {
namespace {

using namespace view;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Makes a copy of a run's events another tunnel's: later, with datagrams and SPIs of its own.
struct Shift {
  std::uint64_t datagrams;
  std::string tag;
  void operator()(const char* name, std::uint64_t& v) const {
    const std::string_view n = name;
    if (v != 0 && (n == "datagram" || n == "id" || n == "result")) v += datagrams;
  }
  void operator()(const char* name, std::string& v) const {
    if (std::string_view(name).find("spi") != std::string_view::npos && v.size() >= tag.size())
      v.replace(v.size() - tag.size(), tag.size(), tag);
  }
  template <class T>
  void operator()(const char*, T&) const {}
};

std::vector<trace::Event> fleet(std::size_t tunnels) {
  const auto one = samples::sample_events({.esp_packets = 2, .adversary = false});
  std::vector<trace::Event> all;
  for (std::size_t t = 0; t < tunnels; ++t)
    for (trace::Event e : one) {
      e.seq = all.size() + 1;
      e.time = Instant{e.time.ns + static_cast<std::int64_t>(t) * one.back().time.ns};
      if (!e.sa.empty()) e.sa += fmt::format(" {}", t);
      const Shift shift{t * 10'000, fmt::format("{:06x}", t)};
      std::visit([&](auto& body) { std::decay_t<decltype(body)>::fields(body, shift); }, e.body);
      all.push_back(std::move(e));
    }
  return all;
}

constexpr std::size_t batch = 20'000;  // as the loader reads

void measure(const char* name, std::vector<trace::Event> events) {
  Headless host(1280, 800, Theme::light, 1);
  Shell& shell = host.shell();
  RunModel built;  // beside the frames, as the loader does
  built.set_info(samples::sample_info());
  const std::size_t count = events.size();
  const auto start = Clock::now();
  for (std::size_t at = 0; at < count; at += batch) {
    const auto first = std::make_move_iterator(events.begin() + static_cast<std::ptrdiff_t>(at));
    built.append({first, first + static_cast<std::ptrdiff_t>(std::min(batch, count - at))},
                 at + batch < count);
  }
  const double models = ms_since(start);
  const auto over = Clock::now();
  shell.run.change_over(built);
  host.frame();
  const double longest = ms_since(over);
  shell.session.rewind();
  shell.session.playing = true;
  std::vector<double> frames;
  for (int i = 0; i < 120; ++i) {
    const auto turn = Clock::now();
    host.frame({.seconds = 1.0 / 60});
    frames.push_back(ms_since(turn));
  }
  std::sort(frames.begin(), frames.end());
  const auto turn = Clock::now();
  host.picture();
  fmt::print("{:<8} {:>9} {:>9} {:>9.0f} {:>12.1f} {:>10.2f} {:>10.2f} {:>9.1f}\n", name, count,
             shell.run.ladder().rows().size(), models, longest, frames[frames.size() / 2],
             frames[frames.size() * 99 / 100], ms_since(turn));
}

}  // namespace

int view(const std::vector<std::string>& arguments) {
  const bool brief = std::find(arguments.begin(), arguments.end(), "--brief") != arguments.end();
  fmt::print("{:<8} {:>9} {:>9} {:>9} {:>12} {:>10} {:>10} {:>9}\n", "run", "events", "rows",
             "models ms", "longest ms", "frame ms", "p99 ms", "drawn ms");
  measure("small", samples::sample_events());
  measure("esp", samples::sample_events({.esp_packets = brief ? 10'000U : 120'000U}));
  measure("fleet", fleet(brief ? 100 : 5'000));
  return 0;
}

}  // namespace ikelab::bench
