// The ladder's axes, exchanges, filter and minimap: what the model says, and what is drawn.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tests/support/catch.hpp"
#include "tests/visualizer/real_run.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/app/headless.hpp"
#include "visualizer/models/text.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

void fill(RunModel& run, const samples::SampleOptions& options = {}) {
  run.set_info(samples::sample_info());
  run.append(samples::sample_events(options));
}

// Two messages from a to b of which the second comes first.
std::vector<trace::Event> overtaken() {
  std::vector<trace::Event> out;
  const auto add = [&](std::int64_t ns, const char* node, trace::Body body) {
    out.push_back({{ns}, out.size() + 1, node, "", std::move(body)});
  };
  const auto message = [&](std::int64_t ns, std::uint64_t id) {
    trace::DatagramSent sent;
    sent.id = id;
    sent.protocol = "IKE";
    sent.src = "192.0.2.1:500";
    sent.dst = "192.0.2.2:500";
    add(ns, "a", sent);
    trace::Message m;
    m.direction = "sent";
    m.datagram = id;
    m.src = sent.src;
    m.dst = sent.dst;
    m.spi_i = "0000000000000001";
    m.exchange = "INFORMATIONAL";
    m.message_id = id;
    add(ns, "a", m);
  };
  const auto received = [&](std::int64_t ns, std::uint64_t id) {
    trace::DatagramReceived r;
    r.id = id;
    r.protocol = "IKE";
    r.src = "192.0.2.1:500";
    r.dst = "192.0.2.2:500";
    add(ns, "b", r);
  };
  message(1'000'000, 1);
  message(2'000'000, 2);
  received(5'000'000, 2);
  received(9'000'000, 1);
  return out;
}

}  // namespace

TEST_CASE("every row takes the same room on the axis of steps; places stay in order on each",
          "[ladder]") {
  RunModel run;
  fill(run);
  const double pauses = run.ladder().scale().height();
  for (const Axis axis : {Axis::steps, Axis::time, Axis::pauses}) {
    run.set_axis(axis);
    const auto& rows = run.ladder().rows();
    for (std::size_t i = 1; i < rows.size(); ++i) CHECK(rows[i - 1].y < rows[i].y);
  }
  CHECK(run.ladder().scale().height() == pauses);
  run.set_axis(Axis::steps);
  CHECK(run.ladder().scale().height() < pauses);
}

TEST_CASE("an exchange holds its request, what was sent again, and its response", "[ladder]") {
  RunModel run;
  fill(run);
  const Ladder& l = run.ladder();
  REQUIRE(l.exchanges().size() >= 4);
  CHECK(l.exchanges().front().name == "IKE_SA_INIT, message id 0");
  CHECK(l.exchanges().front().answered);
  const auto again = std::find_if(l.exchanges().begin(), l.exchanges().end(),
                                  [](const Exchange& e) { return e.again > 0; });
  REQUIRE(again != l.exchanges().end());  // the lost request of the rekey
  CHECK(again->messages == 3);
  CHECK(again->lost == 1);
  std::uint64_t messages = 0;
  for (std::size_t i = 0; i < l.exchanges().size(); ++i) {
    const Exchange& e = l.exchanges()[i];
    messages += e.messages;
    CHECK(e.first <= e.last);
    const auto [first, last] = l.exchanges_between(e.first, e.last + 1);
    CHECK(first <= i);
    CHECK(last > i);
    for (std::size_t k = 0; k < i; ++k)  // those side by side do not overlap
      if (l.exchanges()[k].depth == e.depth) CHECK(l.exchanges()[k].last < e.first);
  }
  CHECK(messages == run.traffic().messages().size());
}

TEST_CASE("a message that a later one overtakes says so", "[ladder]") {
  RunModel run;
  run.append(overtaken());
  const auto& rows = run.ladder().rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].note == "message 2 overtakes it");
  CHECK(rows[1].note.empty());
}

