// The ns-3 headers this folder uses, one by one: core-module.h of 3.37 does not compile as C++20.
// What differs between 3.37 (Debian 12) and 3.43 (Debian 13) is settled here.
#pragma once
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <ns3/boolean.h>
#include <ns3/bulk-send-application.h>
#include <ns3/config.h>
#include <ns3/data-rate.h>
#include <ns3/drop-tail-queue.h>
#include <ns3/global-value.h>
#include <ns3/icmpv4-l4-protocol.h>
#include <ns3/icmpv6-l4-protocol.h>
#include <ns3/inet-socket-address.h>
#include <ns3/inet6-socket-address.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ip-l4-protocol.h>
#include <ns3/ipv4-header.h>
#include <ns3/ipv4-l3-protocol.h>
#include <ns3/ipv4-route.h>
#include <ns3/ipv4-routing-helper.h>
#include <ns3/ipv4-routing-table-entry.h>
#include <ns3/ipv4-static-routing-helper.h>
#include <ns3/ipv4-static-routing.h>
#include <ns3/ipv6-extension-demux.h>
#include <ns3/ipv6-extension.h>
#include <ns3/ipv6-header.h>
#include <ns3/ipv6-interface.h>
#include <ns3/ipv6-l3-protocol.h>
#include <ns3/ipv6-route.h>
#include <ns3/ipv6-routing-helper.h>
#include <ns3/ipv6-routing-table-entry.h>
#include <ns3/ipv6-static-routing-helper.h>
#include <ns3/ipv6-static-routing.h>
#include <ns3/node-container.h>
#include <ns3/node.h>
#include <ns3/nstime.h>
#include <ns3/on-off-helper.h>
#include <ns3/onoff-application.h>
#include <ns3/packet-sink.h>
#include <ns3/packet.h>
#include <ns3/point-to-point-channel.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/ppp-header.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>
#include <ns3/string.h>
#include <ns3/tcp-socket-factory.h>
#include <ns3/udp-echo-server.h>
#include <ns3/udp-header.h>
#include <ns3/udp-socket-factory.h>
#include <ns3/uinteger.h>
#include <ns3/virtual-net-device.h>
#if __has_include(<ns3/ping.h>)
#include <ns3/ping.h>
#define IKELAB_NS3_PING 1
#else
#include <ns3/v4ping.h>
#define IKELAB_NS3_PING 0
#endif
#pragma GCC diagnostic pop

#include "protocol/base/address.hpp"
#include "protocol/base/time.hpp"

namespace ikelab::sim {

inline Instant now() {
  return Instant{ns3::Simulator::Now().GetNanoSeconds()};
}
inline ns3::Time to_ns3(Duration d) {
  return ns3::NanoSeconds(d.count());
}
inline ns3::Ipv4Address to_ns3(const IpAddress& address) {
  return ns3::Ipv4Address(address.to_v4());
}
inline ns3::Ipv6Address to_ns3_v6(const IpAddress& address) {
  std::uint8_t octets[16] = {};
  if (address.is_v6()) std::copy(address.octets().begin(), address.octets().end(), octets);
  return ns3::Ipv6Address(octets);
}
inline IpAddress from_ns3(ns3::Ipv4Address address) {
  return IpAddress::v4(address.Get());
}
inline IpAddress from_ns3(const ns3::Ipv6Address& address) {
  std::uint8_t octets[16];
  address.GetBytes(octets);
  return IpAddress::from_octets(octets).value();
}
inline SocketAddress from_ns3(const ns3::Address& address) {
  if (ns3::InetSocketAddress::IsMatchingType(address)) {
    const auto v4 = ns3::InetSocketAddress::ConvertFrom(address);
    return {from_ns3(v4.GetIpv4()), v4.GetPort()};
  }
  const auto v6 = ns3::Inet6SocketAddress::ConvertFrom(address);
  return {from_ns3(v6.GetIpv6()), v6.GetPort()};
}
inline ns3::Address to_ns3(const SocketAddress& address) {
  if (address.ip.is_v6()) return ns3::Inet6SocketAddress(to_ns3_v6(address.ip), address.port);
  return ns3::InetSocketAddress(to_ns3(address.ip), address.port);
}
inline Bytes bytes_of(const ns3::Packet& packet) {
  Bytes out(packet.GetSize());
  packet.CopyData(out.data(), static_cast<std::uint32_t>(out.size()));
  return out;
}
inline ns3::Ptr<ns3::Packet> packet_of(ByteView octets) {
  return ns3::Create<ns3::Packet>(octets.data(), static_cast<std::uint32_t>(octets.size()));
}
/// An IP header at the beginning of `out`, which has room for it.
template <class Header>
void put_header(const Header& header, std::span<std::uint8_t> out) {
  ns3::Buffer octets;
  octets.AddAtStart(header.GetSerializedSize());
  header.Serialize(octets.Begin());
  octets.CopyData(out.data(), header.GetSerializedSize());
}

/// "10.1.0.1/24" as ns-3 wants it.
struct Interface {
  ns3::Ipv4Address address;
  ns3::Ipv4Mask mask;
};
inline Interface parse_interface(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string prefix = text.substr(slash);  // ns-3 reads "/24"
  return {ns3::Ipv4Address(text.substr(0, slash).c_str()), ns3::Ipv4Mask(prefix.c_str())};
}
struct Interface6 {
  ns3::Ipv6Address address;
  ns3::Ipv6Prefix prefix;
};
inline Interface6 parse_interface6(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto octets = static_cast<std::uint8_t>(std::stoul(text.substr(slash + 1)));
  return {to_ns3_v6(IpAddress::parse(text.substr(0, slash)).value()), ns3::Ipv6Prefix(octets)};
}

}  // namespace ikelab::sim
