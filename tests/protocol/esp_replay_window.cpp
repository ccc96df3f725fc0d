// The anti-replay window against the RFC's rule, written down naively.
#include <set>

#include "protocol/esp/replay_window.hpp"
#include "tests/support/catch.hpp"

using ikelab::esp::ReplayWindow;
using Verdict = ReplayWindow::Verdict;

namespace {

/// RFC 4303, 3.4.3 as a sentence: refuse what was seen, and what lies `size` or more below the
/// highest.
struct Naive {
  std::uint64_t size = 0, highest = 0;
  std::set<std::uint64_t> seen = {};

  [[nodiscard]] Verdict check(std::uint64_t n) const {
    if (size == 0 || n > highest) return Verdict::fresh;
    if (n == 0 || n + size <= highest) return Verdict::too_old;
    return seen.contains(n) ? Verdict::replayed : Verdict::fresh;
  }
  void accept(std::uint64_t n) {
    seen.insert(n);
    highest = std::max(highest, n);
  }
};

/// Feeds every sequence of `length` numbers out of 0..`most`; returns how many verdicts differ.
std::uint64_t differences(std::uint32_t size, unsigned length, unsigned most) {
  std::uint64_t wrong = 0, all = 1;
  for (unsigned i = 0; i < length; ++i) all *= most + 1;
  for (std::uint64_t index = 0; index < all; ++index) {
    ReplayWindow window(size);
    Naive naive{size};
    std::uint64_t rest = index;
    for (unsigned i = 0; i < length; ++i, rest /= most + 1) {
      const std::uint64_t n = rest % (most + 1);
      const Verdict verdict = window.check(n);
      wrong += verdict != naive.check(n);
      if (verdict != Verdict::fresh) continue;
      window.accept(n);
      naive.accept(n);
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("the replay window agrees with the rule on every short sequence", "[esp]") {
  for (std::uint32_t size = 0; size <= 5; ++size) {
    INFO("window of " << size);
    CHECK(differences(size, 5, 8) == 0);
  }
}

TEST_CASE("the replay window agrees with the rule on long mixed sequences", "[esp]") {
  std::uint64_t state = 1;
  const auto draw = [&state](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % below;
  };
  for (const std::uint32_t size : {1U, 7U, 32U, 64U, 100U, 1024U, 4096U}) {
    ReplayWindow window(size);
    Naive naive{size};
    std::uint64_t wrong = 0, replays = 0;
    for (int i = 0; i < 20'000; ++i) {
      const std::uint64_t jump = draw(50) == 0 ? draw(3 * size) : draw(4);
      const std::uint64_t back = draw(2 * size);
      const std::uint64_t n = draw(2) == 0 ? window.highest() + jump
                                           : window.highest() - std::min(back, window.highest());
      const Verdict verdict = window.check(n);
      wrong += verdict != naive.check(n);
      replays += verdict == Verdict::replayed;
      if (verdict != Verdict::fresh) continue;
      window.accept(n);
      naive.accept(n);
    }
    INFO("window of " << size);
    CHECK(wrong == 0);
    CHECK(replays > 100);
  }
}

TEST_CASE("a window of 64 at its edges", "[esp]") {
  ReplayWindow window(64);
  CHECK(window.check(0) == Verdict::too_old);  // the first packet bears 1
  CHECK(window.check(1) == Verdict::fresh);
  window.accept(100);
  CHECK(window.check(100) == Verdict::replayed);
  CHECK(window.check(37) == Verdict::fresh);  // 100 - 63, the last inside
  CHECK(window.check(36) == Verdict::too_old);
  window.accept(37);
  CHECK(window.check(37) == Verdict::replayed);
  window.accept(0xffff'ffff);  // a jump over everything forgets everything
  CHECK(window.check(0xffff'ffff - 63) == Verdict::fresh);
  CHECK(window.check(100) == Verdict::too_old);
}

TEST_CASE("size 0 is off, and no size exceeds the bound", "[esp]") {
  ReplayWindow off(0);
  off.accept(5);
  CHECK_FALSE(off.on());
  CHECK(off.check(5) == Verdict::fresh);
  CHECK(off.check(0) == Verdict::fresh);
  CHECK(ReplayWindow(1'000'000).size() == ikelab::bounds::replay_window_packets);
}

TEST_CASE("extended numbers: the high half is found, not sent", "[esp]") {
  constexpr std::uint64_t epoch = std::uint64_t{1} << 32;
  struct Row {
    std::uint64_t highest;
    std::uint32_t low;
    std::uint64_t full;
  };
  const Row rows[] = {
      {0, 1, 1},                               // a new SA
      {1000, 999, 999},                        // inside the window
      {1000, 937, 937},                        // its left edge (1000 - 63)
      {1000, 936, epoch + 936},                // left of it: the next epoch, for the ICV to refute
      {epoch - 1, 0, epoch},                   // the low half wraps
      {epoch + 10, 0xffff'fff0, 0xffff'fff0},  // a late packet of the epoch before
      {epoch + 10, 11, epoch + 11},
      {epoch + 10, 9, epoch + 9},
      {10, 0xffff'fff0, 0xffff'fff0},  // there is no epoch before the first
  };
  for (const Row& row : rows) {
    ReplayWindow window(64);
    window.accept(row.highest);
    INFO(row.highest << " then " << row.low);
    CHECK(window.extend(row.low) == row.full);
  }
}
