#include "sim/scenario/cloud.hpp"

#include <fmt/format.h>

#include "protocol/crypto/rng.hpp"
#include "sim/scenario/connections.hpp"
#include "sim/scenario/networks.hpp"
#include "sim/scenario/units.hpp"

namespace ikelab::scenario {
namespace {

constexpr std::uint64_t most_subscribers = 100'000;

Result<std::string> parse_v4_interface(std::string_view text) {
  auto interface = parse_interface(text);
  if (interface && is_v6_interface(*interface))
    return Error{"E-SCN-012", "a cloud has IPv4 addresses"}.expect("expected e.g. 100.64.0.1/10");
  return interface;
}

IpAddress address_of(const std::string& interface, std::uint64_t offset) {
  const auto first = IpAddress::parse(interface.substr(0, interface.find('/'))).value();
  return IpAddress::v4(first.to_v4() + static_cast<std::uint32_t>(offset));
}

Cloud::Flow read_flow(const YAML::Node& yaml, Problems& problems) {
  Section section(yaml, "a cloud's flow", {"to", "packets", "start", "interval", "size"}, problems);
  Cloud::Flow flow;
  flow.to = section.text("to", true);
  flow.packets = section.number("packets", 10, 1'000'000);
  flow.start = section.parsed("start", parse_duration, Duration(1s));
  flow.interval = section.parsed("interval", parse_duration, flow.interval);
  flow.octets = static_cast<std::uint32_t>(section.number("size", flow.octets, 1300));
  return flow;
}

/// Each subscriber's line lies somewhere between `line` and `worst_line`.
path::Conditions between(const path::Conditions& best, const path::Conditions& worst,
                         crypto::Rng& dice) {
  constexpr std::uint64_t scale = 1ULL << 20;
  const double share = static_cast<double>(dice.below(scale)) / static_cast<double>(scale);
  const auto mix = [&](auto a, auto b) {
    return static_cast<double>(a) + share * (static_cast<double>(b) - static_cast<double>(a));
  };
  path::Conditions line = best;
  line.rate_bps = static_cast<std::uint64_t>(mix(best.rate_bps, worst.rate_bps));
  line.delay = Duration(static_cast<std::int64_t>(mix(best.delay.count(), worst.delay.count())));
  line.jitter = Duration(static_cast<std::int64_t>(mix(best.jitter.count(), worst.jitter.count())));
  line.loss = mix(best.loss, worst.loss);
  return line;
}

/// The template once; what differs between subscribers is filled in afterwards.
std::optional<policy::ConnectionConfig> read_template(Section& section, const LabPki& pki,
                                                      Problems& problems) {
  if (!section.has("connection")) return section.text("connection", true), std::nullopt;
  YAML::Node connection = YAML::Clone(section.at("connection"));
  if (!connection.IsMap() || !connection["local"] || !connection["children"]) {
    section.problem("connection",
                    Error{"E-SCN-011", "the cloud's connection lacks 'local' or 'children'"});
    return std::nullopt;
  }
  connection["local_addr"] = "0.0.0.0";
  connection["local"]["id"] = "subscriber.example";
  for (auto child : connection["children"]) child["local_ts"] = "0.0.0.0/32";
  return read_connection(connection, pki, problems);
}

}  // namespace

void read_cloud(const YAML::Node& node, const LabPki& pki, Scenario& scenario, Problems& problems) {
  Section section(node, "a cloud",
                  {"name", "gateway", "address", "inner", "count", "line", "worst_line",
                   "start_over", "connection", "flow", "rekey_after"},
                  problems);
  Cloud cloud;
  cloud.name = section.text("name", true);
  cloud.gateway = section.text("gateway", true);
  cloud.address = section.parsed("address", parse_v4_interface, std::string("100.64.0.1/10"));
  const std::string inner =
      section.parsed("inner", parse_v4_interface, std::string("10.128.0.0/9"));
  const std::uint64_t count = section.number("count", 100, most_subscribers);
  path::Conditions best;
  if (section.has("line")) {
    Section line(section.at("line"), "'line'", with_conditions({}), problems);
    best = read_conditions(line, best, problems);
  }
  path::Conditions worst = best;
  if (section.has("worst_line")) {
    Section line(section.at("worst_line"), "'worst_line'", with_conditions({}), problems);
    worst = read_conditions(line, best, problems);
  }
  const Duration start_over = section.parsed("start_over", parse_duration, Duration(1s));
  if (section.has("flow")) cloud.flow = read_flow(section.at("flow"), problems);
  if (section.has("rekey_after"))
    cloud.rekey = section.parsed("rekey_after", parse_duration, Duration{0});
  auto connection = read_template(section, pki, problems);
  if (!connection || problems.first()) return;

  const auto dice = crypto::seeded_rng(scenario.seed, "cloud " + cloud.name)->stream("lines");
  const std::size_t index = scenario.clouds.size();
  scenario.nodes.reserve(scenario.nodes.size() + count);
  cloud.subscribers.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    Node subscriber;
    subscriber.name = fmt::format("{}-{}", cloud.name, i + 1);
    subscriber.cloud = index;
    subscriber.x = 0.05 + 0.9 * static_cast<double>(i % 40) / 39;
    subscriber.y = 0.8 + 0.15 * static_cast<double>(i / 40 % 10) / 10;
    const IpAddress own = address_of(inner, i + 1), outer = address_of(cloud.address, i + 1);
    subscriber.inner_addresses = {own};
    policy::ConnectionConfig& filled = subscriber.connections.emplace_back(*connection);
    filled.local_addr = outer;
    filled.local.id = policy::Identity::parse(fmt::format("{}.example", subscriber.name)).value();
    for (policy::ChildConfig& child : filled.children)
      child.local_ts = {policy::parse_traffic_selector(own.to_string() + "/32").value()};
    cloud.subscribers.push_back({subscriber.name, outer, between(best, worst, *dice),
                                 start_over * static_cast<std::int64_t>(i) /
                                     static_cast<std::int64_t>(std::max<std::uint64_t>(count, 1))});
    scenario.nodes.push_back(std::move(subscriber));
  }
  scenario.clouds.push_back(std::move(cloud));
}

}  // namespace ikelab::scenario
