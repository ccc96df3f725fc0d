// Words of a connection about what RFCs added to IKEv2, each of them optional.
#pragma once
#include "protocol/policy/connection.hpp"
#include "sim/scenario/yaml.hpp"

namespace ikelab::scenario {

inline constexpr const char* extension_keys[] = {
    "ppks",          "ppk_id",        "ppk_required",         "ppk_exchange",     "ppk_rekey_ids",
    "hash_and_url",  "childless",     "auth_lifetime",        "follow_redirects", "redirect_to",
    "redirect_when", "announce_auth", "quick_crash_detection"};

/// What docs/CONNECTIONS.md says of them.
void read_extensions(Section& section, policy::ConnectionConfig& connection, Problems& problems);

}  // namespace ikelab::scenario
