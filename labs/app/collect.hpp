// Which files of the named files and folders are submissions. Folders are what learning platforms
// and mail programs unpack: nested, with strangers' names.
//
// Invariant: no link is followed, nothing but a plain file is taken, and what is passed over for
// that reason is told.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::labs::app {

struct Collected {
  std::vector<std::filesystem::path> files;  ///< sorted
  std::vector<Error> refused;                ///< E-LAB-026
};

/// Files as named, and of folders every *.yaml below them. Errors: E-LAB-004 a folder without
/// submissions, E-LAB-003 too many.
Result<Collected> collect(const std::vector<std::string>& named);

}  // namespace ikelab::labs::app
