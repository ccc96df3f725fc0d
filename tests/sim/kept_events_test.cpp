// The evidence of expectations: what was kept comes back, kind by kind and in its order.
#include "sim/run/kept_events.hpp"

#include "protocol/trace/encode.hpp"
#include "tests/sim/store_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;

TEST_CASE("kept events: every kind comes back as it was kept") {
  const auto events = as_events(one_of_each_kind());
  REQUIRE(events.size() == std::variant_size_v<trace::Body>);
  run::KeptEvents kept;
  for (const auto& event : events) kept.push(event);
  for (const auto& event : events) {
    INFO(trace::kind_of(event.body));
    std::vector<Bytes> found;
    kept.each(trace::kind_of(event.body),
              [&](const trace::Event& one) { found.push_back(trace::encode_event(one)); });
    REQUIRE(found.size() == 1);
    CHECK(found.front() == trace::encode_event(event));
  }
}

TEST_CASE("kept events: more than one piece holds, the largest too, in their order") {
  run::KeptEvents kept;
  std::vector<std::string> put;
  for (std::size_t i = 0; i < 3000; ++i) {
    put.push_back(std::to_string(i) + std::string(i % 500 == 499 ? 100'000 : i % 90, 'x'));
    kept.push({{static_cast<std::int64_t>(i)}, i + 1, "node", "", trace::Mark{put.back()}});
    kept.push({{}, i + 1, "", "", trace::TimerFired{"another", "kind"}});
  }
  std::size_t next = 0;
  kept.each(trace::Mark::kind, [&](const trace::Event& event) {
    REQUIRE(next < put.size());
    CHECK(event.time.ns == static_cast<std::int64_t>(next));
    CHECK(event.node == "node");
    CHECK(std::get<trace::Mark>(event.body).text == put[next++]);
  });
  CHECK(next == put.size());
  kept.each(trace::Metric::kind, [](const trace::Event&) { FAIL("nobody kept one"); });
}
