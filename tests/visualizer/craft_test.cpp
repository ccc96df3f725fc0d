// What the window offers besides its panels: stepping, bookmarks, copies, the palette, what it
// remembers; and what the newer panels draw from a known run.
#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/visualizer/real_run.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/app/headless.hpp"
#include "visualizer/models/copy.hpp"
#include "visualizer/models/experiments.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

void fill(RunModel& run, const samples::SampleOptions& options = {}) {
  run.set_info(samples::sample_info());
  run.append(samples::sample_events(options));
}

std::string caption_of(Headless& host, std::string_view panel) {
  const Kit kit;
  return find_panel(panel)->caption(
      View{kit, host.shell().run, host.shell().session, {0, 0}, {600, 400}});
}

}  // namespace

TEST_CASE("steps by event and by packet go through each of them, both ways", "[session]") {
  RunModel run;
  fill(run);
  Session s;
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < run.listed().size(); ++i) {
    s.step_event(run, 1);
    REQUIRE(s.selection().id > last);
    last = s.selection().id;
  }
  CHECK(last == run.listed().back()->seq);
  s.step_event(run, 1);
  CHECK(s.selection().id == last);  // there is no further
  s.step_event(run, -1);
  CHECK(s.selection().id == run.listed()[run.listed().size() - 2]->seq);
  Session p;
  p.step_packet(run, 1);
  CHECK(p.selection() == select_message(1));
  std::size_t steps = 1;
  for (Selection before = p.selection();; ++steps) {
    p.step_packet(run, 1);
    if (p.selection() == before) break;
    before = p.selection();
  }
  std::size_t sent = 0;
  for (const Packet& packet : run.traffic().packets()) sent += packet.sent ? 1 : 0;
  CHECK(steps >= sent / 2);
  CHECK(steps <= sent);
}

TEST_CASE("bookmarks are kept in order; the same place twice takes one away", "[session]") {
  Session s;
  for (const std::int64_t t : {50, 10, 30}) {
    s.set_now({t});
    s.toggle_bookmark();
  }
  s.set_now({0});
  std::vector<std::int64_t> seen;
  for (int i = 0; i < 4; ++i) {
    s.to_bookmark(1);
    seen.push_back(s.now().ns);
  }
  CHECK(seen == std::vector<std::int64_t>{10, 30, 50, 50});
  s.to_bookmark(-1);
  CHECK(s.now().ns == 30);
  s.toggle_bookmark();
  CHECK(s.bookmarks().size() == 2);
}

TEST_CASE("copies: as hex and as a C array exactly the octets, as text the words", "[copy]") {
  RunModel run;
  fill(run);
  Session s;
  CHECK(copied(run, s, CopyAs::hex).empty());  // nothing is selected
  s.select(run, select_message(1));
  const Bytes& bytes = run.traffic().message(1)->message().bytes;
  CHECK(copied(run, s, CopyAs::hex) == to_hex(bytes));
  s.select_range(16, 20, false);
  CHECK(copied(run, s, CopyAs::hex) == to_hex(ByteView(bytes).subspan(16, 4)));
  CHECK(copied(run, s, CopyAs::c_array) ==
        "static const unsigned char octets[4] = {\n  0x21, 0x20, 0x22, 0x08,\n};\n");
  const std::string text = copied(run, s, CopyAs::text);
  CHECK(text.find("Next Payload: 33 (SA)") != std::string::npos);
  const EventPtr key = run.derivations().find("SKEYSEED");
  s.select(run, select_key(key->seq));
  CHECK(copied(run, s, CopyAs::hex) == to_hex(std::get<trace::KeyDerived>(key->body).output));
}

TEST_CASE("what falls if a key leaks", "[keys]") {
  RunModel run;
  run.append(samples::engine_events());
  const KeyGraph g = run.derivations().graph_around(-1);
  const auto node = [&](std::string_view name) {
    for (std::size_t n = 0; n < g.nodes.size(); ++n)
      if (g.nodes[n].name == name) return n;
    FAIL("no " << name);
    return std::size_t{0};
  };
  const auto fallen = [&](std::string_view leaked) {
    std::vector<bool> known(g.nodes.size(), false);
    known[node(leaked)] = true;
    return g.falls(known);
  };
  CHECK(fallen("g^ir")[node("SKEYSEED")]);  // the nonces beside it are on the wire
  CHECK(fallen("g^ir")[node("KEYMAT")]);
  CHECK(fallen("SK_d")[node("KEYMAT")]);
  CHECK_FALSE(fallen("SK_d")[node("SKEYSEED")]);  // nobody goes back
  CHECK_FALSE(fallen("SK_d")[node("SK_ei")]);
  CHECK_FALSE(fallen("SK_ei")[node("KEYMAT")]);
  const auto nothing = g.falls({});
  CHECK(std::count(nothing.begin(), nothing.end(), true) == 0);  // nonces alone give nothing
}

