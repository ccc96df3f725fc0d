// An experiment as a value: a scenario, a matrix of settings, seeds for replications, and what to
// measure.
//
//   name: rekey-latency
//   about: one sentence
//   scenario: fleet                       # as `ikelab run` takes it
//   set: {fleet.rekey_time: 10s}          # the same at every point
//   matrix:                               # every combination is a cell
//     tunnels: {path: fleet.count, values: [10, 50, 200]}
//     loss: {path: links.wan.loss, values: [0%, 1%]}
//   seeds: 1..10                          # or a list; one replication of each cell a seed
//   warm_up: 5s                           # of simulated time; nothing before it is measured
//   measures:
//     rekey_p95: {query: task_duration, task: child_rekey, take: p95}
#pragma once
#include <filesystem>
#include <vector>

#include "sim/sweep/measure.hpp"

namespace ikelab::sweep {

using Settings = std::vector<std::pair<std::string, std::string>>;  ///< path and value of --set

struct Dimension {
  std::string name, path;
  std::vector<std::string> values;
};

struct Experiment {
  std::string name, about, scenario;
  std::string yaml;         ///< as written
  std::string config_hash;  ///< SHA-256 of it, hex
  Settings set;
  std::vector<Dimension> matrix;
  std::vector<std::uint64_t> seeds;
  Duration warm_up{0};
  std::vector<Measure> measures;
};

/// One run: a cell of the matrix and a seed.
struct Point {
  std::string key;   ///< "rekey-latency/loss=1%,tunnels=10,seed=3"
  std::string cell;  ///< "loss=1%,tunnels=10"
  std::map<std::string, std::string> parameters;
  std::uint64_t seed = 0;
  Settings settings;  ///< set and this cell's, for the scenario loader
};

/// Loads by shipped name (sim/experiments/) or by path. Every error is one line with its place.
/// Errors: E-SWP-001 no such file, E-SWP-002 not YAML, E-SWP-003 unknown or missing key, E-SWP-004
/// wrong value, E-SWP-005 a measure that cannot be.
Result<Experiment> load(const std::string& name_or_path);
Result<Experiment> load_text(const std::string& yaml, const std::string& file);
/// Names of the shipped experiments with their `about`.
std::vector<std::pair<std::string, std::string>> shipped();

/// Every point, cell by cell, in the order of the file; the seed varies fastest.
std::vector<Point> points(const Experiment& experiment);

/// The command that runs this point again.
std::string replay_command(const Experiment& experiment, const Point& point);

}  // namespace ikelab::sweep
