// `ikelab bench scale`: one gateway and more and more clients. What does one more handshake cost
// the gateway, and how much memory does an established IKE SA with one Child SA take?
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>

#include "tests/bench/bench.hpp"

namespace ikelab::bench {
namespace {

using namespace ikev2;

/// Octets in use on the heap.
std::size_t heap() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

class Gateway {
 public:
  Gateway() : provider_(crypto::openssl_provider()), sites_(sites({Auth::psk, "x25519"})) {
    policy::EndpointConfig config = sites_.b;
    policy::ConnectionConfig& c = config.connections[0];
    c.remote_addr = {};
    c.remote.id = policy::Identity::any();
    c.children[0].remote_ts = {policy::parse_traffic_selector("10.0.0.0/8").value()};
    endpoint_ = std::make_unique<Endpoint>(config, *provider_, crypto::seeded_rng(1, "gw"));
  }

  /// Another client comes; CPU microseconds of the gateway alone.
  double greet() {
    const std::uint32_t i = ++clients_;
    policy::EndpointConfig config = sites_.a;
    policy::ConnectionConfig& c = config.connections[0];
    c.local_addr = IpAddress::v4(0x64000000U + i);  // 100.0.0.0 on
    c.local.id = policy::Identity::parse(fmt::format("c{}.example", i)).value();
    c.children[0].local_ts[0].start = c.children[0].local_ts[0].end =
        IpAddress::v4(0x0a000000U + i);
    Endpoint client(config, *provider_, crypto::seeded_rng(i, "client"));
    IKELAB_ASSERT(client.command(now_, Initiate{"site", "net"}).ok());
    double spent = 0;
    for (bool busy = true; busy;) {
      busy = false;
      empty(client);
      while (auto datagram = client.poll_transmit()) {
        const double before = cpu_us();
        endpoint_->handle_datagram(now_, *datagram);
        empty(*endpoint_);
        static_cast<void>(endpoint_->poll_timeout());
        spent += cpu_us() - before;
        busy = true;
      }
      while (auto datagram = endpoint_->poll_transmit()) client.handle_datagram(now_, *datagram);
    }
    now_ = now_ + 1ms;
    return spent;
  }
  [[nodiscard]] std::size_t half_open() const { return endpoint_->half_open(); }

 private:
  static void empty(Endpoint& endpoint) {
    while (endpoint.poll_event()) {
    }
    while (endpoint.poll_sad()) {
    }
  }

  std::unique_ptr<crypto::Provider> provider_;
  Sites sites_;
  std::unique_ptr<Endpoint> endpoint_;
  std::uint32_t clients_ = 0;
  Instant now_;
};

}  // namespace

int scale(const std::vector<std::string>& arguments) {
  const bool brief = std::find(arguments.begin(), arguments.end(), "--brief") != arguments.end();
  const std::uint32_t most = brief ? 1'000 : 100'000;
  constexpr std::uint32_t sample = 50;
  Gateway gateway;
  for (std::uint32_t i = 0; i < sample; ++i) gateway.greet();  // caches are warm
  const std::size_t empty = heap();
  std::uint32_t count = 0;
  fmt::print("{:>10} {:>26} {:>20}\n", "IKE SAs", "CPU of the next handshake", "memory per SA");
  for (std::uint32_t target = 100; target <= most; target *= 10) {
    for (; count + sample < target; ++count) gateway.greet();
    std::vector<double> costs;
    for (std::uint32_t i = 0; i < sample; ++i, ++count) costs.push_back(gateway.greet());
    std::nth_element(costs.begin(), costs.begin() + sample / 2, costs.end());
    fmt::print("{:>10} {:>23.1f} us {:>16} B\n", count, costs[sample / 2],
               (heap() - empty) / count);
    std::fflush(stdout);
  }
  IKELAB_ASSERT(gateway.half_open() == 0);
  return 0;
}

}  // namespace ikelab::bench
