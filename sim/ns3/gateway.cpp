#include "sim/ns3/gateway.hpp"

#include <algorithm>
#include <set>

#include "protocol/wire/decode.hpp"
#include "protocol/wire/udp_encapsulation.hpp"

namespace ikelab::sim {
namespace {

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
  config.eap_users = node.eap_users;
  for (policy::ConnectionConfig& connection : config.connections)  // IKE has no part in these
    std::erase_if(connection.children,
                  [](const policy::ChildConfig& child) { return !child.needs_sas(); });
  config.pools = node.pools;
  config.retransmit = scenario.retransmit;
  config.puzzle_threshold = node.puzzle_threshold;
  config.puzzle_difficulty = node.puzzle_difficulty;
  config.auth_puzzle_threshold = node.auth_puzzle_threshold;
  config.auth_puzzle_difficulty = node.auth_puzzle_difficulty;
  config.puzzle_solve = node.puzzle_solve;
  if (node.cookie_threshold) config.cookie_threshold = *node.cookie_threshold;
  config.disclose_secrets = scenario.disclose_secrets;
  config.epoch = scenario.epoch;
  config.lasting_secret =
      crypto::seeded_rng(scenario.seed, node.name)->stream("lasting-secret")->bytes(32);
  return config;
}

/// The smallest prefix that covers a selector's addresses, in bits.
unsigned covering_prefix(const wire::TrafficSelector& ts) {
  const ByteView start = ts.start.octets(), end = ts.end.octets();
  unsigned bits = 0;
  while (bits < start.size() * 8 &&
         ((start[bits / 8] ^ end[bits / 8]) & (0x80U >> (bits % 8))) == 0)
    ++bits;
  return bits;
}

/// An answer to IKE_SA_INIT that says no, and that anybody could have sent. What asks for another
/// try (COOKIE, INVALID_KE_PAYLOAD) is none.
bool is_unprotected_refusal(ByteView octets) {
  const wire::Decoded decoded = wire::decode(octets);
  const wire::Header& header = decoded.message.header;
  if (header.exchange != wire::ExchangeType::ike_sa_init || !header.response) return false;
  for (const wire::Payload& payload : decoded.message.payloads) {
    const auto* notify = std::get_if<wire::NotifyPayload>(&payload.body);
    if (std::holds_alternative<wire::SaPayload>(payload.body)) return false;
    if (notify != nullptr && (notify->type == wire::NotifyType::cookie ||
                              notify->type == wire::NotifyType::invalid_ke_payload))
      return false;
  }
  return true;
}

std::uint32_t smallest_link_mtu(const scenario::Node& node, const scenario::Scenario& scenario) {
  std::uint32_t mtu = 1500;
  for (const scenario::Link& link : scenario.links)
    if (link.a == node.name || link.b == node.name) mtu = std::min(mtu, link.mtu);
  for (const scenario::Lan& lan : scenario.lans)
    for (const scenario::Lan::Member& member : lan.members)
      if (member.node == node.name) mtu = std::min(mtu, lan.mtu);
  return mtu;
}

bool speaks_v6(const wire::TrafficSelector& ts) {
  return ts.start.is_v6();
}

}  // namespace

Gateway::Gateway(ns3::Ptr<ns3::Node> node, const scenario::Node& config,
                 const scenario::Scenario& scenario, std::uint64_t ordinal, trace::Journal& journal)
    : node_(node),
      config_(config),
      scenario_(scenario),
      journal_(journal),
      esp_datagrams_((ordinal << 32) + esp_ids),
      provider_(historic::with_bugs(crypto::openssl_provider(), config.bugs)),
      random_(crypto::seeded_rng(scenario.seed, config.name)),
      esp_iv_(random_->stream("esp-iv")),
      fronts_(historic::fronts_of(config.bugs)),
      ordinal_(ordinal),
      endpoint_(make_endpoint()),
      data_path_(std::make_unique<esp::DataPath>(*provider_, *esp_iv_)),
      outside_(node, {[this](FromOutside datagram) { on_udp(std::move(datagram)); },
                      [this](const FromOutside& packet) { on_esp(packet); },
                      [this](ByteView icmp, bool v6) { on_icmp(icmp, v6); }}) {
  const std::uint32_t mtu = smallest_link_mtu(config, scenario);
  data_path_->set_link_mtu(mtu);
  make_tunnel_device(mtu);
  route_into_tunnel();
  guards_.add([this](const Arrival& arrival) { return guard(arrival); });
  for (const policy::ConnectionConfig& connection : config_.connections)
    outside_.open(connection.local_addr);
  police_outer_interfaces();
}

