// The fuzz target of the scenario loader on every build: its corpus, and shipped scenarios that
// were cut and stirred.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "protocol/crypto/rng.hpp"
#include "tests/fuzz/sim/targets.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// What people get wrong and attackers try: a line twice, a line less, a value from elsewhere, an
/// octet that does not belong there, an end in the middle.
std::string stirred(std::string text, crypto::Rng& dice) {
  const std::string pieces[] = {
      "{",         "}",    "[",    "]",   ": ",  "- ", "\n",
      "-1",        "1e99", "%",    "&a ", "*a",  "!!", "\t",
      "2001::/64", "null", "\x80", "10%", "yes", "\"", "99999999999999999999",
      "..",        "0s"};
  for (std::uint64_t i = 0, n = 1 + dice.below(4); i < n && !text.empty(); ++i) {
    const std::size_t at = dice.below(text.size());
    const std::size_t length = dice.below(20);
    switch (dice.below(4)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, pieces[dice.below(std::size(pieces))]);
        break;
      case 2:
        text.insert(dice.below(text.size()), text.substr(at, length));
        break;
      default:
        text.resize(at + (text.size() - at) / (1 + dice.below(3)));
    }
  }
  return text;
}

}  // namespace

TEST_CASE("fuzz: the corpus of the scenario loader", "[fuzz][scenario]") {
  unsigned files = 0;
  for (const auto& entry :
       fs::directory_iterator(IKELAB_SOURCE_DIR "/tests/fuzz/corpus/scenario")) {
    INFO(entry.path());
    fuzz::scenario(as_bytes(text_of(entry.path())));
    ++files;
  }
  CHECK(files >= 5);
}

TEST_CASE("fuzz: stirred scenarios are scenarios, or one line", "[fuzz][scenario]") {
  const auto dice = crypto::seeded_rng(1, "scenario fuzz")->stream("stir");
  unsigned files = 0;
  for (const auto& entry : fs::directory_iterator(IKELAB_SOURCE_DIR "/sim/scenarios")) {
    const std::string text = text_of(entry.path());
    const auto has = [&](const char* key) { return text.find(key) != std::string::npos; };
    if (has("pki:") || has("base:") || has("count:")) continue;  // slow ones, and twins
    ++files;
    for (int i = 0; i < 20; ++i) fuzz::scenario(as_bytes(stirred(text, *dice)));
  }
  CHECK(files >= 10);
}
