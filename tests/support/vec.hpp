// Reads tests/vectors/*.vec: known answers from outside, as plain text.
//
//   # where the values come from
//   [section]          an algorithm's keyword, for the cases that follow
//   comment = words
//   key = 00ff...      one `name = value` a line; an empty line ends a case
//
// A line that is none of these fails the test that reads the file, and so does a file without
// cases.
#pragma once
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "protocol/base/bytes.hpp"
#include "tests/support/catch.hpp"

namespace ikelab::test {

struct VecCase {
  std::string section;
  std::map<std::string, std::string> values;

  [[nodiscard]] bool has(const std::string& name) const { return values.count(name) != 0; }
  [[nodiscard]] const std::string& text(const std::string& name) const {
    const auto found = values.find(name);
    if (found == values.end()) FAIL("a case without '" << name << "': " << label());
    return found->second;
  }
  [[nodiscard]] Bytes bytes(const std::string& name) const { return hex(text(name)); }
  [[nodiscard]] bool valid() const { return text("result") == "valid"; }
  /// For INFO: which case it is.
  [[nodiscard]] std::string label() const {
    const auto comment = values.find("comment");
    return "[" + section + "] " + (comment == values.end() ? "" : comment->second);
  }
};

/// The cases of tests/vectors/`name`, in order.
inline std::vector<VecCase> read_vec(const std::string& name) {
  const std::string path = std::string(IKELAB_SOURCE_DIR) + "/tests/vectors/" + name;
  std::ifstream file(path);
  if (!file) FAIL("cannot read " << path);
  std::vector<VecCase> cases;
  std::string section, line;
  bool in_case = false;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty()) {
      in_case = false;
    } else if (line.front() == '[' && line.back() == ']') {
      section = line.substr(1, line.size() - 2);
    } else if (line.front() != '#') {
      const std::size_t equals = line.find(" =");
      if (equals == std::string::npos) FAIL(path << ":" << number << ": expected name = value");
      if (!in_case) cases.push_back({section, {}});
      in_case = true;
      const std::size_t value = std::min(line.size(), equals + 3);
      cases.back().values[line.substr(0, equals)] = line.substr(value);
    }
  }
  if (cases.empty()) FAIL(path << " holds no case");
  return cases;
}

}  // namespace ikelab::test
