// --set path=value: changes a scenario's YAML before it is checked.
#pragma once
#include "sim/scenario/scenario.hpp"
#include "sim/scenario/yaml.hpp"

namespace ikelab::scenario {

/// The path's steps are keys of mappings, or names of list entries ("links.wan.loss"), or indices
/// ("events.0.at"). Its last step may be a key that is not there yet. Errors: E-SCN-014.
Result<void> apply_overrides(YAML::Node root, const Overrides& overrides);

}  // namespace ikelab::scenario
