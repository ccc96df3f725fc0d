// Shared media under the nodes: Ethernet (ns3::CsmaNetDevice) and wireless LANs
// (ns3::WifiNetDevice), with their frames in the trace and in captures as those of links are.
#pragma once
#include "sim/ns3/network.hpp"
#include "sim/ns3/ns3.hpp"

namespace ikelab::sim {

/// One device a member, in their order.
std::vector<ns3::Ptr<ns3::NetDevice>> make_lan(const scenario::Lan& lan,
                                               const std::vector<ns3::Ptr<ns3::Node>>& members);

/// Tells of every frame that is sent on the medium.
class LanTap {
 public:
  LanTap(const scenario::Lan& lan, const std::vector<ns3::Ptr<ns3::NetDevice>>& devices,
         trace::Journal& journal, WireTap* tap);
  LanTap(const LanTap&) = delete;
  LanTap& operator=(const LanTap&) = delete;
  ~LanTap();

 private:
  struct Member {
    std::string node;
    ns3::Ptr<ns3::NetDevice> device;
  };
  void on_frame(std::size_t from, ns3::Ptr<const ns3::Packet> frame);
  static void on_frame_of(LanTap* self, std::size_t from, ns3::Ptr<const ns3::Packet> frame);

  scenario::Lan lan_;
  std::vector<Member> members_;
  trace::Journal& journal_;
  WireTap* tap_;
};

}  // namespace ikelab::sim
