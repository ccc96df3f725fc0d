// Two sites with ns-3's own helpers and applications, and a tunnel between their gateways.
#include <ns3/applications-module.h>
#include <ns3/internet-module.h>
#include <ns3/network-module.h>
#include <ns3/point-to-point-module.h>

#include <iostream>

#include "sim/ns3/ipsec_node.hpp"

using namespace ns3;

std::string Site(std::string own, std::string peer, std::string net, std::string other) {
  return "name: site\nlocal_addr: " + own + "\nremote_addr: " + peer +
         "\nproposals: [aes256gcm16-prfsha256-x25519]"
         "\nlocal: {auth: psk, id: " + own + ", secret: correct horse battery staple}"
         "\nremote: {auth: psk, id: " + peer + "}"
         "\nchildren: [{name: net, local_ts: [" + net + "], remote_ts: [" + other +
         "], esp_proposals: [aes256gcm16]}]";
}
void Opened(std::string where, const std::string& spi, std::uint32_t octets) {
  std::cout << Simulator::Now().As(Time::MS) << " " << where << " SPI " << spi << ": " << octets
            << " octets\n";
}

int main() {
  GlobalValue::Bind("ChecksumEnabled", BooleanValue(true));
  NodeContainer nodes(4);  // host a, gateway a, gateway b, host b
  InternetStackHelper().Install(nodes);
  PointToPointHelper link;
  link.SetDeviceAttribute("DataRate", StringValue("10Mbps"));
  link.SetChannelAttribute("Delay", StringValue("10ms"));
  Ipv4AddressHelper addresses;
  for (std::uint32_t i = 0; i < 3; ++i) {
    const char* networks[] = {"10.1.0.0", "192.0.2.0", "10.2.0.0"};
    addresses.SetBase(networks[i], "255.255.255.0");
    addresses.Assign(link.Install(nodes.Get(i), nodes.Get(i + 1)));
  }
  Ipv4GlobalRoutingHelper::PopulateRoutingTables();
  ikelab::sim::IpsecHelper ipsec;
  auto a = ipsec.Install(nodes.Get(1), "gw-a", Site("192.0.2.1", "192.0.2.2", "10.1.0.0/24", "10.2.0.0/24"));
  ipsec.Install(nodes.Get(2), "gw-b", Site("192.0.2.2", "192.0.2.1", "10.2.0.0/24", "10.1.0.0/24"));
  Config::Connect("/NodeList/*/$ikelab::IpsecNode/EspOpened", MakeCallback(&Opened));
  Simulator::Schedule(Seconds(1), &ikelab::sim::IpsecNode::Initiate, a, "site", "net");
  UdpEchoServerHelper(9).Install(nodes.Get(3));
  UdpEchoClientHelper(Ipv4Address("10.2.0.2"), 9).Install(nodes.Get(0)).Start(Seconds(2));
  Simulator::Stop(Seconds(5));
  Simulator::Run();
  Simulator::Destroy();
}
