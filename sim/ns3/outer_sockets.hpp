// The outside of a node with IPsec: UDP ports 500 and 4500 of each local address, and IP protocol
// 50 (RFC 7296, 2 and 2.23; RFC 4303, 2), for IPv4 and IPv6 alike.
#pragma once
#include <functional>
#include <map>
#include <memory>

#include "protocol/esp/esp.hpp"
#include "sim/ns3/ns3.hpp"

namespace ikelab::sim {

/// What came. Of ESP in UDP `header` is an IP header made from what the socket tells.
struct FromOutside {
  std::uint64_t id = 0;
  SocketAddress src, dst;  ///< ports 0: IP protocol 50
  Bytes header, payload;
};

/// IP protocol 50 in ns-3's stack.
class EspProtocol : public ns3::IpL4Protocol {
 public:
  static ns3::TypeId GetTypeId();
  std::function<void(const FromOutside&)> on_packet;
  /// An ICMP error about an ESP packet of ours, as an ICMP message that quotes it.
  std::function<void(ByteView icmp, bool v6)> on_icmp;

  [[nodiscard]] int GetProtocolNumber() const override { return 50; }
  RxStatus Receive(ns3::Ptr<ns3::Packet> packet, const ns3::Ipv4Header& header,
                   ns3::Ptr<ns3::Ipv4Interface> interface) override;
  RxStatus Receive(ns3::Ptr<ns3::Packet> packet, const ns3::Ipv6Header& header,
                   ns3::Ptr<ns3::Ipv6Interface> interface) override;
  void ReceiveIcmp(ns3::Ipv6Address from, std::uint8_t hops, std::uint8_t type, std::uint8_t code,
                   std::uint32_t info, ns3::Ipv6Address src, ns3::Ipv6Address dst,
                   const std::uint8_t payload[8]) override;
  void SetDownTarget(DownTargetCallback) override {}
  void SetDownTarget6(DownTargetCallback6) override {}
  [[nodiscard]] DownTargetCallback GetDownTarget() const override { return {}; }
  [[nodiscard]] DownTargetCallback6 GetDownTarget6() const override { return {}; }
};

class OuterSockets {
 public:
  /// `on_udp` gets datagrams of both ports, `on_esp` what came as protocol 50.
  struct Handlers {
    std::function<void(FromOutside)> on_udp;
    std::function<void(const FromOutside&)> on_esp;
    std::function<void(ByteView icmp, bool v6)> on_icmp;
  };
  OuterSockets(ns3::Ptr<ns3::Node> node, Handlers handlers);
  ~OuterSockets();
  OuterSockets(const OuterSockets&) = delete;
  OuterSockets& operator=(const OuterSockets&) = delete;

  /// Both ports of an address. The unspecified one is skipped.
  void open(const IpAddress& local);
  void close(const IpAddress& local);
  [[nodiscard]] bool has(const IpAddress& local) const;
  /// False: no socket has that source.
  bool send(const SocketAddress& src, const SocketAddress& dst, ByteView payload, std::uint64_t id,
            std::uint8_t traffic_class = 0);

 private:
  void receive(ns3::Ptr<ns3::Socket> socket);

  ns3::Ptr<ns3::Node> node_;
  Handlers handlers_;
  ns3::Ptr<EspProtocol> esp_;
  std::map<SocketAddress, ns3::Ptr<ns3::Socket>> sockets_;
};

}  // namespace ikelab::sim
