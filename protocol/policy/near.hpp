// "Did you mean": the words of a list that are close to one that is not in it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ikelab::policy {

/// At most three candidates whose edit distance is small for their length, nearest first.
std::vector<std::string_view> near_names(std::string_view word,
                                         const std::vector<std::string_view>& candidates);
/// "did you mean aes256, aes128?", or "one of: a, b, c" when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace ikelab::policy
