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
};

}  // namespace ikelab::store
