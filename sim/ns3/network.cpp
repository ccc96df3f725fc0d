#include "sim/ns3/network.hpp"

#include <fmt/format.h>

#include <set>

#include "sim/monitor/invariants.hpp"
#include "sim/ns3/access_cloud.hpp"
#include "sim/ns3/adversary_seat.hpp"
#include "sim/ns3/gateway.hpp"
#include "sim/ns3/lab_channel.hpp"
#include "sim/ns3/lan.hpp"
#include "sim/ns3/middlebox.hpp"
#include "sim/ns3/policed_routing.hpp"
#include "sim/ns3/routes.hpp"
#include "sim/ns3/traffic.hpp"
#include "sim/scenario/networks.hpp"

namespace ikelab::sim {
namespace {

constexpr std::uint64_t adversary_ids = 1ULL << 48;  // apart from every node's
constexpr std::uint16_t first_port = 8000;
constexpr std::int64_t first_stack_stream = 100'000;  // of ns-3's random numbers

bool speaks_v6(const scenario::Scenario& scenario) {
  for (const scenario::Link& link : scenario.links)
    if (!link.a_address6.empty()) return true;
  for (const scenario::Lan& lan : scenario.lans)
    if (!lan.members.front().address6.empty()) return true;
  for (const scenario::Node& node : scenario.nodes)
    for (const IpAddress& inner : node.inner_addresses)
      if (inner.is_v6()) return true;
  return false;
}

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
  [[nodiscard]] trace::Kinds wants() const override { return invariants_.wants(); }
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
    clouds_.clear();
    boxes_.clear();
    gateways_.clear();
    lans_.clear();
    channels_.clear();
    nodes_.clear();
    ns3::Simulator::Destroy();
  }

  Result<void> build(WireTap* tap);
  void at_intervals(Duration interval, std::function<void(Instant)> told) override;
  void run(const std::function<void(Instant)>& progress) override;

 private:
  void build_nodes();
  std::uint32_t attach_v4(const std::string& node, const ns3::Ptr<ns3::NetDevice>& device,
                          const std::string& address);
  std::uint32_t attach_v6(const std::string& node, const ns3::Ptr<ns3::NetDevice>& device,
                          const std::string& address);
  void build_links(WireTap* tap);
  void build_lans(WireTap* tap);
  void build_middleboxes();
  void build_gateways();
  Result<void> build_clouds(WireTap* tap);
  [[nodiscard]] const Attachment* attachment(const std::string& node,
                                             const std::string& medium) const;
  bool happens_to_network(const scenario::TimedEvent& event);
  void move(const scenario::TimedEvent& event);
  Result<void> place_adversaries();
  Result<void> place_monitors();
  Result<void> build_traffic();
  void schedule_events();
  void carry_out(const scenario::TimedEvent& event);
  [[nodiscard]] std::optional<IpAddress> address_of(const std::string& node, bool v6) const;
  void report_progress(const std::function<void(Instant)>& progress);

  const scenario::Scenario& scenario_;
  trace::Journal& journal_;
  std::map<std::string, ns3::Ptr<ns3::Node>> nodes_;
  std::vector<Medium> media_;
  Attachments attachments_;
  std::map<std::string, ns3::Ptr<LabChannel>> channels_;
  std::vector<std::unique_ptr<LanTap>> lans_;
  std::map<std::string, std::unique_ptr<Gateway>> gateways_;
  std::map<std::string, std::unique_ptr<NatBox>> boxes_;
  std::vector<std::unique_ptr<AccessCloud>> clouds_;
  std::vector<std::unique_ptr<script::Adversary>> adversaries_;
  std::vector<std::unique_ptr<Compromised>> compromised_;
  std::vector<std::unique_ptr<Judge>> judges_;
  std::vector<std::unique_ptr<Traffic>> traffic_;
};

void Ns3Network::build_nodes() {
  const bool v6 = speaks_v6(scenario_);
  // addresses are unique here: nobody has to be asked for them (RFC 4862, 5.4)
  ns3::Config::SetDefault("ns3::Icmpv6L4Protocol::DAD", ns3::BooleanValue(false));
  ns3::InternetStackHelper stack;
  stack.SetIpv6StackInstall(v6);
  stack.SetRoutingHelper(PolicedRoutingHelper());
  stack.SetRoutingHelper(PolicedRouting6Helper());
  ns3::NodeContainer all;
  for (const scenario::Node& node : scenario_.nodes) {
    if (node.cloud) continue;
    auto made = ns3::CreateObject<ns3::Node>();
    stack.Install(made);
    nodes_[node.name] = made;
    all.Add(made);
  }
  // ns-3 counts streams up over all runs of a process; these depend on the scenario alone
  stack.AssignStreams(all, first_stack_stream);
}

