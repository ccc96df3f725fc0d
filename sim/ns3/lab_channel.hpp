// A point-to-point link as the lab needs it: delay, jitter and loss from streams of its own, a tap
// for captures, seats for adversaries and monitors, and every crossing in the trace.
#pragma once
#include "sim/ns3/network.hpp"
#include "sim/ns3/ns3.hpp"
#include "sim/script/adversary.hpp"

namespace ikelab::sim {

/// A script with its place on a link: an adversary, or a monitor's detector.
struct Seat {
  script::Adversary* script = nullptr;
  std::string name;
  bool sends = false;    ///< what it makes goes on the wire; a passive one only sees
  bool decides = false;  ///< what becomes of packets is its to say
  std::string host;      ///< of an off-path one: the end of the link that is its own
  bool monitor = false;
  bool leaving = false;  ///< a second sensor of a monitor, at the sender's end of the link
  ns3::EventId timer;
};

/// What a link's packets meet besides the link itself: the seats in their order, the way an
/// adversary's packets go past a monitor behind it.
struct LinkSurroundings {
  trace::Journal* journal = nullptr;
  WireTap* tap = nullptr;
  std::vector<std::unique_ptr<Seat>> seats;
};

class LabChannel : public ns3::PointToPointChannel {
 public:
  LabChannel(const scenario::Link& link, std::uint64_t seed);
  static ns3::TypeId GetTypeId();
  LinkSurroundings around;

  bool TransmitStart(ns3::Ptr<const ns3::Packet> packet, ns3::Ptr<ns3::PointToPointNetDevice> from,
                     ns3::Time transmission) override;
  /// The run begins, or ends, for the scripts on this link.
  void begin();
  void finish();
  /// The scenario's `compromise:` gives something to one of them.
  void grant(const std::string& name, const script::Grant& grant);

 private:
  struct Crossing {
    std::size_t to = 0;  ///< index of the receiving device
    std::uint64_t id = 0;
    ns3::Ptr<ns3::Packet> frame;  ///< with its PPP header
    std::string from;             ///< who put it on the link, for the trace
    Duration extra{0};            ///< delay by an adversary
  };
  /// Past every seat but its maker's, and then over the link. What is made on the way passes no
  /// sensor at the sender's end.
  void offer(Crossing crossing, ns3::Time transmission, const Seat* maker);
  /// False: it goes no further.
  bool pass(Seat& seat, Crossing& crossing);
  void cross(Crossing crossing, ns3::Time transmission);
  /// What a script wants at its timers and after each packet.
  void carry_out(Seat& seat, const script::Decision& decision);
  void inject(Seat& seat, const script::Injection& injection);
  void drain(Seat& seat);
  void on_timer(Seat& seat);
  void schedule_timer(Seat& seat);
  [[nodiscard]] const std::string& end(std::size_t i) const { return i == 0 ? link_.a : link_.b; }

  scenario::Link link_;
  std::unique_ptr<crypto::RngSource> random_;
  std::unique_ptr<path::Weather> weather_[2];  ///< towards a, towards b
  Bytes octets_;  ///< of the frame that crosses; their memory is used again
};

}  // namespace ikelab::sim
