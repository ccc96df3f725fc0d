// docs/ERRORS.md lists exactly the codes that store, sweep, captures and command line can give.
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
  static const std::regex code("E-(DB|SWP|CLI|CAP)-[0-9]{3}");
  return {std::sregex_token_iterator(all.begin(), all.end(), code), std::sregex_token_iterator()};
}

}  // namespace

TEST_CASE("store: docs/ERRORS.md lists every code of store, sweep, captures and command line, and no other") {
  const std::filesystem::path root = IKELAB_SOURCE_DIR;
  std::set<std::string> in_sources;
  for (const char* folder : {"sim/store", "sim/sweep", "sim/cli", "sim/capture", "sim/open",
                             "sim/matrix"}) {
    for (const auto& entry : std::filesystem::directory_iterator(root / folder))
      in_sources.merge(codes_in(entry.path()));
  }
  CHECK(in_sources.size() > 15);
  CHECK(codes_in(root / "docs/ERRORS.md") == in_sources);
}
