// `ikelab bench tunnels`: more and more subscribers of an access cloud on one gateway. Each shakes
// hands, sends ten packets that are answered, and rekeys its Child SA once. What does a tunnel cost
// in time and memory, simulator and recorder together? Other numbers of them: as arguments.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/bench/sim/sim_bench.hpp"

namespace ikelab::bench {
namespace {

/// As the scenario access-cloud, with lines that lose nothing: every tunnel does the same.
std::string cloud(unsigned count) {
  return fmt::format(R"(name: tunnels
duration: {}ms
record: metrics
nodes:
  - name: vpn
    role: gateway
    cookie_threshold: 1000000
    connections:
      - name: subscribers
        local_addr: 100.64.0.1
        remote_addr: "%any"
        proposals: [aes128gcm16-prfsha256-x25519]
        local: {{auth: psk, id: vpn.example, secret: one secret for the whole cloud}}
        remote: {{auth: psk}}
        children:
          - {{name: net, local_ts: [10.2.0.0/24], remote_ts: [10.128.0.0/9], esp_proposals: [aes128gcm16]}}
  - {{name: server, role: host}}
links:
  - {{name: office, a: vpn, b: server, a_address: 10.2.0.1/24, b_address: 10.2.0.10/24, rate: 100Gbps, delay: 100us}}
clouds:
  - name: access
    gateway: vpn
    count: {}
    line: {{rate: 50Mbps, delay: 5ms}}
    start_over: {}ms
    flow: {{to: server, packets: 10, start: 500ms, interval: 50ms, size: 100}}
    rekey_after: 1200ms
    connection:
      name: home
      remote_addr: 100.64.0.1
      proposals: [aes128gcm16-prfsha256-x25519]
      local: {{auth: psk, secret: one secret for the whole cloud}}
      remote: {{auth: psk, id: vpn.example}}
      children:
        - {{name: net, remote_ts: [10.2.0.0/24], esp_proposals: [aes128gcm16]}}
expect:
  - established: all
  - task: {{name: child_rekey, done_at_least: {}}}
  - traffic: {{kind: echo, from: access, to: server, received_at_least: {}, lost_at_most: 0}}
)",
                     count + 2000, count, count, count, count * 10);
}

Cost measure(unsigned count) {
  const auto folder = std::filesystem::temp_directory_path();
  const std::string db =
      (folder / fmt::format("ikelab-tunnels-{}-{}.db", count, ::getpid())).string();
  const Cost cost = in_child([&] { return play(cloud(count), db); });
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(db + end);
  return cost;
}

}  // namespace

int tunnels(const std::vector<std::string>& arguments) {
  const bool brief = std::find(arguments.begin(), arguments.end(), "--brief") != arguments.end();
  std::vector<unsigned> counts = {100, 1000, 10'000};
  if (brief) counts.pop_back();
  std::vector<unsigned> asked;
  for (std::size_t i = 1; i < arguments.size(); ++i)
    if (!arguments[i].starts_with("--"))
      asked.push_back(static_cast<unsigned>(std::stoul(arguments[i])));
  if (!asked.empty()) counts = asked;
  const Cost nothing = measure(1);
  fmt::print("{:>8}  {:>9}  {:>9}  {:>14}  {:>14}\n", "tunnels", "wall", "CPU", "CPU a tunnel",
             "memory a tunnel");
  bool ok = nothing.ok;
  for (const unsigned count : counts) {
    const Cost cost = measure(count);
    ok = ok && cost.ok;
    fmt::print("{:>8}  {:>7.2f} s  {:>7.2f} s  {:>11.0f} us  {:>10.1f} KiB\n", count, cost.wall_s,
               cost.cpu_s, (cost.cpu_s - nothing.cpu_s) * 1e6 / count,
               (cost.peak_kib - nothing.peak_kib) / count);
  }
  return ok ? 0 : 1;
}

}  // namespace ikelab::bench