/// What comes by IPv6 for the node itself meets the SPD, too (RFC 4301, 5.2).
void Gateway::police_outer_interfaces() {
  const auto ip = node_->GetObject<ns3::Ipv6>();
  for (std::uint32_t i = 0; ip && i < ip->GetNInterfaces(); ++i)
    for (std::uint32_t j = 0; j < ip->GetNAddresses(i); ++j)
      if (outside_.has(from_ns3(ip->GetAddress(i, j).GetAddress()))) {
        police_delivery(node_, i);
        break;
      }
}

void Gateway::emit(trace::Body body) {
  journal_.emit(now(), config_.name, "", std::move(body));
}

std::unique_ptr<engine::Engine> Gateway::make_endpoint() {
  const std::uint64_t life = lives_++;  // its random numbers and datagrams are others each time
  constexpr std::uint64_t ids_of_a_life = 1ULL << 28;
  const std::string stream = life == 0 ? config_.name : config_.name + "/" + std::to_string(life);
  return std::make_unique<engine::Engine>(
      endpoint_config(config_, scenario_, (ordinal_ << 32) + life * ids_of_a_life), *provider_,
      crypto::seeded_rng(scenario_.seed, stream), crypto::seeded_rng(scenario_.seed, stream),
      historic::decisions_with(config_.bugs), historic::habits_with(config_.bugs));
}

// ---- building ----------------------------------------------------------------------------------

void Gateway::make_tunnel_device(std::uint32_t link_mtu) {
  tunnel_ = ns3::CreateObject<ns3::VirtualNetDevice>();
  tunnel_->SetAddress(ns3::Mac48Address::Allocate());
  tunnel_->SetIsPointToPoint(true);
  // what may be fragmented is, before it is protected (RFC 4301, 8.2.1)
  tunnel_->SetMtu(static_cast<std::uint16_t>(std::max(link_mtu - esp_overhead, 576U)));
  tunnel_->SetSendCallback(ns3::MakeCallback(&Gateway::on_tunnel, this));
  node_->AddDevice(tunnel_);
  add_tunnel_addresses();
}

/// A road warrior's tunnel has its inner addresses, a host's in transport mode its own. A gateway's
/// has a link-local one that no policy covers.
void Gateway::add_tunnel_addresses() {
  std::set<IpAddress> addresses(config_.inner_addresses.begin(), config_.inner_addresses.end());
  for (const policy::ConnectionConfig& connection : config_.connections)
    for (const policy::ChildConfig& child : connection.children)
      if (child.mode == policy::ChildMode::transport) addresses.insert(connection.local_addr);
  const auto ip = node_->GetObject<ns3::Ipv4>();
  tunnel_interface_ = ip->AddInterface(tunnel_);
  if (std::none_of(addresses.begin(), addresses.end(),
                   [](const IpAddress& a) { return !a.is_v6(); }))
    addresses.insert(no_inner_address);
  for (const IpAddress& address : addresses)
    if (!address.is_v6())
      ip->AddAddress(tunnel_interface_,
                     ns3::Ipv4InterfaceAddress(to_ns3(address), ns3::Ipv4Mask::GetOnes()));
  ip->SetMetric(tunnel_interface_, 1);
  ip->SetUp(tunnel_interface_);
  const auto ip6 = node_->GetObject<ns3::Ipv6>();
  if (!ip6) return;
  const std::uint32_t interface = ip6->AddInterface(tunnel_);
  for (const IpAddress& address : addresses)
    if (address.is_v6())
      ip6->AddAddress(interface,
                      ns3::Ipv6InterfaceAddress(to_ns3_v6(address), ns3::Ipv6Prefix(128)));
  ip6->SetUp(interface);
  ip6->SetForwarding(interface, true);
}

