// The commands of ikelab-sim. Each takes what the command line said and returns the exit code.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ikelab::cli {

struct RunArguments {
  std::string scenario;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> set;  ///< "path=value"
  std::string db, pcap, keys;    ///< pcap and keys empty: none are written
  bool json = false, quiet = false;
};
int run_command(const RunArguments& arguments);

struct ShowArguments {
  std::vector<std::string> words;  ///< [RUN] [VIEW [N]]
  std::string db, filter;
  bool json = false, color = false;
};
int show_command(const ShowArguments& arguments);

struct OpenArguments {
  std::string capture, keys, db;  ///< keys: a folder, may be empty
  bool json = false, quiet = false;
};
int open_command(const OpenArguments& arguments);

struct SweepArguments {
  std::string experiment, db, csv, shard;  ///< shard: "I/N"
  unsigned jobs = 0;                       ///< 0: one a core
  bool resume = false, quiet = false;
};
int sweep_command(const SweepArguments& arguments);

struct MergeArguments {
  std::vector<std::string> files;
  std::string db, csv;
};
int merge_command(const MergeArguments& arguments);

int scenarios_command(bool json);

struct LintArguments {
  std::string scenario;
  bool json = false;
  bool strict = false;  ///< notes count as well
};
int lint_command(const LintArguments& arguments);

struct AttackArguments {
  std::string filter;  ///< of id or name; empty: all
  std::string db;
  std::vector<std::uint64_t> seeds;
  bool json = false, record = false;  ///< record: each run, too, not only the row
};
struct MeasureArguments {
  std::string db, captures;
  std::vector<std::uint64_t> seeds;
  std::vector<std::string> loads;
  bool named_only = false, blocks = false, json = false;
};
int attack_list_command(bool json);
int attack_reference_command();
int attack_matrix_command(const AttackArguments& arguments);
int monitor_list_command(bool json);
int monitor_evaluate_command(const MeasureArguments& arguments);

struct DemoArguments {
  std::string db, directory;
  bool color = false, pictures = true;
};
int demo_command(const DemoArguments& arguments);

}  // namespace ikelab::cli
