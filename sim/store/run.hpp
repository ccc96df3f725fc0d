// What a run is, apart from its events: shared by recorder and reader.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace ikelab::store {

/// How much of the data path is kept. `full`: all. `control`: no ESP packets' octets, no
/// PacketOnLink of traffic. `metrics`: only metrics, SAs, task ends and marks. The fingerprint
/// never depends on it.
enum class RecordLevel { full, control, metrics };

struct NodeInfo {
  std::string name;
  std::string role;                    ///< "host", "gateway", "router", "adversary"
  std::vector<std::string> addresses;  ///< "10.1.0.1/24"
  double x = 0, y = 0;                 ///< place in the topology view, 0..1
};
struct LinkInfo {
  std::string name, a, b;
  std::string about;  ///< "10 Mbps, 10 ms, loss 10 %"
};

/// A policy of a node's SPD (RFC 4301, 4.4.1); they stand in the order in which they are asked.
struct PolicyInfo {
  std::string node, action;         ///< "protect", "bypass", "discard"
  std::string connection, child;    ///< whose Child SAs protect
  std::string mode;                 ///< "tunnel", "transport", or as `action`
  std::string local_ts, remote_ts;  ///< "10.1.0.0/24"
  std::string proposals;            ///< "aes256gcm16, aes128-sha256"
  std::string lifetime;             ///< "rekey after 1 h, end after 1.1 h"
  std::string start;                ///< "at once", "when traffic wants it", ""
};
/// An entry of a node's PAD (RFC 4301, 4.4.3): who may be a peer, and how each side proves itself.
struct PeerInfo {
  std::string node, connection;
  std::string address;   ///< of the peer: "198.51.100.1", "any"
  std::string identity;  ///< that the peer must prove: "gw-b.example.org", "%any"
  std::string proof;     ///< "pre-shared key", "certificate", "EAP-TLS"
  std::string own_identity, own_proof;
  std::string version, proposals, lifetime;  ///< "IKEv2"; of the IKE SA
};

enum class RunStatus {
  unfinished,
  finished,
  failed
};  ///< unfinished: still running, or it was killed

struct RunInfo {
  std::int64_t id = 0;  ///< in this database
  std::string scenario, about;
  std::uint64_t seed = 0;
  std::string config;       ///< the scenario's YAML as run, after --set
  std::string config_hash;  ///< SHA-256 of it, hex
  std::string versions;     ///< "ikelab 0.1.0; OpenSSL 3.0.19; ns-3.37; g++ 12.2"
  std::int64_t epoch = 0;   ///< Unix seconds of simulated time 0
  bool disclosed = false;
  RunStatus status = RunStatus::unfinished;
  bool expectations_met = false;
  std::string fingerprint;              ///< hex, once finished
  std::string started_at, finished_at;  ///< wall clock, ISO 8601 UTC
  std::vector<NodeInfo> nodes;
  std::vector<LinkInfo> links;
  std::vector<PolicyInfo> policies;  ///< by node, in their order
  std::vector<PeerInfo> peers;
};

}  // namespace ikelab::store
