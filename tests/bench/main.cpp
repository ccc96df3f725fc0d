// The program ikelab-bench: `ikelab bench [NAME] [--brief] [--json]`.
#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/bench.hpp"
#ifdef IKELAB_BENCH_SIM
#include "tests/bench/sim/sim_bench.hpp"
#endif

namespace {

struct Benchmark {
  std::string_view name, about;
  int (*run)(const std::vector<std::string>& arguments);
  bool counts = false;  ///< takes numbers of what it measures
};
constexpr Benchmark benchmarks[] = {
    {"handshake", "CPU of a whole handshake beside the bare OpenSSL operations in it",
     ikelab::bench::handshake},
    {"scale", "cost of a handshake and memory with 100 to 100,000 IKE SAs in one gateway",
     ikelab::bench::scale},
    {"esp", "sealing and opening packets beside the bare OpenSSL AEAD, and what is allocated",
     ikelab::bench::esp},
#ifdef IKELAB_BENCH_VIEW
    {"view", "what a run of a million events costs the visualizer: its models and its frames",
     ikelab::bench::view},
#endif
#ifdef IKELAB_BENCH_SIM
    {"tunnels", "time and memory of a tunnel with 100 to 10,000 of them on one simulated gateway",
     ikelab::bench::tunnels, true},
    {"recorder", "rows a second beside bare SQLite, and a run recorded and not",
     ikelab::bench::recorder},
    {"echo", "simulated echoes through a tunnel beside the same topology without IPsec",
     ikelab::bench::echo},
#endif
};

int usage(std::FILE* to, int code) {
  std::fputs("ikelab bench NAME [--brief] [--json]; ikelab bench tunnels [NUMBER...]\n\n", to);
  for (const Benchmark& b : benchmarks)
    std::fprintf(to, "  %-12s %s\n", std::string(b.name).c_str(), std::string(b.about).c_str());
  std::fputs("\n--brief is quick and coarse; --json is known to handshake and esp.\n", to);
  return code;
}

/// 1 to 100,000: what a machine with 4 GiB can hold.
bool is_count(const std::string& word) {
  return !word.empty() && word.size() <= 6 && word[0] != '0' &&
         word.find_first_not_of("0123456789") == std::string::npos && std::stoul(word) <= 100'000;
}

/// The first argument that the benchmark does not know; nullptr: it knows all.
const std::string* stranger(const Benchmark& b, const std::vector<std::string>& arguments) {
  for (std::size_t i = 1; i < arguments.size(); ++i)
    if (const std::string& a = arguments[i];
        a != "--brief" && a != "--json" && !(b.counts && is_count(a)))
      return &a;
  return nullptr;
}

int refuse(const Benchmark& b, const std::string& argument) {
  std::fprintf(stderr,
               "ikelab: E-CLI-000: '%s' means nothing to '%s'; expected --brief, --json%s\n",
               argument.c_str(), std::string(b.name).c_str(),
               b.counts ? " or numbers from 1 to 100000" : "");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) return usage(stderr, 2);
  if (arguments[0] == "--help") return usage(stdout, 0);
  for (const Benchmark& b : benchmarks)
    if (arguments[0] == b.name) {
      const std::string* unknown = stranger(b, arguments);
      return unknown == nullptr ? b.run(arguments) : refuse(b, *unknown);
    }
  std::fprintf(stderr, "ikelab: E-CLI-000: no benchmark '%s'; see: ikelab bench --help\n",
               arguments[0].c_str());
  return 2;
}
