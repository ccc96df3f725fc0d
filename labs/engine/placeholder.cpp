#include "labs/engine/placeholder.hpp"

#include <fmt/format.h>

#include "labs/engine/yaml.hpp"

namespace ikelab::labs {

std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : std::string(list) + ",") {
    if (c != ',' && c != ' ')
      word += c;
    else if (!word.empty())
      out.push_back(std::exchange(word, ""));
  }
  return out;
}

Result<std::string> substitute(
    std::string_view text, const std::function<Result<std::string>(std::string_view)>& replace) {
  std::string out;
  while (true) {
    const std::size_t open = text.find("{{");
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) return Error{"E-LAB-014", "'{{' without '}}'"};
    IKELAB_TRY(const std::string value, replace(text.substr(open + 2, close - open - 2)));
    out += value;
    text.remove_prefix(close + 2);
  }
}

Result<std::string> render(std::string_view text, const Values& values) {
  return substitute(text, [&](std::string_view inside) -> Result<std::string> {
    while (inside.starts_with(' ')) inside.remove_prefix(1);
    while (inside.ends_with(' ')) inside.remove_suffix(1);
    std::vector<std::string> known;
    for (const auto& [name, value] : values) {
      if (name == inside) return value;
      known.push_back(name);
    }
    const std::string near = nearest(inside, known);
    return Error{"E-LAB-014", fmt::format("there is no parameter '{}'", inside)}.expect(
        near.empty() ? fmt::format("known: {}", fmt::join(known, ", "))
                     : fmt::format("did you mean '{}'?", near));
  });
}

Values with_standard_names(Values values, const std::string& student, const std::string& folder) {
  values.emplace_back("student", student);
  values.emplace_back("folder", folder);
  return values;
}

}  // namespace ikelab::labs
