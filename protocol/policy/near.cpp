#include "protocol/policy/near.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace ikelab::policy {
namespace {

// Levenshtein's distance: insertions, deletions and replacements of one character.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string_view> near_names(std::string_view word,
                                         const std::vector<std::string_view>& candidates) {
  if (word.size() > 64) return {};  // no keyword is this long, and the distance is quadratic
  std::vector<std::pair<std::size_t, std::string_view>> found;
  for (std::string_view candidate : candidates)
    if (const std::size_t d = distance(word, candidate);
        d <= std::max<std::size_t>(2, candidate.size() / 3))
      found.emplace_back(d, candidate);
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  if (found.size() > 3) found.resize(3);
  std::vector<std::string_view> names;
  for (const auto& [d, name] : found) names.push_back(name);
  return names;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const auto names = near_names(word, candidates);
  if (!names.empty()) return fmt::format("did you mean {}?", fmt::join(names, ", "));
  return fmt::format("one of: {}", fmt::join(candidates, ", "));
}

}  // namespace ikelab::policy
