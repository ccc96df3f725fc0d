// What the points of experiments measured, read-only: for the visualizer's charts (views
// sweep_points and sweep_values, docs/SCHEMA.md).
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::store {

/// One measure of one finished point; a measure without a value is left out.
struct MeasuredPoint {
  std::string experiment;
  std::map<std::string, std::string> parameters;  ///< without the seed
  std::uint64_t seed = 0;
  std::string measure, unit;
  double value = 0;
};

/// By experiment and point; at most a million. Empty when there is no experiment. Errors: E-DB-*.
Result<std::vector<MeasuredPoint>> measured_points(const std::filesystem::path& file);

}  // namespace ikelab::store
