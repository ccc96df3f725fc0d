// docs/ERRORS.md lists exactly the codes that labs/ can give; docs/LABS.md every predicate and what
// it tells.
#include <filesystem>
#include <regex>
#include <set>

#include "labs/engine/predicate.hpp"
#include "labs/engine/yaml.hpp"
#include "tests/support/catch.hpp"

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  return ikelab::labs::read_file(file, 1 << 20).value();
}

std::set<std::string> codes_in(const std::string& text) {
  static const std::regex code("E-LAB-[0-9]{3}");
  std::set<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), code), end; at != end; ++at)
    out.insert(at->str());
  return out;
}

}  // namespace

TEST_CASE("labs docs: ERRORS.md lists every code, and no other") {
  const fs::path root = IKELAB_SOURCE_DIR;
  std::set<std::string> in_sources;
  for (const char* folder : {"labs/engine", "labs/store", "labs/app"})
    for (const auto& entry : fs::directory_iterator(root / folder))
      if (entry.path().extension() == ".cpp") in_sources.merge(codes_in(text_of(entry.path())));
  CHECK(in_sources.size() > 15);
  CHECK(codes_in(text_of(root / "docs/ERRORS.md")) == in_sources);
}

TEST_CASE("labs docs: LABS.md names every predicate, argument and mistake") {
  const std::string text = text_of(fs::path(IKELAB_SOURCE_DIR) / "docs/LABS.md");
  const auto names = [&](std::string_view word) {
    INFO(word);
    CHECK(text.find(word) != std::string::npos);
  };
  for (const auto& row : ikelab::labs::predicates()) {
    names("| `" + std::string(row.kind) + "` |");
    for (const auto argument : row.required) names("`" + std::string(argument) + "`");
    for (const auto& mistake : row.mistakes) names(mistake.name);
  }
  for (const auto& mistake : ikelab::labs::common_mistakes()) names(mistake.name);
}
