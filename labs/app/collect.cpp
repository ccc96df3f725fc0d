#include "labs/app/collect.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ikelab::labs::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_submissions = 10'000;  // a large course, ten labs
constexpr std::size_t most_entries = 200'000;
constexpr int deepest = 8;

Result<void> collect_below(const fs::path& folder, Collected& out) {
  std::error_code ec;
  std::size_t entries = 0;
  std::vector<fs::path> inside;
  for (fs::recursive_directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    if (++entries > most_entries)
      return Error{"E-LAB-003",
                   fmt::format("more than {} entries below '{}'", most_entries, folder.string())};
    if (at.depth() >= deepest) at.disable_recursion_pending();
    if (at->path().extension() != ".yaml") continue;
    const fs::file_status status = at->symlink_status(ec);
    if (fs::is_regular_file(status))
      inside.push_back(at->path());
    else if (!fs::is_directory(status))
      out.refused.push_back(Error{
          "E-LAB-026", fmt::format("'{}' is {}", at->path().string(),
                                   fs::is_symlink(status) ? "a symbolic link" : "no plain file")}
                                .expect("not followed; hand in the file itself"));
  }
  if (inside.empty() && out.refused.empty())
    return Error{"E-LAB-004", fmt::format("'{}' has no submission (*.yaml)", folder.string())};
  std::sort(inside.begin(), inside.end());
  out.files.insert(out.files.end(), inside.begin(), inside.end());
  return {};
}

}  // namespace

Result<Collected> collect(const std::vector<std::string>& named) {
  Collected out;
  std::error_code ec;
  for (const fs::path path : named) {
    if (!fs::is_directory(path, ec))
      out.files.push_back(path);
    else
      IKELAB_CHECK(collect_below(path, out));
  }
  if (out.files.size() <= most_submissions) return out;
  return Error{"E-LAB-003", fmt::format("more than {} submissions at once", most_submissions)}
      .expect("grade them in parts");
}

}  // namespace ikelab::labs::app
