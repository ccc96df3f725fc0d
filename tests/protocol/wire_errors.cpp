// docs/ERRORS.md lists exactly the codes that protocol/wire can give.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "tests/support/catch.hpp"

namespace {

std::set<std::string> codes_in(const std::filesystem::path& file) {
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const std::regex code("E-WIRE-[0-9]{3}");
  std::set<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), code), end; at != end; ++at)
    out.insert(at->str());
  return out;
}

}  // namespace

TEST_CASE("wire: docs/ERRORS.md lists every code, and no other", "[wire]") {
  const std::filesystem::path root = IKELAB_SOURCE_DIR;
  std::set<std::string> in_sources;
  for (const auto& entry : std::filesystem::directory_iterator(root / "protocol/wire"))
    if (entry.path().extension() == ".cpp") in_sources.merge(codes_in(entry.path()));
  CHECK(in_sources.size() > 50);
  CHECK(codes_in(root / "docs/ERRORS.md") == in_sources);
}
