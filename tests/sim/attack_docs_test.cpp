// docs/ADVERSARY.md's example is run as it stands.
#include <filesystem>
#include <fstream>

#include "sim/historic/historic.hpp"
#include "sim/run/expectations.hpp"
#include "tests/sim/script_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;

TEST_CASE("the example of docs/ADVERSARY.md does what it says", "[attack]") {
  std::ifstream in(std::filesystem::path(IKELAB_SOURCE_DIR) / "docs/ADVERSARY.md");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto mark = text.find("<!-- example -->\n```lua\n");
  REQUIRE(mark != std::string::npos);
  const auto begin = text.find('\n', text.find("```lua", mark)) + 1;
  auto adversary = load_script(text.substr(begin, text.find("```", begin) - begin), {}, "");
  REQUIRE(adversary.ok());
  const auto fate = [&](const char* protocol) {
    return (*adversary)->on_packet(Instant{1}, tapped(hex("01020304"), 1, protocol));
  };
  CHECK(fate("IKE").fate == script::Decision::Fate::pass);
  CHECK(fate("ESP").fate == script::Decision::Fate::pass);
  CHECK(fate("ESP").fate == script::Decision::Fate::pass);
  const auto third = fate("ESP");
  CHECK(third.fate == script::Decision::Fate::modify);
  CHECK(third.payload == hex("01020305"));
  (*adversary)->on_finish(Instant{2});
  const auto knowledge = of_kind<trace::AttackKnowledge>(drain(**adversary));
  REQUIRE(knowledge.size() == 1);
  CHECK(knowledge[0].text == "3 ESP packets came by");
}

TEST_CASE("docs/INSTRUCTOR-ATTACKS.md names every expectation and every flaw of history",
          "[attack]") {
  std::ifstream in(std::filesystem::path(IKELAB_SOURCE_DIR) / "docs/INSTRUCTOR-ATTACKS.md");
  const std::string page((std::istreambuf_iterator<char>(in)), {});
  for (const auto& [name, arguments] : run::expectation_kinds()) {
    INFO(name);
    CHECK(page.find("`" + name) != std::string::npos);
  }
  for (const historic::Bug* bug : historic::bugs()) {
    INFO(bug->name);
    CHECK(page.find("| `" + std::string(bug->name) + "` |") != std::string::npos);
    CHECK_FALSE(bug->advisory.empty());
    CHECK_FALSE(bug->repair.empty());
  }
}
