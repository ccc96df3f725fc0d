// The journal, and events in their canonical encoding.
#include "protocol/trace/journal.hpp"
#include "protocol/trace/tape.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

struct Listener : trace::Sink {
  explicit Listener(trace::Kinds wanted) : kinds(wanted) {}
  void record(const trace::Event& event) override { heard.push_back(event.seq); }
  [[nodiscard]] trace::Kinds wants() const override { return kinds; }
  trace::Kinds kinds;
  std::vector<std::uint64_t> heard;
};

}  // namespace

TEST_CASE("trace: a listener hears the kinds that it wants, and every event has its number") {
  trace::Journal journal;
  Listener all(trace::all_kinds), marks(trace::kinds_of<trace::Mark>()), none({});
  for (Listener* listener : {&marks, &none}) journal.attach(*listener);
  CHECK(journal.wanted() == trace::kinds_of<trace::Mark>());
  journal.attach(all);
  CHECK(journal.wanted() == trace::all_kinds);
  journal.emit({}, "gw-a", "", trace::Mark{"one"});
  journal.emit({}, "gw-a", "", trace::Alert{});
  journal.emit({}, "gw-a", "", trace::Mark{"three"});
  CHECK(all.heard == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(marks.heard == std::vector<std::uint64_t>{1, 3});
  CHECK(none.heard.empty());
  CHECK(journal.count() == 3);
}

TEST_CASE("trace: an encoded event says what is where in it") {
  const trace::Event event{{-5}, 300, "gw-a", "gw-a#1", trace::Metric{"h1", "rtt", "ns", -70}};
  const Bytes octets = trace::encode_event(event);
  const trace::EncodedEvent found = trace::parse_event(octets).value();
  CHECK(found.time == event.time);
  CHECK(found.seq == 300);
  CHECK(found.node == "gw-a");
  CHECK(found.sa == "gw-a#1");
  CHECK(found.kind == "metric");
  CHECK(found.index == event.body.index());
  CHECK(to_bytes(found.body) == trace::encode_body(event.body));
  CHECK(trace::encode_event(trace::decode_event(found).value()) == octets);
}

TEST_CASE("trace: half an event, and one of a kind that is not known, are refused") {
  const Bytes octets = trace::encode_event({{1}, 1, "n", "s", trace::Mark{"m"}});
  for (std::size_t size = 0; size < 1 + 1 + 2 + 2 + 5; ++size)
    CHECK(trace::parse_event(ByteView(octets).first(size)).error().code == "E-TRACE-001");
  Bytes other = octets;
  other[7] = 'b';  // "bark"
  CHECK(trace::parse_event(other).error().code == "E-TRACE-002");
}

TEST_CASE("trace: a tape gives its events back, and its octets are theirs") {
  trace::Tape tape, copy;
  Bytes all;
  for (std::uint64_t seq = 1; seq <= 300; ++seq) {
    const trace::Event event{{}, seq, "node", "", trace::Mark{std::string(seq, 'x')}};
    tape.append(event);
    const Bytes octets = trace::encode_event(event);
    all.insert(all.end(), octets.begin(), octets.end());
  }
  CHECK(to_bytes(tape.octets()) == all);
  for (std::size_t i = 0; i < tape.size(); ++i) copy.append(tape[i]);
  REQUIRE(copy.size() == 300);
  CHECK(copy[299].seq == 300);
  CHECK(to_bytes(copy.octets()) == all);
  copy.clear();
  CHECK(copy.empty());
  CHECK(copy.octets().empty());
}
