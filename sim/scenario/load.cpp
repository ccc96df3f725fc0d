// From a scenario's YAML to a checked value. Sections in the order of the file format; cross
// references are checked at the end.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "sim/historic/historic.hpp"
#include "sim/scenario/adversaries.hpp"
#include "sim/scenario/auth.hpp"
#include "sim/scenario/base.hpp"
#include "sim/scenario/cloud.hpp"
#include "sim/scenario/connections.hpp"
#include "sim/scenario/fleet.hpp"
#include "sim/scenario/networks.hpp"
#include "sim/scenario/overrides.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/scenario/units.hpp"

namespace ikelab::scenario {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t default_epoch =
    1'790'000'000;  // 2026-09-21: later than every certificate's beginning

const std::vector<std::string> top_keys = {
    "name",       "about",       "epoch",    "seed",
    "duration",   "record",      "measure",  "disclose_secrets",
    "retransmit", "pki",         "nodes",    "links",
    "networks",   "clouds",      "fleet",    "traffic",
    "events",     "adversaries", "monitors", "expect"};

double coordinate(const YAML::Node& at, std::size_t i) {
  return at.IsSequence() && at.size() == 2 ? at[i].as<double>(0.5) : 0.5;
}

/// Flaws of history that the node has (sim/historic).
std::vector<std::string> read_bugs(Section& section) {
  std::vector<std::string> names = section.texts("bugs"), known;
  for (const historic::Bug* bug : historic::bugs()) known.emplace_back(bug->name);
  for (const std::string& name : names)
    if (historic::find(name) == nullptr)
      section.problem("bugs", Error{"E-SCN-030", fmt::format("no flaw is named '{}'", name)}.expect(
                                  fmt::format("expected one of {}", fmt::join(known, ", "))));
  return names;
}

/// The newest connection's pools are the node's.
void check_pools(const YAML::Node& yaml, const Node& node, Problems& problems) {
  std::vector<std::string> names;
  for (const policy::PoolConfig& pool : node.pools) names.push_back(pool.name);
  for (const std::string& name : node.connections.back().pools) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string near = nearest(name, names);
    problems.add(yaml["pools"].Mark(),
                 Error{"E-SCN-013", fmt::format("no pool is named '{}'", name)}.expect(
                     near.empty() ? "expected a name under the node's pools:"
                                  : "did you mean '" + near + "'?"));
  }
}

/// How many of something must be there for a measure to be taken.
std::optional<unsigned> threshold(Section& section, const std::string& key) {
  if (!section.has(key)) return std::nullopt;
  return static_cast<unsigned>(section.number(key, 0, 1'000'000));
}

/// Zero bits that a puzzle's solution has at least. RFC 8019's 0, as many as the initiator likes,
/// is not spoken.
unsigned difficulty(Section& section, const std::string& key) {
  constexpr unsigned usual = 12;
  const auto bits = static_cast<unsigned>(section.number(key, usual, 32));
  if (bits != 0) return bits;
  section.problem(key, Error{"E-SCN-012", fmt::format("'0' is not a number for '{}'", key)}.expect(
                           "expected 1 to 32"));
  return usual;
}

Node read_node(const YAML::Node& yaml, const LabPki& pki, Problems& problems) {
  Section section(
      yaml, "a node",
      {"name", "role", "at", "connections", "cookie_threshold", "puzzle_threshold",
       "puzzle_difficulty", "puzzle_solve", "auth_puzzle_threshold", "auth_puzzle_difficulty",
       "inner_addresses", "bugs", "patience", "secrets", "pools", "nat", "firewall"},
      problems);
  Node node;
  node.line = section.line();
  node.name = section.text("name", true);
  node.role =
      static_cast<Role>(section.word("role", {std::begin(role_words), std::end(role_words)}, 0));
  if (section.has("at"))
    node.x = coordinate(section.at("at"), 0), node.y = coordinate(section.at("at"), 1);
  node.cookie_threshold = threshold(section, "cookie_threshold");
  node.puzzle_threshold = threshold(section, "puzzle_threshold");
  node.puzzle_difficulty = difficulty(section, "puzzle_difficulty");
  node.auth_puzzle_threshold = threshold(section, "auth_puzzle_threshold");
  node.auth_puzzle_difficulty = difficulty(section, "auth_puzzle_difficulty");
  node.puzzle_solve = section.boolean("puzzle_solve", true);
  if (node.auth_puzzle_threshold && !node.puzzle_threshold)
    section.problem(
        "auth_puzzle_threshold",
        Error{"E-SCN-011", "a puzzle for IKE_AUTH is only given to who solved one before"}
            .expect("expected a puzzle_threshold beside it")
            .see("RFC 8019, 7.2.1"));
  for (const std::string& text : section.texts("inner_addresses")) {
    auto address = IpAddress::parse(text);
    if (address)
      node.inner_addresses.push_back(*address);
    else
      section.problem("inner_addresses", address.error());
  }
  node.bugs = read_bugs(section);
  section.each("secrets", [&](const YAML::Node& secret) {
    node.eap_users.push_back(read_secret(secret, problems));
  });
  node.patience = section.parsed("patience", parse_duration, Duration{0});
  if (section.has("nat")) node.nat = read_nat(section.at("nat"), problems);
  if (node.nat.has_value() != (node.role == Role::nat))
    section.problem("nat", Error{"E-SCN-011", "role: nat and a section 'nat' go together"}.expect(
                               "expected e.g. nat: {inside: [lan]}"));
  section.each("firewall",
               [&](const YAML::Node& rule) { node.firewall.push_back(read_rule(rule, problems)); });
  section.each("pools", [&](const YAML::Node& p) { node.pools.push_back(read_pool(p, problems)); });
  section.each("connections", [&](const YAML::Node& c) {
    node.connections.push_back(read_connection(c, pki, problems));
    check_pools(c, node, problems);
  });
  return node;
}

