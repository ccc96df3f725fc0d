// The models on a hand-made run whose every message is known (sample_run.hpp).
#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/models/address.hpp"
#include "visualizer/models/describe.hpp"
#include "visualizer/models/search.hpp"
#include "visualizer/models/session.hpp"
#include "visualizer/models/text.hpp"

using namespace ikelab;
using namespace ikelab::view;
using samples::sample_events;
using samples::sample_info;

namespace {

RunModel sample(const samples::SampleOptions& options = {}) {
  RunModel run;
  run.set_info(sample_info());
  run.append(sample_events(options));
  return run;
}

const LadderRow& row_of_message(const RunModel& run, std::uint64_t number) {
  const LadderRow* row = run.ladder().row_of(select_message(number), run.traffic());
  REQUIRE(row != nullptr);
  return *row;
}

}  // namespace

TEST_CASE("messages are paired by datagram, numbered in the order of sending", "[models]") {
  const RunModel run = sample();
  REQUIRE(run.traffic().messages().size() == 11);
  const MessageRow& first = *run.traffic().message(1);
  CHECK(first.title() == "IKE_SA_INIT request");
  CHECK(first.from == "gw-a");
  CHECK(first.to == "gw-b");
  REQUIRE(first.received_event != nullptr);
  CHECK(first.received_event->node == "gw-b");
  CHECK(run.traffic().message(0) == nullptr);
  CHECK(run.traffic().message(12) == nullptr);
}

TEST_CASE("a lost message ends on its way, its repetition is tied to it", "[models]") {
  const RunModel run = sample();
  const LadderRow& lost = row_of_message(run, 5);
  REQUIRE(lost.legs.size() == 1);
  CHECK(lost.legs[0].lost);
  CHECK(lost.legs[0].fraction < 1);
  CHECK(lost.note == "lost: random loss (link wan)");
  CHECK(lost.repeats == 0);
  const LadderRow& again = row_of_message(run, 6);
  CHECK(again.repeats == 5);
  CHECK_FALSE(again.legs[0].lost);
  const RunModel calm = sample({.loss = false});
  CHECK(calm.traffic().messages().size() == 10);
  for (const LadderRow& row : calm.ladder().rows()) CHECK(row.repeats == 0);
}

