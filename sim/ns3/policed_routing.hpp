// Static routing with a guard at its input: what arrives in the clear is shown to the SPD before it
// is forwarded or delivered (RFC 4301, 5.2). A node without IPsec has no guard.
#pragma once
#include <functional>

#include "sim/ns3/ns3.hpp"

namespace ikelab::sim {

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
  /// True: the packet goes no further.
  using Guard = std::function<bool(const ns3::Packet& payload, const ns3::Ipv4Header& header,
                                   const ns3::NetDevice& device)>;
  void set_guard(Guard guard) { guard_ = std::move(guard); }

  bool RouteInput(ns3::Ptr<const ns3::Packet> packet, const ns3::Ipv4Header& header,
                  ns3::Ptr<const ns3::NetDevice> device, Input::Unicast forward,
                  Input::Multicast forward_many, Input::Local deliver,
                  Input::Failed failed) override {
    if (guard_ && guard_(*packet, header, *device)) return true;  // taken, and gone
    return Ipv4StaticRouting::RouteInput(packet, header, device, forward, forward_many, deliver,
                                         failed);
  }

 private:
  Guard guard_;
};

class PolicedRoutingHelper : public ns3::Ipv4RoutingHelper {
 public:
  [[nodiscard]] PolicedRoutingHelper* Copy() const override {
    return new PolicedRoutingHelper(*this);
  }
  [[nodiscard]] ns3::Ptr<ns3::Ipv4RoutingProtocol> Create(ns3::Ptr<ns3::Node>) const override {
    return ns3::CreateObject<PolicedRouting>();
  }
};

}  // namespace ikelab::sim
