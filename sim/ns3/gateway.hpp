// A node with IPsec: the IKE endpoint on UDP port 500, the ESP data path on IP protocol 50, and a
// tunnel device to which the routes of protected traffic point (a bump in the stack: forwarded and
// locally made packets alike go through it).
//
// Invariant: after every input the endpoint is drained in its order: events, SAD, transmissions,
// timeout (protocol/ikev2/endpoint.hpp).
#pragma once
#include <map>
#include <memory>

#include "protocol/esp/esp.hpp"
#include "protocol/ikev2/endpoint.hpp"
#include "sim/ns3/ns3.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::sim {

class Gateway {
 public:
  /// `ordinal` makes the ids of its datagrams unique in the run. Routes to the outer addresses are
  /// there already.
  Gateway(ns3::Ptr<ns3::Node> node, const scenario::Node& config,
          const scenario::Scenario& scenario, std::uint64_t ordinal, trace::Journal& journal);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Begins the connections whose children say `start_action: start`.
  void start();
  /// A timed event's wish; a refusal is a Diagnostic of the node.
  void command(const ikev2::Command& command);

 private:
  void open_sockets();
  void make_tunnel_device(std::uint32_t mtu);
  void route_into_tunnel();
  void guard_input();
  bool refuses_clear(const ns3::Packet& payload, const ns3::Ipv4Header& header,
                     const ns3::NetDevice& device);
  void on_ike(ns3::Ptr<ns3::Socket> socket);
  void on_esp(ns3::Ptr<ns3::Socket> socket);
  bool on_tunnel(ns3::Ptr<ns3::Packet> packet, const ns3::Address& source,
                 const ns3::Address& destination, std::uint16_t protocol);
  void on_timeout();
  void drain();
  void apply(esp::SadChange change);
  /// The tunnel device bears the inner address that the peer gave.
  void set_inner(const esp::InnerAddress& inner);
  void emit(trace::Body body);
  /// What the data path wants of IKE: an SA for waiting traffic, a rekey.
  void grant_wishes();
  /// What policy lets pass although a route leads into the tunnel: the route it would have had.
  void send_in_the_clear(ns3::Ptr<ns3::Packet> packet);
  void reject(std::uint64_t datagram, const Error& error, ByteView esp_packet);

  ns3::Ptr<ns3::Node> node_;
  const scenario::Node& config_;
  const scenario::Scenario& scenario_;
  trace::Journal& journal_;
  std::uint64_t esp_datagrams_;
  std::unique_ptr<crypto::Provider> provider_;
  std::unique_ptr<crypto::RngSource> random_;
  std::unique_ptr<crypto::Rng> esp_iv_;
  std::unique_ptr<ikev2::Endpoint> endpoint_;
  std::unique_ptr<esp::DataPath> data_path_;
  std::map<IpAddress, ns3::Ptr<ns3::Socket>> ike_sockets_, esp_sockets_;  ///< by local address
  ns3::Ptr<ns3::VirtualNetDevice> tunnel_;
  std::uint32_t tunnel_interface_ = 0;
  ns3::EventId timer_;
};

}  // namespace ikelab::sim
