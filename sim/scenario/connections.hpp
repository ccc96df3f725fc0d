// `connections:` in swanctl's vocabulary.
#pragma once
#include "sim/scenario/lab_pki.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::scenario {

policy::ConnectionConfig read_connection(const YAML::Node& node, const LabPki& pki,
                                         Problems& problems);

/// swanctl's `pools`, as a list: {name: office, addrs: 10.8.0.0/24, dns: [...], subnet: [...]}.
policy::PoolConfig read_pool(const YAML::Node& node, Problems& problems);

}  // namespace ikelab::scenario
