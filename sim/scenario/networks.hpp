// What a scenario says of networks: links and their conditions, shared media, NAT boxes, firewalls.
#pragma once
#include "sim/scenario/scenario.hpp"
#include "sim/scenario/yaml.hpp"

namespace ikelab::scenario {

/// The keys of path::Conditions, for sections that have them among others.
std::vector<std::string> with_conditions(std::vector<std::string> keys);
/// Those keys, over what `base` says.
path::Conditions read_conditions(Section& section, path::Conditions base, Problems& problems);

Link read_link(const YAML::Node& yaml, Problems& problems);
/// `networks:` a shared medium with its members.
Lan read_lan(const YAML::Node& yaml, Problems& problems);
/// `nat:` of a node.
path::NatConfig read_nat(const YAML::Node& yaml, Problems& problems);
/// One entry of `firewall:` of a node.
path::Rule read_rule(const YAML::Node& yaml, Problems& problems);
/// "10.1.0.1/24" or "2001:db8::1/64". Errors: E-SCN-012.
Result<std::string> parse_interface(std::string_view text);
bool is_v6_interface(const std::string& text);

}  // namespace ikelab::scenario
