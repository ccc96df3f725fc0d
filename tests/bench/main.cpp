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
     ikelab::bench::tunnels},
    {"recorder", "rows a second beside bare SQLite, and a run recorded and not",
     ikelab::bench::recorder},
    {"echo", "simulated echoes through a tunnel beside the same topology without IPsec",
     ikelab::bench::echo},
#endif
};

int usage(std::FILE* to, int code) {
  std::fputs("ikelab bench NAME [--brief] [--json]\n\n", to);
  for (const Benchmark& b : benchmarks)
    std::fprintf(to, "  %-12s %s\n", std::string(b.name).c_str(), std::string(b.about).c_str());
  std::fputs("\n--brief is quick and coarse; --json is known to handshake and esp.\n", to);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) return usage(stderr, 2);
  if (arguments[0] == "--help") return usage(stdout, 0);
  for (const Benchmark& b : benchmarks)
    if (arguments[0] == b.name) return b.run(arguments);
  std::fprintf(stderr, "ikelab: E-CLI-000: no benchmark '%s'; see: ikelab bench --help\n",
               arguments[0].c_str());
  return 2;
}
