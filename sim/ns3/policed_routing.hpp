// Static routing with guards at its input: what arrives is shown to them before it is forwarded or
// delivered. A firewall drops, a NAT box rewrites, a gateway asks its SPD (RFC 4301, 5.2), and
// every router answers packets that are too big and must not be fragmented (RFC 1191, 4), which
// ns-3 alone would fragment. ns-3 delivers IPv6 packets for the node itself before it asks its
// routing: police_delivery() puts the guards before each protocol there.
#pragma once
#include <array>
#include <functional>
#include <vector>

#include "sim/ns3/ns3.hpp"

namespace ikelab::sim {

/// A packet at a node's input: one of the headers is there.
struct Arrival {
  ns3::Ptr<const ns3::Packet> payload;
  const ns3::NetDevice* device = nullptr;
  const ns3::Ipv4Header* v4 = nullptr;
  const ns3::Ipv6Header* v6 = nullptr;
  bool for_us = false;
  /// The whole IP packet.
  [[nodiscard]] Bytes octets() const {
    const auto whole = payload->Copy();
    if (v4 != nullptr)
      whole->AddHeader(*v4);
    else
      whole->AddHeader(*v6);
    return bytes_of(*whole);
  }
};

/// True: the packet was taken, and goes no further on this way.
using Guard = std::function<bool(const Arrival& arrival)>;

/// Those of one node, asked in their order, for either version of IP.
class Guards : public ns3::Object {
 public:
  static ns3::TypeId GetTypeId();
  void add(Guard guard) { all_.push_back(std::move(guard)); }
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] bool take(const Arrival& arrival) const {
    for (const Guard& guard : all_)
      if (guard(arrival)) return true;
    return false;
  }

 private:
  std::vector<Guard> all_;
};

/// Routes that were looked up already, of some destinations.
class RouteMemo {
 public:
  /// `key`: what else the answer depends on. nullptr is an answer, too.
  template <class LookUp>
  ns3::Ptr<ns3::Ipv4Route> find(ns3::Ipv4Address to, std::uint64_t key, LookUp look_up) {
    Row& row = rows_[(to.Get() ^ key) % rows_.size()];
    const std::uint64_t whole = key << 32 | to.Get();
    if (!row.known || row.key != whole) row = {true, whole, look_up()};
    return row.route;
  }
  void forget() { rows_ = {}; }

 private:
  struct Row {
    bool known = false;
    std::uint64_t key = 0;
    ns3::Ptr<ns3::Ipv4Route> route;
  };
  std::array<Row, 16> rows_;
};

/// The types of a member function's callbacks: 3.37 passes them by value, 3.43 by reference.
template <class Function>
struct RouteInputOf;
template <class R, class C, class P, class H, class D, class U, class M, class L, class E>
struct RouteInputOf<R (C::*)(P, H, D, U, M, L, E)> {
  using Unicast = U;
  using Multicast = M;
  using Local = L;
  using Failed = E;
};

class PolicedRouting : public ns3::Ipv4StaticRouting {
 public:
  using Input = RouteInputOf<decltype(&ns3::Ipv4StaticRouting::RouteInput)>;
  static ns3::TypeId GetTypeId();
  explicit PolicedRouting(ns3::Ptr<ns3::Node> node) : node_(std::move(node)) {}
  bool RouteInput(ns3::Ptr<const ns3::Packet> packet, const ns3::Ipv4Header& header,
                  ns3::Ptr<const ns3::NetDevice> device, Input::Unicast forward,
                  Input::Multicast forward_many, Input::Local deliver,
                  Input::Failed failed) override;
  /// Where a packet goes that came in at `interface` and is to be forwarded; nullptr: nowhere, or
  /// it is the node's own.
  ns3::Ptr<ns3::Ipv4Route> way(const ns3::Ipv4Header& header, std::uint32_t interface);

  /// Of this node; forgotten when its addresses change, and by forget_routes().
  RouteMemo memo;
  void NotifyInterfaceUp(std::uint32_t interface) override;
  void NotifyInterfaceDown(std::uint32_t interface) override;
  void NotifyAddAddress(std::uint32_t interface, ns3::Ipv4InterfaceAddress address) override;
  void NotifyRemoveAddress(std::uint32_t interface, ns3::Ipv4InterfaceAddress address) override;

