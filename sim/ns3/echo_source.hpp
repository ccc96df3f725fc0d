// ICMPv6 echo requests from one address, and what came back (RFC 4443, 4).
#pragma once
#include <functional>
#include <map>

#include "sim/ns3/ns3.hpp"

namespace ikelab::sim {

class EchoSource : public ns3::Application {
 public:
  static ns3::TypeId GetTypeId();
  EchoSource(const IpAddress& from, const IpAddress& to, Duration interval, std::uint32_t octets)
      : from_(from), to_(to), interval_(interval), octets_(octets) {}
  std::function<void(Duration rtt)> on_reply;
  [[nodiscard]] std::int64_t sent() const { return sent_; }
  [[nodiscard]] std::int64_t received() const { return received_; }

 private:
  void StartApplication() override;
  void StopApplication() override;
  void send();
  void receive(ns3::Ptr<ns3::Socket> socket);

  IpAddress from_, to_;
  Duration interval_;
  std::uint32_t octets_;
  ns3::Ptr<ns3::Socket> socket_;
  ns3::EventId timer_;
  std::map<std::uint16_t, Instant> waiting_;
  std::int64_t sent_ = 0, received_ = 0;
};

}  // namespace ikelab::sim
