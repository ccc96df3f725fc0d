// The arrows of the house, the bans of protocol/ and the rules of style, as tests. Each rule is
// first shown a sinner, so that a rule that finds nothing is known to be able to find.
#include <regex>
#include <set>

#include "tests/support/catch.hpp"
#include "tests/tidy/tree.hpp"

using namespace ikelab::tidy;

namespace {

const std::vector<std::string> house = {"protocol", "sim", "labs", "visualizer", "tests"};
const std::vector<std::string> cpp = {".cpp", ".hpp"};

void require_clean(const std::vector<std::string>& findings) {
  for (const std::string& line : findings) UNSCOPED_INFO(line);
  CHECK(findings.empty());
}

}  // namespace

TEST_CASE("the rules find sinners", "[tidy]") {
  const auto one = [](const std::string& path, const std::string& text) {
    return std::vector<SourceFile>{file_from(path, text)};
  };
  SECTION("arrows") {
    CHECK(arrow_violations(one("protocol/wire/x.cpp", "#include \"sim/run/run.hpp\"\n")).size() ==
          1);
    CHECK(arrow_violations(one("protocol/base/x.hpp", "#include \"protocol/wire/message.hpp\"\n"))
              .size() == 1);
    CHECK(arrow_violations(one("sim/run/x.cpp", "#include \"labs/engine/lab.hpp\"\n")).size() == 1);
    CHECK(arrow_violations(one("visualizer/app/x.cpp", "#include \"sim/run/run.hpp\"\n")).size() ==
          1);
    CHECK(arrow_violations(one("visualizer/app/x.cpp", "#include \"sim/store/reader.hpp\"\n"))
              .empty());
    CHECK(
        arrow_violations(one("sim/store/x.cpp", "#include \"tests/support/pair.hpp\"\n")).size() ==
        1);
  }
  SECTION("libraries") {
    CHECK(library_violations(one("protocol/keys/x.cpp", "#include <openssl/evp.h>\n")).size() == 1);
    CHECK(library_violations(one("protocol/crypto/openssl/x.cpp", "#include <openssl/evp.h>\n"))
              .empty());
    CHECK(library_violations(one("sim/run/x.cpp", "#include <ns3/simulator.h>\n")).size() == 1);
    CHECK(library_violations(one("sim/ns3/x.cpp", "#include \"ns3/core-module.h\"\n")).size() == 1);
    CHECK(library_violations(one("visualizer/models/x.cpp", "#include <imgui.h>\n")).size() == 1);
    CHECK(library_violations(one("labs/engine/x.cpp", "#include <sqlite3.h>\n")).size() == 1);
    CHECK(library_violations(one("sim/run/x.cpp", "#include <lua.hpp>\n")).size() == 1);
  }
  SECTION("bans of protocol/") {
    for (const char* line :
         {"auto t = std::chrono::steady_clock::now();", "std::random_device d;",
          "#include <thread>", "#include <sys/socket.h>", "getenv(\"HOME\")",
          "auto p = reinterpret_cast<char*>(q);", "std::unordered_map<int, int> m;",
          "int counter = 0;", "  static int calls = 0;", "#include <fstream>",
          "static std::vector<int> seen;"}) {
      INFO(line);
      CHECK(protocol_bans(one("protocol/ikev2/x.cpp", line)).size() >= 1);
      CHECK(protocol_bans(one("sim/run/x.cpp", line)).empty());
    }
    CHECK(protocol_bans(one("protocol/ikev2/x.cpp", "// no std::thread here\n")).empty());
    CHECK(protocol_bans(one("protocol/ikev2/x.cpp", "  static const Table rows = {};\n")).empty());
  }
  SECTION("style") {
    CHECK(size_violations(one("sim/x.cpp", std::string(101, 'x'))).size() == 1);
    CHECK(size_violations(one("sim/x.cpp", std::string(601, '\n'))).size() == 1);
    CHECK(unfinished_work(one("sim/x.cpp", std::string("// TO") + "DO: later")).size() == 1);
  }
}

TEST_CASE("the arrows of the house hold", "[tidy]") {
  require_clean(arrow_violations(files_of(house, cpp)));
}

TEST_CASE("each library is included in its one place", "[tidy]") {
  require_clean(library_violations(files_of(house, cpp)));
}

TEST_CASE("protocol/ has no clock, device, socket, thread, global", "[tidy]") {
  require_clean(protocol_bans(files_of({"protocol"}, cpp)));
}

TEST_CASE("files and lines are of a size to read", "[tidy]") {
  require_clean(size_violations(files_of(house, cpp)));
}

TEST_CASE("no unfinished work is left in comments", "[tidy]") {
  auto files =
      files_of({"protocol", "sim", "labs", "visualizer"}, {".cpp", ".hpp", ".lua", ".yaml", ".md"});
  require_clean(unfinished_work(files));
}

TEST_CASE("every error code is in docs/ERRORS.md", "[tidy]") {
  const std::regex in_source("\"(E-[A-Z]+-[A-Z0-9-]+)\""), in_docs("^\\| (E-[A-Z]+-[A-Z0-9-]+) ");
  const auto codes = [](const std::vector<SourceFile>& files, const std::regex& pattern) {
    std::set<std::string> found;
    for (const SourceFile& file : files)
      for (const std::string& line : file.lines)
        for (std::sregex_iterator it(line.begin(), line.end(), pattern), end; it != end; ++it)
          found.insert((*it)[1].str());
    return found;
  };
  const auto sources = codes(files_of({"protocol", "sim", "labs", "visualizer"}, cpp), in_source);
  const auto documented = codes(files_of({"docs"}, {".md"}), in_docs);
  CHECK(sources.size() > 50);
  for (const std::string& code : sources) {
    INFO(code << " is not in docs/ERRORS.md");
    CHECK(documented.contains(code));
  }
}
