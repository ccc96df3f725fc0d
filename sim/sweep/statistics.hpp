// Quantiles, and what replications allow to say about them. No distribution is assumed.
#pragma once
#include <vector>

namespace ikelab::sweep {

/// The q-quantile (0 to 1) by linear interpolation between order statistics (Hyndman and Fan 1996,
/// type 7). `values` is not empty.
double quantile(std::vector<double> values, double q);

/// An interval that covers the true median with at least `coverage`.
struct Interval {
  double low = 0, high = 0;
  double coverage = 0;  ///< exact, from the binomial distribution
};

/// The narrowest symmetric interval between order statistics whose coverage is at least 95 %; with
/// fewer than six values the whole range, with the coverage it has (Conover 1999, 3.2). `values` is
/// not empty.
Interval median_interval(std::vector<double> values);

}  // namespace ikelab::sweep