std::uint32_t Ns3Network::attach_v4(const std::string& node, const ns3::Ptr<ns3::NetDevice>& device,
                                    const std::string& address) {
  const auto ip = nodes_.at(node)->GetObject<ns3::Ipv4>();
  const std::uint32_t interface = ip->AddInterface(device);
  if (!address.empty()) {
    const Interface own = parse_interface(address);
    ip->AddAddress(interface, ns3::Ipv4InterfaceAddress(own.address, own.mask));
  }
  ip->SetMetric(interface, 1);
  ip->SetUp(interface);
  return interface;
}

std::uint32_t Ns3Network::attach_v6(const std::string& node, const ns3::Ptr<ns3::NetDevice>& device,
                                    const std::string& address) {
  if (address.empty()) return 0;
  const auto ip = nodes_.at(node)->GetObject<ns3::Ipv6>();
  const std::uint32_t interface = ip->AddInterface(device);
  const Interface6 own = parse_interface6(address);
  ip->AddAddress(interface, ns3::Ipv6InterfaceAddress(own.address, own.prefix));
  ip->SetMetric(interface, 1);
  ip->SetUp(interface);
  ip->SetForwarding(interface, true);
  return interface;
}

void Ns3Network::build_links(WireTap* tap) {
  for (const scenario::Link& link : scenario_.links) {
    auto channel = ns3::CreateObject<LabChannel>(link, scenario_.seed);
    channel->around.journal = &journal_;
    channel->around.tap = tap;
    channels_[link.name] = channel;
    const std::size_t medium = media_.size();
    media_.push_back({link.name, link.a_address, link.a_address6});
    const auto attach = [&](bool a) {
      auto device = ns3::CreateObject<ns3::PointToPointNetDevice>();
      device->SetAddress(ns3::Mac48Address::Allocate());
      device->SetDataRate(ns3::DataRate((a ? link.to_b : link.to_a).rate_bps));
      device->SetQueue(ns3::CreateObject<ns3::DropTailQueue<ns3::Packet>>());
      const std::string& node = a ? link.a : link.b;
      nodes_.at(node)->AddDevice(device);
      device->SetMtu(static_cast<std::uint16_t>(link.mtu));
      device->Attach(channel);
      Attachment& made = attachments_[node].emplace_back();
      made.medium = medium;
      made.interface = attach_v4(node, device, a ? link.a_address : link.b_address);
      made.interface6 = attach_v6(node, device, a ? link.a_address6 : link.b_address6);
      made.neighbours.push_back({a ? link.b : link.a, a ? link.b_address : link.a_address,
                                 a ? link.b_address6 : link.a_address6});
    };
    attach(true);
    attach(false);
  }
}

void Ns3Network::build_lans(WireTap* tap) {
  for (const scenario::Lan& lan : scenario_.lans) {
    std::vector<ns3::Ptr<ns3::Node>> members;
    for (const scenario::Lan::Member& member : lan.members)
      members.push_back(nodes_.at(member.node));
    const auto devices = make_lan(lan, members);
    lans_.push_back(std::make_unique<LanTap>(lan, devices, journal_, tap));
    const std::size_t medium = media_.size();
    media_.push_back({lan.name, lan.members.front().address, lan.members.front().address6});
    for (std::size_t i = 0; i < lan.members.size(); ++i) {
      const scenario::Lan::Member& own = lan.members[i];
      Attachment& made = attachments_[own.node].emplace_back();
      made.medium = medium;
      made.interface = attach_v4(own.node, devices[i], own.address);
      made.interface6 = attach_v6(own.node, devices[i], own.address6);
      for (const scenario::Lan::Member& other : lan.members)
        if (other.node != own.node)
          made.neighbours.push_back({other.node, other.address, other.address6});
    }
  }
}

void Ns3Network::build_middleboxes() {
  for (const scenario::Node& node : scenario_.nodes) {
    if (node.cloud) continue;
    guard_with_firewall(nodes_.at(node.name), node, journal_);
    if (!node.nat) continue;
    std::map<std::string, std::uint32_t> interfaces;
    for (const Attachment& a : attachments_[node.name])
      interfaces[media_[a.medium].name] = a.interface;
    boxes_[node.name] = std::make_unique<NatBox>(nodes_.at(node.name), node, interfaces, journal_);
  }
}

