#include "sim/sweep/statistics.hpp"

#include <algorithm>
#include <cmath>

#include "protocol/base/result.hpp"

namespace ikelab::sweep {

double quantile(std::vector<double> values, double q) {
  IKELAB_ASSERT(!values.empty() && q >= 0 && q <= 1);
  std::sort(values.begin(), values.end());
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

Interval median_interval(std::vector<double> values) {
  IKELAB_ASSERT(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  // Each value is below the median with probability 1/2: [x(k), x(n+1-k)] misses it with 2 P(B(n,
  // 1/2) < k).
  double tail = std::pow(0.5, static_cast<double>(n));  // P(B < 1)
  double probability = tail;                            // P(B = k - 1)
  Interval out{values.front(), values.back(), 1 - 2 * tail};
  for (std::size_t k = 2; 2 * k <= n; ++k) {
    probability *= static_cast<double>(n - k + 2) / static_cast<double>(k - 1);
    tail += probability;
    if (1 - 2 * tail < 0.95) break;
    out = {values[k - 1], values[n - k], 1 - 2 * tail};
  }
  return out;
}

}  // namespace ikelab::sweep
