// A source of UDP datagrams as an ns-3 application: at fixed or random times, of one size, and with
// Don't Fragment as small as the path wants them (RFC 1191, 6).
#pragma once
#include <functional>

#include "protocol/crypto/rng.hpp"
#include "sim/ns3/ns3.hpp"

namespace ikelab::sim {

class PacketSource : public ns3::Application {
 public:
  struct Plan {
    SocketAddress to;
    std::uint32_t octets = 512;  ///< of UDP payload
    Duration interval{10ms};     ///< between datagrams; their mean when `random`
    bool poisson = false;        ///< exponential intervals
    bool dont_fragment = false;
  };
  static ns3::TypeId GetTypeId();
  PacketSource(Plan plan, std::unique_ptr<crypto::Rng> dice);
  [[nodiscard]] std::int64_t sent() const { return sent_; }
  /// Called with the path MTU when the network tells of one.
  std::function<void(std::uint32_t mtu)> on_mtu;

 private:
  void StartApplication() override;
  void StopApplication() override;
  void send();
  void send_unfragmented();
  void on_icmp(ns3::Ipv4Address from, std::uint8_t ttl, std::uint8_t type, std::uint8_t code,
               std::uint32_t info);
  Duration next_interval();

  Plan plan_;
  std::unique_ptr<crypto::Rng> dice_;
  ns3::Ptr<ns3::Socket> socket_;
  ns3::EventId timer_;
  std::int64_t sent_ = 0;
};

}  // namespace ikelab::sim