TEST_CASE("rows are found by a stretch of time, troubles are counted", "[ladder]") {
  RunModel run;
  fill(run);
  const Ladder& l = run.ladder();
  for (std::size_t i = 0; i < l.rows().size(); ++i) {
    const auto [first, last] = l.during(l.rows()[i].time, l.rows()[i].time);
    CHECK(first <= i);
    CHECK(last > i);
  }
  std::size_t lost = 0;
  for (const LadderRow& row : l.rows())
    lost += std::any_of(row.legs.begin(), row.legs.end(), [](const Leg& g) { return g.lost; });
  CHECK(l.troubles(0, l.rows().size()) > lost);  // and the adversary's
  CHECK(l.troubles(3, 3) == 0);
}

TEST_CASE("a filter leaves the packets that fit, the story stays whole", "[ladder][filter]") {
  RunModel run;
  fill(run);
  const std::size_t all = run.ladder().rows().size(), chapters = run.story().size();
  const auto filter = [&](const char* text) {
    auto f = filter::Filter::parse(text);
    REQUIRE(f.ok());
    run.set_filter(std::move(f).value());
  };
  filter("isakmp.exchangetype == IKE_AUTH");
  REQUIRE(run.ladder().rows().size() == 2);
  CHECK(run.ladder().rows().front().title == "IKE_AUTH request");
  filter("esp and ikelab.from == gw-a");
  REQUIRE_FALSE(run.ladder().rows().empty());
  for (const LadderRow& row : run.ladder().rows()) {
    if (row.kind != LadderRow::Kind::esp) continue;
    CHECK(row.backwards == 0);  // the other direction is out of the folds
  }
  filter("ikelab.lost");
  CHECK(run.ladder().rows().size() >= 1);
  run.append({{run.end(), run.last_seq() + 1, "", "", trace::Mark{"more"}}});
  CHECK(run.filter().text() == "ikelab.lost");
  CHECK(run.story().size() >= chapters);
  filter("");
  CHECK(run.ladder().rows().size() == all + 1);
}

TEST_CASE("zooming keeps the instant under the mouse, between a microsecond and a year",
          "[ladder]") {
  RunModel run;
  fill(run);
  Session s;
  const auto [begin, whole] = s.ladder_stretch(run);
  CHECK(begin == 0);
  CHECK(whole > static_cast<double>(run.end().ns));
  const double t = static_cast<double>(run.end().ns) / 3;
  for (int i = 0; i < 80; ++i) s.zoom_ladder(run, 0.5, t);
  CHECK(s.ladder_stretch(run).second == 1000);
  CHECK(std::abs(s.ladder_stretch(run).first - t) < 1001);
  for (int i = 0; i < 120; ++i) s.zoom_ladder(run, 2, t);
  CHECK(s.ladder_stretch(run).second == 366.0 * 24 * 3600 * 1e9);
  s.ladder_span = 0;
  s.zoom_ladder(run, 0.1, 0);
  s.pan_ladder(run, 1e18);
  CHECK(s.ladder_begin + s.ladder_span <= static_cast<double>(run.end().ns) * 1.03);
}