void Ns3Network::build_gateways() {
  std::uint64_t ordinal = 0;
  for (const scenario::Node& node : scenario_.nodes) {
    ++ordinal;
    if (node.connections.empty() || node.cloud) continue;
    gateways_[node.name] =
        std::make_unique<Gateway>(nodes_.at(node.name), node, scenario_, ordinal, journal_);
  }
}

Result<void> Ns3Network::build_clouds(WireTap* tap) {
  constexpr std::uint16_t echo_port = 7;
  std::uint64_t ordinal = scenario_.nodes.size() + 1;
  for (const scenario::Cloud& cloud : scenario_.clouds) {
    IpAddress server;
    if (cloud.flow.packets > 0) {
      const auto address = address_of(cloud.flow.to, false);
      if (!address || !nodes_.contains(cloud.flow.to))
        return Error{"E-RUN-001",
                     fmt::format("'{}' cannot answer the cloud '{}'", cloud.flow.to, cloud.name)}
            .in(scenario_.file.string());
      server = *address;
      auto echo = ns3::CreateObject<ns3::UdpEchoServer>();
      echo->SetAttribute("Port", ns3::UintegerValue(echo_port));
      nodes_.at(cloud.flow.to)->AddApplication(echo);
    }
    clouds_.push_back(std::make_unique<AccessCloud>(cloud, scenario_, nodes_.at(cloud.gateway),
                                                    server, ordinal, journal_, tap));
    ordinal += cloud.subscribers.size();
  }
  return {};
}

const Attachment* Ns3Network::attachment(const std::string& node, const std::string& medium) const {
  const auto at = attachments_.find(node);
  if (at == attachments_.end()) return nullptr;
  for (const Attachment& a : at->second)
    if (media_[a.medium].name == medium) return &a;
  return nullptr;
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

/// Behind the adversaries of its link: a monitor sees what they made of the traffic. A detector for
/// both ends sees before as well what the sender put on the link.
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
      auto& seats = channels_.at(config.link)->around.seats;
      if (script->position() == "both-ends") {
        auto other = std::make_unique<Seat>(*seat);
        other->decides = false;
        other->leaving = true;
        seats.insert(seats.begin(), std::move(other));
      }
      seats.push_back(std::move(seat));
      adversaries_.push_back(std::move(script));
    }
  }
  return {};
}

std::optional<IpAddress> Ns3Network::address_of(const std::string& name, bool v6) const {
  for (const scenario::Node& node : scenario_.nodes)
    if (node.name == name)
      for (const IpAddress& inner : node.inner_addresses)
        if (inner.is_v6() == v6) return inner;
  const auto at = attachments_.find(name);
  if (at == attachments_.end()) return std::nullopt;
  for (const Attachment& a : at->second) {
    for (const scenario::Link& link : scenario_.links) {
      if (link.name != media_[a.medium].name) continue;
      const std::string& text = link.a == name ? (v6 ? link.a_address6 : link.a_address)
                                               : (v6 ? link.b_address6 : link.b_address);
      if (!text.empty()) return IpAddress::parse(text.substr(0, text.find('/'))).value();
    }
    for (const scenario::Lan& lan : scenario_.lans)
      for (const scenario::Lan::Member& member : lan.members) {
        const std::string& text = v6 ? member.address6 : member.address;
        if (lan.name == media_[a.medium].name && member.node == name && !text.empty())
          return IpAddress::parse(text.substr(0, text.find('/'))).value();
      }
  }
  return std::nullopt;
}

Result<void> Ns3Network::build_traffic() {
  std::uint16_t port = first_port;
  for (const scenario::Traffic& traffic : scenario_.traffic) {
    const auto from = address_of(traffic.from, traffic.v6), to = address_of(traffic.to, traffic.v6);
    if (!from || !to)
      return Error{"E-RUN-001", fmt::format("'{}' has traffic and no IPv{} address",
                                            !from ? traffic.from : traffic.to, traffic.v6 ? 6 : 4)}
          .in(scenario_.file.string());
    const TrafficEnds ends{nodes_.at(traffic.from), nodes_.at(traffic.to), *from, *to};
    traffic_.push_back(make_traffic(traffic, ends, port++, scenario_.seed, journal_));
  }
  return {};
}

