// Labelled captures: the pcapng's comments and the CSV tell the same truth about each packet.
#include <fstream>
#include <sstream>

#include "sim/capture/capture_file.hpp"
#include "sim/matrix/measure.hpp"
#include "sim/run/run.hpp"
#include "tests/sim/cli_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::string octets_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "ikelab-labels";
  Folder() { std::filesystem::remove_all(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("a labelled capture says of each packet who made it", "[run][monitor]") {
  const Folder folder;
  const auto scenario = scenario::load("replay-esp");
  REQUIRE(scenario.ok());
  run::RunOptions options;
  options.labels = run::Labels{folder.path, "r", {"wan"}};
  const auto report = run::run(*scenario, options);
  REQUIRE(report.ok());
  // who looks on changes nothing
  CHECK(report->fingerprint == run::run(*scenario, {})->fingerprint);
  const auto capture = capture::read_capture(folder.path / "r-wan.pcapng");
  REQUIRE(capture.ok());
  const auto rows = lines_of(folder.path / "r-wan.csv");
  REQUIRE(rows.size() == capture->packets.size() + 1);
  CHECK(rows[0] == "packet,time,src,dst,ip_protocol,size,label,attack,by,action,note,datagram");
  std::size_t attacks = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const capture::Packet& packet = capture->packets[i - 1];
    std::ostringstream begin;
    begin << i << ',' << packet.unix_ns / 1'000'000'000 << '.';
    INFO(rows[i]);
    CHECK(rows[i].starts_with(begin.str()));
    CHECK(rows[i].find("," + std::to_string(packet.size) + ",") != std::string::npos);
    if (rows[i].find(",attack,\"replay-esp\",\"mallory\",replay,") != std::string::npos)
      ++attacks;
    else
      CHECK(rows[i].find(",honest,\"\",\"\",,\"\",") != std::string::npos);
  }
  CHECK(attacks == 5);
  const std::string octets = octets_of(folder.path / "r-wan.pcapng");
  CHECK(count_of(octets, "attack: replay-esp, by mallory: replay, sequence number") == 5);
  CHECK(count_of(octets, "honest") == capture->packets.size() - 5);
  CHECK_FALSE(std::filesystem::exists(folder.path / "r-lan-a.pcapng"));  // not asked for
}

TEST_CASE("a folder that cannot be written is one clear error", "[run][monitor]") {
  const auto scenario = scenario::load("two-gateways");
  REQUIRE(scenario.ok());
  run::RunOptions options;
  options.labels = run::Labels{"/proc/nowhere", "r", {}};
  const auto report = run::run(*scenario, options);
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().code == "E-RUN-003");
}

TEST_CASE("monitor evaluate --captures: what was measured, for others to measure", "[cli]") {
  const Folder folder;
  matrix::MeasureOptions options;
  options.honest_too = false;
  options.captures = folder.path;
  REQUIRE(matrix::measure(options, [](std::size_t, std::size_t) {}).ok());
  const auto rows = lines_of(folder.path / "runs.csv");
  REQUIRE(rows.size() > 40);
  CHECK(rows[0] == "capture,labels,link,scenario,load,seed,attack,attack_begins");
  std::size_t attacked = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::string name = rows[i].substr(0, rows[i].find(','));
    INFO(rows[i]);
    CHECK(std::filesystem::exists(folder.path / name));
    CHECK(capture::read_capture(folder.path / name).ok());
    attacked += rows[i].ends_with(',') ? 0 : 1;  // no time: nobody began
  }
  CHECK(attacked > 20);
  CHECK(attacked < rows.size() - 1);
}
