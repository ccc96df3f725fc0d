// A scenario made from another one: `base:` names it, what stands in this file replaces the base's
// sections, and `set:` changes single values as --set does. The twins of an attack (vulnerable,
// hardened) differ in a line or two, and show just those.
#pragma once
#include "sim/scenario/yaml.hpp"

namespace ikelab::scenario {

/// `root` itself if it has no base. A base is a shipped scenario's name, or a .yaml file in the
/// folder of `file` or below it; at most three stand upon one another. Errors: E-SCN-016, E-SCN-014
/// of `set`.
Result<YAML::Node> with_base(const YAML::Node& root, const std::string& file);

}  // namespace ikelab::scenario
