// A scenario as a value: what the YAML says, checked, with units resolved. No ns-3 here.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/policy/connection.hpp"
#include "sim/store/run.hpp"

namespace ikelab::scenario {

enum class Role { host, gateway, router };

struct Node {
  std::string name;
  Role role = Role::host;
  double x = 0.5, y = 0.5;
  std::vector<policy::ConnectionConfig>
      connections;  ///< gateways, and hosts that are road warriors
  std::optional<unsigned> cookie_threshold;
  std::vector<policy::PoolConfig> pools;   ///< for the clients of its connections
  std::vector<IpAddress> inner_addresses;  ///< of its own inside a tunnel: a road warrior's
  std::size_t line = 0;
};

/// One point-to-point link between two nodes, with an address on each side.
struct Link {
  std::string name, a, b;
  std::string a_address, b_address;  ///< "10.1.0.1/24"
  std::uint64_t rate_bps = 0;
  Duration delay{0}, jitter{0};
  double loss = 0;           ///< probability per packet and direction, 0..1
  std::uint32_t mtu = 1500;  ///< octets
};

/// ns-3's own applications.
struct Traffic {
  std::string kind;      ///< "ping", "tcp" (bulk download), "udp" (constant rate)
  std::string from, to;  ///< node names; tcp: `to` downloads from `from`
  Duration start{0}, stop{0}, interval{1s};
  std::uint64_t bytes = 0;     ///< tcp
  std::uint64_t rate_bps = 0;  ///< udp
};

/// At a time, something is asked of a node's endpoint: initiate, rekey-ike, rekey-child,
/// delete-ike, delete-child, liveness.
struct TimedEvent {
  Duration at{0};
  std::string node, action, connection, child, mark;
};

/// What an adversary gets without having to earn it.
struct Compromise {
  /// "psk" or "key" (the private key) of the node's configuration; else the RFC's name of a derived
  /// value: "g^ir", "SKEYSEED", "SK_d", "SK_ei" ...
  std::string what;
  std::string node;
  /// Derived values: at this time it gets every one that the node has derived so far. Without it,
  /// each as it is derived.
  std::optional<Duration> at;
};

struct Adversary {
  std::string name;
  std::string position;  ///< "passive", "on-path", "off-path"
  std::string link;      ///< where it sits
  std::string script;    ///< name in sim/attacks/ ("replay-esp") or a path beside the scenario
  std::map<std::string, std::string> parameters;
  std::vector<Compromise> compromise;
};

/// Something that must be true at the end, over trace and SA state.
struct Expectation {
  std::string
      what;  ///< "established", "messages", "esp_delivered", "alerts", "attack", "metric" ...
  std::map<std::string, std::string> arguments;
  std::string text;  ///< as written, for the report
  std::size_t line = 0;
};

struct Scenario {
  std::string name, about;
  std::filesystem::path file;
  std::string yaml;        ///< as loaded, after --set
  std::int64_t epoch = 0;  ///< Unix seconds
  std::uint64_t seed = 1;
  Duration duration{0};
  store::RecordLevel record = store::RecordLevel::full;
  bool disclose_secrets = false;
  policy::RetransmitPolicy retransmit;
  std::vector<Node> nodes;
  std::vector<Link> links;
  std::vector<Traffic> traffic;
  std::vector<TimedEvent> events;
  std::vector<Adversary> adversaries;
  std::vector<Expectation> expectations;
};

/// `path=value` of --set: "links.wan.loss=5%". The path names mapping keys, or list entries by
/// their `name`.
using Overrides = std::vector<std::pair<std::string, std::string>>;

/// Loads by shipped name ("site-to-site", looked up in `directory`) or by path. Every error is one
/// line with file, line, column and what was expected. Errors: E-SCN-001 no such file, E-SCN-002
/// not YAML, E-SCN-010 unknown key (with the near one), E-SCN-011 missing key, E-SCN-012 wrong type
/// or unit, E-SCN-013 unknown node or link, E-SCN-014 --set names nothing, E-POL-* of proposals.
/// `seed` is needed because lab certificates and keys are derived from it.
Result<Scenario> load(const std::string& name_or_path, const Overrides& overrides = {},
                      std::optional<std::uint64_t> seed = {});
Result<Scenario> load_text(const std::string& yaml, const std::string& file,
                           const Overrides& overrides = {}, std::optional<std::uint64_t> seed = {});
/// Names of the shipped scenarios with their `about`.
std::vector<std::pair<std::string, std::string>> shipped();

}  // namespace ikelab::scenario
