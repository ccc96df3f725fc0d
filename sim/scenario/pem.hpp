// Certificates and keys that were made elsewhere: PEM files (RFC 7468), for `ikelab peer`.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "protocol/base/bytes.hpp"

namespace ikelab::scenario {

struct PemBlock {
  std::string label;  ///< "CERTIFICATE", "PRIVATE KEY"
  Bytes der;
};
/// Every block of a text, in order; what stands between blocks is ignored. Errors: E-SCN-018 a
/// block that does not end, or is not base64.
Result<std::vector<PemBlock>> parse_pem(std::string_view text);
/// The blocks of a file with this label. Errors: E-SCN-018, also when there is none or no file.
Result<std::vector<Bytes>> read_pem(const std::filesystem::path& file, const std::string& label);

}  // namespace ikelab::scenario
