// The anti-replay window (RFC 4303, 3.4.3): which sequence numbers of an inbound SA were seen.
//
//   numbers:   ... 33 | 34 35 36 37 38 39 40 41 | 42 43 ...       size 8, highest 41
//              too old |  ^ inside: a bit each   | new: moves the window
//
// Invariant: bit (n mod size) stands for the number n of (highest - size, highest]. A size of 0
// switches the check off.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "protocol/base/bounds.hpp"

namespace ikelab::esp {

class ReplayWindow {
 public:
  enum class Verdict { fresh, replayed, too_old };

  /// `size` in packets; more than bounds::replay_window_packets is cut to it.
  explicit ReplayWindow(std::uint32_t size = 64)
      : seen_(std::min<std::size_t>(size, bounds::replay_window_packets)) {}

  [[nodiscard]] bool on() const { return !seen_.empty(); }
  [[nodiscard]] std::uint64_t size() const { return seen_.size(); }
  [[nodiscard]] std::uint64_t highest() const { return highest_; }  ///< 0: nothing was accepted yet

  /// Asks only; what passes here is not yet authentic.
  [[nodiscard]] Verdict check(std::uint64_t sequence) const {
    if (!on() || sequence > highest_) return Verdict::fresh;
    //= rfc4303#3.3.3 "Thus, the first packet sent using a given SA will contain a sequence number
    //= of 1."
    if (sequence == 0 || highest_ - sequence >= size()) return Verdict::too_old;
    return seen_[sequence % size()] ? Verdict::replayed : Verdict::fresh;
  }

  /// After the ICV was good, and never before.
  //= rfc4303#3.4.3 "The receive window is updated only if the integrity verification succeeds."
  void accept(std::uint64_t sequence) {
    if (sequence > highest_) {
      const std::uint64_t clear = std::min(sequence - highest_, size());
      for (std::uint64_t i = 0; i < clear; ++i) seen_[(sequence - i) % size()] = false;
      highest_ = sequence;
    }
    if (on() && highest_ - sequence < size()) seen_[sequence % size()] = true;
  }

  /// The 64-bit extended sequence number whose low half is `low` (RFC 4303, appendix A2.2): the one
  /// that lies in or right of the window.
  [[nodiscard]] std::uint64_t extend(std::uint32_t low) const {
    constexpr std::uint64_t epoch = std::uint64_t{1} << 32;
    const std::uint64_t width = on() ? size() : 64;
    const std::uint64_t high_part = highest_ & ~(epoch - 1), top = highest_ & (epoch - 1);
    if (top + 1 >= width)  // the window lies in one epoch: left of it means the next
      return high_part + low + (low + width >= top + 1 ? 0 : epoch);
    const std::uint64_t bottom = top + epoch + 1 - width;  // it reaches back into the epoch before
    return low >= bottom && high_part >= epoch ? high_part - epoch + low : high_part + low;
  }

 private:
  std::vector<bool> seen_;
  std::uint64_t highest_ = 0;
};

}  // namespace ikelab::esp
