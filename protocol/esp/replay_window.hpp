// The anti-replay window (RFC 4303, 3.4.3): which sequence numbers of an inbound SA were seen.
//
//   numbers:   ... 33 | 34 35 36 37 38 39 40 41 | 42 43 ...       size 8, highest 41
//              too old |  ^ inside: a bit each   | new: moves the window
//
// A ring of 64-bit words that never shifts (the way of RFC 6479): number n is bit n mod 64 of word
// n / 64 mod their count, and the window moves by clearing the words it enters. There is one word
// more than the window needs, so that what is cleared was already left of it.
//
// Invariant: a set bit stands for a number of (highest - size, highest], or for one left of that in
// the same word, which is refused before its bit is asked. A size of 0 switches the check off.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "protocol/base/bounds.hpp"

namespace ikelab::esp {

class ReplayWindow {
 public:
  enum class Verdict { fresh, replayed, too_old };

  /// `size` in packets; more than bounds::replay_window_packets is cut to it.
  explicit ReplayWindow(std::uint32_t size = 64)
      : size_(std::min<std::size_t>(size, bounds::replay_window_packets)),
        words_(size_ == 0 ? 0 : std::bit_ceil((size_ + 63) / 64 + 1)) {}

  [[nodiscard]] bool on() const { return size_ != 0; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t highest() const { return highest_; }  ///< 0: nothing was accepted yet

  /// Asks only; what passes here is not yet authentic.
  [[nodiscard]] Verdict check(std::uint64_t sequence) const {
    if (!on() || sequence > highest_) return Verdict::fresh;
    //= rfc4303#3.3.3 "Thus, the first packet sent using a given SA will contain a sequence number
    //= of 1."
    if (sequence == 0 || highest_ - sequence >= size_) return Verdict::too_old;
    return (word(sequence / 64) & bit(sequence)) != 0 ? Verdict::replayed : Verdict::fresh;
  }

  /// After the ICV was good, and never before.
  //= rfc4303#3.4.3 "The receive window is updated only if the integrity verification succeeds."
  void accept(std::uint64_t sequence) {
    if (sequence > highest_) {
      if (on()) clear(highest_ / 64, sequence / 64);
      highest_ = sequence;
    }
    if (on() && highest_ - sequence < size_) words_[sequence / 64 & mask()] |= bit(sequence);
  }

  /// The 64-bit extended sequence number whose low half is `low` (RFC 4303, appendix A2.2): the one
  /// that lies in or right of the window, and so less than 2^32 above its left edge. Before the
  /// first epoch there is none.
  [[nodiscard]] std::uint64_t extend(std::uint32_t low) const {
    constexpr std::uint64_t epoch = std::uint64_t{1} << 32;
    const std::uint64_t width = on() ? size_ : 64;
    const std::uint64_t high_part = highest_ & ~(epoch - 1), top = highest_ & (epoch - 1);
    if (top + 1 >= width)  // case A: the window lies in one epoch; left of it means the next
      return high_part + low + (low + width >= top + 1 ? 0 : epoch);
    const std::uint64_t bottom = top + epoch + 1 - width;  // case B: it reaches into the one before
    return low >= bottom && high_part >= epoch ? high_part - epoch + low : high_part + low;
  }

 private:
  [[nodiscard]] std::size_t mask() const { return words_.size() - 1; }
  [[nodiscard]] std::uint64_t word(std::uint64_t index) const { return words_[index & mask()]; }
  static std::uint64_t bit(std::uint64_t sequence) { return std::uint64_t{1} << (sequence % 64); }
  /// The words after `from` up to `to`, each at most once.
  void clear(std::uint64_t from, std::uint64_t to) {
    const std::uint64_t count = std::min<std::uint64_t>(to - from, words_.size());
    for (std::uint64_t i = 0; i < count; ++i) words_[(to - i) & mask()] = 0;
  }

  std::uint64_t size_;
  std::vector<std::uint64_t> words_;
  std::uint64_t highest_ = 0;
};

}  // namespace ikelab::esp
