// `local`, `remote` and their further rounds, and `secrets`, in swanctl's vocabulary.
#pragma once
#include "sim/scenario/lab_pki.hpp"

namespace ikelab::scenario {

/// One round. `local` has auth, id, secret, eap_id, cert, tls_version_max; `remote` has auth, id,
/// secret, eap_id, cacerts (names of CAs; the default is ca), revocation (relaxed, ifuri, strict),
/// tls_version_max. auth: psk, pubkey, eap-mschapv2, eap-tls, eap-md5, eap (any), "null", xauth
/// (with xauth_id instead of id).
policy::AuthConfig read_auth(const YAML::Node& node, bool local, const LabPki& pki,
                             Problems& problems);
/// local, local-2, local-3 and remote, remote-2, remote-3 of a connection (RFC 4739).
void read_rounds(Section& section, const LabPki& pki, policy::ConnectionConfig& connection,
                 Problems& problems);
/// An entry of a node's `secrets`: {type: eap or xauth, id: anna, secret: ...}.
policy::EapUser read_secret(const YAML::Node& node, Problems& problems);

}  // namespace ikelab::scenario
