// The people on the links of a scenario: adversaries with their scripts and what is granted to
// them, and monitors with their detectors.
#pragma once
#include "sim/scenario/lab_pki.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/scenario/yaml.hpp"

namespace ikelab::scenario {

Adversary read_adversary(const YAML::Node& yaml, const LabPki& pki, Problems& problems);
Monitor read_monitor(const YAML::Node& yaml, Problems& problems);

}  // namespace ikelab::scenario
