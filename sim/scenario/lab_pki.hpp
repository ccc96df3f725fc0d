// The certificates of a scenario: a lab CA and what it issues, all derived from the run's seed.
#pragma once
#include <map>

#include "protocol/base/bytes.hpp"
#include "sim/scenario/yaml.hpp"

namespace ikelab::scenario {

struct LabCertificate {
  Bytes certificate, private_key;
};
struct LabPki {
  Bytes authority;  ///< the CA's certificate, DER; empty without a `pki:` section
  std::map<std::string, LabCertificate> issued;  ///< by `name`
};

/// Reads `pki:`; keys and serial numbers come from the seed's own streams, so a new certificate
/// changes no other.
LabPki read_pki(const YAML::Node& node, std::uint64_t seed, std::int64_t epoch, Problems& problems);

}  // namespace ikelab::scenario
