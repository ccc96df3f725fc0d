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
  // A capture knows no receipt: its packets were seen, and nothing was lost.
  const std::string ladder = ikelab_sim(folder, {"show", "messages", "--db", "opened.db"}).out;
  CHECK(ladder.find("packet 192.0.2.1 \xE2\x96\xB6 198.51.100.1 (seen)") != std::string::npos);
  CHECK(ladder.find("lost") == std::string::npos);
  CHECK(ladder.find(" is up") == std::string::npos);
  CHECK(ladder.find("is agreed on, as far as is seen") != std::string::npos);

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

namespace {

/// Every message as it left: what it is, which of the exchange's sides said it, what was inside.
std::vector<std::string> messages(const std::vector<json>& events) {
  std::vector<std::string> out;
  for (const json& event : events)
    if (event["kind"] == "message" && event["direction"] == "sent")
      out.push_back(json{event["exchange"], event["message_id"], event["response"],
                         event["payloads"], event["plain_first"], event["plain"]}
                        .dump());
  return out;
}

/// Each ESP SA with its selectors, algorithms and keys.
std::set<std::string> esp_sas(const std::vector<json>& events) {
  std::set<std::string> out;
  for (const json& event : events)
    if (event["kind"] == "sa_installed" && event["protocol"] == "ESP" &&
        event["direction"] == "out")
      out.insert(json{event["spi"], event["peer_spi"], event["encryption"], event["integrity"],
                      event["encryption_key"], event["integrity_key"]}
                     .dump());
  return out;
}

void run_ikev1(const TemporaryFolder& folder, const std::vector<std::string>& settings) {
  std::vector<std::string> arguments = {"run",    "ikev1-gateways", "--seed", "7",
                                        "--pcap", "pcap",           "--keys", "keys",
                                        "--db",   "run.db",         "--quiet"};
  for (const char* node : {"gw-a", "gw-b"})
    for (const std::string& setting : settings)
      arguments.insert(arguments.end(),
                       {"--set", std::string("nodes.") + node + ".connections.site." + setting});
  const Outcome outcome = ikelab_sim(folder, arguments);
  INFO(outcome.err);
  REQUIRE(outcome.code <= 1);
}

}  // namespace

TEST_CASE("open: IKEv1 tells the same as the run that made it", "[open][ikev1]") {
  struct Row {
    const char* what;
    std::vector<std::string> settings;
  };
  for (const Row& row : {
           Row{"main mode", {}},
           Row{"main mode, AES-256 stretched from SHA-1", {"proposals=[aes256-sha1-modp1024]"}},
           Row{"SHA-256 and a rekeyed Child SA with its deletion",
               {"proposals=[aes128-sha256-modp2048]", "children.net.rekey_time=4s"}},
           Row{"quick mode with PFS", {"children.net.esp_proposals=[aes128-sha1-modp2048]"}},
           Row{"aggressive mode", {"aggressive=yes"}},
           Row{"on port 4500, with R-U-THERE", {"encap=yes", "dpd_delay=2s"}},
           Row{"a new phase 1", {"rekey_time=5s"}},
       }) {
    CAPTURE(row.what);
    const TemporaryFolder folder;
    run_ikev1(folder, row.settings);
    const json report = open(folder, {"pcap/wan.pcap", "--keys", "keys"});
    const auto ran = trace_of(folder, "run.db"), opened = trace_of(folder, "opened.db");
    CHECK(messages(opened) == messages(ran));
    CHECK(messages(opened).size() >= 6);
    CHECK(contents(opened) == contents(ran));
    CHECK(esp_sas(opened) == esp_sas(ran));
    CHECK(report["ike_opened"].get<int>() >= 4);
    CHECK(report["esp_opened"].get<int>() >= 16);
    CHECK(report["esp_opened"] == report["esp_packets"]);
    CHECK(report["without_key"].empty());
  }
}

