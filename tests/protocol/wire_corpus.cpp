// The fuzzers' corpora as an ordinary test: whatever they once found stays found.
#include <filesystem>
#include <fstream>
#include <functional>

#include "tests/fuzz/targets.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

TEST_CASE("fuzz corpora are replayed", "[wire][esp]") {
  const std::pair<const char*, std::function<void(ByteView)>> targets[] = {
      {"decode", fuzz::decode}, {"dissect", fuzz::dissect}, {"esp_open", fuzz::esp_open}};
  for (const auto& [name, target] : targets) {
    std::size_t count = 0;
    const std::filesystem::path folder =
        std::filesystem::path(IKELAB_SOURCE_DIR) / "tests/fuzz/corpus" / name;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string octets((std::istreambuf_iterator<char>(in)), {});
      target(as_bytes(octets));
      ++count;
    }
    INFO(name);
    CHECK(count >= 5);
  }
}
