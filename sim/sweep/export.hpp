// The results of an experiment for people and for other programs.
#pragma once
#include <ostream>

#include "sim/store/sweep_store.hpp"
#include "sim/sweep/experiment.hpp"

namespace ikelab::sweep {

/// What the replications of one cell say about one measure.
struct CellSummary {
  std::map<std::string, std::string> parameters;
  std::string measure, unit;
  std::size_t replications = 0;  ///< runs that have a value
  double min = 0, q25 = 0, median = 0, q75 = 0, max = 0;
  double low = 0, high = 0;  ///< of the interval that covers the true median ...
  double coverage = 0;       ///< ... with this probability
};

/// Cell by cell in the order of the experiment, measure by measure; cells without a finished point
/// are left out.
std::vector<CellSummary> summarize(const Experiment& experiment,
                                   const std::vector<store::PointRow>& rows);

/// One line a run: parameters, seed, every measure, and what is needed to run it again.
void write_runs_csv(std::ostream& out, const Experiment& experiment,
                    const std::vector<store::PointRow>& rows);
/// One line a cell and measure: quantiles over the replications and the interval of the median.
void write_cells_csv(std::ostream& out, const Experiment& experiment,
                     const std::vector<store::PointRow>& rows);
/// The medians as a table for the terminal.
void print_summary(std::ostream& out, const Experiment& experiment,
                   const std::vector<store::PointRow>& rows);

}  // namespace ikelab::sweep
