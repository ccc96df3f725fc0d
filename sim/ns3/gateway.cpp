#include "sim/ns3/gateway.hpp"

#include <algorithm>

#include "sim/ns3/datagram_tag.hpp"
#include "sim/ns3/policed_routing.hpp"

namespace ikelab::sim {
namespace {

constexpr std::uint16_t ike_port = 500, nat_port = 4500;
constexpr std::uint8_t esp_protocol = 50;
constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint32_t esp_overhead =
    100;  // outer IP, SPI, sequence, IV, padding, ICV of every suite we have
const IpAddress no_inner_address = IpAddress::v4(0xA9FE0001U);  // link-local: no policy covers it
constexpr std::uint64_t esp_ids =
    1ULL << 31;  // a node's ESP packets are counted apart from its IKE datagrams

policy::EndpointConfig endpoint_config(const scenario::Node& node,
                                       const scenario::Scenario& scenario, std::uint64_t base) {
  policy::EndpointConfig config;
  config.node = node.name;
  config.datagram_id_base = base;
  config.connections = node.connections;
  for (policy::ConnectionConfig& connection : config.connections)  // IKE has no part in these
    std::erase_if(connection.children,
                  [](const policy::ChildConfig& child) { return !child.needs_sas(); });
  config.pools = node.pools;
  config.retransmit = scenario.retransmit;
  if (node.cookie_threshold) config.cookie_threshold = *node.cookie_threshold;
  config.disclose_secrets = scenario.disclose_secrets;
  config.epoch = scenario.epoch;
  return config;
}

/// The smallest prefix that covers a selector's addresses.
Interface covering_prefix(const wire::TrafficSelector& ts) {
  const std::uint32_t start = ts.start.to_v4(), end = ts.end.to_v4();
  std::uint32_t mask = 0xffffffff;
  while ((start & mask) != (end & mask)) mask <<= 1;
  return {ns3::Ipv4Address(start & mask), ns3::Ipv4Mask(mask)};
}

std::string spi_of(ByteView esp_packet) {
  return esp_packet.size() < 4 ? "" : to_hex(esp_packet.first(4));
}

}  // namespace

Gateway::Gateway(ns3::Ptr<ns3::Node> node, const scenario::Node& config,
                 const scenario::Scenario& scenario, std::uint64_t ordinal, trace::Journal& journal)
    : node_(node),
      config_(config),
      scenario_(scenario),
      journal_(journal),
      esp_datagrams_((ordinal << 32) + esp_ids),
      provider_(crypto::openssl_provider()),
      random_(crypto::seeded_rng(scenario.seed, config.name)),
      esp_iv_(random_->stream("esp-iv")),
      endpoint_(std::make_unique<ikev2::Endpoint>(endpoint_config(config, scenario, ordinal << 32),
                                                  *provider_,
                                                  crypto::seeded_rng(scenario.seed, config.name))),
      data_path_(std::make_unique<esp::DataPath>(*provider_, *esp_iv_)) {
  std::uint32_t mtu = 1500;
  for (const scenario::Link& link : scenario.links)
    if (link.a == config.name || link.b == config.name) mtu = std::min(mtu, link.mtu);
  make_tunnel_device(mtu - esp_overhead);
  route_into_tunnel();
  guard_input();
  open_sockets();
}

void Gateway::emit(trace::Body body) {
  journal_.emit(now(), config_.name, "", std::move(body));
}

// ---- building ----------------------------------------------------------------------------------

void Gateway::open_sockets() {
  for (const policy::ConnectionConfig& connection : config_.connections) {
    const IpAddress& local = connection.local_addr;
    if (ike_sockets_.contains(local)) continue;
    const ns3::InetSocketAddress any_port(to_ns3(local), 0), ike(to_ns3(local), ike_port);
    auto udp = ns3::Socket::CreateSocket(node_, ns3::UdpSocketFactory::GetTypeId());
    udp->Bind(ike);
    udp->SetRecvCallback(ns3::MakeCallback(&Gateway::on_ike, this));
    ike_sockets_[local] = udp;
    auto raw = ns3::Socket::CreateSocket(node_, ns3::Ipv4RawSocketFactory::GetTypeId());
    raw->SetAttribute("Protocol", ns3::UintegerValue(esp_protocol));
    raw->Bind(any_port);
    raw->SetRecvCallback(ns3::MakeCallback(&Gateway::on_esp, this));
    esp_sockets_[local] = raw;
  }
}

void Gateway::make_tunnel_device(std::uint32_t mtu) {
  tunnel_ = ns3::CreateObject<ns3::VirtualNetDevice>();
  tunnel_->SetAddress(ns3::Mac48Address::Allocate());
  tunnel_->SetIsPointToPoint(true);
  tunnel_->SetMtu(static_cast<std::uint16_t>(mtu));
  tunnel_->SetSendCallback(ns3::MakeCallback(&Gateway::on_tunnel, this));
  node_->AddDevice(tunnel_);
  auto ip = node_->GetObject<ns3::Ipv4>();
  tunnel_interface_ = ip->AddInterface(tunnel_);
  // A gateway's tunnel has a link-local address that no policy covers; a road warrior's has its
  // inner address.
  std::vector<IpAddress> addresses = config_.inner_addresses;
  if (addresses.empty()) addresses.push_back(no_inner_address);
  for (const IpAddress& address : addresses)
    ip->AddAddress(tunnel_interface_,
                   ns3::Ipv4InterfaceAddress(to_ns3(address), ns3::Ipv4Mask::GetOnes()));
  ip->SetMetric(tunnel_interface_, 1);
  ip->SetUp(tunnel_interface_);
}

void Gateway::route_into_tunnel() {
  ns3::Ipv4StaticRoutingHelper helper;
  auto routing = helper.GetStaticRouting(node_->GetObject<ns3::Ipv4>());
  for (const policy::ConnectionConfig& connection : config_.connections) {
    for (esp::Policy& policy : esp::policies_of(connection, config_.pools))
      data_path_->add_policy(std::move(policy));
    for (const policy::ChildConfig& configured : connection.children) {
      if (configured.mode == policy::ChildMode::pass) continue;
      const policy::ChildConfig child = policy::written_out(configured, connection, config_.pools);
      for (const wire::TrafficSelector& ts : child.remote_ts) {
        if (ts.start.is_v6()) continue;
        const Interface prefix = covering_prefix(ts);
        routing->AddNetworkRouteTo(prefix.address, prefix.mask, tunnel_interface_);
      }
    }
  }
}

void Gateway::guard_input() {
  const auto routing =
      ns3::DynamicCast<PolicedRouting>(node_->GetObject<ns3::Ipv4>()->GetRoutingProtocol());
  IKELAB_ASSERT(routing != nullptr);
  routing->set_guard(
      [this](const ns3::Packet& payload, const ns3::Ipv4Header& header,
             const ns3::NetDevice& device) { return refuses_clear(payload, header, device); });
}

/// A packet that came through an interface with a tunnel's outer address, and not through a tunnel.
bool Gateway::refuses_clear(const ns3::Packet& payload, const ns3::Ipv4Header& header,
                            const ns3::NetDevice& device) {
  auto ip = node_->GetObject<ns3::Ipv4>();
  const std::int32_t interface = ip->GetInterfaceForDevice(ns3::Ptr<const ns3::NetDevice>(&device));
  if (interface < 0 || interface == static_cast<std::int32_t>(tunnel_interface_)) return false;
  const IpAddress own =
      from_ns3(ip->GetAddress(static_cast<std::uint32_t>(interface), 0).GetLocal());
  if (!ike_sockets_.contains(own)) return false;  // a protected interface
  const bool ours = from_ns3(header.GetDestination()) == own;
  const auto whole = payload.Copy();
  if (ours && header.GetProtocol() == esp_protocol) return false;
  if (ours && header.GetProtocol() == 17) {  // IKE, and ESP in UDP
    ns3::UdpHeader udp;
    whole->PeekHeader(udp);
    if (udp.GetDestinationPort() == ike_port || udp.GetDestinationPort() == nat_port) return false;
  }
  whole->AddHeader(header);
  const Bytes packet = bytes_of(*whole);
  if (data_path_->inbound_clear(packet) != esp::Verdict::discard) return false;
  emit(trace::EspRejected{datagram_id(*whole), "", 0, "E-ESP-CLEAR",
                          "policy wants protection for " + esp::summarize_packet(packet) +
                              ", and it came in the clear"});
  return true;
}

// ---- running -----------------------------------------------------------------------------------

void Gateway::start() {
  for (const policy::ConnectionConfig& connection : config_.connections)
    for (const policy::ChildConfig& child : connection.children)
      if (child.start) command(ikev2::Initiate{connection.name, child.name});
}

void Gateway::command(const ikev2::Command& command) {
  if (auto done = endpoint_->command(now(), command); !done)
    emit(trace::Diagnostic{"error", done.error().code, done.error().message, done.error().rfc, 0, 0,
                           0});
  drain();
}

void Gateway::on_ike(ns3::Ptr<ns3::Socket> socket) {
  ns3::Address from, to;
  while (auto packet = socket->RecvFrom(from)) {
    const auto source = ns3::InetSocketAddress::ConvertFrom(from);
    socket->GetSockName(to);
    const auto local = ns3::InetSocketAddress::ConvertFrom(to);
    ikev2::Datagram datagram{datagram_id(*packet),
                             {from_ns3(source.GetIpv4()), source.GetPort()},
                             {from_ns3(local.GetIpv4()), local.GetPort()},
                             bytes_of(*packet)};
    emit(trace::DatagramReceived{datagram.id, "IKE", datagram.src.to_string(),
                                 datagram.dst.to_string(), datagram.payload,
                                 datagram.payload.size()});
    endpoint_->handle_datagram(now(), datagram);
    drain();
  }
}

void Gateway::on_timeout() {
  endpoint_->handle_timeout(now());
  drain();
}

void Gateway::drain() {
  while (auto event = endpoint_->poll_event())
    journal_.emit(now(), config_.name, std::move(*event));
  while (auto change = endpoint_->poll_sad()) apply(std::move(*change));
  while (auto datagram = endpoint_->poll_transmit()) {
    const auto socket = ike_sockets_.find(datagram->src.ip);
    if (socket == ike_sockets_.end()) continue;
    emit(trace::DatagramSent{datagram->id, "IKE", datagram->src.to_string(),
                             datagram->dst.to_string(), datagram->payload,
                             datagram->payload.size()});
    auto packet = packet_of(datagram->payload);
    packet->AddByteTag(DatagramTag(datagram->id));
    socket->second->SendTo(packet, 0,
                           ns3::InetSocketAddress(to_ns3(datagram->dst.ip), datagram->dst.port));
  }
  timer_.Cancel();
  if (const auto at = endpoint_->poll_timeout())
    timer_ = ns3::Simulator::Schedule(to_ns3(std::max(*at - now(), Duration{0})),
                                      &Gateway::on_timeout, this);
}

void Gateway::apply(esp::SadChange change) {
  if (const auto* inner = std::get_if<esp::InnerAddress>(&change)) return set_inner(*inner);
  data_path_->apply(std::move(change));
}

void Gateway::set_inner(const esp::InnerAddress& inner) {
  if (inner.address.is_v6()) return;
  const auto ip = node_->GetObject<ns3::Ipv4>();
  const ns3::Ipv4Address none = to_ns3(no_inner_address);
  ip->RemoveAddress(tunnel_interface_, inner.ours ? none : to_ns3(inner.address));
  if (!inner.ours && ip->GetNAddresses(tunnel_interface_) > 0) return;
  ip->AddAddress(tunnel_interface_,
                 ns3::Ipv4InterfaceAddress(inner.ours ? to_ns3(inner.address) : none,
                                           ns3::Ipv4Mask::GetOnes()));
}

// ---- ESP ---------------------------------------------------------------------------------------

bool Gateway::on_tunnel(ns3::Ptr<ns3::Packet> packet, const ns3::Address&, const ns3::Address&,
                        std::uint16_t) {
  const Bytes inner = bytes_of(*packet);
  data_path_->set_now(now());
  if (data_path_->lookup(inner) == esp::Verdict::bypass) {
    send_in_the_clear(packet);
    return true;
  }
  auto sealed = data_path_->seal(inner);
  grant_wishes();
  if (!sealed) {
    emit(trace::EspRejected{0, "", 0, sealed.error().code,
                            sealed.error().message + ": " + esp::summarize_packet(inner)});
    return true;
  }
  const auto socket = esp_sockets_.find(sealed->src);
  if (socket == esp_sockets_.end()) return true;
  const std::uint64_t id = ++esp_datagrams_;
  trace::EspSealed body{id,
                        to_string(sealed->spi),
                        sealed->sequence,
                        inner.size(),
                        sealed->packet.size(),
                        esp::summarize_packet(inner),
                        {}};
  if (scenario_.disclose_secrets) body.inner = inner;
  emit(std::move(body));
  emit(trace::DatagramSent{id, "ESP", sealed->src.to_string(), sealed->dst.to_string(),
                           sealed->packet, sealed->packet.size()});
  auto outer = packet_of(sealed->packet);
  outer->AddByteTag(DatagramTag(id));
  socket->second->SetIpTos(sealed->traffic_class);
  socket->second->SendTo(outer, 0, ns3::InetSocketAddress(to_ns3(sealed->dst), 0));
  return true;
}

void Gateway::send_in_the_clear(ns3::Ptr<ns3::Packet> packet) {
  const auto copy = packet->Copy();
  ns3::Ipv4Header header;
  copy->RemoveHeader(header);
  auto ip = node_->GetObject<ns3::Ipv4L3Protocol>();
  const auto routing = ns3::DynamicCast<PolicedRouting>(ip->GetRoutingProtocol());
  std::optional<ns3::Ipv4RoutingTableEntry> best;
  for (std::uint32_t i = 0; i < routing->GetNRoutes(); ++i) {
    const ns3::Ipv4RoutingTableEntry route = routing->GetRoute(i);
    const ns3::Ipv4Mask mask = route.GetDestNetworkMask();
    if (route.GetInterface() == tunnel_interface_) continue;
    if (header.GetDestination().CombineMask(mask) != route.GetDestNetwork()) continue;
    if (!best || mask.GetPrefixLength() > best->GetDestNetworkMask().GetPrefixLength())
      best = route;
  }
  if (!best) return;
  auto route = ns3::Create<ns3::Ipv4Route>();
  route->SetDestination(header.GetDestination());
  route->SetSource(header.GetSource());
  route->SetGateway(best->GetGateway());
  route->SetOutputDevice(ip->GetNetDevice(best->GetInterface()));
  ip->SendWithHeader(copy, header, route);
}

void Gateway::grant_wishes() {
  while (const auto wish = data_path_->poll_wish()) {
    switch (wish->kind) {
      case esp::Wish::Kind::acquire:
        emit(trace::TimerFired{"acquire", wish->reason});
        command(ikev2::Initiate{wish->connection, wish->child, wish->packet});
        break;
      case esp::Wish::Kind::rekey:
        emit(trace::TimerFired{"rekey_child", wish->reason});
        command(ikev2::RekeyChild{wish->child, wish->spi_in});
        break;
      case esp::Wish::Kind::expire:
        command(ikev2::ExpireChild{wish->spi_in});
        break;
    }
  }
}

void Gateway::reject(std::uint64_t datagram, const Error& error, ByteView esp_packet) {
  std::uint64_t sequence = 0;
  for (std::size_t i = 4; i < 8 && i < esp_packet.size(); ++i)
    sequence = sequence << 8 | esp_packet[i];
  emit(trace::EspRejected{datagram, spi_of(esp_packet), sequence, error.code, error.message});
}

void Gateway::on_esp(ns3::Ptr<ns3::Socket> socket) {
  ns3::Address from;
  while (auto packet = socket->RecvFrom(from)) {
    const std::uint64_t id = datagram_id(*packet);
    ns3::Ipv4Header outer;
    const Bytes whole = bytes_of(*packet);
    packet->RemoveHeader(outer);
    const ByteView header = ByteView(whole).first(outer.GetSerializedSize());
    const Bytes octets = bytes_of(*packet);
    emit(trace::DatagramReceived{id, "ESP", from_ns3(outer.GetSource()).to_string(),
                                 from_ns3(outer.GetDestination()).to_string(), octets,
                                 octets.size()});
    auto opened = data_path_->open(octets, header);
    if (!opened) {
      reject(id, opened.error(), octets);
      continue;
    }
    trace::EspOpened body{id,
                          to_string(opened->spi),
                          opened->sequence,
                          opened->inner.size(),
                          esp::summarize_packet(opened->inner),
                          {}};
    if (scenario_.disclose_secrets) body.inner = opened->inner;
    emit(std::move(body));
    tunnel_->Receive(packet_of(opened->inner), ethertype_ipv4, tunnel_->GetAddress(),
                     tunnel_->GetAddress(), ns3::NetDevice::PACKET_HOST);
  }
}

}  // namespace ikelab::sim