void Gateway::route_into_tunnel() {
  for (const policy::ConnectionConfig& connection : config_.connections) {
    for (esp::Policy& policy : esp::policies_of(connection, config_.pools))
      data_path_->add_policy(std::move(policy));
    for (const policy::ChildConfig& configured : connection.children) {
      if (configured.mode == policy::ChildMode::pass) continue;
      const policy::ChildConfig child = policy::written_out(configured, connection, config_.pools);
      for (const wire::TrafficSelector& ts : child.remote_ts) route_into_tunnel(ts);
    }
  }
}

void Gateway::route_into_tunnel(const wire::TrafficSelector& ts) {
  forget_routes(*node_);
  const unsigned bits = covering_prefix(ts);
  if (!speaks_v6(ts)) {
    ns3::Ipv4StaticRoutingHelper helper;
    const ns3::Ipv4Mask mask(bits == 0 ? 0 : 0xffffffffU << (32 - bits));
    helper.GetStaticRouting(node_->GetObject<ns3::Ipv4>())
        ->AddNetworkRouteTo(to_ns3(ts.start).CombineMask(mask), mask, tunnel_interface_);
    return;
  }
  const auto ip = node_->GetObject<ns3::Ipv6>();
  if (!ip) return;
  ns3::Ipv6StaticRoutingHelper helper;
  const ns3::Ipv6Prefix prefix(static_cast<std::uint8_t>(bits));
  helper.GetStaticRouting(ip)->AddNetworkRouteTo(
      to_ns3_v6(ts.start).CombinePrefix(prefix), prefix,
      static_cast<std::uint32_t>(ip->GetInterfaceForDevice(tunnel_)));
}

// ---- IKE ---------------------------------------------------------------------------------------

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

void Gateway::moved(const IpAddress& from, const IpAddress& to) {
  outside_.close(from);
  outside_.open(to);
  command(ikev2::MoveTo{to});  // MOBIKE tells the peer, where it was agreed on (RFC 4555, 3.5)
}

void Gateway::on_udp(FromOutside datagram) {
  if (datagram.dst.port == wire::ike_port) return on_ike(datagram);
  switch (wire::classify_on_4500(datagram.payload)) {
    case wire::UdpContent::ike:
      datagram.payload = to_bytes(wire::without_marker(datagram.payload));
      return on_ike(datagram);
    case wire::UdpContent::esp:
      return on_esp(datagram);
    case wire::UdpContent::keepalive:  // RFC 3948, 2.3: of no meaning here
      return emit(trace::DatagramReceived{datagram.id, "keepalive", datagram.src.to_string(),
                                          datagram.dst.to_string(), datagram.payload,
                                          datagram.payload.size()});
    case wire::UdpContent::nothing:
      emit(trace::DatagramDropped{datagram.id, config_.name, "neither IKE nor ESP on port 4500"});
  }
}

void Gateway::on_ike(const FromOutside& in) {
  emit(trace::DatagramReceived{in.id, "IKE", in.src.to_string(), in.dst.to_string(), in.payload,
                               in.payload.size()});
  const ikev2::Datagram datagram{in.id, in.src, in.dst, in.payload};
  const Duration wait = config_.patience;
  if (wait > Duration::zero() && is_unprotected_refusal(datagram.payload))
    ns3::Simulator::Schedule(to_ns3(wait), &Gateway::hand_over, this, datagram);
  else
    hand_over(datagram);
}

void Gateway::hand_over(const ikev2::Datagram& datagram) {
  std::vector<ikev2::Datagram> datagrams = {datagram};
  std::vector<ikev2::Command> commands;
  for (const auto& front : fronts_)
    for (const ikev2::Datagram& one : std::exchange(datagrams, {})) {
      historic::Front::Handed handed = front->take(now(), one);
      if (!handed.diagnosis.empty())
        emit(trace::Diagnostic{"warning", "E-BUG-001", handed.diagnosis, "", one.id, 0, 0});
      datagrams.insert(datagrams.end(), handed.datagrams.begin(), handed.datagrams.end());
      commands.insert(commands.end(), handed.commands.begin(), handed.commands.end());
      for (ikev2::Datagram& answer : handed.answers) {
        answer.id = ++esp_datagrams_;
        transmit(answer);
      }
    }
  try {
    for (const ikev2::Datagram& one : datagrams) endpoint_->handle_datagram(now(), one);
  } catch (const historic::Crash& crash) {
    return restart(crash.why);
  }
  drain();
  for (const ikev2::Command& one : commands) command(one);
}