TEST_CASE("the ladder finds rows by place, by time and by message", "[ladder]") {
  RunModel run;
  fill(run);
  const Ladder& l = run.ladder();
  for (std::size_t i = 0; i < l.rows().size(); ++i) {
    const LadderRow& row = l.rows()[i];
    const auto [first, last] = l.between(row.y, row.y_end);
    CHECK(first <= i);
    CHECK(last > i);
    if (i > 0) CHECK(l.rows()[i - 1].y <= row.y);
    if (row.number != 0) CHECK(l.row_of_message(row.number) == &row);
  }
  const auto [none, end] = l.between(1e6, 2e6);
  CHECK(none == end);
  CHECK(l.row_at({-1}) == -1);
  CHECK(l.row_at(run.end()) == static_cast<std::ptrdiff_t>(l.rows().size()) - 1);
}

TEST_CASE("alerts are told in their panel and flagged on the time line", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  fill(host.shell().run);
  RunModel& run = host.shell().run;
  CHECK(caption_of(host, "monitors") == "What detectors and invariants noticed");
  host.shell().session.to_end(run);
  host.frame();
  const int before = host.frame().vertices;
  const std::uint64_t seq = run.last_seq();
  run.append({{{run.end().ns / 2}, seq + 1, "", "", trace::Alert{"flood", "high", "many", 0}},
              {run.end(), seq + 2, "", "", trace::Alert{"replay", "low", "twice", 0}}});
  host.frame();
  CHECK(host.frame().vertices > before);
  CHECK(caption_of(host, "monitors").starts_with("2 alerts up to "));
  host.shell().session.set_now({run.end().ns - 1});
  CHECK(caption_of(host, "monitors").starts_with("1 alert up to "));
  host.shell().solo = find_panel("monitors");
  CHECK(host.frame().vertices > 300);
}

TEST_CASE("a selected SA shows its states or its replay window", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  Shell& shell = host.shell();
  shell.run.append(samples::engine_events());
  shell.session.to_end(shell.run);
  shell.solo = find_panel("sas");
  host.frame();
  const int table = host.frame().vertices;
  const auto& rows = shell.run.sas().rows();
  const auto ike = std::find_if(rows.begin(), rows.end(),
                                [](const SaRow& r) { return r.sa().protocol == "IKE"; });
  REQUIRE(ike != rows.end());
  REQUIRE_FALSE(ike->states.empty());
  CHECK(std::get<trace::StateChanged>(ike->states.front()->body).from == "NONE");  // its whole way
  shell.session.select(shell.run, select_sa(ike->id));
  host.frame();
  CHECK(host.frame().vertices != table);
  RunModel sample;
  fill(sample);
  std::size_t counted = 0;
  for (const SaRow& row : sample.sas().rows()) {
    REQUIRE(row.sequences.size() == row.packets.size());
    counted += row.sequences.size();
    if (!row.highest.empty())
      CHECK(row.highest.back() == *std::max_element(row.sequences.begin(), row.sequences.end()));
  }
  CHECK(counted > 20);
}

TEST_CASE("every kind of event has a line, whatever its kind", "[panels]") {
  Headless host(1280, 800, Theme::dark, 1);
  fill(host.shell().run);
  RunModel& run = host.shell().run;
  CHECK(run.listed().size() > 50);
  CHECK(caption_of(host, "events").find(" of ") != std::string::npos);
  host.shell().session.select(run, select_event(run.listed().back()->seq));
  host.shell().solo = find_panel("events");
  host.frame();
  CHECK(host.frame().vertices > 500);
}

TEST_CASE("the palette opens, chooses and closes by keys", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  fill(host.shell().run);
  host.frame();
  const int closed = host.frame().vertices;
  host.frame({.find = true});
  host.frame();
  const int open = host.frame().vertices;
  CHECK(open > closed + 500);
  for (int i = 0; i < 3; ++i) host.frame({.choose = 1});  // the fourth row: a panel
  host.frame({.accept = true});
  host.frame();
  host.frame({.leave = true});
  CHECK(host.frame().vertices < open);
  host.frame({.panel = 2});
  CHECK(host.shell().place() == "none at 0.000 ms");
  host.frame({.step_forward = true});
  CHECK(host.shell().place().starts_with("event:"));
}

