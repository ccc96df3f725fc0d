#include "sim/ns3/access_cloud.hpp"

#include "sim/ns3/datagram_tag.hpp"
#include "sim/ns3/ip_packet.hpp"

namespace ikelab::sim {
namespace {

constexpr std::uint16_t ethertype_ipv4 = 0x0800;

}  // namespace

AccessCloud::AccessCloud(const scenario::Cloud& cloud, const scenario::Scenario& scenario,
                         ns3::Ptr<ns3::Node> gateway, const IpAddress& echo_server,
                         std::uint64_t first_ordinal, trace::Journal& journal, WireTap* tap)
    : cloud_(cloud),
      journal_(journal),
      tap_(tap),
      provider_(crypto::openssl_provider()),
      gateway_(gateway),
      device_(ns3::CreateObject<ns3::VirtualNetDevice>()) {
  device_->SetAddress(ns3::Mac48Address::Allocate());
  device_->SetIsPointToPoint(true);
  device_->SetMtu(1500);
  device_->SetSendCallback(ns3::MakeCallback(&AccessCloud::from_gateway, this));
  gateway_->AddDevice(device_);
  const auto ip = gateway_->GetObject<ns3::Ipv4>();
  const std::uint32_t interface = ip->AddInterface(device_);
  const Interface own = parse_interface(cloud.address);
  ip->AddAddress(interface, ns3::Ipv4InterfaceAddress(own.address, own.mask));
  ip->SetMetric(interface, 1);
  ip->SetUp(interface);

  const auto random = crypto::seeded_rng(scenario.seed, "cloud " + cloud.name);
  lines_.reserve(cloud.subscribers.size());
  std::unordered_map<std::string, const scenario::Node*> nodes;
  for (const scenario::Node& node : scenario.nodes)
    if (node.cloud) nodes[node.name] = &node;
  for (std::size_t i = 0; i < cloud.subscribers.size(); ++i) {
    const scenario::Cloud::Subscriber& one = cloud.subscribers[i];
    Subscriber::Surroundings around{provider_.get(), &journal_,
                                    [this, i](std::uint64_t id, const char*, Bytes packet) {
                                      from_subscriber(i, id, std::move(packet));
                                    }};
    lines_.push_back(
        {std::make_unique<Subscriber>(*nodes.at(one.node), scenario, cloud, i, first_ordinal + i,
                                      echo_server, std::move(around)),
         {path::Weather(one.line, {}, *random, "gateway from " + one.node), {}},
         {path::Weather(one.line, {}, *random, one.node), {}}});
    by_address_[one.address.to_v4()] = i;
    by_name_[one.node] = i;
  }
}

void AccessCloud::schedule() {
  for (Line& line : lines_) line.subscriber->schedule();
}

Subscriber* AccessCloud::find(const std::string& name) {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : lines_[at->second].subscriber.get();
}

void AccessCloud::finish() {
  if (cloud_.flow.packets == 0) return;
  std::uint64_t sent = 0, answered = 0;
  for (const Line& line : lines_) {
    sent += line.subscriber->sent();
    answered += line.subscriber->answered();
  }
  const std::string subject = "echo " + cloud_.name + " > " + cloud_.flow.to;
  const auto metric = [&](const char* name, std::uint64_t value) {
    journal_.emit(now(), cloud_.gateway, "",
                  trace::Metric{subject, name, "packets", static_cast<std::int64_t>(value)});
  };
  metric("sent", sent);
  metric("received", answered);
}

std::vector<Duration> AccessCloud::cross(Lane& lane, std::size_t index, bool up, std::uint64_t id,
                                         ByteView packet) {
  if (tap_ != nullptr) tap_->on_wire(cloud_.name, now(), id, packet);
  const auto transmission =
      Duration(static_cast<std::int64_t>(static_cast<double>(packet.size()) * 8e9 /
                                         static_cast<double>(lane.weather.conditions().rate_bps)));
  lane.free = std::max(lane.free, now()) + transmission;
  const Duration waits = lane.free - now();
  path::Fate fate = lane.weather.next(now());
  for (Duration& delay : fate.delays) delay += waits;
  const std::string& name = cloud_.subscribers[index].node;
  trace::PacketOnLink body;
  body.id = id;
  body.link = cloud_.name;
  body.from = up ? name : cloud_.gateway;
  body.to = up ? cloud_.gateway : name;
  body.protocol = protocol_of(packet);
  body.size = packet.size();
  body.sent_ns = now().ns;
  body.lost = fate.lost;
  if (fate.lost.empty()) body.arrives_ns = (now() + fate.delays.front()).ns;
  journal_.emit(now(), "", "", std::move(body));
  if (!fate.lost.empty() && id != 0)
    journal_.emit(now(), "", "",
                  trace::DatagramDropped{id, "line of " + name, std::move(fate.lost)});
  return std::move(fate.delays);
}

bool AccessCloud::from_gateway(ns3::Ptr<ns3::Packet> packet, const ns3::Address&,
                               const ns3::Address&, std::uint16_t) {
  Bytes octets = bytes_of(*packet);
  if (octets.size() < 20) return true;
  const std::uint32_t to = std::uint32_t{octets[16]} << 24 | std::uint32_t{octets[17]} << 16 |
                           std::uint32_t{octets[18]} << 8 | octets[19];
  const std::uint64_t id = datagram_id(*packet);
  const auto at = by_address_.find(to);
  if (at == by_address_.end()) {
    journal_.emit(now(), "", "",
                  trace::DatagramDropped{id, "cloud " + cloud_.name, "nobody has that address"});
    return true;
  }
  Line& line = lines_[at->second];
  const auto delays = cross(line.down, at->second, false, id, octets);
  const auto shared = std::make_shared<const Bytes>(std::move(octets));  // events are copied about
  for (const Duration delay : delays)
    ns3::Simulator::Schedule(to_ns3(delay),
                             [s = line.subscriber.get(), id, shared] { s->receive(id, *shared); });
  return true;
}

void AccessCloud::from_subscriber(std::size_t index, std::uint64_t id, Bytes octets) {
  const auto delays = cross(lines_[index].up, index, true, id, octets);
  const auto shared = std::make_shared<const Bytes>(std::move(octets));
  for (const Duration delay : delays)
    ns3::Simulator::ScheduleWithContext(gateway_->GetId(), to_ns3(delay), [this, id, shared] {
      const auto packet = packet_of(*shared);
      packet->AddByteTag(DatagramTag(id));
      device_->Receive(packet, ethertype_ipv4, device_->GetAddress(), device_->GetAddress(),
                       ns3::NetDevice::PACKET_HOST);
    });
}

}  // namespace ikelab::sim
