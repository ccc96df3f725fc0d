#include "sim/ns3/echo_source.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <ns3/icmpv6-header.h>
#include <ns3/ipv6-raw-socket-factory.h>
#pragma GCC diagnostic pop

namespace ikelab::sim {
namespace {

constexpr std::uint8_t icmpv6 = 58;

}  // namespace

ns3::TypeId EchoSource::GetTypeId() {
  static const ns3::TypeId id = ns3::TypeId("ikelab::EchoSource").SetParent<ns3::Application>();
  return id;
}

void EchoSource::StartApplication() {
  socket_ = ns3::Socket::CreateSocket(GetNode(), ns3::Ipv6RawSocketFactory::GetTypeId());
  socket_->SetAttribute("Protocol", ns3::UintegerValue(icmpv6));
  socket_->Bind(to_ns3(SocketAddress{from_, 0}));
  socket_->SetRecvCallback(ns3::MakeCallback(&EchoSource::receive, this));
  send();
}

void EchoSource::StopApplication() {
  timer_.Cancel();
  if (socket_) socket_->SetRecvCallback(ns3::MakeNullCallback<void, ns3::Ptr<ns3::Socket>>());
}

void EchoSource::send() {
  const auto packet = ns3::Create<ns3::Packet>(octets_);
  ns3::Icmpv6Echo header(true);
  header.SetId(static_cast<std::uint16_t>(GetNode()->GetId() + 1));
  header.SetSeq(static_cast<std::uint16_t>(++sent_));
  packet->AddHeader(header);
  // the kernel of ns-3 fills the checksum in only where it makes the message itself
  header.CalculatePseudoHeaderChecksum(to_ns3_v6(from_), to_ns3_v6(to_),
                                       static_cast<std::uint16_t>(packet->GetSize()), icmpv6);
  ns3::Icmpv6Echo replaced(true);
  packet->RemoveHeader(replaced);
  packet->AddHeader(header);
  waiting_[header.GetSeq()] = now();
  socket_->SendTo(packet, 0, to_ns3(SocketAddress{to_, 0}));
  timer_ = ns3::Simulator::Schedule(to_ns3(interval_), &EchoSource::send, this);
}

void EchoSource::receive(ns3::Ptr<ns3::Socket> socket) {
  ns3::Address from;
  while (const auto packet = socket->RecvFrom(from)) {
    const Bytes octets = bytes_of(*packet);
    // ns-3's raw socket hands the IPv6 header over with it
    const std::size_t at = !octets.empty() && octets[0] >> 4 == 6 && octets.size() > 40 ? 40 : 0;
    if (octets.size() < at + 8 || octets[at] != ns3::Icmpv6Header::ICMPV6_ECHO_REPLY) continue;
    const auto sequence = static_cast<std::uint16_t>(octets[at + 6] << 8 | octets[at + 7]);
    const auto sent = waiting_.find(sequence);
    if (sent == waiting_.end()) continue;
    ++received_;
    if (on_reply) on_reply(now() - sent->second);
    waiting_.erase(sent);
  }
}

}  // namespace ikelab::sim
