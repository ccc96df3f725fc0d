// Two runs beside each other: what is common, where they part, which settings differ.
#include "visualizer/models/compare.hpp"

#include <functional>

#include "tests/support/catch.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/app/headless.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

std::shared_ptr<RunModel> sample(const samples::SampleOptions& options, std::string config = "") {
  auto run = std::make_shared<RunModel>();
  store::RunInfo info = samples::sample_info();
  info.config = std::move(config);
  run->set_info(info);
  run->append(samples::sample_events(options));
  return run;
}

}  // namespace

TEST_CASE("the longest common part of two rows of numbers", "[compare]") {
  using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;
  CHECK(common({}, {}) == Pairs{});
  CHECK(common({1, 2}, {1, 2}) == Pairs{{0, 0}, {1, 1}});
  CHECK(common({1, 2, 3}, {1, 3}) == Pairs{{0, 0}, {2, 1}});
  CHECK(common({1, 3}, {1, 2, 3}) == Pairs{{0, 0}, {1, 2}});
  CHECK(common({1, 2}, {3, 4}) == Pairs{});
  CHECK(common({7, 1, 2, 3, 8}, {1, 9, 2, 3}).size() == 3);
  CHECK(common({1, 2, 3, 4}, {1, 4, 5, 6}, 1) == Pairs{{0, 0}});  // too different for so few
}

TEST_CASE("a longest common part is as long as dynamic programming says", "[compare]") {
  std::uint32_t state = 12345;
  const auto next = [&] { return (state = state * 1664525 + 1013904223) >> 24; };
  for (int round = 0; round < 200; ++round) {
    std::vector<int> a(next() % 12), b(next() % 12);
    for (int& x : a) x = static_cast<int>(next() % 3);
    for (int& x : b) x = static_cast<int>(next() % 3);
    std::vector<std::vector<std::size_t>> best(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 1; i <= a.size(); ++i)
      for (std::size_t j = 1; j <= b.size(); ++j)
        best[i][j] = a[i - 1] == b[j - 1] ? best[i - 1][j - 1] + 1
                                          : std::max(best[i - 1][j], best[i][j - 1]);
    const auto found = common(a, b);
    REQUIRE(found.size() == best[a.size()][b.size()]);
    for (std::size_t k = 0; k < found.size(); ++k) {
      REQUIRE(a[found[k].first] == b[found[k].second]);
      if (k == 0) continue;
      REQUIRE(found[k - 1].first < found[k].first);
      REQUIRE(found[k - 1].second < found[k].second);
    }
  }
}

TEST_CASE("a run is like itself, and parts from one without an adversary where that acts",
          "[compare]") {
  const auto attacked = sample({}), calm = sample({.esp_packets = 7, .adversary = false});
  const Comparison same(*attacked, sample({}));
  CHECK_FALSE(same.first_difference());
  CHECK(same.rows().size() == same.a().size());
  const Comparison c(*attacked, calm);
  REQUIRE(c.first_difference());
  CHECK(c.count(Beside::What::only_a) > 0);
  CHECK(c.count(Beside::What::same) > 10);
  const Beside& first = c.rows()[*c.first_difference()];
  REQUIRE(first.a >= 0);
  const Step& step = c.a()[static_cast<std::size_t>(first.a)];
  CHECK(step.text.find("mallory") != std::string::npos);
  // Every step of either run stands in exactly one row, in order.
  int a = 0, b = 0;
  for (const Beside& row : c.rows()) {
    if (row.a >= 0) CHECK(row.a == a++);
    if (row.b >= 0) CHECK(row.b == b++);
  }
  CHECK(a == static_cast<int>(c.a().size()));
  CHECK(b == static_cast<int>(c.b().size()));
}

TEST_CASE("settings are told apart by their path", "[compare]") {
  const auto all = settings_of(
      "name: x  # what it is called\n"
      "nodes:\n"
      "  - name: gw-a\n"
      "    connections:\n"
      "      home:\n"
      "        proposals: [aes256-sha256-ecp256]\n"
      "  - name: gw-b\n"
      "    address: 10.0.0.1/24\n"
      "links:\n"
      "- {a: gw-a, b: gw-b}\n");
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(all == Pairs{{"name", "x"},
                     {"nodes.gw-a.name", "gw-a"},
                     {"nodes.gw-a.connections.home.proposals", "[aes256-sha256-ecp256]"},
                     {"nodes.gw-b.name", "gw-b"},
                     {"nodes.gw-b.address", "10.0.0.1/24"},
                     {"links.1", "{a: gw-a, b: gw-b}"}});
  const Comparison c(*sample({}, "seed: 1\nloss: 0%\n"), sample({}, "loss: 10%\nmobike: yes\n"));
  REQUIRE(c.settings().size() == 3);
  CHECK(c.settings()[0].path == "seed");
  CHECK(c.settings()[0].b.empty());
  CHECK(c.settings()[1].a == "0%");
  CHECK(c.settings()[1].b == "10%");
  CHECK(c.settings()[2].path == "mobike");
}