Result<void> Ns3Network::build(WireTap* tap) {
  ns3::RngSeedManager::SetSeed(static_cast<std::uint32_t>(scenario_.seed % 4294967087ULL) + 1);
  ns3::GlobalValue::Bind("ChecksumEnabled", ns3::BooleanValue(true));
  build_nodes();
  build_links(tap);
  build_lans(tap);
  install_routes(scenario_, nodes_, media_, attachments_);
  build_middleboxes();
  IKELAB_CHECK(place_adversaries());
  IKELAB_CHECK(place_monitors());
  IKELAB_CHECK(build_clouds(tap));
  build_gateways();
  IKELAB_CHECK(build_traffic());
  schedule_events();
  return {};
}

void Ns3Network::schedule_events() {
  for (auto& [name, gateway] : gateways_)
    ns3::Simulator::Schedule(ns3::Time(0), &Gateway::start, gateway.get());
  for (auto& cloud : clouds_) cloud->schedule();
  for (auto& compromised : compromised_) compromised->start();
  for (const scenario::TimedEvent& event : scenario_.events)
    ns3::Simulator::Schedule(to_ns3(event.at), [this, &event] { carry_out(event); });
  for (auto& [name, channel] : channels_)
    if (!channel->around.seats.empty())
      ns3::Simulator::Schedule(ns3::Time(0), [c = channel] { c->begin(); });
}

void Ns3Network::carry_out(const scenario::TimedEvent& event) {
  if (!event.mark.empty()) journal_.emit(now(), event.node, "", trace::Mark{event.mark});
  if (event.action == "mark" || happens_to_network(event)) return;
  const std::map<std::string, ikev2::Command> commands = {
      {"initiate", ikev2::Initiate{event.connection, event.child}},
      {"rekey-ike", ikev2::RekeyIke{}},
      {"rekey-child", ikev2::RekeyChild{event.child}},
      {"delete-ike", ikev2::DeleteIke{}},
      {"delete-child", ikev2::DeleteChild{event.child}},
      {"liveness", ikev2::CheckLiveness{}},
      {"redirect", ikev2::RedirectTo{event.gateway}}};
  const ikev2::Command& command = commands.at(event.action);
  if (const auto gateway = gateways_.find(event.node); gateway != gateways_.end())
    return gateway->second->command(command);
  for (auto& cloud : clouds_)
    if (Subscriber* subscriber = cloud->find(event.node)) return subscriber->command(command);
  journal_.emit(
      now(), event.node, "",
      trace::Diagnostic{"error", "E-CMD-001", "this node has no connections", "", 0, 0, 0});
}

bool Ns3Network::happens_to_network(const scenario::TimedEvent& event) {
  if (event.action == "move") {
    move(event);
  } else if (event.action == "rebind") {
    if (const auto box = boxes_.find(event.node); box != boxes_.end()) box->second->rebind();
  } else if (event.action == "crash") {
    if (const auto at = gateways_.find(event.node); at != gateways_.end()) at->second->crash();
  } else if (event.action == "restore") {
    if (const auto gateway = gateways_.find(event.node); gateway != gateways_.end())
      gateway->second->restore();
  } else if (event.action == "reroute") {
    const Attachment* over = attachment(event.node, event.link);
    if (over == nullptr) return true;
    const bool v6 = scenario::is_v6_interface(event.address);
    if (event.address.empty())
      set_default_route(*nodes_.at(event.node), *over, over->neighbours.front());
    else
      set_route(*nodes_.at(event.node), {"", v6 ? "" : event.address, v6 ? event.address : ""},
                *over, over->neighbours.front());
  } else {
    return false;
  }
  return true;
}

/// The node's interface has another address from now on, as after a new lease.
void Ns3Network::move(const scenario::TimedEvent& event) {
  const Attachment* at = attachment(event.node, event.link);
  if (at == nullptr || scenario::is_v6_interface(event.address)) return;
  const auto ip = nodes_.at(event.node)->GetObject<ns3::Ipv4>();
  const IpAddress old = from_ns3(ip->GetAddress(at->interface, 0).GetLocal());
  const Interface own = parse_interface(event.address);
  const Attachment::Neighbour next = at->neighbours.front();
  ip->RemoveAddress(at->interface, 0);
  ip->AddAddress(at->interface, ns3::Ipv4InterfaceAddress(own.address, own.mask));
  set_default_route(*nodes_.at(event.node), *at, next);
  if (const auto gateway = gateways_.find(event.node); gateway != gateways_.end())
    gateway->second->moved(old, from_ns3(own.address));
}

void Ns3Network::at_intervals(Duration interval, std::function<void(Instant)> told) {
  ns3::Simulator::Schedule(to_ns3(interval), [this, interval, told] {
    told(now());
    at_intervals(interval, told);
  });
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
  for (auto& cloud : clouds_) cloud->finish();
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