void Gateway::restart(const std::string& why) {
  emit(trace::Diagnostic{"error", "E-BUG-002",
                         why + "; the daemon is gone, and starts again without any SA", "", 0, 0,
                         0});
  crash();
}

void Gateway::crash() {
  ns3::Simulator::Remove(timer_);
  for (const ikev2::IkeSaInfo& sa : endpoint_->sas())
    if (sa.state != "DEAD")
      journal_.emit(now(), config_.name, sa.name,
                    trace::SaRemoved{"IKE", "", to_string(sa.spi_i), "the daemon is gone"});
  installed_by_spi_.clear();
  for (const esp::RemoveSa& sa : std::exchange(installed_, {})) {
    emit(trace::SaRemoved{"ESP", sa.inbound ? "in" : "out", to_string(sa.spi),
                          "the daemon is gone"});
    data_path_->apply(sa);
  }
  endpoint_ = make_endpoint();
  drain();
}

void Gateway::apply(esp::SadChange change) {
  if (const auto* inner = std::get_if<esp::InnerAddress>(&change)) return set_inner(*inner);
  if (const auto* install = std::get_if<esp::InstallSa>(&change)) {
    const auto& [inbound, sa] = *install;
    installed_by_spi_.emplace(
        std::pair(inbound, sa.spi),
        installed_.insert(installed_.end(), esp::RemoveSa{inbound, sa.spi, sa.pair}));
  }
  if (const auto* remove = std::get_if<esp::RemoveSa>(&change)) {
    // two peers may have chosen one SPI for what we send: the pair tells them apart
    const auto [first, last] =
        installed_by_spi_.equal_range(std::pair(remove->inbound, remove->spi));
    const auto at = std::find_if(first, last, [&](const auto& row) {
      return remove->inbound || remove->pair.value == 0 || row.second->pair == remove->pair;
    });
    if (at != last) {
      installed_.erase(at->second);
      installed_by_spi_.erase(at);
    }
  }
  for (const auto& front : fronts_) front->saw_change(change);
  data_path_->apply(std::move(change));
}

void Gateway::restore() {
  bool noticed = true;
  for (const auto& front : fronts_)
    if (auto changes = front->restored()) {
      noticed = false;
      for (esp::SadChange& change : *changes) data_path_->apply(std::move(change));
      emit(trace::Diagnostic{"warning", "E-BUG-001",
                             "a snapshot was restored: the SAs go on with the counters they had",
                             "RFC 4106, 3.1", 0, 0, 0});
    }
  if (!noticed) return;
  // nothing may leave under keys whose counters are uncertain (RFC 4106, 3.1)
  for (const esp::RemoveSa& sa : installed_)
    if (!sa.inbound) data_path_->apply(sa);
  std::set<std::string> children;
  for (const ikev2::IkeSaInfo& sa : endpoint_->sas())
    for (const auto& child : sa.children) children.insert(child.name);
  for (const std::string& child : children) command(ikev2::RekeyChild{child});
}

void Gateway::on_timeout() {
  endpoint_->handle_timeout(now());
  drain();
}

void Gateway::transmit(const ikev2::Datagram& datagram) {
  const char* what = wire::is_nat_keepalive(datagram.payload) ? "keepalive" : "IKE";
  emit(trace::DatagramSent{datagram.id, what, datagram.src.to_string(), datagram.dst.to_string(),
                           datagram.payload, datagram.payload.size()});
  if (!outside_.send(datagram.src, datagram.dst,
                     wire::udp_payload(datagram.src.port, datagram.payload), datagram.id))
    emit(trace::DatagramDropped{datagram.id, config_.name,
                                "no interface has the address " + datagram.src.to_string()});
}

void Gateway::drain() {
  while (auto event = endpoint_->poll_event())
    journal_.emit(now(), config_.name, std::move(*event));
  while (auto change = endpoint_->poll_sad()) apply(std::move(*change));
  while (auto datagram = endpoint_->poll_transmit()) transmit(*datagram);
  ns3::Simulator::Remove(timer_);  // cancelled alone, it would stay in the schedule, for hours
  if (const auto at = endpoint_->poll_timeout())
    timer_ = ns3::Simulator::Schedule(to_ns3(std::max(*at - now(), Duration{0})),
                                      &Gateway::on_timeout, this);
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

}  // namespace ikelab::sim
