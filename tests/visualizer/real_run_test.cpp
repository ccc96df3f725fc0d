// The models over what the real engine says: names, octets and ranges are its own, not the
// samples'.
#include "tests/visualizer/real_run.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"
#include "visualizer/app/headless.hpp"
#include "visualizer/models/describe.hpp"
#include "visualizer/models/inspector.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

const RunModel& real_run() {
  static const RunModel& run = *[] {
    static RunModel made;
    made.append(samples::engine_events());
    return &made;
  }();
  return run;
}

}  // namespace

TEST_CASE("a real run: every message lands, the lost one is sent again", "[real]") {
  const auto& messages = real_run().traffic().messages();
  REQUIRE(messages.size() >= 12);
  std::size_t lost = 0, repeats = 0;
  for (const MessageRow& m : messages) {
    const Packet* p = real_run().traffic().packet(m.datagram);
    REQUIRE(p != nullptr);
    lost += p->lost ? 1 : 0;
    repeats += m.is_repeat() ? 1 : 0;
    if (!p->lost) CHECK(m.received_event != nullptr);
  }
  CHECK(lost == 1);
  CHECK(repeats == 1);
  CHECK(messages[0].from == "gw-a");
  CHECK(messages[0].to == "gw-b");
}

TEST_CASE("a real run: the sentences fit the exchanges", "[real]") {
  const auto& messages = real_run().traffic().messages();
  CHECK(what_it_does(messages[0]) == "gw-a offers algorithms, its key share and a nonce");
  CHECK(what_it_does(messages[1]) ==
        "gw-b picks one proposal and answers with its key share and nonce");
  CHECK(what_it_does(messages[2]) == "gw-a proves who it is and asks for a tunnel");
  CHECK(what_it_does(messages[3]) == "gw-b proves who it is and agrees to the tunnel");
  CHECK(what_it_does(messages[4]) == "gw-a asks for fresh keys for the tunnel");
  const auto ike = std::find_if(messages.begin(), messages.end(), [](const MessageRow& m) {
    return what_it_does(m) == "gw-a asks for fresh keys for the IKE SA itself";
  });
  CHECK(ike != messages.end());
}

TEST_CASE("a real run: AUTH covers messages 1 and 2 to the octet", "[real]") {
  for (const std::uint64_t n : {1U, 2U}) {
    const Inspection in = inspect(real_run(), select_message(n));
    REQUIRE(in.blocks.size() == 1);
    CHECK(in.blocks[0]->covered ==
          std::vector<std::pair<std::size_t, std::size_t>>{{0, in.blocks[0]->bytes.size()}});
    CHECK(in.blocks[0]->remarks.empty());
  }
}

TEST_CASE("a real run: each encrypted message shows its content", "[real]") {
  for (const MessageRow& m : real_run().traffic().messages()) {
    if (!m.message().encrypted) continue;
    INFO("message " << m.number << " " << m.message().payloads);
    const Inspection in = inspect(real_run(), select_message(m.number));
    CHECK(in.blocks.size() == (m.message().payloads.empty() ? 1U : 2U));
    for (const auto& block : in.blocks) CHECK(block->remarks.empty());
  }
}

TEST_CASE("a real run: both sides derive the same keys, in a graph without loose ends", "[real]") {
  const Derivations& d = real_run().derivations();
  for (std::size_t i = 0; i < d.groups().size(); ++i) {
    const KeyGroup& group = d.groups()[i];
    INFO(group.node << " " << group.title);
    const KeyGraph g = group.child ? d.graph(group.parent, static_cast<int>(i)) : d.graph(i, -1);
    REQUIRE_FALSE(g.nodes.empty());
    for (std::size_t n = 0; n < g.nodes.size(); ++n) {
      const bool used = std::any_of(g.edges.begin(), g.edges.end(),
                                    [n](const GraphEdge& e) { return e.from == n || e.to == n; });
      CHECK(used);
    }
    // the twin on the other side holds the same octets
    const auto twin = std::find_if(d.groups().begin(), d.groups().end(), [&](const KeyGroup& o) {
      return o.node != group.node && o.title == group.title;
    });
    REQUIRE(twin != d.groups().end());
    REQUIRE(twin->derived.size() == group.derived.size());
    for (std::size_t k = 0; k < group.derived.size(); ++k)
      CHECK(std::get<trace::KeyDerived>(twin->derived[k]->body).output ==
            std::get<trace::KeyDerived>(group.derived[k]->body).output);
  }
  const EventPtr skeyseed = d.find("SKEYSEED");
  REQUIRE(skeyseed != nullptr);
  CHECK(d.made_from(*skeyseed).size() == 5);  // with an AEAD there is no SK_a (RFC 5282, 8)
}

TEST_CASE("a real run: the SAs come and go", "[real]") {
  const SaTable& sas = real_run().sas();
  CHECK(sas.active_at({0}) == 0);
  CHECK(sas.active_at({1'000'000'000}) == 6);
  CHECK(sas.active_at(real_run().end()) == 0);
}

TEST_CASE("a real run draws in every panel", "[real]") {
  Headless host(1280, 800, Theme::light, 1);
  host.shell().run.append(samples::engine_events());
  host.shell().session.to_end(host.shell().run);
  host.shell().session.select(host.shell().run, select_message(3), false);
  for (const Panel& p : panels()) {
    host.shell().solo = &p;
    host.frame();
    CHECK(host.frame().vertices > 100);
  }
}
