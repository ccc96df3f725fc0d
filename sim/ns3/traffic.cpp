#include "sim/ns3/traffic.hpp"

namespace ikelab::sim {
namespace {

constexpr std::uint32_t segment_octets = 1300;  // fits the tunnel's MTU, so nothing is fragmented

class Base : public Traffic {
 public:
  Base(const scenario::Traffic& traffic, trace::Journal& journal)
      : traffic_(traffic),
        journal_(journal),
        subject_(traffic.kind + " " + traffic.from + " > " + traffic.to) {}

 protected:
  void metric(const char* name, std::int64_t value, const char* unit) {
    journal_.emit(now(), traffic_.from, "", trace::Metric{subject_, name, unit, value});
  }
  void place(const ns3::Ptr<ns3::Node>& node, const ns3::Ptr<ns3::Application>& application,
             Duration start, Duration stop) {
    node->AddApplication(application);
    application->SetStartTime(to_ns3(start));
    application->SetStopTime(to_ns3(stop));
  }
  scenario::Traffic traffic_;
  trace::Journal& journal_;
  std::string subject_;
};

class Ping : public Base {
 public:
  Ping(const scenario::Traffic& traffic, const TrafficEnds& ends, trace::Journal& journal)
      : Base(traffic, journal) {
#if IKELAB_NS3_PING
    auto ping = ns3::CreateObject<ns3::Ping>();
    ping->SetAttribute("Destination", ns3::AddressValue(ends.to_address));
    ping->SetAttribute("VerboseMode", ns3::EnumValue(ns3::Ping::VerboseMode::SILENT));
    ping->TraceConnectWithoutContext("Rtt", ns3::MakeCallback(&Ping::on_reply_numbered, this));
#else
    auto ping = ns3::CreateObject<ns3::V4Ping>();
    ping->SetAttribute("Remote", ns3::Ipv4AddressValue(ends.to_address));
    ping->SetAttribute("Verbose", ns3::BooleanValue(false));
    ping->TraceConnectWithoutContext("Rtt", ns3::MakeCallback(&Ping::on_reply, this));
#endif
    ping->SetAttribute("Interval", ns3::TimeValue(to_ns3(traffic.interval)));
    place(ends.from, ping, traffic.start, traffic.stop);
  }
  void finish() override {
    metric("sent", (traffic_.stop - traffic_.start - Duration(1)) / traffic_.interval + 1,
           "packets");
    metric("received", received_, "packets");
  }

 private:
  void on_reply(ns3::Time rtt) {
    ++received_;
    metric("rtt", rtt.GetNanoSeconds(), "ns");
  }
  [[maybe_unused]] void on_reply_numbered(std::uint16_t, ns3::Time rtt) {
    on_reply(rtt);
  }
  std::int64_t received_ = 0;
};

class Tcp : public Base {
 public:
  Tcp(const scenario::Traffic& traffic, const TrafficEnds& ends, std::uint16_t port,
      trace::Journal& journal)
      : Base(traffic, journal) {
    auto sink = ns3::CreateObject<ns3::PacketSink>();
    sink->SetAttribute("Protocol", ns3::TypeIdValue(ns3::TcpSocketFactory::GetTypeId()));
    sink->SetAttribute("Local",
                       ns3::AddressValue(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), port)));
    sink->TraceConnectWithoutContext("Rx", ns3::MakeCallback(&Tcp::on_received, this));
    place(ends.to, sink, Duration{0}, traffic.stop);
    auto source = ns3::CreateObject<ns3::BulkSendApplication>();
    source->SetAttribute("Protocol", ns3::TypeIdValue(ns3::TcpSocketFactory::GetTypeId()));
    source->SetAttribute("Remote",
                         ns3::AddressValue(ns3::InetSocketAddress(ends.to_address, port)));
    source->SetAttribute("MaxBytes", ns3::UintegerValue(traffic.bytes));
    place(ends.from, source, traffic.start, traffic.stop);
  }
  void finish() override {
    metric("bytes", static_cast<std::int64_t>(received_), "octets");
    metric("asked", static_cast<std::int64_t>(traffic_.bytes), "octets");
  }

 private:
  void on_received(ns3::Ptr<const ns3::Packet> packet, const ns3::Address&) {
    const bool was_complete = received_ >= traffic_.bytes;
    received_ += packet->GetSize();
    if (!was_complete && received_ >= traffic_.bytes)
      metric("duration", now().ns - traffic_.start.count(), "ns");
  }
  std::uint64_t received_ = 0;
};

class Udp : public Base {
 public:
  Udp(const scenario::Traffic& traffic, const TrafficEnds& ends, std::uint16_t port,
      trace::Journal& journal)
      : Base(traffic, journal) {
    const ns3::InetSocketAddress remote(ends.to_address, port);
    auto sink = ns3::CreateObject<ns3::PacketSink>();
    sink->SetAttribute("Protocol", ns3::TypeIdValue(ns3::UdpSocketFactory::GetTypeId()));
    sink->SetAttribute("Local",
                       ns3::AddressValue(ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), port)));
    sink->TraceConnectWithoutContext("Rx", ns3::MakeCallback(&Udp::on_received, this));
    place(ends.to, sink, Duration{0}, traffic.stop + Duration(1s));
    auto source = ns3::CreateObject<ns3::OnOffApplication>();
    source->SetAttribute("Protocol", ns3::TypeIdValue(ns3::UdpSocketFactory::GetTypeId()));
    source->SetAttribute("Remote", ns3::AddressValue(remote));
    source->SetAttribute("DataRate", ns3::DataRateValue(ns3::DataRate(traffic.rate_bps)));
    source->SetAttribute("OnTime", ns3::StringValue("ns3::ConstantRandomVariable[Constant=1]"));
    source->SetAttribute("OffTime", ns3::StringValue("ns3::ConstantRandomVariable[Constant=0]"));
    source->TraceConnectWithoutContext("Tx", ns3::MakeCallback(&Udp::on_sent, this));
    place(ends.from, source, traffic.start, traffic.stop);
  }
  void finish() override {
    metric("sent", sent_, "packets");
    metric("received", received_, "packets");
  }

 private:
  void on_sent(ns3::Ptr<const ns3::Packet>) { ++sent_; }
  void on_received(ns3::Ptr<const ns3::Packet>, const ns3::Address&) { ++received_; }
  std::int64_t sent_ = 0, received_ = 0;
};

}  // namespace

std::unique_ptr<Traffic> make_traffic(const scenario::Traffic& traffic, const TrafficEnds& ends,
                                      std::uint16_t port, trace::Journal& journal) {
  ns3::Config::SetDefault("ns3::TcpSocket::SegmentSize", ns3::UintegerValue(segment_octets));
  if (traffic.kind == "ping") return std::make_unique<Ping>(traffic, ends, journal);
  if (traffic.kind == "tcp") return std::make_unique<Tcp>(traffic, ends, port, journal);
  return std::make_unique<Udp>(traffic, ends, port, journal);
}

}  // namespace ikelab::sim
