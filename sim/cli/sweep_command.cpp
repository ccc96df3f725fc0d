// `ikelab sweep` and `ikelab merge`.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <thread>

#include "sim/cli/commands.hpp"
#include "sim/cli/terminal.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/store/error.hpp"
#include "sim/sweep/export.hpp"
#include "sim/sweep/runner.hpp"

namespace ikelab::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

/// "2/8" into I and N.
Result<std::pair<unsigned, unsigned>> shard_of(const std::string& text) {
  if (text.empty()) return std::pair(1U, 1U);
  unsigned i = 0, n = 0;
  int end = 0;
  if (std::sscanf(text.c_str(), "%u/%u%n", &i, &n, &end) != 2 ||
      static_cast<std::size_t>(end) != text.size() || i < 1 || i > n) {
    return error("E-CLI-004", "--shard '" + text + "' is no shard",
                 "expected I/N with I from 1 to N, e.g. 2/8");
  }
  return std::pair(i, n);
}

std::filesystem::path cells_file(const std::filesystem::path& csv) {
  return csv.parent_path() / (csv.stem().string() + "-cells" + csv.extension().string());
}

Result<void> write_csv(const std::string& file, const sweep::Experiment& experiment,
                       const std::vector<store::PointRow>& rows) {
  std::ofstream runs(file, std::ios::binary), cells(cells_file(file), std::ios::binary);
  if (runs) sweep::write_runs_csv(runs, experiment, rows);
  if (cells) sweep::write_cells_csv(cells, experiment, rows);
  if (runs.flush() && cells.flush()) return {};
  return error("E-CLI-005", "'" + file + "' cannot be written",
               "does its folder exist, and may you write there?");
}

std::string resume_command(const SweepArguments& arguments) {
  std::string out = "ikelab sweep " + arguments.experiment;
  if (arguments.db != "ikelab.db") out += " --db " + arguments.db;
  if (!arguments.shard.empty()) out += " --shard " + arguments.shard;
  return out + " --resume";
}

/// What there is to say at the end, and the exit code.
ExitCode print_outcome(const sweep::SweepReport& report, const sweep::Experiment& experiment,
                       const SweepArguments& arguments) {
  for (const auto& [key, why] : report.failed)
    fmt::print(stderr, "ikelab: {} failed: {}\n", key, why);
  const std::size_t kept = report.done_before + report.done_now;
  if (report.interrupted) {
    fmt::print(stderr, "ikelab: interrupted; {} of {} points are done and kept; go on with: {}\n",
               kept, report.total, resume_command(arguments));
    return broke;
  }
  if (!report.failed.empty()) {
    fmt::print(stderr, "ikelab: {} of {} points failed; try them again with: {}\n",
               report.failed.size(), report.total, resume_command(arguments));
    return broke;
  }
  if (!arguments.quiet) {
    fmt::print("{} of {} points of {} are in {}{}\n", kept, report.total, experiment.name,
               arguments.db,
               report.complete ? "; the experiment is complete"
                               : "; other shards are missing: join them with ikelab merge");
  }
  return done;
}

Result<int> run_sweep(const SweepArguments& arguments) {
  IKELAB_TRY(const sweep::Experiment experiment, sweep::load(arguments.experiment));
  IKELAB_TRY(const auto shard, shard_of(arguments.shard));
  for (const sweep::Point& point :
       sweep::points(experiment)) {  // a wrong path or value is said now, and once
    if (point.seed == experiment.seeds.front()) {
      IKELAB_TRY(const auto loaded,
                 scenario::load(experiment.scenario, point.settings, point.seed));
    }
  }
  auto bar = std::make_optional<ProgressBar>("points", !arguments.quiet);
  std::signal(SIGINT, [](int) { interrupted = 1; });
  std::signal(SIGTERM, [](int) { interrupted = 1; });
  sweep::SweepOptions options;
  options.db = arguments.db;
  options.jobs =
      arguments.jobs > 0 ? arguments.jobs : std::max(1U, std::thread::hardware_concurrency());
  options.resume = arguments.resume;
  std::tie(options.shard, options.shards) = shard;
  options.point = sweep::simulate;
  options.progress = [&](const sweep::Progress& p) { bar->show(p.done, p.total); };
  options.stop = &interrupted;
  IKELAB_TRY(const sweep::SweepReport report, sweep::sweep(experiment, options));
  bar.reset();  // its line is free again
  IKELAB_TRY(store::SweepStore store, store::SweepStore::open(arguments.db));
  IKELAB_TRY(const auto rows, store.points(experiment.name));
  if (!arguments.csv.empty()) IKELAB_CHECK(write_csv(arguments.csv, experiment, rows));
  if (!arguments.quiet && !report.interrupted) {
    fmt::print("{}: {}\n\n", experiment.name, experiment.about);
    std::fflush(stdout);
    sweep::print_summary(std::cout, experiment, rows);
    std::cout << std::endl;
    if (!arguments.csv.empty())
      fmt::print("written: {} (one line a run), {}\n", arguments.csv,
                 cells_file(arguments.csv).string());
  }
  return int{print_outcome(report, experiment, arguments)};
}

Result<int> merge_all(const MergeArguments& arguments) {
  for (const std::string& file : arguments.files) {
    std::error_code none;
    if (std::filesystem::equivalent(file, arguments.db, none)) {
      return error("E-CLI-006", "'" + file + "' cannot be merged into itself",
                   "name the result with --db");
    }
  }
  IKELAB_TRY(store::SweepStore store, store::SweepStore::open(arguments.db));
  std::size_t differing = 0;
  for (const std::string& file : arguments.files) {
    IKELAB_TRY(const store::MergeReport report, store.merge(file));
    fmt::print("{}: {} points added, {} were there\n", file, report.added, report.already_there);
    for (const std::string& key : report.differing) {
      fmt::print(stderr,
                 "ikelab: {} has another fingerprint in {} (other versions or another machine); "
                 "kept as it was\n",
                 key, file);
    }
    differing += report.differing.size();
  }
  return int{differing == 0 ? done : not_met};
}

}  // namespace

int sweep_command(const SweepArguments& arguments) {
  const auto result = run_sweep(arguments);
  return result.ok() ? *result : fail(result.error());
}

int merge_command(const MergeArguments& arguments) {
  const auto result = merge_all(arguments);
  return result.ok() ? *result : fail(result.error());
}

}  // namespace ikelab::cli
