// `ikelab open`: a capture from anywhere becomes a run, which `show` and `view` explain as any
// other.
#pragma once
#include <optional>

#include "sim/open/observer.hpp"

namespace ikelab::open {

struct OpenOptions {
  std::filesystem::path capture, db;
  std::optional<std::filesystem::path> keys_dir;  ///< Wireshark's key tables
};

struct OpenReport {
  std::int64_t run_id = 0;
  std::uint64_t packets = 0, events = 0;
  Counts counts;
  std::string remark;                      ///< not empty: the file was not whole
  std::vector<std::string> unknown_links;  ///< link types that were not looked into
};

/// Errors: E-CAP-*, E-DB-*.
Result<OpenReport> open(const OpenOptions& options);

}  // namespace ikelab::open
