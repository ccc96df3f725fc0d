#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "sim/run/run.hpp"
#include "tests/bench/sim/sim_bench.hpp"

namespace ikelab::bench {

Cost in_child(const std::function<bool()>& work) {
  const auto begun = std::chrono::steady_clock::now();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  int status = 0;
  rusage usage{};
  Cost cost;
  if (child < 0 || ::wait4(child, &status, 0, &usage) != child) return cost;
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  cost.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  cost.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  cost.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  cost.peak_kib = static_cast<double>(usage.ru_maxrss);
  return cost;
}

bool play(const std::string& yaml, const std::string& db) {
  const auto scenario = scenario::load_text(yaml, "bench.yaml");
  if (!scenario.ok())
    return std::fprintf(stderr, "%s\n", scenario.error().to_string().c_str()), false;
  run::RunOptions options;
  if (!db.empty()) options.db = db;
  const auto report = run::run(*scenario, options);
  if (!report.ok()) return std::fprintf(stderr, "%s\n", report.error().to_string().c_str()), false;
  for (const auto& outcome : report->expectations)
    if (!outcome.met)
      std::fprintf(stderr, "not met: %s: %s\n", outcome.text.c_str(), outcome.found.c_str());
  return report->expectations_met();
}

}  // namespace ikelab::bench