TEST_CASE("an arrow leaves at its send time and lands at its receive time, and time is monotone",
          "[models]") {
  const RunModel run = sample();
  const TimeScale& scale = run.ladder().scale();
  const LadderRow& row = row_of_message(run, 3);
  CHECK(row.legs[0].sent.ns == 120'600'000);
  CHECK(row.legs[0].landed.ns == 130'600'000);
  CHECK(row.legs[0].y_landed > row.legs[0].y_sent);
  double last = -1;
  for (std::int64_t t = 0; t < run.end().ns; t += 7'000'000) {
    CHECK(scale.y_of({t}) >= last);
    last = scale.y_of({t});
  }
  const Instant middle{3'000'000'000};
  CHECK(std::abs(scale.time_of(scale.y_of(middle)).ns - middle.ns) < 1'000'000);
}

TEST_CASE("labels have room: rows never overlap", "[models]") {
  const RunModel run = sample();
  const auto& rows = run.ladder().rows();
  for (std::size_t i = 1; i < rows.size(); ++i) CHECK(rows[i].y - rows[i - 1].y >= 26);
}

TEST_CASE("ESP packets are folded between what interrupts them", "[models]") {
  const RunModel run = sample({.esp_packets = 300});
  std::vector<const LadderRow*> folds;
  for (const LadderRow& row : run.ladder().rows())
    if (row.kind == LadderRow::Kind::esp) folds.push_back(&row);
  REQUIRE(folds.size() == 2);
  CHECK(folds[0]->packets == 300);
  CHECK(folds[0]->backwards == 150);
  CHECK(folds[0]->octets == 300 * 116);
  CHECK(run.ladder().rows().size() < 25);
  // a packet inside a fold leads to it
  const Packet* inside = nullptr;
  for (const Packet& p : run.traffic().packets())
    if (p.is_esp() && p.sent && *p.sent > folds[0]->time) inside = inside == nullptr ? &p : inside;
  REQUIRE(inside != nullptr);
  CHECK(run.ladder().row_of(select_packet(inside->id), run.traffic()) == folds[0]);
}

TEST_CASE("a replay leaves the adversary's lane, and says what came of it", "[models]") {
  const RunModel run = sample();
  const auto& rows = run.ladder().rows();
  const auto row = std::find_if(rows.begin(), rows.end(), [](const LadderRow& r) {
    return r.kind == LadderRow::Kind::attack;
  });
  REQUIRE(row != rows.end());
  CHECK(row->note == "gw-b refuses it: its sequence number was seen before");
  REQUIRE(row->legs.size() == 1);
  CHECK(row->legs[0].from == run.ladder().lane_of("mallory"));
  CHECK(row->legs[0].to == run.ladder().lane_of("gw-b"));
  CHECK(run.ladder().lanes().size() == 3);
  CHECK(sample({.adversary = false}).ladder().lanes().size() == 2);
}

TEST_CASE("an adversary's change shows one message entering and another leaving", "[models]") {
  std::vector<trace::Event> events;
  std::uint64_t seq = 0;
  const auto emit = [&](std::int64_t ms, const std::string& node, trace::Body body) {
    events.push_back({{ms * 1'000'000}, ++seq, node, "", std::move(body)});
  };
  trace::Message m;
  m.direction = "sent";
  m.datagram = 1;
  m.src = "192.0.2.1:500";
  m.dst = "192.0.2.2:500";
  m.exchange = "IKE_SA_INIT";
  m.payloads = "SA, KE, Ni";
  m.bytes = Bytes(28, 1);
  emit(0, "gw-a", m);
  emit(0, "gw-a", trace::DatagramSent{1, "IKE", m.src, m.dst, m.bytes, 28});
  emit(5, "mallory",
       trace::AttackAction{"modify", 1, 2, "takes the strong proposal out", m.bytes, Bytes(28, 2)});
  emit(10, "gw-b", trace::DatagramReceived{2, "IKE", m.src, m.dst, Bytes(28, 2), 28});
  emit(10, "gw-b",
       trace::Diagnostic{"error", "E-WIRE-001", "too short", "RFC 7296, 3.1", 2, 0, 28});
  RunModel run;
  run.append(std::move(events));
  const LadderRow& row = row_of_message(run, 1);
  REQUIRE(row.legs.size() == 2);
  CHECK(row.legs[0].to == run.ladder().lane_of("mallory"));
  CHECK(row.legs[0].landed.ns == 5'000'000);
  CHECK(row.legs[1].from == run.ladder().lane_of("mallory"));
  CHECK(row.legs[1].changed);
  CHECK(row.legs[1].landed.ns == 10'000'000);
  CHECK(row.note == "gw-b refuses it: too short");
  // without places in the run's description the adversary still stands between the two
  CHECK(run.ladder().lane_of("mallory") == 1);
}

TEST_CASE("a run that grows gives the same models as one read at once", "[models]") {
  const RunModel whole = sample();
  RunModel growing;
  growing.set_info(sample_info());
  auto events = sample_events();
  std::vector<trace::Event> part;
  for (auto& e : events) {
    part.push_back(std::move(e));
    if (part.size() == 17) growing.append(std::exchange(part, {}));
  }
  growing.append(std::move(part));
  REQUIRE(growing.ladder().rows().size() == whole.ladder().rows().size());
  for (std::size_t i = 0; i < whole.ladder().rows().size(); ++i) {
    CHECK(growing.ladder().rows()[i].title == whole.ladder().rows()[i].title);
    CHECK(growing.ladder().rows()[i].y == whole.ladder().rows()[i].y);
  }
  CHECK(growing.story().size() == whole.story().size());
  CHECK(growing.event_count() == whole.event_count());
  CHECK(growing.generation() > whole.generation());
}

TEST_CASE("the story has a chapter for each exchange and mark, in order of time", "[models]") {
  const RunModel run = sample();
  std::vector<std::string> titles;
  for (const Chapter& c : run.story()) titles.push_back(c.title);
  CHECK(titles[0] == "gw-a brings the tunnel up");
  CHECK(titles[1] == "They prove who they are");
  CHECK(std::count(titles.begin(), titles.end(), "Packets flow through the tunnel") == 2);
  CHECK(std::count(titles.begin(), titles.end(), "An SA is deleted") == 2);
  for (std::size_t i = 1; i < run.story().size(); ++i)
    CHECK(run.story()[i - 1].begin <= run.story()[i].begin);
  for (const Chapter& c : run.story())
    for (const StoryLine& line : c.lines) {
      CHECK(line.text.ends_with("."));
      CHECK(line.selection.kind != Selection::Kind::none);
    }
  CHECK(chapter_at(run.story(), {0}) == -1);
  CHECK(chapter_at(run.story(), run.end()) == static_cast<int>(run.story().size()) - 1);
}

TEST_CASE("keys form one graph from the nonces to the ESP keys", "[models]") {
  const RunModel run = sample();
  const Derivations& d = run.derivations();
  CHECK(d.nodes() == std::vector<std::string>{"gw-b", "gw-a"});
  REQUIRE(d.groups().size() == 6);  // an IKE SA and two Child SAs on each side
  const int ike = d.group_of(d.find("SKEYSEED")->seq);
  REQUIRE(ike == 0);
  int child = -1;
  for (std::size_t i = 0; i < d.groups().size() && child < 0; ++i)
    if (d.groups()[i].child && d.groups()[i].node == "gw-b") child = static_cast<int>(i);
  const KeyGraph g = d.graph(0, child);
  const auto named = [&](std::string_view name) {
    for (std::size_t i = 0; i < g.nodes.size(); ++i)
      if (g.nodes[i].name == name) return i;
    FAIL("no node " << name);
    return g.nodes.size();
  };
  CHECK(g.nodes[named("g^ir")].column == 0);
  CHECK(g.nodes[named("SKEYSEED")].column == 2);
  CHECK(g.nodes[named("SK_d")].column == 4);
  CHECK(g.nodes[named("KEYMAT")].column == 6);
  const std::size_t esp = named("ESP encryption key, initiator to responder");
  CHECK(g.nodes[esp].column == 8);
  CHECK(g.nodes[esp].what == GraphNode::What::traffic_key);
  for (const GraphEdge& e : g.edges) CHECK(g.nodes[e.from].column < g.nodes[e.to].column);
  // the way of an ESP key: from the DH secret through SKEYSEED and SK_d, not through SK_ei
  const std::vector<bool> way = g.related(esp);
  CHECK(way[named("g^ir")]);
  CHECK(way[named("SKEYSEED")]);
  CHECK(way[named("SK_d")]);
  CHECK_FALSE(way[named("SK_ei")]);
  CHECK_FALSE(way[named("ESP encryption key, responder to initiator")]);
  // nothing lies on another
  for (std::size_t a = 0; a < g.nodes.size(); ++a)
    for (std::size_t b = a + 1; b < g.nodes.size(); ++b)
      CHECK_FALSE((g.nodes[a].column == g.nodes[b].column &&
                   std::abs(g.nodes[a].row - g.nodes[b].row) < 0.9));
}

TEST_CASE("an SA's state and counts follow the time", "[models]") {
  const RunModel run = sample();
  const SaRow* row = run.sas().find("gw-a in 1a2b3c4d");
  REQUIRE(row != nullptr);
  CHECK(row->state_text({0}) == "not yet");
  CHECK(row->state_at(row->installed->time) == SaState::active);
  CHECK(row->state_at(run.end()) == SaState::removed);
  CHECK(row->packets_at({0}) == 0);
  CHECK(row->packets_at(run.end()) == 10);
  CHECK(run.sas().active_at({0}) == 0);
  CHECK(run.sas().active_at({2'000'000'000}) == 6);  // two IKE SAs, four of ESP
  const SaRow* ike = run.sas().find("gw-a IKE c0c1c2c3c4c5c6c7");
  REQUIRE(ike != nullptr);
  CHECK(ike->state_text({2'000'000'000}) == "ESTABLISHED");
  CHECK(run.sas().find("gw-b in 5e6f7a8b")->refused_at(run.end()) == 1);
}

TEST_CASE("a packet is on its link between sending and arrival", "[models]") {
  const RunModel run = sample();
  CHECK(run.topology().flights_at({125'600'000}).size() == 1);
  const Flight f = run.topology().flights_at({125'600'000}).front();
  CHECK(f.share == Approx(0.5));
  CHECK(run.topology().places()[f.from].name == "gw-a");
  CHECK(run.topology().places()[f.to].name == "gw-b");
  CHECK(run.topology().flights_at({119'000'000 + 2'000'000'000}).empty());
  CHECK(run.topology().cables().size() == 3);
}

TEST_CASE("the adversary's log folds, judges and remembers", "[models]") {
  const RunModel run = sample();
  const auto& lines = run.adversary().lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].action == "observe");
  CHECK(lines[1].action == "replay");
  CHECK(lines[1].count == 2);
  CHECK(lines[1].refused);
  CHECK_FALSE(lines[1].succeeded);
  CHECK(run.adversary().knowledge().size() == 3);
}

TEST_CASE("who an adversary is does not count as what it knows", "[models]") {
  trace::Event place{{0}, 1, "mallory", "", trace::AttackKnowledge{"place", "on-path", "", {}}};
  trace::Event psk{{1}, 2, "mallory", "", trace::AttackKnowledge{"psk", "a secret", "", {}}};
  AdversaryLog log;
  log.add(place);
  log.add(psk);
  CHECK(log.about() == std::vector<EventPtr>{&place});
  CHECK(log.knowledge() == std::vector<EventPtr>{&psk});
  CHECK(event_sentence(place) == "mallory stands on-path");
}

TEST_CASE("braces hold what is encrypted on the wire", "[models]") {
  LadderRow row;
  row.payloads = {"SA", "KE", "Ni"};
  CHECK(contents_of(row) == "SA, KE, Ni");
  row.encrypted = true;
  CHECK(contents_of(row) == "{SA, KE, Ni}");
  row.payloads.clear();
  CHECK(contents_of(row) == "{}");
}

TEST_CASE("selection has a history, as in a browser", "[models]") {
  const RunModel run = sample();
  Session s;
  s.select(run, select_message(1));
  s.select(run, select_message(3));
  s.select_range(4, 8, true);
  CHECK(s.selection().has_range());
  CHECK(s.selection().id == 3);
  s.back(run);
  CHECK(s.selection() == select_message(1));
  CHECK_FALSE(s.can_back());
  s.forward(run);
  CHECK(s.selection().begin == 4);
  s.back(run);
  s.select(run, select_message(2));
  CHECK_FALSE(s.can_forward());
  CHECK(s.now() == *run.time_of(select_message(2)));
}

TEST_CASE("time steps from row to row and plays to the end", "[models]") {
  const RunModel run = sample();
  Session s;
  s.step(run, 1);
  CHECK(s.selection() == run.ladder().rows()[0].selection);
  s.step(run, 1);
  CHECK(s.selection() == select_message(1));
  s.step(run, -1);
  s.step(run, -1);
  CHECK(s.selection() == run.ladder().rows()[0].selection);
  s.rewind();
  s.playing = true;
  Instant last = s.now();
  for (int i = 0; i < 100'000 && s.playing; ++i) {
    s.advance(run, 0.05);
    CHECK(s.now() >= last);
    last = s.now();
  }
  CHECK_FALSE(s.playing);
  CHECK(s.now() == run.end());
}

TEST_CASE("places in a run are named as people write them", "[models]") {
  const RunModel run = sample();
  CHECK(parse_selection(run, "message:3").value() == select_message(3));
  CHECK(parse_selection(run, "key:SK_ei@gw-a").value().kind == Selection::Kind::key);
  CHECK(parse_selection(run, "sa:5e6f7a8b").value().kind == Selection::Kind::sa);
  const Selection field = parse_selection(run, "message:1/field:Nonce Data").value();
  CHECK(field.end - field.begin == 32);
  CHECK(parse_selection(run, "message:99").error().code == "E-VIEW-011");
  CHECK(parse_selection(run, "key:SK_xx").error().code == "E-VIEW-011");
  for (const char* wrong :
       {"", "message", "message:x", "mesage:3", "message:3/octets:x", "message:3/rows:1"})
    CHECK(parse_selection(run, wrong).error().code == "E-VIEW-010");
  CHECK(parse_time(run, "12.5ms").value().ns == 12'500'000);
  CHECK(parse_time(run, "2s").value().ns == 2'000'000'000);
  CHECK(parse_time(run, "end").value() == run.end());
  CHECK(parse_time(run, "message:3").value().ns == 125'600'000);
  for (const char* wrong : {"", "12", "12 parsecs", "-2s", "s"})
    CHECK(parse_time(run, wrong).error().code == "E-VIEW-012");
}

TEST_CASE("search finds messages, keys by their octets, and nothing for nonsense", "[models]") {
  const RunModel run = sample();
  const auto messages = search(run, "ike_auth response");
  REQUIRE_FALSE(messages.empty());
  CHECK(messages[0].selection == select_message(4));
  const auto& seed = std::get<trace::KeyDerived>(run.derivations().find("SKEYSEED")->body);
  const auto keys = search(run, to_hex(ByteView(seed.output).first(6)));
  REQUIRE_FALSE(keys.empty());
  CHECK(keys[0].what == "key");
  CHECK(search(run, "").empty());
  CHECK(search(run, "quux").empty());
  CHECK(search(run, "e", 5).size() == 5);
}

TEST_CASE("numbers are exact and readable", "[models]") {
  CHECK(thousands(0) == "0");
  CHECK(thousands(1234567) == "1,234,567");
  CHECK(counted(1, "packet", "packets") == "1 packet");
  CHECK(clock_text({120'432'999}) == "120.432 ms");
  CHECK(clock_text({12'345'678'000}) == "12.345 s");
  CHECK(span_text(10ms) == "10 ms");
  CHECK(span_text(200s) == "3 min 20 s");
  CHECK(absolute_text(1'767'225'600, {2'345'000'000}) == "2026-01-01 00:00:02.345 UTC");
  CHECK(short_hex(hex("00112233445566778899")) == "00112233 \xE2\x80\xA6 66778899");
  CHECK(grouped_hex(hex("001122334455")) == "00112233 4455");
}

TEST_CASE("what a message does: newer exchanges have words, an unknown request is no answer",
          "[describe]") {
  const auto words = [](const std::string& exchange, bool response, const std::string& payloads) {
    trace::Message m;
    m.exchange = exchange;
    m.response = response;
    m.payloads = payloads;
    const trace::Event event{{}, 1, "gw-a", "", m};
    MessageRow row;
    row.number = row.first = 1;
    row.from = "gw-a";
    row.sent_event = &event;
    return what_it_does(row);
  };
  CHECK(words("IKE_INTERMEDIATE", false, "KE") ==
        "gw-a sends the key share of an additional key exchange");
  CHECK(words("IKE_INTERMEDIATE", true, "KE") == "gw-a answers with its share; the keys change");
  CHECK(words("IKE_AUTH", true, "IDr, CERT, AUTH, EAP(Request/Identity)") ==
        "gw-a proves who it is and begins EAP");
  CHECK(words("IKE_AUTH", false, "IDi, AUTH, SA, TSi, TSr") ==
        "gw-a proves who it is and asks for a tunnel");
  CHECK(words("INFORMATIONAL", false, "N(UPDATE_SA_ADDRESSES)") ==
        "gw-a says that its address has changed");
  CHECK(words("Quick Mode", false, "HASH, SA, NONCE, ID, ID") == "gw-a asks for a tunnel");
  CHECK(words("Quick Mode", false, "HASH") == "gw-a confirms that it has heard");
  CHECK(words("New Group Mode", false, "HASH") == "gw-a begins an exchange");
  CHECK(words("New Group Mode", true, "HASH") == "gw-a answers");
}