 protected:
  void DoDispose() override;

 private:
  ns3::Ptr<ns3::Node> node_;
  const Guards* guards_ = nullptr;  ///< the node's; known from the first packet on
};

class PolicedRouting6 : public ns3::Ipv6StaticRouting {
 public:
  using Input = RouteInputOf<decltype(&ns3::Ipv6StaticRouting::RouteInput)>;
  static ns3::TypeId GetTypeId();
  explicit PolicedRouting6(ns3::Ptr<ns3::Node> node) : node_(std::move(node)) {}
  bool RouteInput(ns3::Ptr<const ns3::Packet> packet, const ns3::Ipv6Header& header,
                  ns3::Ptr<const ns3::NetDevice> device, Input::Unicast forward,
                  Input::Multicast forward_many, Input::Local deliver,
                  Input::Failed failed) override;

 private:
  ns3::Ptr<ns3::Node> node_;
};

/// For InternetStackHelper: nodes whose routing is policed.
class PolicedRoutingHelper : public ns3::Ipv4RoutingHelper {
 public:
  [[nodiscard]] PolicedRoutingHelper* Copy() const override {
    return new PolicedRoutingHelper(*this);
  }
  [[nodiscard]] ns3::Ptr<ns3::Ipv4RoutingProtocol> Create(ns3::Ptr<ns3::Node> node) const override {
    return ns3::CreateObject<PolicedRouting>(node);
  }
};
class PolicedRouting6Helper : public ns3::Ipv6RoutingHelper {
 public:
  [[nodiscard]] PolicedRouting6Helper* Copy() const override {
    return new PolicedRouting6Helper(*this);
  }
  [[nodiscard]] ns3::Ptr<ns3::Ipv6RoutingProtocol> Create(ns3::Ptr<ns3::Node> node) const override {
    return ns3::CreateObject<PolicedRouting6>(node);
  }
};

/// For IPv4; nullptr when the node has another routing protocol.
ns3::Ptr<PolicedRouting> policed_routing_of(ns3::Ipv4& ip);
/// Whoever changes a node's routes says so.
void forget_routes(ns3::Node& node);

/// The node's guards, made when they are first asked for.
Guards& guards_of(ns3::Node& node);

/// A protocol of the node on one interface, behind the guards.
class PolicedProtocol : public ns3::IpL4Protocol {
 public:
  static ns3::TypeId GetTypeId();
  PolicedProtocol(ns3::Ptr<ns3::Node> node, ns3::Ptr<ns3::IpL4Protocol> real)
      : node_(std::move(node)), real_(std::move(real)) {}
  int GetProtocolNumber() const override { return real_->GetProtocolNumber(); }
  RxStatus Receive(ns3::Ptr<ns3::Packet> packet, const ns3::Ipv4Header& header,
                   ns3::Ptr<ns3::Ipv4Interface> interface) override;
  RxStatus Receive(ns3::Ptr<ns3::Packet> packet, const ns3::Ipv6Header& header,
                   ns3::Ptr<ns3::Ipv6Interface> interface) override;
  void ReceiveIcmp(ns3::Ipv6Address source, std::uint8_t ttl, std::uint8_t type, std::uint8_t code,
                   std::uint32_t info, ns3::Ipv6Address from, ns3::Ipv6Address to,
                   const std::uint8_t payload[8]) override;
  void SetDownTarget(DownTargetCallback target) override { real_->SetDownTarget(target); }
  void SetDownTarget6(DownTargetCallback6 target) override { real_->SetDownTarget6(target); }
  DownTargetCallback GetDownTarget() const override { return real_->GetDownTarget(); }
  DownTargetCallback6 GetDownTarget6() const override { return real_->GetDownTarget6(); }

 private:
  ns3::Ptr<ns3::Node> node_;
  ns3::Ptr<ns3::IpL4Protocol> real_;
};

/// TCP, UDP and ICMPv6 of the node go through its guards when they came by this IPv6 interface.
void police_delivery(const ns3::Ptr<ns3::Node>& node, std::uint32_t interface);

}  // namespace ikelab::sim
