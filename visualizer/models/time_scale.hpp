// The one clock of the ladder: instants to heights and back.
#pragma once
#include <utility>
#include <vector>

#include "protocol/base/time.hpp"

namespace ikelab::view {

/// Maps time to base pixels and back, monotone.
class TimeScale {
 public:
  void clear() { points_.clear(); }
  /// `y` must not be below the last one's; times neither.
  void add(Instant t, double y);
  [[nodiscard]] double y_of(Instant t) const;
  [[nodiscard]] Instant time_of(double y) const;
  [[nodiscard]] double height() const { return points_.empty() ? 0 : points_.back().second; }

 private:
  std::vector<std::pair<std::int64_t, double>> points_;
};

}  // namespace ikelab::view
