// `connections:` in swanctl's vocabulary.
#pragma once
#include "sim/scenario/lab_pki.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::scenario {

policy::ConnectionConfig read_connection(const YAML::Node& node, const LabPki& pki,
                                         Problems& problems);

}  // namespace ikelab::scenario
