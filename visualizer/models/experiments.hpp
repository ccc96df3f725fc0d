// Experiments as charts: a measure against one parameter, a curve for each setting of the others,
// with quantiles over the runs of a point. Never a lone mean.
#pragma once
#include <string>
#include <vector>

#include "sim/store/sweep_reader.hpp"

namespace ikelab::view {

/// The runs of one point of the matrix, by seed.
struct ChartCell {
  std::string x;
  double order = 0;            ///< of x: its number in base units, or its place
  std::vector<double> values;  ///< ascending
  /// q from 0 to 1, between the two nearest values (Hyndman and Fan's type 7).
  [[nodiscard]] double quantile(double q) const;
};
struct Curve {
  std::string label;  ///< "loss 10%", "" when there is no other parameter
  std::vector<ChartCell> cells;
};
struct Chart {
  std::string measure, unit, x_name;
  std::vector<std::string> xs;  ///< every value of x, in order
  std::vector<Curve> curves;
  double top = 0;                              ///< the largest value
  std::size_t runs = 0, fewest = 0, most = 0;  ///< in all; of a cell
};

class Experiments {
 public:
  Experiments() = default;
  explicit Experiments(std::vector<store::MeasuredPoint> points) : points_(std::move(points)) {}
  [[nodiscard]] bool empty() const { return points_.empty(); }
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::vector<std::string> measures(const std::string& experiment) const;
  /// Against the parameter with the most values.
  [[nodiscard]] Chart chart(const std::string& experiment, const std::string& measure) const;

 private:
  std::vector<store::MeasuredPoint> points_;
};

/// "10%" 10, "500ms" 0.5, "2h" 7200; 0 for what is no number.
double number_of(std::string_view text);

}  // namespace ikelab::view
