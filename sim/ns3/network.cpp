#include "sim/ns3/network.hpp"

#include <fmt/format.h>

#include <set>

#include "sim/monitor/invariants.hpp"
#include "sim/ns3/adversary_seat.hpp"
#include "sim/ns3/gateway.hpp"
#include "sim/ns3/lab_channel.hpp"
#include "sim/ns3/policed_routing.hpp"
#include "sim/ns3/routes.hpp"
#include "sim/ns3/traffic.hpp"

namespace ikelab::sim {
namespace {

constexpr std::uint64_t adversary_ids = 1ULL << 48;  // apart from every node's
constexpr std::uint16_t first_port = 8000;

/// Invariants in a run: what fires is told as soon as the event that broke it is written.
class Judge : public trace::Sink {
 public:
  Judge(std::string name, trace::Journal& journal, const std::set<std::string>& nodes,
        const std::vector<std::string>& invariants)
      : name_(std::move(name)), journal_(journal), invariants_(nodes, invariants) {}
  void record(const trace::Event& event) override {
    invariants_.record(event);
    if (invariants_.fired() && !waiting_) {
      waiting_ = true;
      ns3::Simulator::ScheduleNow([this] { tell(); });
    }
  }
  void tell() {
    waiting_ = false;
    for (trace::Alert& alert : invariants_.take())
      journal_.emit(now(), name_, "", std::move(alert));
  }

 private:
  std::string name_;
  trace::Journal& journal_;
  monitor::Invariants invariants_;
  bool waiting_ = false;
};

class Ns3Network : public Network {
 public:
  Ns3Network(const scenario::Scenario& scenario, trace::Journal& journal)
      : scenario_(scenario), journal_(journal) {}
  ~Ns3Network() override {
    traffic_.clear();
    gateways_.clear();
    channels_.clear();
    nodes_.clear();
    ns3::Simulator::Destroy();
  }

  Result<void> build(WireTap* tap);
  void run(const std::function<void(Instant)>& progress) override;

 private:
  void build_links(WireTap* tap);
  Result<void> place_adversaries();
  Result<void> place_monitors();
  Result<void> build_traffic();
  void schedule_events();
  void carry_out(const scenario::TimedEvent& event);
  [[nodiscard]] ns3::Ipv4Address address_of(const std::string& node) const;
  void report_progress(const std::function<void(Instant)>& progress);

