#include "sim/scenario/fleet.hpp"

#include <fmt/format.h>

#include "sim/scenario/connections.hpp"
#include "sim/scenario/networks.hpp"
#include "sim/scenario/units.hpp"

namespace ikelab::scenario {
namespace {

constexpr std::uint64_t most_members = 2000;

/// Member i's own addresses: 10.9.x.y inside its tunnel, 100.64.x.y/30 on its access link.
std::string inner_address(std::uint64_t i) {
  return fmt::format("10.9.{}.{}", i / 250, i % 250 + 1);
}
std::string access_address(std::uint64_t i, unsigned side) {
  const std::uint64_t at = i * 4 + side;
  return fmt::format("100.64.{}.{}", at / 256, at % 256);
}

}  // namespace

void read_fleet(const YAML::Node& node, const LabPki& pki, Scenario& scenario, Problems& problems) {
  if (!node.IsDefined()) return;
  Section section(node, "'fleet'", {"count", "router", "link", "connection", "start_over", "ping"},
                  problems);
  const std::uint64_t count = section.number("count", 10, most_members);
  const std::string router = section.text("router", true);
  if (!section.has("link") || !section.has("connection")) {
    section.text(section.has("link") ? "connection" : "link", true);
    return;
  }
  Section link_section(section.at("link"), "the fleet's link", with_conditions({}), problems);
  Link access;
  path::Conditions line;
  line.rate_bps = 10'000'000;
  line.delay = 5ms;
  access.to_a = access.to_b = read_conditions(link_section, line, problems);
  const Duration start_over = section.parsed("start_over", parse_duration, Duration(1s));

  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string name = fmt::format("edge-{}", i + 1);
    const std::string inner = inner_address(i), outer = access_address(i, 1);
    // The template's local part is filled in for each member; everything else is as written.
    YAML::Node connection = YAML::Clone(section.at("connection"));
    connection["local_addr"] = outer;
    connection["local"]["id"] = name + ".fleet.example";
    for (auto child : connection["children"]) child["local_ts"] = inner + "/32";
    Node member;
    member.name = name;
    member.role = Role::gateway;
    member.x = 0.1 + 0.8 * static_cast<double>(i % 20) / 19;
    member.y = 0.7 + 0.25 * static_cast<double>(i / 20) / 10;
    member.inner_addresses = {IpAddress::parse(inner).value()};
    member.connections.push_back(read_connection(connection, pki, problems));
    const std::string made = member.connections.back().name;
    scenario.nodes.push_back(std::move(member));

    access.name = "access-" + std::to_string(i + 1);
    access.a = router;
    access.b = name;
    access.a_address = access_address(i, 2) + "/30";
    access.b_address = outer + "/30";
    scenario.links.push_back(access);
    const Duration at = start_over * static_cast<std::int64_t>(i) /
                        static_cast<std::int64_t>(std::max<std::uint64_t>(count, 1));
    scenario.events.push_back({at, name, "initiate", made, "", "", "", ""});
    if (!section.has("ping")) continue;
    Section ping(section.at("ping"), "the fleet's ping", {"to", "start", "interval"}, problems);
    Traffic traffic;
    traffic.kind = "ping";
    traffic.from = name;
    traffic.to = ping.text("to", true);
    traffic.start = ping.parsed("start", parse_duration, Duration(2s)) + at;
    traffic.interval = ping.parsed("interval", parse_duration, Duration(1s));
    traffic.stop = scenario.duration;
    scenario.traffic.push_back(std::move(traffic));
  }
}

}  // namespace ikelab::scenario
