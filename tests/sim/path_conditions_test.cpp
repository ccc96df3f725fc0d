// The weather of links: what the scenario says of loss, bursts, reordering and doubles comes out.
#include "sim/path/conditions.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::path;

namespace {

constexpr int packets = 20'000;

struct Count {
  int lost = 0, bursts = 0, doubled = 0, late = 0;
};

Count count(const Conditions& conditions, std::uint64_t seed = 1) {
  const auto random = crypto::seeded_rng(seed, "link");
  Weather weather(conditions, {}, *random, "b");
  Count out;
  bool before = false;
  for (std::int64_t i = 0; i < packets; ++i) {
    const Fate fate = weather.next(Instant{i * 1'000'000});
    const bool lost = !fate.lost.empty();
    out.lost += lost;
    out.bursts += lost && !before;
    before = lost;
    if (lost) continue;
    out.doubled += fate.delays.size() == 2;
    out.late += fate.delays.front() > conditions.delay + conditions.jitter;
  }
  return out;
}

}  // namespace

TEST_CASE("conditions: shares come out within a tenth", "[path]") {
  Conditions c;
  CHECK(count(c).lost == 0);
  c.loss = 0.1;
  c.duplicate = 0.05;
  c.reorder = 0.2;
  const Count n = count(c);
  CHECK(n.lost > packets / 10 * 9 / 10);
  CHECK(n.lost < packets / 10 * 11 / 10);
  const int arrived = packets - n.lost;
  CHECK(n.doubled > arrived / 20 * 8 / 10);
  CHECK(n.doubled < arrived / 20 * 12 / 10);
  CHECK(n.late > arrived / 5 * 9 / 10);
  CHECK(n.late < arrived / 5 * 11 / 10);
}

TEST_CASE("conditions: bursts lose as many and fewer at a time than single losses", "[path]") {
  Conditions bursty;
  bursty.bursts = Bursts{0.02, 0.2, 1.0};  // 1 of 11 is lost, five in a row
  const Count n = count(bursty);
  CHECK(n.lost > packets / 11 * 8 / 10);
  CHECK(n.lost < packets / 11 * 12 / 10);
  CHECK(n.lost > n.bursts * 4);
  CHECK(n.lost < n.bursts * 6);
  Conditions single;
  single.loss = 1.0 / 11;
  const Count s = count(single);
  CHECK(s.lost < s.bursts * 2);
}

TEST_CASE("conditions: an outage takes everything between its ends", "[path]") {
  const auto random = crypto::seeded_rng(1, "link");
  Weather weather({}, {{10s, 5s}}, *random, "b");
  CHECK(weather.next(Instant{9'999'999'999}).lost.empty());
  CHECK(weather.next(Instant{10'000'000'000}).lost.find("down") != std::string::npos);
  CHECK_FALSE(weather.next(Instant{14'999'999'999}).lost.empty());
  CHECK(weather.next(Instant{15'000'000'000}).lost.empty());
}

TEST_CASE("conditions: one kind of chance does not disturb another", "[path]") {
  Conditions plain, doubling;
  plain.loss = doubling.loss = 0.3;
  doubling.duplicate = 0.5;
  doubling.reorder = 0.5;
  CHECK(count(plain, 7).lost == count(doubling, 7).lost);
  CHECK(count(plain, 7).lost != count(plain, 8).lost);
}
