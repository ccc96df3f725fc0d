// `ikelab bench echo`: UDP datagrams there and back through a tunnel, beside the same topology
// without IPsec: same links, same scheduler, same applications.
#include <fmt/format.h>

#include <algorithm>

#include "tests/bench/sim/sim_bench.hpp"

namespace ikelab::bench {
namespace {

std::string gateway(const char* name, const char* own, const char* peer, const char* net,
                    const char* other) {
  return fmt::format(R"(
    connections:
      - name: site
        local_addr: {1}
        remote_addr: {2}
        proposals: [aes128gcm16-prfsha256-x25519]
        local: {{auth: psk, id: {0}.example, secret: correct horse battery staple}}
        remote: {{auth: psk}}
        children:
          - {{name: net, local_ts: [{3}], remote_ts: [{4}], esp_proposals: [aes128gcm16], start_action: {5}}})",
                     name, own, peer, net, other, name[3] == 'a' ? "start" : "none");
}

std::string sites(bool ipsec, unsigned octets, unsigned packets) {
  return fmt::format(
      R"(name: echo
duration: {}ms
record: metrics
nodes:
  - {{name: host-a}}
  - name: gw-a
    role: gateway{}
  - name: gw-b
    role: gateway{}
  - {{name: host-b}}
links:
  - {{name: lan-a, a: host-a, b: gw-a, a_address: 10.1.0.10/24, b_address: 10.1.0.1/24, rate: 10Gbps, delay: 10us}}
  - {{name: wan, a: gw-a, b: gw-b, a_address: 192.0.2.1/24, b_address: 192.0.2.2/24, rate: 10Gbps, delay: 1ms}}
  - {{name: lan-b, a: gw-b, b: host-b, a_address: 10.2.0.1/24, b_address: 10.2.0.10/24, rate: 10Gbps, delay: 10us}}
traffic:
  - {{kind: ping, from: host-a, to: host-b, start: 1s, stop: {}ms, interval: 200us, size: {}}}
expect:
  - ping: {{from: host-a, received_at_least: {}}}
)",
      1100 + packets / 5,
      ipsec ? gateway("gw-a", "192.0.2.1", "192.0.2.2", "10.1.0.0/24", "10.2.0.0/24") : "",
      ipsec ? gateway("gw-b", "192.0.2.2", "192.0.2.1", "10.2.0.0/24", "10.1.0.0/24") : "",
      1000 + packets / 5, octets, packets - 20);  // some are on their way when it stops
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int echo(const std::vector<std::string>& arguments) {
  const bool brief = std::find(arguments.begin(), arguments.end(), "--brief") != arguments.end();
  const unsigned packets = brief ? 5'000 : 50'000, turns = brief ? 3 : 7;
  bool ok = true;
  fmt::print("{:>8}  {:>14}  {:>14}  {:>9}  {:>9}\n", "octets", "CPU, plain", "IPsec", "ratio",
             "of wall");
  for (const unsigned octets : {64U, 1300U}) {
    std::vector<double> plain, tunnel, wall;
    for (unsigned i = 0; i < turns; ++i) {  // turn by turn: the machine's mood hits both
      const Cost p = in_child([&] { return play(sites(false, octets, packets), ""); });
      const Cost t = in_child([&] { return play(sites(true, octets, packets), ""); });
      ok = ok && p.ok && t.ok;
      plain.push_back(p.cpu_s * 1e6 / packets);
      tunnel.push_back(t.cpu_s * 1e6 / packets);
      wall.push_back(t.wall_s / p.wall_s);
    }
    fmt::print("{:>8}  {:>11.1f} us  {:>11.1f} us  {:>9.2f}  {:>9.2f}\n", octets, median(plain),
               median(tunnel), median(tunnel) / median(plain), median(wall));
  }
  return ok ? 0 : 1;
}

}  // namespace ikelab::bench
