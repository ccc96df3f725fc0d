#include "sim/scenario/networks.hpp"

#include <fmt/format.h>

#include "sim/scenario/units.hpp"

namespace ikelab::scenario {
namespace {

const std::vector<std::string> condition_keys = {"rate",   "delay",   "jitter",     "loss",
                                                 "bursts", "reorder", "reorder_by", "duplicate"};

path::Bursts read_bursts(const YAML::Node& yaml, Problems& problems) {
  Section section(yaml, "'bursts'", {"enter", "leave", "loss"}, problems);
  path::Bursts bursts;
  bursts.enter = section.parsed("enter", parse_fraction, 0.0, true);
  bursts.leave = section.parsed("leave", parse_fraction, 1.0, true);
  bursts.bad_loss = section.parsed("loss", parse_fraction, 1.0);
  if (bursts.leave <= 0)
    section.problem("leave", Error{"E-SCN-012", "a burst that never ends is an outage"}.expect(
                                 "expected e.g. 20%, for bursts of five packets"));
  return bursts;
}

/// `10.1.0.1/24`, or a list of one IPv4 and one IPv6 address.
void read_addresses(Section& section, const std::string& key, std::string& v4, std::string& v6) {
  const auto texts = section.parsed_list<std::string>(
      key, [](const std::string& text) { return parse_interface(text); });
  for (const std::string& text : texts) {
    std::string& place = is_v6_interface(text) ? v6 : v4;
    if (!place.empty())
      section.problem(
          key, Error{"E-SCN-012", fmt::format("two addresses of a kind in '{}'", key)}.expect(
                   "expected one, or one of IPv4 and one of IPv6"));
    place = text;
  }
  if (texts.empty()) section.text(key, true);
}

std::uint32_t read_mtu(Section& section) {
  const auto mtu = static_cast<std::uint32_t>(section.number("mtu", 1500, 9000));
  if (mtu < 576)
    section.problem("mtu", Error{"E-SCN-012", "an MTU below 576 octets"}.see("RFC 791").expect(
                               "expected 576 to 9000"));
  return mtu;
}

}  // namespace

Result<std::string> parse_interface(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  const auto network = policy::parse_traffic_selector(text);
  if (!address || !network || slash == std::string_view::npos)
    return Error{"E-SCN-012", fmt::format("'{}' is not an address with its prefix", text)}.expect(
        "expected e.g. 10.1.0.1/24, or 2001:db8:1::1/64");
  return std::string(text);
}

bool is_v6_interface(const std::string& text) {
  return text.find(':') != std::string::npos;
}

std::vector<std::string> with_conditions(std::vector<std::string> keys) {
  keys.insert(keys.end(), condition_keys.begin(), condition_keys.end());
  return keys;
}

path::Conditions read_conditions(Section& section, path::Conditions c, Problems& problems) {
  c.rate_bps = section.parsed("rate", parse_rate, c.rate_bps);
  c.delay = section.parsed("delay", parse_duration, c.delay);
  c.jitter = section.parsed("jitter", parse_duration, c.jitter);
  c.loss = section.parsed("loss", parse_fraction, c.loss);
  c.reorder = section.parsed("reorder", parse_fraction, c.reorder);
  c.reorder_by = section.parsed("reorder_by", parse_duration, c.reorder_by);
  c.duplicate = section.parsed("duplicate", parse_fraction, c.duplicate);
  if (section.has("bursts")) c.bursts = read_bursts(section.at("bursts"), problems);
  return c;
}

Link read_link(const YAML::Node& yaml, Problems& problems) {
  Section section(yaml, "a link",
                  with_conditions({"name", "a", "b", "a_address", "b_address", "mtu", "to_a",
                                   "to_b", "outages"}),
                  problems);
  Link link;
  link.name = section.text("name", true);
  link.a = section.text("a", true);
  link.b = section.text("b", true);
  read_addresses(section, "a_address", link.a_address, link.a_address6);
  read_addresses(section, "b_address", link.b_address, link.b_address6);
  if (link.a_address.empty() != link.b_address.empty() ||
      link.a_address6.empty() != link.b_address6.empty())
    section.problem("b_address",
                    Error{"E-SCN-012",
                          "one end of the link speaks a version of IP that the other "
                          "does not"}
                        .expect("expected addresses of the same versions at both ends"));
  const path::Conditions both = read_conditions(section, {}, problems);
  const auto direction = [&](const char* key) {
    if (!section.has(key)) return both;
    Section one(section.at(key), fmt::format("'{}'", key), condition_keys, problems);
    return read_conditions(one, both, problems);
  };
  link.to_a = direction("to_a");
  link.to_b = direction("to_b");
  section.each("outages", [&](const YAML::Node& outage) {
    Section one(outage, "an outage", {"at", "for"}, problems);
    link.outages.push_back({one.parsed("at", parse_duration, Duration{0}, true),
                            one.parsed("for", parse_duration, Duration{0}, true)});
  });
  link.mtu = read_mtu(section);
  return link;
}

Lan read_lan(const YAML::Node& yaml, Problems& problems) {
  Section section(yaml, "a network", {"name", "kind", "members", "rate", "delay", "mtu"}, problems);
  Lan lan;
  lan.name = section.text("name", true);
  lan.kind = static_cast<Lan::Kind>(section.word("kind", {"csma", "wifi"}, 0));
  lan.rate_bps = section.parsed("rate", parse_rate, lan.rate_bps);
  lan.delay = section.parsed("delay", parse_duration, lan.delay);
  lan.mtu = read_mtu(section);
  section.each("members", [&](const YAML::Node& member) {
    Section one(member, "a member", {"node", "address"}, problems);
    Lan::Member& added = lan.members.emplace_back();
    added.node = one.text("node", true);
    read_addresses(one, "address", added.address, added.address6);
  });
  if (lan.members.size() < 2)
    section.problem("members",
                    Error{"E-SCN-011", "a network of fewer than two members"}.expect(
                        "expected entries such as {node: host-a, address: 10.1.0.10/24}"));
  return lan;
}

path::NatConfig read_nat(const YAML::Node& yaml, Problems& problems) {
  const std::vector<std::string> dependences = {"endpoint-independent", "address-dependent",
                                                "address-and-port-dependent"};
  Section section(yaml, "'nat'",
                  {"inside", "mapping", "filtering", "udp_timeout", "tcp_timeout", "icmp_timeout",
                   "ports", "preserve_ports", "hairpin", "esp_passthrough", "forward"},
                  problems);
  path::NatConfig nat;
  nat.inside = section.texts("inside");
  if (nat.inside.empty()) section.text("inside", true);
  nat.mapping = static_cast<path::Dependence>(section.word("mapping", dependences, 0));
  nat.filtering = static_cast<path::Dependence>(section.word("filtering", dependences, 2));
  nat.udp_timeout = section.parsed("udp_timeout", parse_duration, nat.udp_timeout);
  nat.tcp_timeout = section.parsed("tcp_timeout", parse_duration, nat.tcp_timeout);
  nat.icmp_timeout = section.parsed("icmp_timeout", parse_duration, nat.icmp_timeout);
  nat.preserve_ports = section.boolean("preserve_ports", nat.preserve_ports);
  nat.hairpin = section.boolean("hairpin", nat.hairpin);
  nat.esp_passthrough = section.boolean("esp_passthrough", nat.esp_passthrough);
  section.each("forward", [&](const YAML::Node& forward) {
    Section one(forward, "a forwarded port", {"udp", "tcp", "to"}, problems);
    const bool tcp = one.has("tcp");
    if (!tcp && !one.has("udp")) one.text("udp", true);
    nat.forwards.push_back({tcp ? path::ip_tcp : path::ip_udp,
                            static_cast<std::uint16_t>(one.number(tcp ? "tcp" : "udp", 0, 65535)),
                            one.parsed("to", IpAddress::parse, IpAddress{}, true)});
  });
  if (!section.has("ports")) return nat;
  unsigned first = 0, last = 0;
  char rest = 0;
  const std::string range = section.text("ports");
  if (std::sscanf(range.c_str(), "%5u-%5u%c", &first, &last, &rest) != 2 || first == 0 ||
      first > last || last > 65535)
    section.problem("ports",
                    Error{"E-SCN-012", fmt::format("'{}' is no range of ports", range)}.expect(
                        "expected e.g. 1024-65535"));
  nat.first_port = static_cast<std::uint16_t>(first);
  nat.last_port = static_cast<std::uint16_t>(last);
  return nat;
}

path::Rule read_rule(const YAML::Node& yaml, Problems& problems) {
  Section section(yaml, "a firewall rule", {"drop", "port", "octets", "from", "until"}, problems);
  path::Rule rule;
  if (!section.has("drop")) section.text("drop", true);
  rule.what = static_cast<path::Blocked>(section.word(
      "drop", {"udp", "tcp", "icmp", "esp", "fragments", "larger", "packet-too-big"}, 0));
  const bool has_ports = rule.what == path::Blocked::udp || rule.what == path::Blocked::tcp;
  if (section.has("port") && !has_ports)
    section.problem("port", Error{"E-SCN-012", "only udp and tcp have ports"});
  rule.port = static_cast<std::uint16_t>(section.number("port", 0, 65535));
  rule.octets = section.number("octets", 0, 65535);
  if (rule.what == path::Blocked::larger && rule.octets == 0)
    section.problem("octets", Error{"E-SCN-011", "'larger' lacks 'octets'"}.expect("e.g. 1400"));
  rule.from = section.parsed("from", parse_duration, rule.from);
  rule.until = section.parsed("until", parse_duration, rule.until);
  return rule;
}

}  // namespace ikelab::scenario