  const scenario::Scenario& scenario_;
  trace::Journal& journal_;
  std::map<std::string, ns3::Ptr<ns3::Node>> nodes_;
  std::map<std::string, std::vector<Attachment>> attachments_;
  std::map<std::string, ns3::Ptr<LabChannel>> channels_;
  std::map<std::string, std::unique_ptr<Gateway>> gateways_;
  std::vector<std::unique_ptr<script::Adversary>> adversaries_;
  std::vector<std::unique_ptr<Compromised>> compromised_;
  std::vector<std::unique_ptr<Judge>> judges_;
  std::vector<std::unique_ptr<Traffic>> traffic_;
};

void Ns3Network::build_links(WireTap* tap) {
  for (std::size_t i = 0; i < scenario_.links.size(); ++i) {
    const scenario::Link& link = scenario_.links[i];
    auto channel = ns3::CreateObject<LabChannel>(link, scenario_.seed);
    channel->around.journal = &journal_;
    channel->around.tap = tap;
    channels_[link.name] = channel;
    const auto attach = [&](const std::string& name, const std::string& own,
                            const std::string& other, const std::string& neighbour) {
      auto device = ns3::CreateObject<ns3::PointToPointNetDevice>();
      device->SetAddress(ns3::Mac48Address::Allocate());
      device->SetDataRate(ns3::DataRate(link.rate_bps));
      device->SetQueue(ns3::CreateObject<ns3::DropTailQueue<ns3::Packet>>());
      const ns3::Ptr<ns3::Node> node = nodes_.at(name);
      node->AddDevice(device);
      device->SetMtu(static_cast<std::uint16_t>(link.mtu));
      device->Attach(channel);
      auto ip = node->GetObject<ns3::Ipv4>();
      const std::uint32_t interface = ip->AddInterface(device);
      const Interface address = parse_interface(own);
      ip->AddAddress(interface, ns3::Ipv4InterfaceAddress(address.address, address.mask));
      ip->SetMetric(interface, 1);
      ip->SetUp(interface);
      attachments_[name].push_back({i, interface, parse_interface(other).address, neighbour});
    };
    attach(link.a, link.a_address, link.b_address, link.b);
    attach(link.b, link.b_address, link.a_address, link.a);
  }
}

Result<void> Ns3Network::place_adversaries() {
  for (const scenario::Adversary& config : scenario_.adversaries) {
    IKELAB_TRY(auto adversary,
               load_adversary_of(scenario_, config, adversary_ids * (adversaries_.size() + 1)));
    auto seat = std::make_unique<Seat>();
    seat->script = adversary.get();
    seat->name = config.name;
    seat->sends = config.position != "passive";
    seat->decides = config.position == "on-path";
    if (config.position == "off-path") {
      IKELAB_TRY(seat->host, seat_of(scenario_, config));
    }
    channels_.at(config.link)->around.seats.push_back(std::move(seat));
    adversaries_.push_back(std::move(adversary));
    compromised_.push_back(std::make_unique<Compromised>(config, channels_.at(config.link)));
    journal_.attach(*compromised_.back());
  }
  return {};
}

/// Behind the adversaries of its link: a monitor sees what they made of the traffic.
Result<void> Ns3Network::place_monitors() {
  std::set<std::string> nodes;
  for (const scenario::Node& node : scenario_.nodes) nodes.insert(node.name);
  for (const scenario::Monitor& config : scenario_.monitors) {
    if (!config.invariants.empty()) {
      judges_.push_back(std::make_unique<Judge>(config.name, journal_, nodes, config.invariants));
      journal_.attach(*judges_.back());
    }
    for (const std::string& detector : config.detectors) {
      IKELAB_TRY(auto script, load_detector_of(scenario_, config, detector));
      auto seat = std::make_unique<Seat>();
      seat->script = script.get();
      seat->name = config.name;
      seat->decides = config.blocks;
      seat->monitor = true;
      channels_.at(config.link)->around.seats.push_back(std::move(seat));
      adversaries_.push_back(std::move(script));
    }
  }
  return {};
}

ns3::Ipv4Address Ns3Network::address_of(const std::string& name) const {
  for (const scenario::Node& node : scenario_.nodes)
    if (node.name == name && !node.inner_addresses.empty())
      return to_ns3(node.inner_addresses.front());
  const Attachment& first = attachments_.at(name).front();
  return nodes_.at(name)->GetObject<ns3::Ipv4>()->GetAddress(first.interface, 0).GetLocal();
}

Result<void> Ns3Network::build_traffic() {
  std::uint16_t port = first_port;
  for (const scenario::Traffic& traffic : scenario_.traffic) {
    for (const std::string& end : {traffic.from, traffic.to})
      if (!attachments_.contains(end))
        return Error{"E-RUN-001", fmt::format("'{}' has traffic but no link", end)}.in(
            scenario_.file.string());
    const TrafficEnds ends{nodes_.at(traffic.from), nodes_.at(traffic.to), address_of(traffic.from),
                           address_of(traffic.to)};
    traffic_.push_back(make_traffic(traffic, ends, port++, journal_));
  }
  return {};
}

Result<void> Ns3Network::build(WireTap* tap) {
  ns3::RngSeedManager::SetSeed(static_cast<std::uint32_t>(scenario_.seed % 4294967087ULL) + 1);
  ns3::GlobalValue::Bind("ChecksumEnabled", ns3::BooleanValue(true));
  ns3::InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  stack.SetRoutingHelper(PolicedRoutingHelper());
  for (const scenario::Node& node : scenario_.nodes) {
    auto made = ns3::CreateObject<ns3::Node>();
    stack.Install(made);
    nodes_[node.name] = made;
  }
  build_links(tap);
  install_routes(scenario_, nodes_, attachments_);
  IKELAB_CHECK(place_adversaries());
  IKELAB_CHECK(place_monitors());
  std::uint64_t ordinal = 0;
  for (const scenario::Node& node : scenario_.nodes) {
    ++ordinal;
    if (node.connections.empty()) continue;
    gateways_[node.name] =
        std::make_unique<Gateway>(nodes_.at(node.name), node, scenario_, ordinal, journal_);
  }
  IKELAB_CHECK(build_traffic());
  schedule_events();
  return {};
}

void Ns3Network::schedule_events() {
  for (auto& [name, gateway] : gateways_)
    ns3::Simulator::Schedule(ns3::Time(0), &Gateway::start, gateway.get());
  for (auto& compromised : compromised_) compromised->start();
  for (const scenario::TimedEvent& event : scenario_.events)
    ns3::Simulator::Schedule(to_ns3(event.at), [this, &event] { carry_out(event); });
  for (auto& [name, channel] : channels_)
    if (!channel->around.seats.empty())
      ns3::Simulator::Schedule(ns3::Time(0), [c = channel] { c->begin(); });
}

void Ns3Network::carry_out(const scenario::TimedEvent& event) {
  if (!event.mark.empty()) journal_.emit(now(), event.node, "", trace::Mark{event.mark});
  const auto gateway = gateways_.find(event.node);
  if (event.action == "mark") return;
  if (gateway == gateways_.end()) {
    journal_.emit(
        now(), event.node, "",
        trace::Diagnostic{"error", "E-CMD-001", "this node has no connections", "", 0, 0, 0});
    return;
  }
  const std::map<std::string, ikev2::Command> commands = {
      {"initiate", ikev2::Initiate{event.connection, event.child}},
      {"rekey-ike", ikev2::RekeyIke{}},
      {"rekey-child", ikev2::RekeyChild{event.child}},
      {"delete-ike", ikev2::DeleteIke{}},
      {"delete-child", ikev2::DeleteChild{event.child}},
      {"liveness", ikev2::CheckLiveness{}}};
  gateway->second->command(commands.at(event.action));
}

void Ns3Network::report_progress(const std::function<void(Instant)>& progress) {
  progress(now());
  ns3::Simulator::Schedule(to_ns3(scenario_.duration / 100),
                           [this, &progress] { report_progress(progress); });
}

void Ns3Network::run(const std::function<void(Instant)>& progress) {
  if (progress)
    ns3::Simulator::Schedule(ns3::Time(0), [this, &progress] { report_progress(progress); });
  ns3::Simulator::Stop(to_ns3(scenario_.duration));
  ns3::Simulator::Run();
  for (auto& [name, channel] : channels_) channel->finish();
  for (auto& judge : judges_) judge->tell();
  for (auto& traffic : traffic_) traffic->finish();
}

}  // namespace

Result<std::unique_ptr<Network>> Network::build(const scenario::Scenario& scenario,
                                                trace::Journal& journal, WireTap* tap) {
  auto network = std::make_unique<Ns3Network>(scenario, journal);
  IKELAB_CHECK(network->build(tap));
  return std::unique_ptr<Network>(std::move(network));
}

std::string ns3_version() {
  return "ns-3." IKELAB_NS3_VERSION;
}

}  // namespace ikelab::sim
