// `clouds:` thousands of subscribers on one gateway, made from one template.
#pragma once
#include "sim/scenario/lab_pki.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/scenario/yaml.hpp"

namespace ikelab::scenario {

/// Reads one entry of `clouds:` and adds its subscribers to the nodes. The template's local
/// address, identity and local traffic selectors are filled in for each.
void read_cloud(const YAML::Node& node, const LabPki& pki, Scenario& scenario, Problems& problems);

}  // namespace ikelab::scenario
