// docs/FIRST-ATTACK.md as a new user follows it: the files as they stand there, run as it says.
#include <filesystem>
#include <fstream>

#include "sim/run/run.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
namespace fs = std::filesystem;

namespace {

/// The code block behind `<!-- file: NAME -->`.
std::string block(const std::string& page, const std::string& name) {
  const auto mark = page.find("<!-- file: " + name + " -->");
  REQUIRE(mark != std::string::npos);
  const auto begin = page.find('\n', page.find("```", mark)) + 1;
  return page.substr(begin, page.find("```", begin) - begin);
}

bool met(const fs::path& file, const scenario::Overrides& overrides = {}) {
  const auto scenario = scenario::load(file.string(), overrides);
  if (!scenario.ok()) FAIL(scenario.error().to_string());
  const auto report = run::run(*scenario, {});
  if (!report.ok()) FAIL(report.error().to_string());
  CHECK(report->stopped_scripts.empty());
  return report->expectations_met();
}

}  // namespace

TEST_CASE("the tutorial 'your first attack' works as it is written", "[attack]") {
  std::ifstream in(std::filesystem::path(IKELAB_SOURCE_DIR) / "docs/FIRST-ATTACK.md");
  const std::string page((std::istreambuf_iterator<char>(in)), {});
  std::string folder = (fs::temp_directory_path() / "ikelab-first-attack-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string script = block(page, "no-auth.lua");
  CHECK(std::count(script.begin(), script.end(), '\n') <= 20);
  for (const char* name : {"no-auth.yaml", "no-auth.lua"})
    std::ofstream(fs::path(folder) / name) << block(page, name);
  const fs::path file = fs::path(folder) / "no-auth.yaml";
  CHECK(met(file));
  CHECK_FALSE(met(file, {{"duration", "30s"}}));
  CHECK(met(file, {{"duration", "30s"}, {"adversaries.mallory.parameters.tries", "1000"}}));
  // 5: a dropped message looks like a lossy wire; a changed one does not, at both of its ends
  const scenario::Overrides watched = {
      {"monitors", "[{name: ids, link: wan, detectors: [forged-notify, replay, not-as-sent]}]"},
      {"expect", "[{alert: {by: ids, detector: not-as-sent, at_least: 1}}]"}};
  CHECK_FALSE(met(file, watched));
  std::string changes = script;
  const auto drop = changes.find("drop(\"IKE_AUTH");
  REQUIRE(drop != std::string::npos);
  changes.replace(drop, changes.find('\n', drop) - drop,
                  "modify(bytes.flip(p.payload, p.size), \"one bit\")");
  std::ofstream(fs::path(folder) / "no-auth.lua") << changes;
  CHECK(met(file, watched));
  fs::remove_all(folder);
}
