// A node with IPsec: the IKE endpoint, the ESP data path, and a tunnel device to which the routes
// of protected traffic point (a bump in the stack: forwarded and locally made packets alike go
// through it).
//
// Invariant: after every input the endpoint is drained in its order: events, SAD, transmissions,
// timeout (protocol/ikev2/endpoint.hpp).
#pragma once
#include <list>
#include <map>
#include <memory>
#include <set>

#include "protocol/engine/engine.hpp"
#include "protocol/esp/esp.hpp"
#include "protocol/trace/journal.hpp"
#include "sim/historic/historic.hpp"
#include "sim/ns3/outer_sockets.hpp"
#include "sim/ns3/policed_routing.hpp"
#include "sim/ns3/summaries.hpp"
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
  /// The node forgets every SA, as after a power failure, and its engine begins again.
  void crash();
  /// The machine is set back to a snapshot: it takes new keys, unless it does not notice.
  void restore();
  /// An interface got another address: sockets follow it.
  void moved(const IpAddress& from, const IpAddress& to);

 private:
  // building
  void make_tunnel_device(std::uint32_t link_mtu);
  void add_tunnel_addresses();
  void route_into_tunnel();
  void route_into_tunnel(const wire::TrafficSelector& selector);

  // IKE
  void on_udp(FromOutside datagram);
  void on_ike(const FromOutside& datagram);
  /// Past the flaws of history that the node has, into the engine.
  void hand_over(const ikev2::Datagram& datagram);
  std::unique_ptr<engine::Engine> make_endpoint();
  void apply(esp::SadChange change);
  /// The engine died of a failed assertion, and begins again without memory.
  void restart(const std::string& why);
  void on_timeout();
  void drain();
  /// The tunnel device bears the inner address that the peer gave.
  void set_inner(const esp::InnerAddress& inner);
  void transmit(const ikev2::Datagram& datagram);

  // packets
  bool guard(const Arrival& arrival);
  bool refuses_clear(const Arrival& arrival);
  void police_outer_interfaces();
  bool too_big_for_tunnel(const Arrival& arrival);
  bool on_tunnel(ns3::Ptr<ns3::Packet> packet, const ns3::Address& source,
                 const ns3::Address& destination, std::uint16_t protocol);
  bool straight_into_tunnel(const Arrival& arrival);
  bool straight_out_of_tunnel(ByteView packet);
  [[nodiscard]] bool passes_by_tunnel(ByteView inner) const;
  void seal(ByteView inner);
  void send(const esp::Sealed& sealed);
  void on_esp(const FromOutside& packet);
  void into_stack(ByteView packet);
  void on_icmp(ByteView message, bool v6);
  /// What the data path wants of IKE: an SA for waiting traffic, a rekey.
  void grant_wishes();
  void emit(trace::Body body);

  ns3::Ptr<ns3::Node> node_;
  ns3::Ptr<ns3::Ipv4L3Protocol> ip_ = node_->GetObject<ns3::Ipv4L3Protocol>();
  Guards& guards_ = guards_of(*node_);
  ns3::Ptr<PolicedRouting> routing_ = policed_routing_of(*ip_);  ///< not in a program of others
  const scenario::Node& config_;
  const scenario::Scenario& scenario_;
  trace::Journal& journal_;
  std::uint64_t esp_datagrams_;
  std::uint16_t identification_ = 0;  ///< of outer IPv4 packets that may be fragmented
  std::unique_ptr<crypto::Provider> provider_;
  std::unique_ptr<crypto::RngSource> random_;
  std::unique_ptr<crypto::Rng> esp_iv_;
  std::vector<std::unique_ptr<historic::Front>> fronts_;
  std::uint64_t ordinal_, lives_ = 0;  ///< how often the engine was started
  std::unique_ptr<engine::Engine> endpoint_;
  std::list<esp::RemoveSa> installed_;  ///< what would take its SAs away again, the oldest first
  std::multimap<std::pair<bool, EspSpi>, std::list<esp::RemoveSa>::iterator>
      installed_by_spi_;  ///< inbound or not
  std::unique_ptr<esp::DataPath> data_path_;
  OuterSockets outside_;
  ns3::Ptr<ns3::VirtualNetDevice> tunnel_;
  std::uint32_t tunnel_interface_ = 0;
  ns3::EventId timer_;
  esp::Sealed sealed_;  ///< their memory is used again for each packet
  esp::Opened opened_;
  Bytes outer_;
  Bytes inner_;
  Summaries summaries_;
};

}  // namespace ikelab::sim
