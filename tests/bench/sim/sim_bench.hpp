// Benchmarks of whole runs: they need ns-3 and SQLite, and are there when sim/ is built.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace ikelab::bench {

/// What a piece of work cost, measured in a process of its own.
struct Cost {
  bool ok = false;
  double wall_s = 0, cpu_s = 0;
  double peak_kib = 0;  ///< resident
};
Cost in_child(const std::function<bool()>& work);

/// Runs a scenario's text; empty `db`: nothing is recorded. False: an error, or an expectation that
/// is not met, told on stderr.
bool play(const std::string& yaml, const std::string& db);

int tunnels(const std::vector<std::string>& arguments);
int recorder(const std::vector<std::string>& arguments);
int echo(const std::vector<std::string>& arguments);

}  // namespace ikelab::bench
