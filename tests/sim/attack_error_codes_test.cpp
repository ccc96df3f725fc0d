// docs/ERRORS.md lists exactly the codes that the data path and the scripts can give.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "tests/support/catch.hpp"

namespace {

std::set<std::string> codes_in(const std::filesystem::path& file, const std::regex& code) {
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  std::set<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), code), end; at != end; ++at)
    out.insert(at->str());
  return out;
}

std::set<std::string> codes_in_sources(const char* folder, const std::regex& code) {
  std::set<std::string> all;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(IKELAB_SOURCE_DIR) / folder))
    if (entry.path().extension() == ".cpp") all.merge(codes_in(entry.path(), code));
  return all;
}

}  // namespace

TEST_CASE("docs/ERRORS.md lists every code of ESP and of scripts, and no other", "[script][esp]") {
  const std::filesystem::path docs = std::filesystem::path(IKELAB_SOURCE_DIR) / "docs/ERRORS.md";
  const std::regex esp("E-ESP-[A-Z]+(-[A-Z]+)?"), lua("E-LUA-[0-9]{3}");
  std::set<std::string> of_esp = codes_in_sources("protocol/esp", esp);
  of_esp.merge(codes_in_sources("protocol/ikev2", esp));  // what installing an SA warns of
  of_esp.merge(codes_in_sources("sim/ns3", esp));         // what a gateway does not let in
  CHECK(of_esp.size() >= 9);
  CHECK(codes_in(docs, esp) == of_esp);
  CHECK(codes_in_sources("sim/script", lua).size() == 5);
  CHECK(codes_in(docs, lua) == codes_in_sources("sim/script", lua));
}
