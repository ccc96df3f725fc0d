// `ikelab open`: what a run put on the wire, opened again with the keys it disclosed, tells the
// same.
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/sim/cli_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab::test;
using nlohmann::json;

namespace {

std::vector<json> trace_of(const TemporaryFolder& folder, const std::string& db) {
  std::istringstream lines(ikelab_sim(folder, {"show", "trace", "--db", db}).out);
  std::vector<json> out;
  for (std::string line; std::getline(lines, line);) out.push_back(json::parse(line));
  return out;
}

/// What was inside the encrypted messages, and inside ESP: as hex.
std::set<std::string> contents(const std::vector<json>& events) {
  std::set<std::string> out;
  for (const json& event : events) {
    if (event["kind"] == "message" && event["direction"] == "sent" && event["encrypted"])
      out.insert(event["plain"]);
    if (event["kind"] == "esp_opened") out.insert(event["inner"]);
  }
  return out;
}

std::size_t count(const std::vector<json>& events, const std::string& kind) {
  return static_cast<std::size_t>(std::count_if(
      events.begin(), events.end(), [&](const json& event) { return event["kind"] == kind; }));
}

json open(const TemporaryFolder& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "open");
  arguments.insert(arguments.end(), {"--db", "opened.db", "--json"});
  const Outcome outcome = ikelab_sim(folder, arguments);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return json::parse(outcome.out);
}

void run_short(const TemporaryFolder& folder, const std::string& ike, const std::string& esp) {
  std::vector<std::string> arguments = {"run",   "site-to-site", "--seed", "7",    "--pcap",
                                        "pcap",  "--keys",       "keys",   "--db", "run.db",
                                        "--set", "duration=4s",  "--quiet"};
  for (const char* node : {"gw-a", "gw-b"}) {
    const std::string site = std::string("nodes.") + node + ".connections.site.";
    arguments.insert(arguments.end(), {"--set", site + "proposals=[" + ike + "]"});
    arguments.insert(arguments.end(), {"--set", site + "children.net.esp_proposals=[" + esp + "]"});
  }
  const Outcome outcome =
      ikelab_sim(folder, arguments);  // cut short: not all that it expects holds
  INFO(outcome.err);
  REQUIRE(outcome.code <= 1);
}

}  // namespace

TEST_CASE("open: every cipher, those that Wireshark cannot decrypt as well", "[open]") {
  struct Row {
    const char *ike, *esp;
  };
  for (const Row& row : {Row{"aes256gcm16-prfsha256-x25519", "aes128gcm8"},
                         Row{"aes128-sha256-x25519", "aes256-sha512"},
                         Row{"aes256ccm16-prfsha384-x25519", "aes128ccm12"},
                         Row{"chacha20poly1305-prfsha256-x25519", "chacha20poly1305"},
                         Row{"aes128ctr-sha384-prfsha384-x25519", "null-sha256"}}) {
    CAPTURE(row.ike, row.esp);
    const TemporaryFolder folder;
    run_short(folder, row.ike, row.esp);
    const json report = open(folder, {"pcap/wan-a.pcap", "--keys", "keys"});
    CHECK(report["ike_messages"] == 4);
    CHECK(report["ike_opened"] == 2);
    CHECK(report["esp_packets"].get<int>() >= 4);
    CHECK(report["esp_opened"] == report["esp_packets"]);
    CHECK(report["without_key"].empty());
    const auto opened = contents(trace_of(folder, "opened.db"));
    CHECK(opened == contents(trace_of(folder, "run.db")));
    CHECK(opened.size() >= 6);
  }
}

TEST_CASE("open: without keys it says which are missing; with wrong ones, that nothing opens",
          "[open]") {
  const TemporaryFolder folder;
  run_short(folder, "aes256gcm16-prfsha256-x25519", "aes256gcm16");
  const json without = open(folder, {"pcap/wan-a.pcap"});
  CHECK(without["ike_opened"] == 0);
  CHECK(without["esp_opened"] == 0);
  CHECK(without["without_key"].size() == 3);
  CHECK(contents(trace_of(folder, "opened.db")) == std::set<std::string>{""});

  std::ifstream in((folder / "keys/esp_sa").string());
  std::string rows((std::istreambuf_iterator<char>(in)), {});
  for (std::size_t at = 0; (at = rows.find("]\",\"0x", at)) != std::string::npos; at += 6)
    rows[at + 6] = rows[at + 6] == '0' ? '1' : '0';
  std::ofstream((folder / "keys/esp_sa").string()) << rows;
  const json wrong = open(folder, {"pcap/wan-a.pcap", "--keys", "keys"});
  CHECK(wrong["ike_opened"] == 2);
  CHECK(wrong["esp_opened"] == 0);
  const auto events = trace_of(folder, "opened.db");
  CHECK(count(events, "esp_rejected") == wrong["esp_packets"].get<std::size_t>());
}

TEST_CASE("open: all.pcapng has every packet once an interface, and is told once", "[open]") {
  const TemporaryFolder folder;
  run_short(folder, "aes256gcm16-prfsha256-x25519", "aes256gcm16");
  const json one = open(folder, {"pcap/wan-a.pcap", "--keys", "keys"});
  const json all = open(folder, {"pcap/all.pcapng", "--keys", "keys"});
  CHECK(all["ike_messages"] == one["ike_messages"]);
  CHECK(all["esp_opened"] == one["esp_opened"]);
  CHECK(all["duplicates"].get<int>() > 0);
  const auto events = trace_of(folder, "opened.db");
  for (const json& event : events)
    if (event["kind"] == "message") CHECK(event["attempt"] == 0);
}

TEST_CASE("open: the story, the message and the SAs of a capture", "[open]") {
  const TemporaryFolder folder;
  run_short(folder, "aes256gcm16-prfsha256-x25519", "aes256gcm16");
  open(folder, {"pcap/wan-a.pcap", "--keys", "keys"});
  const auto show = [&](std::vector<std::string> what) {
    what.insert(what.begin(), "show");
    what.insert(what.end(), {"--db", "opened.db"});
    return ikelab_sim(folder, what).out;
  };
  CHECK(show({"messages"}).find("{IDi, IDr, AUTH, SA, TSi, TSr}") != std::string::npos);
  CHECK(show({"message", "3"}).find("gw-a.example") != std::string::npos);
  CHECK(show({"sas"}).find("10.1.0.0 to 10.1.0.255") != std::string::npos);
  CHECK(show({"why"}).find("the responder chose it") != std::string::npos);
}

TEST_CASE("open: bad input is one line and exit code 2", "[open]") {
  const TemporaryFolder folder;
  std::ofstream((folder / "text.pcap").string()) << "this is a text and no capture at all";
  check_one_line(ikelab_sim(folder, {"open", "text.pcap"}), "E-CAP-002: text.pcap");
  check_one_line(ikelab_sim(folder, {"open", "none.pcap"}), "E-CAP-001: none.pcap");
  check_one_line(ikelab_sim(folder, {"open", "."}), "E-CAP-001");
  CHECK(ikelab_sim(folder, {"open", "none.pcap"}).code == 2);
  CHECK(ikelab_sim(folder, {"open"}).code == 2);
}