TEST_CASE("figures of a time axis from a microsecond to years", "[text]") {
  CHECK(tick_text(0, 1) == "0");
  CHECK(tick_text(20e6, 10e6) == "20 ms");
  CHECK(tick_text(1.5e9, 0.5e9) == "1.5 s");
  CHECK(tick_text(2'000'001'000, 1000) == "2.000001 s");
  CHECK(tick_text(200e9, 60e9) == "3:20 min");
  CHECK(tick_text(3 * 86400e9, 86400e9) == "3 d");
  for (double least = 1; least < 1e18; least *= 3) {
    const double step = round_step(least);
    CHECK(step >= least);
    CHECK(step < least * 7);
  }
}

TEST_CASE("the ladder is drawn on each axis, with a filter, zoomed in and out",
          "[ladder][panels]") {
  Headless host(1280, 800, Theme::light, 1);
  Shell& shell = host.shell();
  fill(shell.run);
  shell.session.to_end(shell.run);
  shell.solo = find_panel("ladder");
  host.frame();
  host.frame();
  CHECK(host.says("IKE_SA_INIT request"));
  CHECK(host.says("pauses cut"));
  host.frame({.axis = true});
  host.frame();
  CHECK(host.says("even steps"));
  host.frame({.axis = true});
  host.frame();
  CHECK(host.says("true time"));
  CHECK(host.says(" s"));  // figures of the axis
  const std::size_t far = host.transcript().lines.size();
  shell.session.set_now(*shell.run.time_of(select_message(1)));
  for (int i = 0; i < 6; ++i) host.frame({.zoom = 1});
  shell.session.pan_ladder(shell.run, -shell.session.ladder_span / 2);
  host.frame();
  CHECK(host.says("IKE_SA_INIT request"));
  CHECK(host.transcript().lines.size() != far);
  for (int i = 0; i < 60; ++i) host.frame({.zoom = -1});
  CHECK(host.frame().vertices > 500);
  host.frame({.fit = true});
  shell.session.filter = "isakmp.exchangetype == IKE_AUTH";
  host.frame();
  host.frame();
  CHECK(host.says("2 of 11 messages fit isakmp.exchangetype == IKE_AUTH"));
  CHECK_FALSE(host.says("IKE_SA_INIT"));
  shell.session.filter = "isakmp.nonsense";  // told, and given up
  host.frame();
  CHECK(shell.session.filter == "isakmp.exchangetype == IKE_AUTH");
  shell.session.filter = "udp.port == 1";
  host.frame();
  host.frame();
  CHECK(host.says("Nothing fits the filter"));
}

TEST_CASE("the palette filters, completes, and says what does not read", "[panels][filter]") {
  Headless host(1280, 800, Theme::light, 1);
  Shell& shell = host.shell();
  fill(shell.run);
  const auto type = [&](std::string_view text) {
    host.frame({.find = true});
    host.frame();
    host.frame();
    for (const char c : text) {
      ImGui::GetIO().AddInputCharacter(static_cast<unsigned>(c));
      host.frame();
    }
    host.frame();
  };
  type("isakmp.mess");
  CHECK(host.says("isakmp.messageid"));
  host.frame({.leave = true});
  type("isakmp.messageid == x");
  CHECK(host.says("E-FILTER-003: filter, column 21"));
  host.frame({.leave = true});
  type("isakmp.messageid == 1");
  CHECK(host.says("show only isakmp.messageid == 1"));
  host.frame({.accept = true});
  host.frame();
  CHECK(shell.run.filter().text() == "isakmp.messageid == 1");
}

TEST_CASE("of very many nodes those that speak most keep their lane, the rest share one",
          "[ladder]") {
  std::vector<trace::Event> events;
  const auto message = [&](const std::string& from, const std::string& to, bool response) {
    trace::Message m;
    m.direction = "sent";
    m.datagram = events.size() + 1;
    m.src = from + ":500";
    m.dst = to + ":500";
    m.spi_i = from;
    m.exchange = "IKE_SA_INIT";
    m.response = response;
    events.push_back(
        {{static_cast<std::int64_t>(events.size()) * 1'000'000}, events.size() + 1, from, "", m});
  };
  const std::string gateway = "198.51.100.1", peer = "192.0.2.1";
  for (int i = 0; i < 3; ++i) message(peer, gateway, false), message(gateway, peer, true);
  for (int i = 1; i <= 20; ++i) {
    const std::string stranger = fmt::format("203.0.113.{}", i);
    message(stranger, gateway, false);
    message(gateway, stranger, true);
  }
  RunModel run;
  run.append(std::move(events));
  const Ladder& ladder = run.ladder();
  REQUIRE(ladder.lanes().size() == 3);
  CHECK(ladder.nodes().size() == 22);
  const int others = ladder.lane_of("203.0.113.7");
  CHECK(others == ladder.lane_of("203.0.113.20"));
  CHECK(ladder.lanes()[static_cast<std::size_t>(others)].node == "20 others");
  CHECK(ladder.lanes()[static_cast<std::size_t>(others)].part == "initiator");
  CHECK(ladder.lane_of(gateway) != others);
  CHECK(ladder.lane_of(peer) != others);
  CHECK(ladder.lane_of("nobody") == -1);
  CHECK(ladder.row_of_message(7)->title == "IKE_SA_INIT request of 203.0.113.1");
  CHECK(ladder.row_of_message(8)->title == "IKE_SA_INIT response to 203.0.113.1");
  CHECK(ladder.row_of_message(1)->title == "IKE_SA_INIT request");
}

TEST_CASE("refusals do not cut a fold of ESP, and are told once a reason and node", "[ladder]") {
  std::vector<trace::Event> events;
  const auto add = [&](const std::string& node, trace::Body body) {
    const auto n = static_cast<std::int64_t>(events.size());
    events.push_back({{n * 1'000'000}, events.size() + 1, node, "", std::move(body)});
  };
  const auto packet = [&](std::uint64_t id) {
    trace::DatagramSent sent;
    sent.id = id;
    sent.protocol = "ESP";
    sent.src = "192.0.2.1";
    sent.dst = "192.0.2.2";
    sent.size = 100;
    add("a", sent);
    trace::DatagramReceived received;
    received.id = id;
    received.protocol = "ESP";
    received.src = sent.src;
    received.dst = sent.dst;
    add("b", received);
  };
  const auto refusal = [&](const char* node, const char* reason) {
    trace::EspRejected r;
    r.datagram = 99;
    r.code = "E-ESP-REPLAY";
    r.reason = reason;
    add(node, r);
  };
  packet(1);
  refusal("b", "sequence number 9 was received before");
  packet(2);
  refusal("b", "sequence number 10 was received before");
  refusal("a", "sequence number 3 was received before");
  packet(3);
  refusal("b", "the ICV does not fit");
  trace::EspRejected outbound;
  outbound.code = "E-ESP-NO-SA";
  outbound.reason = "no outbound SA selects it";
  add("a", outbound);
  RunModel run;
  run.append(std::move(events));
  const auto& rows = run.ladder().rows();
  REQUIRE(rows.size() == 5);
  CHECK(rows[4].title == "a refuses a packet of its own network");
  CHECK(rows[0].kind == LadderRow::Kind::esp);
  CHECK(rows[0].packets == 3);
  CHECK(rows[1].title == "b refuses an ESP packet");
  CHECK(rows[1].packets == 2);
  CHECK(rows[2].title == "a refuses an ESP packet");
  CHECK(rows[3].note == "the ICV does not fit");
}

TEST_CASE("an address that an adversary forges is not taken for its own", "[ladder]") {
  std::vector<trace::Event> events;
  const auto add = [&](const char* node, trace::Body body) {
    const auto n = static_cast<std::int64_t>(events.size());
    events.push_back({{n * 1'000'000}, events.size() + 1, node, "", std::move(body)});
  };
  add("mallory",
      trace::AttackAction{"inject", 0, 1, "from an address that is not its own", {}, {}});
  add("mallory", trace::DatagramSent{1, "IKE", "203.0.113.2:500", "198.51.100.1:500", {}, 144});
  trace::Message answer;
  answer.direction = "sent";
  answer.datagram = 2;
  answer.src = "198.51.100.1:500";
  answer.dst = "203.0.113.2:500";
  answer.exchange = "IKE_SA_INIT";
  answer.response = true;
  add("gw-b", answer);
  RunModel run;
  run.append(std::move(events));
  CHECK(run.traffic().message(1)->to == "203.0.113.2");
  CHECK(run.ladder().lane_of("203.0.113.2") != run.ladder().lane_of("mallory"));
}
