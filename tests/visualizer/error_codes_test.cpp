// docs/ERRORS.md lists exactly the codes that the visualizer can give.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/support/catch.hpp"

namespace {

std::set<std::string> codes_in(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  const std::string all = text.str();
  static const std::regex code("E-VIEW-[0-9]{3}");
  return {std::sregex_token_iterator(all.begin(), all.end(), code), std::sregex_token_iterator()};
}

}  // namespace

TEST_CASE("view: docs/ERRORS.md lists every code, and no other", "[view]") {
  const std::filesystem::path root = IKELAB_SOURCE_DIR;
  std::set<std::string> in_sources;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "visualizer"))
    if (entry.is_regular_file()) in_sources.merge(codes_in(entry.path()));
  CHECK(in_sources.size() == 11);
  CHECK(codes_in(root / "docs/ERRORS.md") == in_sources);
}
