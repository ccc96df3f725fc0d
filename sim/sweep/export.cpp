#include "sim/sweep/export.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/sweep/statistics.hpp"

namespace ikelab::sweep {
namespace {

/// RFC 4180: quoted where it must be.
std::string csv(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string csv(double value) {
  return fmt::format("{:.9g}", value);
}

using Index = std::map<std::string, const store::PointRow*>;

Index by_key(const std::vector<store::PointRow>& rows) {
  Index out;
  for (const store::PointRow& row : rows) out[row.point_key] = &row;
  return out;
}

const store::PointRow* find(const Index& index, const std::string& key) {
  const auto found = index.find(key);
  return found == index.end() ? nullptr : found->second;
}

const store::MeasuredValue* find_value(const store::PointRow& row, const std::string& measure) {
  const auto found = std::find_if(row.values.begin(), row.values.end(),
                                  [&](const auto& v) { return v.measure == measure; });
  return found == row.values.end() ? nullptr : &*found;
}

std::string joined(const std::map<std::string, std::string>& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) out += csv(value) + ",";
  return out;
}

std::string header(const Experiment& experiment) {
  std::vector<std::string> names;  // as std::map orders the parameters
  for (const Dimension& dimension : experiment.matrix) names.push_back(dimension.name);
  std::sort(names.begin(), names.end());
  std::string out;
  for (const std::string& name : names) out += csv(name) + ",";
  return out;
}

}  // namespace

std::vector<CellSummary> summarize(const Experiment& experiment,
                                   const std::vector<store::PointRow>& rows) {
  std::vector<std::string> cells;  // in order
  std::map<std::string, std::vector<const store::PointRow*>> runs;
  const Index index = by_key(rows);
  for (const Point& point : points(experiment)) {
    if (cells.empty() || cells.back() != point.cell) cells.push_back(point.cell);
    const store::PointRow* row = find(index, point.key);
    if (row && row->done()) runs[point.cell].push_back(row);
  }
  std::vector<CellSummary> out;
  for (const std::string& cell : cells) {
    if (runs[cell].empty()) continue;
    for (const Measure& measure : experiment.measures) {
      CellSummary summary{
          runs[cell].front()->parameters, measure.name, "", 0, 0, 0, 0, 0, 0, 0, 0, 0};
      std::vector<double> values;
      for (const store::PointRow* row : runs[cell]) {
        const store::MeasuredValue* v = find_value(*row, measure.name);
        if (v) summary.unit = v->unit;
        if (v && v->value) values.push_back(*v->value);
      }
      summary.replications = values.size();
      if (!values.empty()) {
        const Interval interval = median_interval(values);
        summary.min = quantile(values, 0), summary.q25 = quantile(values, 0.25),
        summary.median = quantile(values, 0.5);
        summary.q75 = quantile(values, 0.75), summary.max = quantile(values, 1);
        summary.low = interval.low, summary.high = interval.high,
        summary.coverage = interval.coverage;
      }
      out.push_back(std::move(summary));
    }
  }
  return out;
}

void write_runs_csv(std::ostream& out, const Experiment& experiment,
                    const std::vector<store::PointRow>& rows) {
  out << header(experiment) << "seed,status";
  for (const Measure& measure : experiment.measures) out << "," << csv(measure.name);
  out << ",error,config_hash,versions,fingerprint,wall_ms,finished_at,replay,point_key\r\n";
  const Index index = by_key(rows);
  for (const Point& point : points(experiment)) {
    const store::PointRow* row = find(index, point.key);
    if (!row) continue;
    out << joined(row->parameters) << row->seed << (row->done() ? ",done" : ",failed");
    for (const Measure& measure : experiment.measures) {
      const store::MeasuredValue* v = find_value(*row, measure.name);
      out << "," << (v && v->value ? csv(*v->value) : "");
    }
    out << "," << csv(row->error) << "," << row->config_hash << "," << csv(row->versions) << ","
        << row->fingerprint << "," << row->wall_ms << "," << row->finished_at << ","
        << csv(replay_command(experiment, point)) << "," << csv(point.key) << "\r\n";
  }
}

void write_cells_csv(std::ostream& out, const Experiment& experiment,
                     const std::vector<store::PointRow>& rows) {
  out << header(experiment)
      << "measure,unit,replications,min,q25,median,q75,max,median_low,median_high,median_"
         "coverage\r\n";
  for (const CellSummary& s : summarize(experiment, rows)) {
    out << joined(s.parameters) << csv(s.measure) << "," << csv(s.unit) << "," << s.replications;
    for (const double x : {s.min, s.q25, s.median, s.q75, s.max, s.low, s.high, s.coverage}) {
      out << "," << (s.replications ? csv(x) : "");
    }
    out << "\r\n";
  }
}

void print_summary(std::ostream& out, const Experiment& experiment,
                   const std::vector<store::PointRow>& rows) {
  const auto summaries = summarize(experiment, rows);
  std::size_t cell_width = 4, measure_width = 7;
  const auto name_of = [](const CellSummary& s) {
    std::string name;
    for (const auto& [key, value] : s.parameters)
      name += (name.empty() ? "" : ", ") + key + " " + value;
    return name;
  };
  for (const CellSummary& s : summaries) {
    cell_width = std::max(cell_width, name_of(s).size());
    measure_width = std::max(measure_width, s.measure.size());
  }
  out << fmt::format("{:<{}}  {:<{}}  {:>4}  {:>12}  {}\n", "cell", cell_width, "measure",
                     measure_width, "runs", "median", "the true median is in");
  std::string last;
  for (const CellSummary& s : summaries) {
    const std::string name = name_of(s);
    const std::string unit = s.unit == "1" ? "" : " " + s.unit;
    const std::string interval = s.replications ? fmt::format("{:.4g} .. {:.4g}{} ({:.0f} %)",
                                                              s.low, s.high, unit, s.coverage * 100)
                                                : "-";
    out << fmt::format("{:<{}}  {:<{}}  {:>4}  {:>12}  {}\n", name == last ? "" : name, cell_width,
                       s.measure, measure_width, s.replications,
                       s.replications ? fmt::format("{:.4g}{}", s.median, unit) : "-", interval);
    last = name;
  }
}

}  // namespace ikelab::sweep
