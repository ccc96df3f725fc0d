// Runs the points of an experiment, each in a process of its own, several at a time. One crash
// loses one point; whatever is done is committed, so that a killed sweep goes on with `resume`.
#pragma once
#include <csignal>
#include <functional>

#include "sim/store/sweep_store.hpp"
#include "sim/sweep/experiment.hpp"

namespace ikelab::sweep {

/// Runs one point and measures it; called in a child process. Key, cell, parameters and seed are
/// filled in by the caller.
using PointFunction = std::function<Result<store::PointRow>(const Experiment&, const Point&)>;

/// The real thing: loads the scenario with the point's settings and seed, and runs it. Errors:
/// those of scenario::load and run::run.
Result<store::PointRow> simulate(const Experiment& experiment, const Point& point);

struct Progress {
  std::size_t done = 0, total = 0;  ///< points of this shard
};

struct SweepOptions {
  std::filesystem::path db;
  unsigned jobs = 1;
  bool resume = false;
  unsigned shard = 1, shards = 1;  ///< this one of so many: every nth point
  std::string versions;
  PointFunction point;  ///< simulate, except in tests of the runner itself
  std::function<void(const Progress&)> progress;
  const volatile std::sig_atomic_t* stop =
      nullptr;  ///< when it becomes non-zero, the sweep ends early
};

struct SweepReport {
  std::size_t total = 0;  ///< points of this shard
  std::size_t done_before = 0, done_now = 0;
  std::vector<std::pair<std::string, std::string>> failed;  ///< key and why
  bool interrupted = false;
  bool complete = false;  ///< every point of the experiment is in the database
};

/// Errors: E-SWP-010 the experiment is there already and `resume` was not asked for, E-SWP-011 it
/// is there with another configuration, E-SWP-012 no process could be started, E-DB-*.
Result<SweepReport> sweep(const Experiment& experiment, const SweepOptions& options);

}  // namespace ikelab::sweep