TEST_CASE("open: the story of an IKEv1 capture", "[open][ikev1]") {
  const TemporaryFolder folder;
  run_ikev1(folder, {});
  open(folder, {"pcap/wan.pcap", "--keys", "keys"});
  const auto show = [&](std::vector<std::string> what) {
    what.insert(what.begin(), "show");
    what.insert(what.end(), {"--db", "opened.db"});
    return ikelab_sim(folder, what).out;
  };
  CHECK(show({"message", "5"}).find("gw-a.example") != std::string::npos);
  CHECK(show({"sas"}).find("10.1.0.0 to 10.1.0.255") != std::string::npos);
  CHECK(show({"why"}).find("the responder chose it") != std::string::npos);
}

TEST_CASE("open: IKEv1 without its key, with another, or without its beginning", "[open][ikev1]") {
  const TemporaryFolder folder;
  run_ikev1(folder, {});
  const json without = open(folder, {"pcap/wan.pcap"});
  CHECK(without["ike_opened"] == 0);
  CHECK(without["without_key"].size() == 3);

  const auto table = folder / "keys/ikev1_decryption_table";
  std::ifstream in(table);
  std::string row;
  REQUIRE(std::getline(in, row));
  const std::string cookie = row.substr(0, row.find(','));
  const auto sealed_because = [&](const std::string& key, const std::string& why) {
    std::ofstream(table) << cookie << ',' << key << '\n';
    const json report = open(folder, {"pcap/wan.pcap", "--keys", "keys"});
    CHECK(report["ike_opened"] == 0);
    std::string said;
    for (const json& event : trace_of(folder, "opened.db"))
      if (event["kind"] == "diagnostic" && event["code"] == "E-CAP-021")
        said += event["message"].get<std::string>() + '\n';
    CHECK(said.find(why) != std::string::npos);
  };
  sealed_because("00112233445566778899aabbccddeeff", "the table's key gives no payloads");
  sealed_because("0011223344556677", "the table's key has 8 octets, ENCR_AES_CBC needs 16");
}

TEST_CASE("open: a row of a key table that cannot be is told with line and column", "[open]") {
  struct Row {
    const char *file, *text, *place, *what;
  };
  const TemporaryFolder folder;
  run_ikev1(folder, {});
  for (const Row& row : {
           Row{"ikev1_decryption_table", "# cookie,key\n0123456789abcdef,xyz\n",
               ":2:18: ", "the key is not hexadecimal"},
           Row{"ikev1_decryption_table", "0123,00112233445566778899aabbccddeeff\n",
               ":1:1: ", "the cookie has 2 octets, 8 are needed"},
           Row{"ikev1_decryption_table", "0123456789abcdef\n",
               ":1:1: ", "the line ends after 1 field"},
           Row{"ikev1_decryption_table", "0123456789abcdef,\n", ":1:18: ", "the key has 0 octets"},
           Row{"ikev2_decryption_table",
               "0123456789abcdef,0123456789abcdef,00,00,\"ROT13\",00,00,\"NONE [RFC4306]\"\n",
               ":1:41: ", "unknown encryption 'ROT13'"},
           Row{"esp_sa",
               "\"IPv4\",\"192.0.2.1\",\"192.0.2.999\",\"*\",\"NULL\",\"\",\"NULL\",\"\"\n",
               ":1:20: ", "192.0.2.999"},
       }) {
    CAPTURE(row.text);
    std::filesystem::remove_all(folder / "bad");
    std::filesystem::create_directory(folder / "bad");
    std::ofstream(folder / "bad" / row.file) << row.text;
    const Outcome outcome =
        ikelab_sim(folder, {"open", "pcap/wan.pcap", "--keys", "bad", "--db", "bad.db"});
    check_one_line(outcome, std::string("E-CAP-011: bad/") + row.file + row.place);
    CHECK(outcome.err.find(row.what) != std::string::npos);
    CHECK(outcome.code == 2);
  }
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
