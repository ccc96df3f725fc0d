#include "sim/ns3/traffic.hpp"

#include <fmt/format.h>

#include "sim/ns3/echo_source.hpp"
#include "sim/ns3/packet_source.hpp"

namespace ikelab::sim {
namespace {

constexpr std::uint32_t segment_octets = 1300;  // fits the tunnel's MTU, so nothing is fragmented

ns3::Address any_address(const IpAddress& like, std::uint16_t port) {
  if (like.is_v6()) return ns3::Inet6SocketAddress(ns3::Ipv6Address::GetAny(), port);
  return ns3::InetSocketAddress(ns3::Ipv4Address::GetAny(), port);
}
[[maybe_unused]] ns3::Address ip_only(const IpAddress& address) {
  if (address.is_v6()) return to_ns3_v6(address);
  return to_ns3(address);
}

std::int64_t bits_per_second(std::uint64_t octets, std::int64_t ns) {
  return ns <= 0 ? 0
                 : static_cast<std::int64_t>(static_cast<double>(octets) * 8e9 /
                                             static_cast<double>(ns));
}

class Base : public Traffic {
 public:
  Base(const scenario::Traffic& traffic, trace::Journal& journal)
      : traffic_(traffic),
        journal_(journal),
        subject_(traffic.kind + (traffic.v6 && traffic.kind == "ping" ? "6 " : " ") + traffic.from +
                 " > " + traffic.to) {}

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
    ping->SetAttribute("Destination", ns3::AddressValue(ip_only(ends.to_address)));
    ping->SetAttribute("VerboseMode", ns3::EnumValue(ns3::Ping::VerboseMode::SILENT));
    ping->TraceConnectWithoutContext("Rtt", ns3::MakeCallback(&Ping::on_reply_numbered, this));
#else
    auto ping = ns3::CreateObject<ns3::V4Ping>();
    ping->SetAttribute("Remote", ns3::Ipv4AddressValue(to_ns3(ends.to_address)));
    ping->SetAttribute("Verbose", ns3::BooleanValue(false));
    ping->TraceConnectWithoutContext("Rtt", ns3::MakeCallback(&Ping::on_reply, this));
#endif
    ping->SetAttribute("Interval", ns3::TimeValue(to_ns3(traffic.interval)));
    if (traffic.size != 0) ping->SetAttribute("Size", ns3::UintegerValue(traffic.size));
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

/// ICMPv6 echoes (RFC 4443, 4), where ns-3 has no application that measures them.
class Ping6 : public Base {
 public:
  Ping6(const scenario::Traffic& traffic, const TrafficEnds& ends, trace::Journal& journal)
      : Base(traffic, journal), ends_(ends) {
    echo_ = ns3::CreateObject<EchoSource>(ends.from_address, ends.to_address, traffic.interval,
                                          traffic.size == 0 ? 56 : traffic.size);
    echo_->on_reply = [this](Duration rtt) { metric("rtt", rtt.count(), "ns"); };
    place(ends.from, echo_, traffic.start, traffic.stop);
  }
  void finish() override {
    metric("sent", echo_->sent(), "packets");
    metric("received", echo_->received(), "packets");
  }

 private:
  TrafficEnds ends_;
  ns3::Ptr<EchoSource> echo_;
};

class Tcp : public Base {
 public:
  Tcp(const scenario::Traffic& traffic, const TrafficEnds& ends, std::uint16_t port,
      trace::Journal& journal)
      : Base(traffic, journal) {
    auto sink = ns3::CreateObject<ns3::PacketSink>();
    sink->SetAttribute("Protocol", ns3::TypeIdValue(ns3::TcpSocketFactory::GetTypeId()));
    sink->SetAttribute("Local", ns3::AddressValue(any_address(ends.to_address, port)));
    sink->TraceConnectWithoutContext("Rx", ns3::MakeCallback(&Tcp::on_received, this));
    place(ends.to, sink, Duration{0}, traffic.stop);
    auto source = ns3::CreateObject<ns3::BulkSendApplication>();
    source->SetAttribute("Protocol", ns3::TypeIdValue(ns3::TcpSocketFactory::GetTypeId()));
    source->SetAttribute("Remote", ns3::AddressValue(to_ns3(SocketAddress{ends.to_address, port})));
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
    if (was_complete || received_ < traffic_.bytes) return;
    const std::int64_t took = now().ns - traffic_.start.count();
    metric("duration", took, "ns");
    metric("throughput", bits_per_second(traffic_.bytes, took), "bit/s");
  }
  std::uint64_t received_ = 0;
};

/// What udp, on-off and poisson have in common: a sink that counts.
class Datagrams : public Base {
 public:
  Datagrams(const scenario::Traffic& traffic, const TrafficEnds& ends, std::uint16_t port,
            trace::Journal& journal)
      : Base(traffic, journal) {
    auto sink = ns3::CreateObject<ns3::PacketSink>();
    sink->SetAttribute("Protocol", ns3::TypeIdValue(ns3::UdpSocketFactory::GetTypeId()));
    sink->SetAttribute("Local", ns3::AddressValue(any_address(ends.to_address, port)));
    sink->TraceConnectWithoutContext("Rx", ns3::MakeCallback(&Datagrams::on_received, this));
    place(ends.to, sink, Duration{0}, traffic.stop + Duration(1s));
  }
  void finish() override {
    metric("sent", sent(), "packets");
    metric("received", received_, "packets");
    if (last_.ns > first_.ns)
      metric("throughput", bits_per_second(octets_, last_.ns - first_.ns), "bit/s");
  }