TEST_CASE("the comparison is drawn: heads, settings, the first difference, folds that open",
          "[compare][panels]") {
  Headless host(1280, 800, Theme::light, 1);
  Shell& shell = host.shell();
  shell.solo = find_panel("compare");
  host.frame();
  CHECK(host.says("Nothing to compare with"));
  const auto a = sample({}, "loss: 0%\n");
  shell.run.change_over(*a);
  shell.run.set_comparison(
      std::make_shared<const Comparison>(shell.run, sample({.adversary = false}, "loss: 10%\n")));
  host.frame();
  host.frame();
  CHECK(host.says("First difference after"));
  CHECK(host.says("1 thing is set differently"));
  CHECK(host.says("10%"));
  CHECK(host.says("mallory"));
  CHECK(host.says("alike"));
  const std::size_t folded = host.transcript().lines.size();
  for (const auto& line : host.transcript().lines)
    if (line.text.find("alike") != std::string::npos) {
      host.click(line.min.x + 4, line.min.y + 4);
      break;
    }
  CHECK(shell.session.unfolded.size() == 1);
  CHECK(host.transcript().lines.size() > folded);
  shell.swap_compared();
  host.frame();
  CHECK(shell.run.comparison() != nullptr);
  CHECK(shell.run.adversary().actions().empty());  // the calm one is the main run now
  CHECK(host.says("mallory"));
}

namespace {

// A run of sample messages with other marks, another seed, or changed events.
std::shared_ptr<RunModel> altered(std::uint64_t seed,
                                  const std::function<void(std::vector<trace::Event>&)>& change) {
  auto run = std::make_shared<RunModel>();
  store::RunInfo info = samples::sample_info();
  info.seed = seed;
  run->set_info(info);
  std::vector<trace::Event> events = samples::sample_events({.adversary = false});
  change(events);
  run->append(std::move(events));
  return run;
}

void lose_first_auth(std::vector<trace::Event>& events, const std::string& where) {
  std::uint64_t datagram = 0;
  for (trace::Event& e : events) {
    const auto* m = std::get_if<trace::Message>(&e.body);
    if (datagram == 0 && m != nullptr && m->exchange == "IKE_AUTH") datagram = m->datagram;
    const auto* r = std::get_if<trace::DatagramReceived>(&e.body);
    if (datagram != 0 && r != nullptr && r->id == datagram)
      e.body = trace::DatagramDropped{datagram, where, "lost"};
  }
  REQUIRE(datagram != 0);
}

}  // namespace

TEST_CASE("marks are never the first difference", "[compare]") {
  const auto same = [](std::vector<trace::Event>&) {};
  const auto other_words = [](std::vector<trace::Event>& events) {
    for (trace::Event& e : events)
      if (auto* mark = std::get_if<trace::Mark>(&e.body)) mark->text += ", in other words";
  };
  const Comparison c(*altered(7, same), altered(7, other_words));
  CHECK_FALSE(c.first_difference());
  CHECK(c.weightless() > 0);
  CHECK(c.count(Beside::What::only_a) == 0);
}

TEST_CASE(
    "what a link loses means something with the same seed alone; what a box drops always does",
    "[compare]") {
  const auto same = [](std::vector<trace::Event>&) {};
  const auto on_link = [](std::vector<trace::Event>& e) { lose_first_auth(e, "link wan"); };
  const auto in_box = [](std::vector<trace::Event>& e) { lose_first_auth(e, "firewall"); };
  CHECK(Comparison(*altered(7, same), altered(7, on_link)).first_difference());
  CHECK_FALSE(Comparison(*altered(7, same), altered(8, on_link)).first_difference());
  CHECK(Comparison(*altered(7, same), altered(8, on_link)).weightless() > 0);
  CHECK(Comparison(*altered(7, same), altered(8, in_box)).first_difference());
}

TEST_CASE("SPIs in what a node says are no difference", "[compare]") {
  const auto failed = [](std::string detail) {
    return [detail](std::vector<trace::Event>& events) {
      trace::TaskEnded t;
      t.task = "rekey";
      t.outcome = "failed";
      t.detail = detail;
      events.push_back({events.back().time, events.back().seq + 1, "gw-a", "", t});
    };
  };
  const auto a = altered(7, failed("the peer does not know SPI 1a2b3c4d"));
  CHECK_FALSE(
      Comparison(*a, altered(8, failed("the peer does not know SPI 99aabbcc"))).first_difference());
  CHECK(Comparison(*a, altered(8, failed("the peer has no room"))).first_difference());
}
