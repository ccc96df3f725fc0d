// A scenario as a value: what the YAML says, checked, with units resolved. No ns-3 here.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/policy/connection.hpp"
#include "sim/path/conditions.hpp"
#include "sim/path/firewall.hpp"
#include "sim/path/nat.hpp"
#include "sim/store/run.hpp"

namespace ikelab::scenario {

enum class Role { host, gateway, router, nat, firewall };
constexpr const char* role_words[] = {"host", "gateway", "router", "nat", "firewall"};

struct Node {
  std::string name;
  Role role = Role::host;
  double x = 0.5, y = 0.5;
  std::vector<policy::ConnectionConfig>
      connections;  ///< gateways, and hosts that are road warriors
  std::optional<unsigned> cookie_threshold, puzzle_threshold, auth_puzzle_threshold;
  unsigned puzzle_difficulty = 12, auth_puzzle_difficulty = 12;
  bool puzzle_solve = true;
  std::vector<policy::EapUser> eap_users;  ///< a gateway's `secrets`
  std::vector<policy::PoolConfig> pools;   ///< for the clients of its connections
  std::vector<IpAddress> inner_addresses;  ///< of its own inside a tunnel: a road warrior's
  std::vector<std::string> bugs;           ///< flaws of history that it has (sim/historic)
  /// How long an unprotected refusal of IKE_SA_INIT waits for a better answer before it is believed
  /// (RFC 7296, 2.21.1); 0: not at all.
  Duration patience{0};
  std::optional<path::NatConfig> nat;  ///< role nat
  std::vector<path::Rule> firewall;    ///< of what it forwards
  std::optional<std::size_t> cloud;    ///< a subscriber of that cloud: a light node
  std::size_t line = 0;
};

/// One point-to-point link between two nodes, with an address (or two) on each side.
struct Link {
  std::string name, a, b;
  std::string a_address, b_address;    ///< "10.1.0.1/24"; empty: no IPv4
  std::string a_address6, b_address6;  ///< "2001:db8:1::1/64"; empty: no IPv6
  path::Conditions to_a, to_b;         ///< each direction has its own
  std::vector<path::Outage> outages;
  std::uint32_t mtu = 1500;  ///< octets
};

/// A shared medium: an Ethernet segment (ns-3's csma) or a wireless LAN (ns-3's wifi, one access
/// point: its first member).
struct Lan {
  enum class Kind { csma, wifi } kind = Kind::csma;
  struct Member {
    std::string node, address, address6;
  };
  std::string name;
  std::vector<Member> members;
  std::uint64_t rate_bps = 100'000'000;  ///< csma
  Duration delay{1us};                   ///< csma
  std::uint32_t mtu = 1500;
};

/// Thousands of subscribers behind one interface of a gateway: delivery by address, and each
/// subscriber has a line of its own. They stand among the nodes, as light ones (Node::cloud).
struct Cloud {
  std::string name, gateway;
  std::string address;  ///< the gateway's, with the prefix of them all
  struct Subscriber {
    std::string node;
    IpAddress address;
    path::Conditions line;
    Duration start{0};  ///< when it initiates
  };
  std::vector<Subscriber> subscribers;
  struct Flow {
    std::string to;  ///< a node; it answers (UDP echo)
    std::uint64_t packets = 0;
    Duration start{0}, interval{100ms};  ///< start: after its initiation
    std::uint32_t octets = 64;           ///< of UDP payload
  } flow;
  std::optional<Duration> rekey;  ///< of the Child SA, after its initiation
};

/// ns-3's own applications. Kinds: "ping", "tcp" (bulk download), "udp" (constant rate), "on-off"
/// (constant rate in bursts), "poisson" (udp packets at random times).
struct Traffic {
  std::string kind;
  std::string from, to;  ///< node names; tcp: `to` downloads from `from`
  Duration start{0}, stop{0}, interval{1s};
  std::uint64_t bytes = 0;     ///< tcp
  std::uint64_t rate_bps = 0;  ///< udp, on-off, poisson: the mean while on
  std::uint32_t size = 0;      ///< octets of payload in a packet; 0: the application's own
  Duration on{1s}, off{1s};    ///< on-off: mean lengths, exponential
  bool dont_fragment = false;  ///< udp, poisson: DF set, and as small as the path wants
  bool v6 = false;
};

/// At a time, something is asked of a node's endpoint (initiate, rekey-ike, rekey-child,
/// delete-ike, delete-child, liveness), or happens to the network: a NAT box restarts (rebind), an
/// interface gets another address (move), a link changes sides for its node's default route
/// (reroute), a node forgets everything at once (crash), a gateway sends its clients to another one
/// (redirect).
struct TimedEvent {
  Duration at{0};
  std::string node, action, connection, child, mark;
  std::string link, address;  ///< move: which interface, and "203.0.113.9/24"; reroute: over which
                              ///< link, and to which network ("" for everything else)
  IpAddress gateway = {};     ///< redirect: where to
};

/// What an adversary gets without having to earn it.
struct Compromise {
  /// "psk", "key" (the private key) or "cert" of the node's configuration; else the RFC's name of a
  /// derived value: "g^ir", "SKEYSEED", "SK_d", "SK_ei" ...
  std::string what;
  std::string node;
  /// Derived values: at this time it gets every one that the node has derived so far. Without it,
  /// each as it is derived.
  std::optional<Duration> at;
};

/// Whether a compromise's `what` stands in the configuration; else it is derived in the run.
inline bool is_configured(const std::string& what) {
  return what == "psk" || what == "key" || what == "cert";
}

struct Adversary {
  std::string name;
  std::string position;  ///< "passive", "on-path", "off-path"
  std::string link;      ///< where it sits
  std::string script;    ///< name in sim/attacks/ ("replay-esp") or a path beside the scenario
  std::map<std::string, std::string> parameters;
  std::vector<Compromise> compromise;
  /// Of an IKE endpoint of its own, as a node's: whom it can pretend to be, and with which secrets.
  std::vector<policy::ConnectionConfig> connections;
};

/// Somebody who watches a link for the defence, or (invariants) the whole run.
struct Monitor {
  std::string name;
  std::string link;
  std::vector<std::string> detectors;  ///< scripts: names in sim/monitor/detectors, or paths
  bool blocks = false;                 ///< takes out what its detectors block()
  std::map<std::string, std::string> parameters;
  std::vector<std::string> invariants;  ///< names of sim/monitor/invariants.hpp; "all"
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
  std::optional<Duration> measure;  ///< metrics of gateways and SAs at this interval
  policy::RetransmitPolicy retransmit;
  std::vector<Node> nodes;
  std::vector<Link> links;
  std::vector<Lan> lans;
  std::vector<Cloud> clouds;
  std::vector<Traffic> traffic;
  std::vector<TimedEvent> events;
  std::vector<Adversary> adversaries;
  std::vector<Monitor> monitors;
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
