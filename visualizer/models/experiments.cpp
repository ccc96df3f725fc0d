#include "visualizer/models/experiments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <set>

namespace ikelab::view {
namespace {

std::string label_of(const store::MeasuredPoint& p, const std::string& x) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : p.parameters)
    if (name != x) parts.push_back(fmt::format("{} {}", name, value));
  return fmt::format("{}", fmt::join(parts, ", "));
}

template <class T, class Key>
T& entry(std::vector<T>& list, const Key& is, T made) {
  const auto found = std::find_if(list.begin(), list.end(), is);
  return found == list.end() ? list.emplace_back(std::move(made)) : *found;
}

}  // namespace

double number_of(std::string_view text) {
  struct Unit {
    std::string_view name;
    double factor;
  };
  static constexpr std::array<Unit, 12> units = {{{"ns", 1e-9},
                                                  {"us", 1e-6},
                                                  {"ms", 1e-3},
                                                  {"s", 1},
                                                  {"min", 60},
                                                  {"h", 3600},
                                                  {"d", 86400},
                                                  {"kbps", 1e3},
                                                  {"Mbps", 1e6},
                                                  {"Gbps", 1e9},
                                                  {"KiB", 1024},
                                                  {"MiB", 1048576}}};
  const std::string whole(text);
  char* end = nullptr;
  const double value = std::strtod(whole.c_str(), &end);
  if (end == whole.c_str() || !std::isfinite(value)) return 0;
  for (const Unit& unit : units)
    if (unit.name == end) return value * unit.factor;
  return value;
}

double ChartCell::quantile(double q) const {
  if (values.empty()) return 0;
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (at - static_cast<double>(below));
}

std::vector<std::string> Experiments::names() const {
  std::vector<std::string> out;
  for (const store::MeasuredPoint& p : points_)
    if (out.empty() || out.back() != p.experiment) out.push_back(p.experiment);
  return out;
}

std::vector<std::string> Experiments::measures(const std::string& experiment) const {
  std::set<std::string> out;
  for (const store::MeasuredPoint& p : points_)
    if (p.experiment == experiment) out.insert(p.measure);
  return {out.begin(), out.end()};
}

Chart Experiments::chart(const std::string& experiment, const std::string& measure) const {
  Chart chart;
  chart.measure = measure;
  std::map<std::string, std::set<std::string>> values;
  for (const store::MeasuredPoint& p : points_)
    if (p.experiment == experiment)
      for (const auto& [name, value] : p.parameters) values[name].insert(value);
  std::size_t most = 0;
  for (const auto& [name, all] : values)
    if (all.size() >= most) {
      most = all.size();
      chart.x_name = name;
    }
  for (const store::MeasuredPoint& p : points_) {
    if (p.experiment != experiment || p.measure != measure || !std::isfinite(p.value)) continue;
    const auto parameter = p.parameters.find(chart.x_name);
    const std::string x = parameter == p.parameters.end() ? "" : parameter->second;
    const std::string label = label_of(p, chart.x_name);
    Curve& curve = entry(
        chart.curves, [&](const Curve& c) { return c.label == label; }, Curve{label, {}});
    ChartCell& cell = entry(
        curve.cells, [&](const ChartCell& c) { return c.x == x; }, ChartCell{x, number_of(x), {}});
    cell.values.push_back(p.value);
    chart.unit = p.unit;
    chart.top = std::max(chart.top, p.value);
    ++chart.runs;
  }
  std::set<std::pair<double, std::string>> xs;
  chart.fewest = chart.runs;
  for (Curve& curve : chart.curves) {
    std::sort(curve.cells.begin(), curve.cells.end(), [](const ChartCell& a, const ChartCell& b) {
      return std::tie(a.order, a.x) < std::tie(b.order, b.x);
    });
    for (ChartCell& cell : curve.cells) {
      std::sort(cell.values.begin(), cell.values.end());
      chart.fewest = std::min(chart.fewest, cell.values.size());
      chart.most = std::max(chart.most, cell.values.size());
      xs.insert({cell.order, cell.x});
    }
  }
  for (const auto& [order, x] : xs) chart.xs.push_back(x);
  std::sort(chart.curves.begin(), chart.curves.end(), [](const Curve& a, const Curve& b) {
    const auto number = [](const std::string& l) {
      return number_of(std::string_view(l).substr(std::min(l.size(), l.rfind(' ') + 1)));
    };
    return std::pair(number(a.label), a.label) < std::pair(number(b.label), b.label);
  });
  return chart;
}

}  // namespace ikelab::view
