// `fleet:` many like gateways around one hub, for measurements: the members are made here, as if
// each stood in the file.
#pragma once
#include "sim/scenario/lab_pki.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::scenario {

/// Adds `count` members edge-1 ... with a link to `router` each, a connection to `hub` each (the
/// hub takes them all with one of its own), and pings through the tunnels. Reads `fleet:` of the
/// file; nothing when it is absent.
void read_fleet(const YAML::Node& node, const LabPki& pki, Scenario& scenario, Problems& problems);

}  // namespace ikelab::scenario
