// The replay window against RFC 4303, 3.4.3 as a sentence, on random sequences that shrink.
#ifdef IKELAB_RAPIDCHECK
#include <set>

#include "protocol/esp/replay_window.hpp"
#include "tests/support/property.hpp"

using ikelab::esp::ReplayWindow;
using Verdict = ReplayWindow::Verdict;

namespace {

/// Slow and obvious: remembers everything, for ever.
struct Model {
  std::uint64_t size = 0, highest = 0;
  std::set<std::uint64_t> seen = {};

  [[nodiscard]] Verdict check(std::uint64_t n) const {
    if (size == 0 || n > highest) return Verdict::fresh;
    if (n == 0 || n + size <= highest) return Verdict::too_old;
    return seen.count(n) != 0 ? Verdict::replayed : Verdict::fresh;
  }
  void accept(std::uint64_t n) {
    seen.insert(n);
    highest = std::max(highest, n);
  }
  /// RFC 4303, appendix A2: of all numbers with this low half, the first not left of the window.
  [[nodiscard]] std::uint64_t extend(std::uint32_t low) const {
    const std::uint64_t width = size == 0 ? 64 : size;
    const std::uint64_t left = highest + 1 > width ? highest + 1 - width : 0;
    std::uint64_t n = low;
    while (n < left) n += std::uint64_t{1} << 32;
    return n;
  }
};

/// A step relative to the highest number: small, around the window's edge, or far.
rc::Gen<std::int64_t> step(std::int64_t size) {
  return rc::gen::oneOf(
      rc::gen::inRange<std::int64_t>(-3, 4), rc::gen::inRange<std::int64_t>(-size - 2, -size + 3),
      rc::gen::inRange<std::int64_t>(-2 * size - 70, 2 * size + 70),
      rc::gen::element<std::int64_t>(63, 64, 65, 128, -64, -63, 1LL << 20, 1LL << 32));
}

std::uint64_t moved(std::uint64_t from, std::int64_t by) {
  const auto down = static_cast<std::uint64_t>(by < 0 ? -by : 0);
  return by >= 0 ? from + static_cast<std::uint64_t>(by) : from - std::min(from, down);
}

}  // namespace

TEST_CASE("model: the replay window of any size, on any sequence", "[esp][model]") {
  ikelab::test::holds("replay window", 1000, [] {
    const auto size = *rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0, 200),
                                      rc::gen::element<std::uint32_t>(64, 128, 1024, 4096, 65536));
    const auto start =
        *rc::gen::element<std::uint64_t>(0, 1, 63, 1000, 0xffff'fff0, 0x1'0000'0010, 0x7'ffff'ffff);
    ReplayWindow window(size);
    Model model{size};
    if (start != 0) {
      window.accept(start);
      model.accept(start);
    }
    const auto steps = *rc::gen::container<std::vector<std::int64_t>>(step(size));
    for (const std::int64_t by : steps) {
      const std::uint64_t n = moved(model.highest, by);
      RC_ASSERT(window.check(n) == model.check(n));
      if (model.check(n) != Verdict::fresh || *rc::gen::inRange(0, 8) == 0) continue;  // bad ICV
      window.accept(n);
      model.accept(n);
      RC_ASSERT(window.highest() == model.highest);
    }
  });
}

TEST_CASE("model: the high half of an extended number", "[esp][model]") {
  ikelab::test::holds("extended sequence numbers", 2000, [] {
    const auto size = *rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0, 200),
                                      rc::gen::element<std::uint32_t>(1024, 65536));
    const auto highest = *rc::gen::oneOf(
        rc::gen::inRange<std::uint64_t>(1, 5000),
        rc::gen::inRange<std::uint64_t>(0xffff'ff00, 0x1'0000'0100),
        rc::gen::inRange<std::uint64_t>(0x5'0000'0000 - 70'000, 0x5'0000'0000 + 70'000));
    ReplayWindow window(size);
    window.accept(highest);
    const Model model{size, highest};
    const auto low = static_cast<std::uint32_t>(moved(
        highest, *rc::gen::oneOf(step(size),
                                 rc::gen::inRange<std::int64_t>(-2'000'000'000, 2'000'000'000))));
    RC_ASSERT(window.extend(low) == model.extend(low));
  });
}
#endif
