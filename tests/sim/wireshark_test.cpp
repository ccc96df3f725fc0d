// A witness from outside: tshark, with the keys a run exports, reads what the run put on the wire.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "protocol/filter/filter.hpp"
#include "tests/sim/cli_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab::test;

namespace {

std::string lines_of(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");  // NOLINT(cert-env33-c): a command of our own
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
  pclose(pipe);
  return out;
}

bool has_tshark() {
  return std::system("tshark --version >/dev/null 2>&1") == 0;
}  // NOLINT

// Fields of all frames of a capture that pass `filter`, one line a frame.
std::string tshark(const TemporaryFolder& folder, const std::string& link,
                   const std::string& filter, const std::string& fields) {
  return lines_of("WIRESHARK_CONFIG_DIR='" + (folder / "keys").string() + "' tshark -r '" +
                  (folder / "pcap" / (link + ".pcap")).string() +
                  "' -o esp.enable_encryption_decode:TRUE -o esp.enable_authentication_check:TRUE "
                  "-Y '" +
                  filter + "' -T fields -E occurrence=a " + fields + " 2>/dev/null");
}

}  // namespace

TEST_CASE("wireshark: it knows the words of our filters, all but those of the house",
          "[wireshark][filter]") {
  if (!has_tshark()) {
    if (std::getenv("CI") != nullptr) FAIL("tshark is missing, and this is CI");
    WARN("skipped: tshark is not installed (./ikelab doctor: witness)");
    return;
  }
  const std::string words = lines_of("(tshark -G fields; tshark -G protocols) 2>/dev/null");
  for (const ikelab::filter::FieldInfo& field : ikelab::filter::fields()) {
    if (field.name.starts_with("ikelab.")) continue;
    INFO(field.name);
    CHECK(words.find("\t" + std::string(field.name)) != std::string::npos);
  }
}

TEST_CASE("wireshark: every IKE message decodes, and the keys open IKE_AUTH and ESP",
          "[wireshark]") {
  if (!has_tshark()) {
    if (std::getenv("CI") != nullptr) FAIL("tshark is missing, and this is CI");
    WARN("skipped: tshark is not installed (./ikelab doctor: witness)");
    return;
  }
  struct Run {
    const char *scenario, *link;
    unsigned messages;  ///< at least
  };
  for (const Run& run : {Run{"site-to-site", "wan-a", 6}, Run{"road-warrior", "hotel", 4},
                         Run{"lossy-link", "wan-b", 4}}) {
    INFO(run.scenario);
    const TemporaryFolder folder;
    const auto outcome = ikelab_sim(folder, {"run", run.scenario, "--seed", "7", "--pcap", "pcap",
                                             "--keys", "keys", "--quiet"});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    const std::string all = tshark(folder, run.link, "isakmp", "-e isakmp.exchangetype");
    CHECK(std::count(all.begin(), all.end(), '\n') >= run.messages);
    CHECK(tshark(folder, run.link, "isakmp && _ws.malformed", "-e frame.number").empty());
    CHECK(
        tshark(folder, run.link, "isakmp && _ws.expert.severity >= \"Warning\"", "-e frame.number")
            .empty());
    // Inside IKE_AUTH: IDi (35), AUTH (39), selectors (44, 45), which only the keys show.
    const std::string inside =
        tshark(folder, run.link, "isakmp.exchangetype == 35", "-e isakmp.nextpayload");
    CHECK(inside.find("39") != std::string::npos);
    CHECK(inside.find("44") != std::string::npos);
    CHECK_FALSE(tshark(folder, run.link, "esp && icmp", "-e icmp.type").empty());
    CHECK(tshark(folder, run.link, "esp.icv_bad == 1", "-e frame.number").empty());
    if (std::string(run.scenario) == "site-to-site")
      CHECK_FALSE(tshark(folder, run.link, "esp && tcp", "-e tcp.len").empty());
  }
}

TEST_CASE("wireshark: the IKEv1 table opens main mode's identities, quick mode and ESP",
          "[wireshark][ikev1]") {
  if (!has_tshark()) {
    if (std::getenv("CI") != nullptr) FAIL("tshark is missing, and this is CI");
    WARN("skipped: tshark is not installed (./ikelab doctor: witness)");
    return;
  }
  for (const char* aggressive : {"no", "yes"}) {
    CAPTURE(aggressive);
    const TemporaryFolder folder;
    std::vector<std::string> arguments = {"run",  "ikev1-gateways", "--seed", "7",      "--pcap",
                                          "pcap", "--keys",         "keys",   "--quiet"};
    for (const char* node : {"gw-a", "gw-b"})
      arguments.insert(
          arguments.end(),
          {"--set", std::string("nodes.") + node + ".connections.site.aggressive=" + aggressive});
    REQUIRE(ikelab_sim(folder, arguments).code == 0);
    CHECK(tshark(folder, "wan", "isakmp && _ws.malformed", "-e frame.number").empty());
    // Main mode (exchange type 2) encrypts the identities, quick mode (32) everything.
    if (std::string(aggressive) == "no")
      CHECK(tshark(folder, "wan", "isakmp.exchangetype == 2 && isakmp.id.data.fqdn",
                   "-e isakmp.id.data.fqdn") == "gw-a.example\ngw-b.example\n");
    const std::string quick =
        tshark(folder, "wan", "isakmp.exchangetype == 32 && isakmp.typepayload == 8",
               "-e isakmp.messageid");
    CHECK(std::count(quick.begin(), quick.end(), '\n') == 3);
    CHECK_FALSE(tshark(folder, "wan", "esp && icmp", "-e icmp.type").empty());
  }
}
