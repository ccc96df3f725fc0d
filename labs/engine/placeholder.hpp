// {{name}} in handouts, settings and rules.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::labs {

using Values = std::vector<std::pair<std::string, std::string>>;

/// The words of a list, "b,c,a" or "b, c, a".
std::vector<std::string> words_of(std::string_view list);
/// Replaces every {{...}} by what `replace` makes of the text between. Errors: E-LAB-014 for {{
/// without }}.
Result<std::string> substitute(std::string_view text,
                               const std::function<Result<std::string>(std::string_view)>& replace);
/// Replaces every {{name}} by its value. Errors: E-LAB-014 unknown name, with the near one.
Result<std::string> render(std::string_view text, const Values& values);
/// The values with `student` and `folder`, which every text of a lab may name.
Values with_standard_names(Values values, const std::string& student, const std::string& folder);

}  // namespace ikelab::labs
