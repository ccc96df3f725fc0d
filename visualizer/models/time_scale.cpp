#include "visualizer/models/time_scale.hpp"

#include <algorithm>

namespace ikelab::view {

void TimeScale::add(Instant t, double y) {
  if (!points_.empty() && points_.back().first == t.ns) {
    points_.back().second = y;
    return;
  }
  points_.emplace_back(t.ns, y);
}

double TimeScale::y_of(Instant t) const {
  if (points_.empty()) return 0;
  if (t.ns <= points_.front().first) return points_.front().second;
  if (t.ns >= points_.back().first) return points_.back().second;
  const auto next = std::upper_bound(points_.begin(), points_.end(), t.ns,
                                     [](std::int64_t v, const auto& p) { return v < p.first; });
  const auto last = std::prev(next);
  const double share =
      static_cast<double>(t.ns - last->first) / static_cast<double>(next->first - last->first);
  return last->second + (next->second - last->second) * share;
}

Instant TimeScale::time_of(double y) const {
  if (points_.empty()) return {};
  if (y <= points_.front().second) return {points_.front().first};
  if (y >= points_.back().second) return {points_.back().first};
  const auto next = std::upper_bound(points_.begin(), points_.end(), y,
                                     [](double v, const auto& p) { return v < p.second; });
  const auto last = std::prev(next);
  const double share = (y - last->second) / (next->second - last->second);
  return {last->first +
          static_cast<std::int64_t>(static_cast<double>(next->first - last->first) * share)};
}

}  // namespace ikelab::view