 protected:
  [[nodiscard]] virtual std::int64_t sent() const = 0;

 private:
  void on_received(ns3::Ptr<const ns3::Packet> packet, const ns3::Address&) {
    if (received_++ == 0) first_ = now();
    last_ = now();
    octets_ += packet->GetSize();
  }
  std::int64_t received_ = 0;
  std::uint64_t octets_ = 0;
  Instant first_, last_;
};

/// ns-3's OnOffApplication: always on for udp, in bursts for on-off.
class OnOff : public Datagrams {
 public:
  OnOff(const scenario::Traffic& traffic, const TrafficEnds& ends, std::uint16_t port,
        trace::Journal& journal)
      : Datagrams(traffic, ends, port, journal) {
    auto source = ns3::CreateObject<ns3::OnOffApplication>();
    source->SetAttribute("Protocol", ns3::TypeIdValue(ns3::UdpSocketFactory::GetTypeId()));
    source->SetAttribute("Remote", ns3::AddressValue(to_ns3(SocketAddress{ends.to_address, port})));
    source->SetAttribute("DataRate", ns3::DataRateValue(ns3::DataRate(traffic.rate_bps)));
    if (traffic.size != 0) source->SetAttribute("PacketSize", ns3::UintegerValue(traffic.size));
    const bool bursts = traffic.kind == "on-off";
    source->SetAttribute("OnTime",
                         ns3::StringValue(bursts ? exponential(traffic.on) : constant(1)));
    source->SetAttribute("OffTime",
                         ns3::StringValue(bursts ? exponential(traffic.off) : constant(0)));
    source->AssignStreams(port);
    source->TraceConnectWithoutContext("Tx", ns3::MakeCallback(&OnOff::on_sent, this));
    place(ends.from, source, traffic.start, traffic.stop);
  }

 private:
  static std::string constant(int seconds) {
    return fmt::format("ns3::ConstantRandomVariable[Constant={}]", seconds);
  }
  static std::string exponential(Duration mean) {
    return fmt::format("ns3::ExponentialRandomVariable[Mean={}]",
                       std::chrono::duration<double>(mean).count());
  }
  void on_sent(ns3::Ptr<const ns3::Packet>) { ++sent_; }
  [[nodiscard]] std::int64_t sent() const override { return sent_; }
  std::int64_t sent_ = 0;
};

/// Our own source: packets at random times, and those that must not be fragmented.
class Sized : public Datagrams {
 public:
  Sized(const scenario::Traffic& traffic, const TrafficEnds& ends, std::uint16_t port,
        std::uint64_t seed, trace::Journal& journal)
      : Datagrams(traffic, ends, port, journal) {
    PacketSource::Plan plan;
    plan.to = {ends.to_address, port};
    if (traffic.size != 0) plan.octets = traffic.size;
    plan.interval = Duration(
        static_cast<std::int64_t>(plan.octets * 8e9 / static_cast<double>(traffic.rate_bps)));
    plan.poisson = traffic.kind == "poisson";
    plan.dont_fragment = traffic.dont_fragment;
    source_ = ns3::CreateObject<PacketSource>(
        plan, crypto::seeded_rng(seed, traffic.from)->stream(fmt::format("traffic {}", port)));
    source_->on_mtu = [this](std::uint32_t mtu) { metric("mtu", mtu, "octets"); };
    place(ends.from, source_, traffic.start, traffic.stop);
  }

 private:
  [[nodiscard]] std::int64_t sent() const override { return source_->sent(); }
  ns3::Ptr<PacketSource> source_;
};

}  // namespace

std::unique_ptr<Traffic> make_traffic(const scenario::Traffic& traffic, const TrafficEnds& ends,
                                      std::uint16_t port, std::uint64_t seed,
                                      trace::Journal& journal) {
  ns3::Config::SetDefault("ns3::TcpSocket::SegmentSize", ns3::UintegerValue(segment_octets));
  if (traffic.kind == "ping" && traffic.v6) return std::make_unique<Ping6>(traffic, ends, journal);
  if (traffic.kind == "ping") return std::make_unique<Ping>(traffic, ends, journal);
  if (traffic.kind == "tcp") return std::make_unique<Tcp>(traffic, ends, port, journal);
  if (traffic.kind == "poisson" || traffic.dont_fragment)
    return std::make_unique<Sized>(traffic, ends, port, seed, journal);
  return std::make_unique<OnOff>(traffic, ends, port, journal);
}

}  // namespace ikelab::sim
