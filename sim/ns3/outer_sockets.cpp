#include "sim/ns3/outer_sockets.hpp"

#include "protocol/esp/outer.hpp"
#include "protocol/wire/udp_encapsulation.hpp"
#include "sim/ns3/datagram_tag.hpp"

namespace ikelab::sim {
namespace {

constexpr std::uint16_t ports[] = {wire::ike_port, wire::udp_encapsulation_port};

template <class Header>
FromOutside from_outside(const ns3::Packet& packet, const Header& header) {
  FromOutside out;
  out.id = datagram_id(packet);
  out.src.ip = from_ns3(header.GetSource());
  out.dst.ip = from_ns3(header.GetDestination());
  out.header.resize(header.GetSerializedSize());
  put_header(header, out.header);
  out.payload = bytes_of(packet);
  return out;
}

}  // namespace

// ---- protocol 50 -------------------------------------------------------------------------------

ns3::TypeId EspProtocol::GetTypeId() {
  static const ns3::TypeId id = ns3::TypeId("ikelab::EspProtocol")
                                    .SetParent<ns3::IpL4Protocol>()
                                    .AddConstructor<EspProtocol>();
  return id;
}

EspProtocol::RxStatus EspProtocol::Receive(ns3::Ptr<ns3::Packet> packet,
                                           const ns3::Ipv4Header& header,
                                           ns3::Ptr<ns3::Ipv4Interface>) {
  on_packet(from_outside(*packet, header));
  return RX_OK;
}

EspProtocol::RxStatus EspProtocol::Receive(ns3::Ptr<ns3::Packet> packet,
                                           const ns3::Ipv6Header& header,
                                           ns3::Ptr<ns3::Ipv6Interface>) {
  on_packet(from_outside(*packet, header));
  return RX_OK;
}

// ns-3 hands out of an ICMPv6 error what an ICMP message has: it is put together again (RFC 4443,
// 3.2).
void EspProtocol::ReceiveIcmp(ns3::Ipv6Address, std::uint8_t, std::uint8_t type, std::uint8_t code,
                              std::uint32_t info, ns3::Ipv6Address src, ns3::Ipv6Address dst,
                              const std::uint8_t payload[8]) {
  Bytes icmp = {type,
                code,
                0,
                0,
                static_cast<std::uint8_t>(info >> 24),
                static_cast<std::uint8_t>(info >> 16),
                static_cast<std::uint8_t>(info >> 8),
                static_cast<std::uint8_t>(info)};
  esp::IpHeader header;
  header.src = from_ns3(src);
  header.dst = from_ns3(dst);
  header.protocol = esp::ip_protocol_esp;
  esp::make_header(header, 8, icmp);
  icmp.insert(icmp.end(), payload, payload + 8);
  on_icmp(icmp, true);
}

// ---- UDP ---------------------------------------------------------------------------------------

OuterSockets::OuterSockets(ns3::Ptr<ns3::Node> node, Handlers handlers)
    : node_(std::move(node)),
      handlers_(std::move(handlers)),
      esp_(ns3::CreateObject<EspProtocol>()) {
  esp_->on_packet = handlers_.on_esp;
  esp_->on_icmp = handlers_.on_icmp;
  node_->GetObject<ns3::Ipv4>()->Insert(esp_);
  if (const auto ip = node_->GetObject<ns3::Ipv6>()) {
    ip->Insert(esp_);
    // ns-3 knows ESP as an extension header that it leaves out; here it is a protocol
    const auto extensions = node_->GetObject<ns3::Ipv6ExtensionDemux>();
    if (const auto known = extensions->GetExtension(esp::ip_protocol_esp))
      extensions->Remove(known);
  }
}

OuterSockets::~OuterSockets() {
  for (auto& [address, socket] : sockets_)
    socket->SetRecvCallback(ns3::MakeNullCallback<void, ns3::Ptr<ns3::Socket>>());
  esp_->on_packet = nullptr;
  esp_->on_icmp = nullptr;
}

void OuterSockets::open(const IpAddress& local) {
  if (local.is_unspecified()) return;
  for (const std::uint16_t port : ports) {
    const SocketAddress address{local, port};
    if (sockets_.contains(address)) continue;
    auto socket = ns3::Socket::CreateSocket(node_, ns3::UdpSocketFactory::GetTypeId());
    socket->Bind(to_ns3(address));
    socket->SetRecvCallback(ns3::MakeCallback(&OuterSockets::receive, this));
    sockets_[address] = socket;
  }
}

void OuterSockets::close(const IpAddress& local) {
  for (const std::uint16_t port : ports) {
    const auto at = sockets_.find({local, port});
    if (at == sockets_.end()) continue;
    at->second->SetRecvCallback(ns3::MakeNullCallback<void, ns3::Ptr<ns3::Socket>>());
    at->second->Close();
    sockets_.erase(at);
  }
}

bool OuterSockets::has(const IpAddress& local) const {
  return sockets_.contains({local, wire::ike_port});
}

bool OuterSockets::send(const SocketAddress& src, const SocketAddress& dst, ByteView payload,
                        std::uint64_t id, std::uint8_t traffic_class) {
  const auto at = sockets_.find(src);
  if (at == sockets_.end()) return false;
  const auto packet = packet_of(payload);
  packet->AddByteTag(DatagramTag(id));
  if (src.ip.is_v6())
    at->second->SetIpv6Tclass(traffic_class);
  else
    at->second->SetIpTos(traffic_class);
  at->second->SendTo(packet, 0, to_ns3(dst));
  return true;
}

void OuterSockets::receive(ns3::Ptr<ns3::Socket> socket) {
  ns3::Address from, to;
  while (const auto packet = socket->RecvFrom(from)) {
    socket->GetSockName(to);
    FromOutside out;
    out.id = datagram_id(*packet);
    out.src = from_ns3(from);
    out.dst = from_ns3(to);
    out.payload = bytes_of(*packet);
    handlers_.on_udp(std::move(out));
  }
}

}  // namespace ikelab::sim
