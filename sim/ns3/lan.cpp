#include "sim/ns3/lan.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <ns3/csma-channel.h>
#include <ns3/csma-net-device.h>
#include <ns3/ethernet-header.h>
#include <ns3/mobility-helper.h>
#include <ns3/ssid.h>
#include <ns3/wifi-helper.h>
#include <ns3/wifi-mac-helper.h>
#include <ns3/wifi-mac.h>
#include <ns3/wifi-net-device.h>
#include <ns3/yans-wifi-helper.h>
#pragma GCC diagnostic pop

#include "sim/ns3/datagram_tag.hpp"
#include "sim/ns3/ip_packet.hpp"

namespace ikelab::sim {
namespace {

constexpr std::size_t ethernet_header = 14, llc_header = 8;
constexpr std::uint16_t ethertype_ipv4 = 0x0800, ethertype_ipv6 = 0x86dd;
constexpr double metres_apart = 5;
constexpr std::int64_t wifi_streams = 1000;  // of ns-3's random numbers, apart from the stacks'

std::vector<ns3::Ptr<ns3::NetDevice>> make_csma(const scenario::Lan& lan,
                                                const std::vector<ns3::Ptr<ns3::Node>>& members) {
  const auto channel = ns3::CreateObject<ns3::CsmaChannel>();
  channel->SetAttribute("DataRate", ns3::DataRateValue(ns3::DataRate(lan.rate_bps)));
  channel->SetAttribute("Delay", ns3::TimeValue(to_ns3(lan.delay)));
  std::vector<ns3::Ptr<ns3::NetDevice>> devices;
  std::int64_t stream = wifi_streams;
  for (const auto& node : members) {
    auto device = ns3::CreateObject<ns3::CsmaNetDevice>();
    device->SetAddress(ns3::Mac48Address::Allocate());
    device->SetQueue(ns3::CreateObject<ns3::DropTailQueue<ns3::Packet>>());
    node->AddDevice(device);
    device->SetMtu(static_cast<std::uint16_t>(lan.mtu));
    device->Attach(channel);
    stream += device->AssignStreams(stream);
    devices.push_back(device);
  }
  return devices;
}

/// One access point, the first member, with the others around it.
std::vector<ns3::Ptr<ns3::NetDevice>> make_wifi(const std::vector<ns3::Ptr<ns3::Node>>& members) {
  ns3::YansWifiChannelHelper air = ns3::YansWifiChannelHelper::Default();
  ns3::YansWifiPhyHelper phy;
  phy.SetChannel(air.Create());
  ns3::WifiHelper wifi;
  ns3::WifiMacHelper mac;
  const ns3::Ssid ssid("ikelab");
  mac.SetType("ns3::ApWifiMac", "Ssid", ns3::SsidValue(ssid));
  ns3::NetDeviceContainer devices = wifi.Install(phy, mac, members.front());
  mac.SetType("ns3::StaWifiMac", "Ssid", ns3::SsidValue(ssid));
  ns3::NodeContainer all(members.front());
  for (std::size_t i = 1; i < members.size(); ++i) {
    devices.Add(wifi.Install(phy, mac, members[i]));
    all.Add(members[i]);
  }
  ns3::MobilityHelper places;
  places.SetPositionAllocator("ns3::GridPositionAllocator", "DeltaX",
                              ns3::DoubleValue(metres_apart), "DeltaY",
                              ns3::DoubleValue(metres_apart));
  places.SetMobilityModel("ns3::ConstantPositionMobilityModel");
  places.Install(all);
  wifi.AssignStreams(devices, wifi_streams);
  return {devices.Begin(), devices.End()};
}

}  // namespace

std::vector<ns3::Ptr<ns3::NetDevice>> make_lan(const scenario::Lan& lan,
                                               const std::vector<ns3::Ptr<ns3::Node>>& members) {
  return lan.kind == scenario::Lan::Kind::csma ? make_csma(lan, members) : make_wifi(members);
}

LanTap::LanTap(const scenario::Lan& lan, const std::vector<ns3::Ptr<ns3::NetDevice>>& devices,
               trace::Journal& journal, WireTap* tap)
    : lan_(lan), journal_(journal), tap_(tap) {
  for (std::size_t i = 0; i < devices.size(); ++i) {
    members_.push_back({lan.members[i].node, devices[i]});
    const auto told = ns3::MakeBoundCallback(&LanTap::on_frame_of, this, i);
    if (const auto wifi = ns3::DynamicCast<ns3::WifiNetDevice>(devices[i]))
      wifi->GetMac()->TraceConnectWithoutContext("MacTx", told);
    else
      devices[i]->TraceConnectWithoutContext("PhyTxBegin", told);
  }
}

LanTap::~LanTap() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const auto told = ns3::MakeBoundCallback(&LanTap::on_frame_of, this, i);
    if (const auto wifi = ns3::DynamicCast<ns3::WifiNetDevice>(members_[i].device))
      wifi->GetMac()->TraceDisconnectWithoutContext("MacTx", told);
    else
      members_[i].device->TraceDisconnectWithoutContext("PhyTxBegin", told);
  }
}

void LanTap::on_frame_of(LanTap* self, std::size_t from, ns3::Ptr<const ns3::Packet> frame) {
  self->on_frame(from, frame);
}

/// A frame of Ethernet, or what the wireless MAC was given: LLC and SNAP (RFC 1042).
void LanTap::on_frame(std::size_t from, ns3::Ptr<const ns3::Packet> frame) {
  const Bytes octets = bytes_of(*frame);
  const bool wifi = lan_.kind == scenario::Lan::Kind::wifi;
  const std::size_t header = wifi ? llc_header : ethernet_header;
  if (octets.size() < header + 20) return;
  const auto type = static_cast<std::uint16_t>(octets[header - 2] << 8 | octets[header - 1]);
  if (type != ethertype_ipv4 && type != ethertype_ipv6) return;  // ARP
  const ByteView packet = ByteView(octets).subspan(header);
  if (tap_ != nullptr) tap_->on_wire(lan_.name, now(), datagram_id(*frame), packet);
  trace::PacketOnLink body;
  body.id = datagram_id(*frame);
  body.link = lan_.name;
  body.from = members_[from].node;
  const ByteView to = ByteView(octets).first(6);
  for (const Member& member : members_) {
    std::uint8_t mac[ns3::Address::MAX_SIZE];
    const std::uint32_t size = member.device->GetAddress().CopyTo(mac);
    if (!wifi && size == 6 && std::equal(to.begin(), to.end(), mac)) body.to = member.node;
  }
  body.protocol = protocol_of(packet);
  body.size = packet.size();
  body.sent_ns = now().ns;
  const auto bits = static_cast<std::int64_t>(octets.size() * 8);
  body.arrives_ns = now().ns + lan_.delay.count() +
                    (wifi ? 0 : bits * 1'000'000'000 / static_cast<std::int64_t>(lan_.rate_bps));
  journal_.emit(now(), "", "", std::move(body));
}

}  // namespace ikelab::sim
