// The reference of scripts: every function has its row, every row's example runs, the page is the
// one in docs/.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "sim/script/reference.hpp"
#include "tests/sim/script_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

/// The first message of a real handshake, as a tap between the gateways sees it.
script::TappedPacket first_message() {
  auto provider = crypto::openssl_provider();
  ikev2::Endpoint endpoint(site_a(), *provider, crypto::seeded_rng(7, "gw-a"));
  REQUIRE(endpoint.command(Instant{}, ikev2::Initiate{"site", "net"}).ok());
  const auto datagram = endpoint.poll_transmit();
  REQUIRE(datagram);
  script::TappedPacket packet = tapped(datagram->payload, 1, "IKE");
  packet.src = datagram->src;
  packet.dst = datagram->dst;
  return packet;
}

std::unique_ptr<script::Adversary> with_dictionary(const std::string& body) {
  script::AdversaryOptions options;
  options.name = "mallory";
  options.seed = 7;
  options.datagram_id_base = 1000;
  options.dictionary = [](const std::string&) { return std::vector<std::string>{"word"}; };
  auto loaded = script::load_adversary(std::string(header_on_path) + body, "example.lua", options);
  if (!loaded.ok()) FAIL(loaded.error().to_string());
  return std::move(loaded).value();
}

}  // namespace

TEST_CASE("every example of the reference runs, and says what is so", "[script]") {
  const script::TappedPacket packet = first_message();
  for (const script::FunctionRow& row : script::function_rows()) {
    if (row.example == nullptr) continue;
    INFO(row.name << ": " << row.example);
    auto adversary =
        with_dictionary("function on_packet(p)\n" + std::string(row.example) + "\nend");
    adversary->on_packet(Instant{1}, packet);
    std::string message;
    const std::string code = diagnostic_code(*adversary, &message);
    INFO(message);
    CHECK(code.empty());
    // the example is of this function
    CHECK(std::string(row.example).find(row.name) != std::string::npos);
  }
}

TEST_CASE("an example that is not so would be noticed", "[script]") {
  auto adversary = with_dictionary("function on_packet(p)\nassert(bytes.hex('a') == '62')\nend");
  adversary->on_packet(Instant{1}, first_message());
  CHECK(diagnostic_code(*adversary) == "E-LUA-002");
}

TEST_CASE("the reference has every function of scripts and monitors, and no other", "[script]") {
  std::vector<std::string> told;
  for (const script::FunctionRow& row : script::function_rows()) told.emplace_back(row.name);
  std::sort(told.begin(), told.end());
  CHECK(told == script::functions_of(script::Side::monitor));
  std::erase(told, "alert");
  std::erase(told, "block");
  CHECK(told == script::functions_of(script::Side::attack));
}

TEST_CASE("docs/ADVERSARY-REFERENCE.md is what the code prints", "[script]") {
  std::ifstream in(std::filesystem::path(IKELAB_SOURCE_DIR) / "docs/ADVERSARY-REFERENCE.md");
  const std::string page((std::istreambuf_iterator<char>(in)), {});
  INFO("print it anew: ikelab attack reference > docs/ADVERSARY-REFERENCE.md");
  CHECK(page == script::reference_page());
}
