// The program that docs/NS3.md shows is the one that is built, and it does what the page says.
#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/support/catch.hpp"

namespace {

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  REQUIRE(in);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("ns-3: the example of the docs runs, and its pings pass the tunnel", "[ns3]") {
  std::FILE* pipe = ::popen(IKELAB_NS3_EXAMPLE " 2>&1", "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe))
    output.append(buffer.data(), n);
  INFO(output);
  CHECK(::pclose(pipe) == 0);
  CHECK(output.find("+202") != std::string::npos);  // the first echo, half-way
  CHECK(output.find("/NodeList/2/$ikelab::IpsecNode/EspOpened SPI ") != std::string::npos);
  CHECK(output.find("/NodeList/1/$ikelab::IpsecNode/EspOpened SPI ") != std::string::npos);
  CHECK(output.find(": 128 octets") != std::string::npos);
}

TEST_CASE("ns-3: docs/NS3.md shows the program as it is", "[ns3]") {
  const std::string program = text_of(IKELAB_SOURCE_DIR "/sim/ns3/examples/two_sites.cpp");
  const std::string page = text_of(IKELAB_SOURCE_DIR "/docs/NS3.md");
  CHECK(page.find("```cpp\n" + program + "```") != std::string::npos);
}
