// A point-to-point link as the lab needs it: delay, jitter and loss from streams of its own, a tap
// for captures, a place for an adversary, and every crossing in the trace.
#pragma once
#include "protocol/crypto/rng.hpp"
#include "sim/ns3/network.hpp"
#include "sim/ns3/ns3.hpp"
#include "sim/script/adversary.hpp"

namespace ikelab::sim {

/// What a link's packets meet besides the link itself. The adversary may be null.
struct LinkSurroundings {
  trace::Journal* journal = nullptr;
  WireTap* tap = nullptr;
  script::Adversary* adversary = nullptr;
  std::string adversary_name;
  bool on_path = false;  ///< the adversary's decisions count; a passive one only sees
  std::string seat;      ///< of an off-path one: the end of the link that is its own host
};

class LabChannel : public ns3::PointToPointChannel {
 public:
  LabChannel(const scenario::Link& link, std::uint64_t seed);
  static ns3::TypeId GetTypeId();
  LinkSurroundings around;

  bool TransmitStart(ns3::Ptr<const ns3::Packet> packet, ns3::Ptr<ns3::PointToPointNetDevice> from,
                     ns3::Time transmission) override;
  /// What the adversary wants at its timers and after each packet.
  void carry_out(const script::Decision& decision);
  void drain_adversary();
  void schedule_adversary_timer();
  /// The scenario's `compromise:` gives it something.
  void grant(const script::Grant& grant);

 private:
  struct Crossing {
    std::size_t to = 0;  ///< index of the receiving device
    std::uint64_t id = 0;
    ns3::Ptr<ns3::Packet> frame;  ///< with its PPP header
    std::string from;             ///< who put it on the link, for the trace
    Duration extra{0};            ///< delay by an adversary
  };
  void cross(Crossing crossing, ns3::Time transmission);
  void inject(const script::Injection& injection);
  void adversary_timer();
  [[nodiscard]] const std::string& end(std::size_t i) const { return i == 0 ? link_.a : link_.b; }
  [[nodiscard]] Duration jitter(std::size_t to);

  scenario::Link link_;
  std::unique_ptr<crypto::RngSource> random_;
  std::unique_ptr<crypto::Rng> loss_[2], jitter_[2];
  ns3::EventId timer_;
};

}  // namespace ikelab::sim