Traffic read_traffic(const YAML::Node& yaml, Duration end, Problems& problems) {
  Section section(yaml, "a traffic entry",
                  {"kind", "from", "to", "start", "stop", "interval", "bytes", "rate", "size", "on",
                   "off", "ip", "dont_fragment"},
                  problems);
  const std::vector<std::string> kinds = {"ping", "tcp", "udp", "on-off", "poisson"};
  Traffic traffic;
  traffic.kind = kinds[section.word("kind", kinds, 0)];
  traffic.from = section.text("from", true);
  traffic.to = section.text("to", true);
  traffic.start = section.parsed("start", parse_duration, Duration{0});
  traffic.stop = section.parsed("stop", parse_duration, end);
  traffic.interval = section.parsed("interval", parse_duration, Duration(1s));
  traffic.bytes = section.parsed("bytes", parse_size, std::uint64_t{1} << 20);
  traffic.rate_bps = section.parsed("rate", parse_rate, std::uint64_t{64'000});
  traffic.size = static_cast<std::uint32_t>(section.number("size", 0, 65'000));
  traffic.on = section.parsed("on", parse_duration, traffic.on);
  traffic.off = section.parsed("off", parse_duration, traffic.off);
  traffic.dont_fragment = section.boolean("dont_fragment", false);
  traffic.v6 = section.word("ip", {"4", "6"}, 0) == 1;
  if (traffic.interval <= Duration::zero())
    section.problem("interval",
                    Error{"E-SCN-012", "an interval of nothing"}.expect("expected e.g. 1s"));
  return traffic;
}

TimedEvent read_event(const YAML::Node& yaml, Problems& problems) {
  Section section(yaml, "an event",
                  {"at", "node", "action", "connection", "child", "mark", "link", "address", "to"},
                  problems);
  const std::vector<std::string> actions = {
      "mark",   "initiate", "rekey-ike", "rekey-child", "delete-ike", "delete-child", "liveness",
      "rebind", "move",     "reroute",   "crash",       "redirect",   "restore"};
  TimedEvent event;
  event.at = section.parsed("at", parse_duration, Duration{0}, true);
  event.action = actions[section.word("action", actions, 0)];
  event.node = section.text("node", event.action != "mark");
  event.connection = section.text("connection", event.action == "initiate");
  event.child =
      section.text("child", event.action == "rekey-child" || event.action == "delete-child");
  event.mark = section.text("mark", event.action == "mark");
  event.link = section.text("link", event.action == "move" || event.action == "reroute");
  event.address = section.parsed("address", parse_interface, std::string(), event.action == "move");
  if (event.action == "reroute")
    event.address = section.parsed("to", parse_interface, std::string());
  if (event.action == "redirect")
    event.gateway = section.parsed("to", IpAddress::parse, IpAddress{}, true);
  return event;
}

/// `- ping: {from: host-a, received_at_least: 10}` or `- established: all`.
Expectation read_expectation(const YAML::Node& yaml, Problems& problems) {
  Expectation expectation;
  expectation.line = static_cast<std::size_t>(yaml.Mark().line) + 1;
  YAML::Emitter text;
  text << YAML::Flow << yaml;
  expectation.text = text.c_str();
  if (!yaml.IsMap() || yaml.size() != 1 || !yaml.begin()->first.IsScalar()) {
    problems.add(yaml.Mark(),
                 Error{"E-SCN-012", "an expectation is one key with its arguments"}.expect(
                     "expected e.g. - established: all"));
    return expectation;
  }
  expectation.what = yaml.begin()->first.Scalar();
  const YAML::Node arguments = yaml.begin()->second;
  if (arguments.IsScalar()) expectation.arguments["value"] = arguments.Scalar();
  if (arguments.IsMap())
    for (const auto& entry : arguments)
      if (entry.first.IsScalar() && entry.second.IsScalar())
        expectation.arguments[entry.first.Scalar()] = entry.second.Scalar();
  return expectation;
}

// Names that must name something.
void check_references(Section& top, const Scenario& scenario) {
  std::vector<std::string> nodes, links;
  for (const Node& node : scenario.nodes) nodes.push_back(node.name);
  for (const Link& link : scenario.links) links.push_back(link.name);
  const auto known = [&](const std::vector<std::string>& names, const std::string& name,
                         const char* kind, const char* section) {
    if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
    const std::string near = nearest(name, names);
    top.problem(section, Error{"E-SCN-013", fmt::format("no {} is named '{}'", kind, name)}.expect(
                             near.empty() ? "" : "did you mean '" + near + "'?"));
  };
  const auto twice = [&](std::vector<std::string> names, const char* kind, const char* section) {
    std::sort(names.begin(), names.end());
    const auto found = std::adjacent_find(names.begin(), names.end());
    if (found != names.end())
      top.problem(section, Error{"E-SCN-013", fmt::format("two {}s are named '{}'", kind, *found)});
  };
  twice(nodes, "node", "nodes");
  twice(links, "link", "links");
  for (const Link& link : scenario.links)
    known(nodes, link.a, "node", "links"), known(nodes, link.b, "node", "links");
  for (const Traffic& t : scenario.traffic)
    known(nodes, t.from, "node", "traffic"), known(nodes, t.to, "node", "traffic");
  for (const Monitor& monitor : scenario.monitors) known(links, monitor.link, "link", "monitors");
  for (const Lan& lan : scenario.lans)
    for (const Lan::Member& member : lan.members) known(nodes, member.node, "node", "networks");
  for (const TimedEvent& event : scenario.events)
    known(nodes, event.node, "node", "events"), known(links, event.link, "link", "events");
  for (const Cloud& cloud : scenario.clouds)
    known(nodes, cloud.gateway, "node", "clouds"), known(nodes, cloud.flow.to, "node", "clouds");
  std::vector<std::string> media = links;
  for (const Lan& lan : scenario.lans) media.push_back(lan.name);
  twice(media, "link or network", "networks");
  for (const Node& node : scenario.nodes)
    if (node.nat)
      for (const std::string& inside : node.nat->inside) known(media, inside, "link", "nodes");
  for (const Adversary& adversary : scenario.adversaries) {
    known(links, adversary.link, "link", "adversaries");
    for (const Compromise& c : adversary.compromise) {
      known(nodes, c.node, "node", "adversaries");
      if (!is_configured(c.what) && !scenario.disclose_secrets)
        top.problem(
            "adversaries",
            Error{"E-SCN-017", fmt::format("'{}' gets {} of {}, and the run keeps its secrets",
                                           adversary.name, c.what, c.node)}
                .expect("write disclose_secrets: true"));
    }
  }
}

Result<std::string> read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || fs::is_directory(file))
    return Error{"E-SCN-001", fmt::format("no scenario '{}'", file.string())};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string words_of(const Overrides& overrides) {
  std::string words;
  for (const auto& [path, value] : overrides)
    words += (words.empty() ? "--set " : " --set ") + path + "=" + value;
  return words;
}

}  // namespace

Result<Scenario> load_text(const std::string& yaml, const std::string& file,
                           const Overrides& overrides, std::optional<std::uint64_t> seed) {
  IKELAB_TRY(const YAML::Node written, parse_yaml(yaml, file));
  IKELAB_TRY(YAML::Node root, with_base(written, file));
  if (!root.IsMap())
    return Error{"E-SCN-002", "this is not a scenario"}
        .in(file + ":1:1")
        .expect("expected a mapping with name, nodes, links");
  IKELAB_CHECK(apply_overrides(root, overrides));
  Problems problems(file, words_of(overrides));
  Scenario scenario;
  try {
    Section top(root, "a scenario", top_keys, problems);
    scenario.file = file;
    scenario.yaml = overrides.empty() && !written["base"] ? yaml : YAML::Dump(root);
    scenario.name = top.text("name", true);
    scenario.about = top.text("about");
    scenario.epoch = top.parsed("epoch", parse_time_of_day, default_epoch);
    scenario.seed = seed.value_or(top.number("seed", 1, UINT64_MAX));
    scenario.duration = top.parsed("duration", parse_duration, Duration{0}, true);
    scenario.record =
        static_cast<store::RecordLevel>(top.word("record", {"full", "control", "metrics"}, 0));
    scenario.disclose_secrets = top.boolean("disclose_secrets", false);
    if (top.has("measure")) {
      scenario.measure = top.parsed("measure", parse_duration, Duration{0});
      if (*scenario.measure < Duration(1ms))
        top.problem("measure", Error{"E-SCN-012", "an interval below a millisecond"}.expect(
                                   "expected e.g. 1s"));
    }
    if (top.has("retransmit")) {
      Section section(top.at("retransmit"), "'retransmit'", {"timeout", "tries"}, problems);
      scenario.retransmit.timeout =
          section.parsed("timeout", parse_duration, scenario.retransmit.timeout);
      scenario.retransmit.tries =
          static_cast<unsigned>(section.number("tries", scenario.retransmit.tries, 20));
    }
    const LabPki pki = read_pki(top.at("pki"), scenario.seed, scenario.epoch, problems);
    top.each("nodes",
             [&](const YAML::Node& n) { scenario.nodes.push_back(read_node(n, pki, problems)); });
    top.each("links",
             [&](const YAML::Node& n) { scenario.links.push_back(read_link(n, problems)); });
    top.each("networks",
             [&](const YAML::Node& n) { scenario.lans.push_back(read_lan(n, problems)); });
    top.each("traffic", [&](const YAML::Node& n) {
      scenario.traffic.push_back(read_traffic(n, scenario.duration, problems));
    });
    top.each("events",
             [&](const YAML::Node& n) { scenario.events.push_back(read_event(n, problems)); });
    top.each("adversaries", [&](const YAML::Node& n) {
      scenario.adversaries.push_back(read_adversary(n, pki, problems));
    });
    top.each("monitors",
             [&](const YAML::Node& n) { scenario.monitors.push_back(read_monitor(n, problems)); });
    top.each("expect", [&](const YAML::Node& n) {
      scenario.expectations.push_back(read_expectation(n, problems));
    });
    top.each("clouds", [&](const YAML::Node& n) { read_cloud(n, pki, scenario, problems); });
    read_fleet(top.at("fleet"), pki, scenario, problems);
    if (scenario.nodes.empty()) top.text("nodes", true);
    check_references(top, scenario);
  } catch (const YAML::Exception& e) {  // the edge of yaml-cpp
    problems.add(e.mark, Error{"E-SCN-002", e.msg});
  }
  if (problems.first()) return *problems.first();
  return scenario;
}

Result<Scenario> load(const std::string& name_or_path, const Overrides& overrides,
                      std::optional<std::uint64_t> seed) {
  fs::path file = name_or_path;
  const bool plain_name =
      name_or_path.find('/') == std::string::npos && !name_or_path.ends_with(".yaml");
  if (plain_name) file = fs::path(IKELAB_SCENARIO_DIR) / (name_or_path + ".yaml");
  auto text = read_file(file);
  if (!text) {
    Error error = text.error();
    std::vector<std::string> names;
    for (const auto& [name, about] : shipped()) names.push_back(name);
    const std::string near = nearest(name_or_path, names);
    error.message = fmt::format("no scenario '{}'", name_or_path);
    error.hint =
        near.empty()
            ? "expected a shipped name (see: ikelab scenarios) or a path that ends with .yaml"
            : "did you mean '" + near + "'?";
    return error;
  }
  return load_text(*text, plain_name ? name_or_path + ".yaml" : name_or_path, overrides, seed);
}

std::vector<std::pair<std::string, std::string>> shipped() {
  std::vector<std::pair<std::string, std::string>> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(IKELAB_SCENARIO_DIR, ignored)) {
    if (entry.path().extension() != ".yaml") continue;
    const auto text = read_file(entry.path());
    auto root = text ? parse_yaml(*text, entry.path().string()) : Result<YAML::Node>(text.error());
    const bool told = root && root->IsMap() && (*root)["about"] && (*root)["about"].IsScalar();
    out.emplace_back(entry.path().stem().string(), told ? (*root)["about"].Scalar() : "");
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace ikelab::scenario
