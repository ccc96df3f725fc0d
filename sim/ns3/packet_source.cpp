#include "sim/ns3/packet_source.hpp"

#include <cmath>

#include "sim/ns3/ip_packet.hpp"
#include "sim/ns3/ip_send.hpp"

namespace ikelab::sim {

ns3::TypeId PacketSource::GetTypeId() {
  static const ns3::TypeId id = ns3::TypeId("ikelab::PacketSource").SetParent<ns3::Application>();
  return id;
}

PacketSource::PacketSource(Plan plan, std::unique_ptr<crypto::Rng> dice)
    : plan_(std::move(plan)), dice_(std::move(dice)) {}

void PacketSource::StartApplication() {
  socket_ = ns3::Socket::CreateSocket(GetNode(), ns3::UdpSocketFactory::GetTypeId());
  const bool v6 = plan_.to.ip.is_v6();
  if (v6)
    socket_->Bind6();
  else
    socket_->Bind();
  if (plan_.dont_fragment && !v6)
    socket_->SetAttribute("IcmpCallback",
                          ns3::CallbackValue(ns3::MakeCallback(&PacketSource::on_icmp, this)));
  socket_->Connect(to_ns3(plan_.to));
  send();
}

void PacketSource::StopApplication() {
  timer_.Cancel();
  if (socket_) socket_->Close();
}

void PacketSource::on_icmp(ns3::Ipv4Address, std::uint8_t, std::uint8_t type, std::uint8_t code,
                           std::uint32_t info) {
  constexpr std::uint32_t headers = 28;  // IPv4 and UDP
  if (type != 3 || code != 4 || info <= headers) return;
  if (on_mtu) on_mtu(info);
  plan_.octets = std::min(plan_.octets, info - headers);
}

Duration PacketSource::next_interval() {
  if (!plan_.poisson) return plan_.interval;
  constexpr std::uint64_t scale = 1ULL << 53;
  const double uniform =
      (static_cast<double>(dice_->below(scale)) + 1) / static_cast<double>(scale);
  return Duration(
      static_cast<std::int64_t>(-std::log(uniform) * static_cast<double>(plan_.interval.count())));
}

/// ns-3's sockets always let their packets be fragmented: this one goes past them. The socket
/// stays, for what the network has to say about it.
void PacketSource::send_unfragmented() {
  const auto own = own_address(*GetNode(), plan_.to.ip);
  if (!own) return;
  ns3::Address bound;
  socket_->GetSockName(bound);
  const auto packet =
      make_packet("UDP", {*own, from_ns3(bound).port}, plan_.to, Bytes(plan_.octets));
  ns3::Ipv4Header header;
  packet->RemoveHeader(header);
  header.SetDontFragment();
  header.EnableChecksum();
  packet->AddHeader(header);
  send_ip(*GetNode(), bytes_of(*packet), 0);
}

void PacketSource::send() {
  ++sent_;
  if (plan_.dont_fragment && !plan_.to.ip.is_v6())
    send_unfragmented();
  else
    socket_->Send(ns3::Create<ns3::Packet>(plan_.octets));
  timer_ = ns3::Simulator::Schedule(to_ns3(next_interval()), &PacketSource::send, this);
}

}  // namespace ikelab::sim