TEST_CASE("what a window remembers comes back; nonsense in the file does no harm", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  Shell& shell = host.shell();
  shell.set_layout("story=300 inspector=500 below=0.3 motion=0 theme=1 scale=1.50", true);
  const std::string kept = shell.layout();
  CHECK(kept.starts_with("story=300 inspector=500 below=0.300 motion=0 theme=1"));
  CHECK(shell.wanted_scale == 1.5F);
  shell.set_layout("story= =3 inspector=-7 below=nan scale=99999 unknown=1 \xFF", true);
  CHECK(shell.layout().starts_with("story=300 inspector=500 below=0.300"));
  Headless other(1280, 800, Theme::light, 1);
  other.shell().set_layout(kept, false);  // theme and scale were given on the command line
  CHECK(other.shell().layout().find("theme=0") != std::string::npos);
  CHECK(other.shell().layout().starts_with("story=300"));
}

namespace {

std::vector<store::MeasuredPoint> measured() {
  std::vector<store::MeasuredPoint> out;
  for (const char* tunnels : {"10", "2", "100"})
    for (const char* loss : {"0%", "10%"})
      for (std::uint64_t seed = 1; seed <= 5; ++seed)
        out.push_back({"latency",
                       {{"tunnels", tunnels}, {"loss", loss}},
                       seed,
                       "median",
                       "ns",
                       number_of(tunnels) * 1e6 + static_cast<double>(seed) * 1e5});
  out.push_back({"latency", {{"tunnels", "2"}, {"loss", "0%"}}, 1, "lost", "packets", 0});
  return out;
}

}  // namespace

TEST_CASE("experiments: quantiles over the runs of each point, in the order of numbers",
          "[experiments]") {
  const Experiments all(measured());
  CHECK(all.names() == std::vector<std::string>{"latency"});
  CHECK(all.measures("latency") == std::vector<std::string>{"lost", "median"});
  const Chart chart = all.chart("latency", "median");
  CHECK(chart.x_name == "tunnels");
  CHECK(chart.xs == std::vector<std::string>{"2", "10", "100"});
  REQUIRE(chart.curves.size() == 2);
  CHECK(chart.curves[0].label == "loss 0%");
  CHECK(chart.runs == 30);
  CHECK(chart.fewest == 5);
  const ChartCell& first = chart.curves[0].cells.front();
  CHECK(first.quantile(0) == 2.1e6);
  CHECK(first.quantile(0.5) == 2.3e6);
  CHECK(first.quantile(1) == 2.5e6);
  CHECK(first.quantile(0.125) == 2.15e6);  // between two runs
  CHECK(all.chart("latency", "none").curves.empty());
  CHECK(number_of("500ms") == 0.5);
  CHECK(number_of("10%") == 10);
  CHECK(number_of("aes") == 0);
}

TEST_CASE("the experiments panel draws curves and a heat map, and says what is missing",
          "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  host.shell().solo = find_panel("experiments");
  host.frame();
  CHECK(caption_of(host, "experiments") == "What many runs measured, with their spread");
  const int empty = host.frame().vertices;
  host.shell().run.set_experiments(Experiments(measured()));
  host.shell().session.measure = "median";
  host.frame();
  const int curves = host.frame().vertices;
  CHECK(curves > empty);
  CHECK(caption_of(host, "experiments") ==
        "latency: median against tunnels; 30 runs, 5 a point; bands hold 50 and 90 % of them");
  host.shell().session.heat_map = true;
  host.frame();
  CHECK(host.frame().vertices != curves);
  host.shell().session.measure = "lost";  // one value, zero: no division by it
  host.frame();
  CHECK(host.frame().vertices > 100);
}

TEST_CASE("the gradebook shows each student's best and the goals missed most", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  host.shell().solo = find_panel("gradebook");
  host.frame();
  CHECK(caption_of(host, "gradebook") == "What a class has reached");
  const int empty = host.frame().vertices;
  host.shell().run.set_grades(
      {{{"ada", "bytes", 100, 100, 2}, {"ada", "keys", 30, 100, 1}, {"grace", "bytes", 60, 100, 3}},
       {{"keys", "SKEYSEED", 4, 1}, {"bytes", "SPI", 5, 5}},
       {}});
  CHECK(host.frame().vertices > empty);
  CHECK(caption_of(host, "gradebook") == "The best of 6 attempts by 2 students in 2 labs");
}
