// docs/SCHEMA.md as tests read it: which views with which columns, and the examples. What stands
// under "## A class" is in a gradebook only (labs/store), the rest in every database.
#pragma once
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace ikelab::test {

enum class Part { every_database, gradebook };

inline std::vector<std::string> schema_page(Part part) {
  std::ifstream in(std::string(IKELAB_SOURCE_DIR) + "/docs/SCHEMA.md");
  std::vector<std::string> lines;
  Part at = Part::every_database;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ")) at = line == "## A class" ? Part::gradebook : Part::every_database;
    if (at == part) lines.push_back(line);
  }
  return lines;
}

/// View to its columns, both as the page names them.
inline std::map<std::string, std::vector<std::string>> columns_on_page(Part part) {
  std::map<std::string, std::vector<std::string>> out;
  std::string view;
  for (const std::string& line : schema_page(part)) {
    if (line.starts_with("### `"))
      view = line.substr(5, line.rfind('`') - 5);
    else if (line.starts_with("| `"))
      out[view].push_back(line.substr(3, line.find('`', 3) - 3));
  }
  return out;
}

inline std::vector<std::string> examples_on_page(Part part) {
  std::vector<std::string> out;
  bool inside = false;
  for (const std::string& line : schema_page(part)) {
    if (line == "```sql")
      out.emplace_back();
    else if (inside && line != "```")
      out.back() += line + '\n';
    inside = line == "```sql" || (inside && line != "```");
  }
  return out;
}

}  // namespace ikelab::test
