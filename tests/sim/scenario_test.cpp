// Scenarios: what is wrong is said in one line with its file, line and column; what is right means
// what it says.
#include "sim/scenario/scenario.hpp"

#include <filesystem>
#include <fstream>

#include "sim/scenario/units.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace std::chrono_literals;

namespace {

// A whole small scenario; each bad one below is this with one thing changed.
const std::string good = R"(name: two
duration: 5s
nodes:
  - name: a
    role: gateway
    connections:
      - name: site
        local_addr: 192.0.2.1
        remote_addr: 192.0.2.2
        proposals: [aes256gcm16-prfsha256-x25519]
        local: {auth: psk, id: a.example, secret: s}
        remote: {auth: psk, id: b.example}
        children:
          - name: net
            local_ts: [10.1.0.0/24]
            remote_ts: [10.2.0.0/24]
            esp_proposals: [aes256gcm16]
  - {name: b, role: gateway}
links:
  - {name: wan, a: a, b: b, a_address: 192.0.2.1/24, b_address: 192.0.2.2/24, rate: 10Mbps, loss: 5%}
events:
  - {at: 1s, node: a, action: initiate, connection: site, child: net}
expect:
  - established: all
)";

std::string with(const std::string& from, const std::string& to) {
  std::string text = good;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

struct Bad {
  const char *from, *to;     ///< what is changed
  const char *code, *place;  ///< "line:column"
  const char* said;          ///< a part of the line
};

const Bad bad_scenarios[] = {
    {"name: two", "nmae: two", "E-SCN-010", "1:1", "did you mean 'name'?"},
    {"duration: 5s\n", "", "E-SCN-011", "1:1", "duration"},
    {"duration: 5s", "duration: 5", "E-SCN-012", "2:11", "10ms"},
    {"duration: 5s", "duration: [5s]", "E-SCN-012", "2:11", "duration"},
    {"role: gateway\n", "role: gatway\n", "E-SCN-012", "5:11", "host, gateway, router"},
    {"[aes256gcm16-prfsha256-x25519]", "[aes256gcm16-prfsha256-x25591]", "E-POL-001", "10:21",
     "did you mean x25519?"},
    {"[aes256gcm16-prfsha256-x25519]", "[aes256gcm16-x25519]", "E-POL-002", "10:21", "PRF"},
    {"[aes256gcm16]", "[aes256gcm16-prfsha256]", "E-POL-002", "17:29", "prf"},
    {"local_ts: [10.1.0.0/24]", "local_ts: [10.1.0.0/33]", "E-POL-020", "15:24", "10.1.0.0/33"},
    {"local_addr: 192.0.2.1", "local_addr: 192.0.2.256", "E-ADDR-001", "8:21", "192.0.2.256"},
    {"auth: psk, id: a.example, secret: s", "auth: pubkey, id: a.example, cert: a", "E-SCN-011",
     "11:23", "pki"},
    {"b: b, a_address", "b: c, a_address", "E-SCN-013", "20:3", "no node is named 'c'"},
    {"{name: b, role: gateway}", "{name: a, role: gateway}", "E-SCN-013", "4:3", "two nodes"},
    {"192.0.2.1/24, b_a", "192.0.2.1, b_a", "E-SCN-012", "20:40", "10.1.0.1/24"},
    {"rate: 10Mbps", "rate: 10", "E-SCN-012", "20:85", "Mbps"},
    {"loss: 5%", "loss: 150%", "E-SCN-012", "20:99", "150%"},
    {"action: initiate", "action: begin", "E-SCN-012", "22:31", "initiate"},
    {"id: b.example}", "id: b.example}\n        pools: [staff]", "E-SCN-013", "13:16",
     "no pool is named 'staff'"},
    {"id: b.example}", "id: b.example}\n        vips: [10.8]", "E-ADDR-001", "13:16", "10.8"},
    {"id: b.example}", "id: b.example}\n        unique: always", "E-SCN-012", "13:17",
     "no, never, keep, replace"},
    {"id: b.example}", "id: b.example}\n        window_size: 99", "E-SCN-012", "13:22", "16"},
    {"[aes256gcm16]\n", "[aes256gcm16]\n            rekey_bytes: 10\n", "E-SCN-012", "18:26",
     "KiB"},
    {"[aes256gcm16]\n", "[aes256gcm16]\n            rekey_packets: 10k\n", "E-SCN-012", "18:28",
     "100000"},
    {"[aes256gcm16]\n", "[aes256gcm16]\n            rekey_time: 9m\n            life_time: 5m\n",
     "E-SCN-012", "19:24", "more than rekey_time"},
    {"name: two", "name: two\nname: three", "E-SCN-002", "2:1", "second time"},
    {"[aes256gcm16]", "[aes128-sha1-modp1024]", "E-POL-003", "17:29", "version: 1"},
    {"{name: b, role: gateway}", "{name: b, role: gateway, puzzle_difficulty: 0}", "E-SCN-012",
     "18:49", "1 to 32"},
    {"{name: b, role: gateway}", "{name: b, role: gateway, auth_puzzle_difficulty: 33}",
     "E-SCN-012", "18:54", "0 to 32"},
    {"{name: b, role: gateway}", "{name: b, role: gateway, auth_puzzle_threshold: 0}", "E-SCN-011",
     "18:53", "puzzle_threshold beside it"},
    {"links:", "links: {", "E-SCN-002", "", ""},
    {"nodes:\n", "nodes: &a [*a]\nx:\n", "E-SCN-002", "3:12", "alias"},
};

}  // namespace

TEST_CASE("scenario: the good one loads as it says", "[scenario]") {
  const auto loaded = scenario::load_text(good, "two.yaml");
  if (!loaded.ok()) FAIL(loaded.error().to_string());
  CHECK(loaded->duration == 5s);
  REQUIRE(loaded->links.size() == 1);
  CHECK(loaded->links[0].to_b.rate_bps == 10'000'000);
  CHECK(loaded->links[0].to_b.loss == Approx(0.05));
  CHECK(loaded->nodes[0].connections[0].children[0].replay_window == 64);
  CHECK(loaded->seed == 1);
  CHECK(scenario::load_text(good, "two.yaml", {}, 9)->seed == 9);
}

TEST_CASE("scenario: each mistake is one line with its place", "[scenario]") {
  for (const Bad& bad : bad_scenarios) {
    INFO(bad.to);
    const auto loaded = scenario::load_text(with(bad.from, bad.to), "two.yaml");
    REQUIRE_FALSE(loaded.ok());
    const std::string line = loaded.error().to_string();
    INFO(line);
    CHECK(loaded.error().code.starts_with(bad.code));
    CHECK(line.find(std::string("two.yaml:") + bad.place) != std::string::npos);
    CHECK(line.find(bad.said) != std::string::npos);
    CHECK(line.find('\n') == std::string::npos);
  }
}

TEST_CASE("scenario: what is historic may be named under version: 1, in phase 2 as well",
          "[scenario]") {
  const auto loaded = [](const char* words, const char* esp) {
    std::string text = with("        remote: {", std::string(words) + "        remote: {");
    const auto at = text.find("[aes256gcm16]\n");
    return scenario::load_text(text.replace(at, 13, esp), "two.yaml");
  };
  for (const char* words : {"        version: 1\n", "        historic: yes\n"}) {
    INFO(words);
    for (const char* esp : {"[aes128-sha1-modp1024]", "[aes128-sha1-modp768]", "[aes128-sha1]"}) {
      const auto scenario = loaded(words, esp);
      INFO(esp << (scenario.ok() ? "" : scenario.error().to_string()));
      CHECK(scenario.ok());
    }
  }
  CHECK(loaded("        version: 2\n", "[aes128-sha1-modp1024]").error().code == "E-POL-003");
  CHECK(
      loaded("        version: 1\n        historic: no\n", "[aes128-sha1-modp1024]").error().code ==
      "E-POL-003");
}

TEST_CASE("scenario: puzzles for IKE_SA_INIT and for IKE_AUTH", "[scenario]") {
  const auto loaded = scenario::load_text(
      with("{name: b, role: gateway}",
           "{name: b, role: gateway, puzzle_threshold: 3, puzzle_difficulty: 9, puzzle_solve: no, "
           "auth_puzzle_threshold: 0, auth_puzzle_difficulty: 32}"),
      "two.yaml");
  if (!loaded.ok()) FAIL(loaded.error().to_string());
  const scenario::Node& b = loaded->nodes[1];
  CHECK(b.puzzle_threshold == 3U);
  CHECK(b.puzzle_difficulty == 9);
  CHECK_FALSE(b.puzzle_solve);
  CHECK(b.auth_puzzle_threshold == 0U);
  CHECK(b.auth_puzzle_difficulty == 32);
  CHECK_FALSE(loaded->nodes[0].auth_puzzle_threshold.has_value());
  CHECK(loaded->nodes[0].auth_puzzle_difficulty == 12);
}

TEST_CASE("scenario: --set changes what it names, and nothing else", "[scenario]") {
  const auto changed = scenario::load_text(
      good, "two.yaml",
      {{"links.wan.loss", "20%"}, {"nodes.a.connections.site.children.net.replay_window", "0"}});
  if (!changed.ok()) FAIL(changed.error().to_string());
  CHECK(changed->links[0].to_b.loss == Approx(0.2));
  CHECK(changed->nodes[0].connections[0].children[0].replay_window == 0);
  for (const char* path : {"links.wann.loss", "links.wan.los", "nothing", "links..loss", ""}) {
    INFO(path);
    const auto refused = scenario::load_text(good, "two.yaml", {{path, "1"}});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().to_string().find('\n') == std::string::npos);
  }
  const auto wrong = scenario::load_text(good, "two.yaml", {{"links.wan.loss", "much"}});
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().place == "--set links.wan.loss=much");
}

TEST_CASE("scenario: what is no scenario at all is refused", "[scenario]") {
  const std::vector<std::string> none = {"",
                                         "just words",
                                         "[1, 2]",
                                         "a: \xff\xfe",
                                         std::string(1, '\1'),
                                         std::string(2 << 20, 'x'),
                                         std::string(100'000, '[')};
  for (const std::string& text : none) {
    const auto refused = scenario::load_text(text, "no.yaml");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().to_string().find('\n') == std::string::npos);
    CHECK(refused.error().to_string().size() < 400);
  }
  const auto missing = scenario::load("site-to-sight");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == "E-SCN-001");
  CHECK(missing.error().hint == "did you mean 'site-to-site'?");
}

TEST_CASE("scenario: quantities carry their units", "[scenario]") {
  CHECK(*scenario::parse_duration("1500us") == 1500us);
  CHECK(*scenario::parse_duration("2h") == 2h);
  CHECK(*scenario::parse_rate("100Mbps") == 100'000'000);
  CHECK(*scenario::parse_size("64KiB") == 65536);
  CHECK(*scenario::parse_fraction("0.5%") == Approx(0.005));
  CHECK(*scenario::parse_time_of_day("1970-01-02T00:00:00Z") == 86400);
  for (const char* wrong : {"", "5", "5 s", "-1s", "1e9s", "99999999999999999999h", "s", "5S"})
    CHECK_FALSE(scenario::parse_duration(wrong).ok());
  for (const char* wrong : {"10", "10 mbps", "-1bps", "99999999999999999999Gbps"})
    CHECK_FALSE(scenario::parse_rate(wrong).ok());
  for (const char* wrong : {"101%", "-1%", "0.5", "%"})
    CHECK_FALSE(scenario::parse_fraction(wrong).ok());
}

TEST_CASE("scenario: base and set make one scenario of two", "[scenario]") {
  const auto twin = scenario::load_text(
      "name: twin\nbase: two-gateways\nduration: 3s\n"
      "set: {nodes.gw-b.connections.site.children.net.replay_window: 0}\n",
      "twin.yaml");
  if (!twin.ok()) FAIL(twin.error().to_string());
  const auto base = scenario::load("two-gateways");
  REQUIRE(base.ok());
  CHECK(twin->name == "twin");
  CHECK(twin->duration == Duration(3s));
  CHECK(twin->nodes.size() == base->nodes.size());
  CHECK(twin->nodes[2].connections[0].children[0].replay_window == 0);
  CHECK(twin->expectations.size() == base->expectations.size());
  // what is recorded with a run stands alone
  const auto again = scenario::load_text(twin->yaml, "again.yaml");
  REQUIRE(again.ok());
  CHECK(again->nodes[2].connections[0].children[0].replay_window == 0);
  for (const char* wrong :
       {"base: no-such", "base: ../two-gateways.yaml", "base: /etc/passwd", "base: [a]",
        "base: x.yaml", "base: two-gateways\nset: {nodes.gw-z.x: 1}",
        "base: two-gateways\nset: 5"}) {
    INFO(wrong);
    const auto refused = scenario::load_text(std::string("name: x\n") + wrong + "\n", "x.yaml");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().to_string().find('\n') == std::string::npos);
  }
}

TEST_CASE("scenario: what is compromised is something, of somebody, and disclosed", "[scenario]") {
  const auto with = [](const std::string& item, const std::string& more = "") {
    return scenario::load_text(
        "name: x\nbase: two-gateways\n" + more +
            "adversaries:\n  - {name: eve, position: passive, link: wan, script: eavesdrop,"
            " compromise: [" +
            item + "]}\n",
        "x.yaml");
  };
  for (const char* good_one : {"psk:gw-a", "{what: SK_d, node: gw-b, at: 2s}", "g^ir:gw-a"}) {
    INFO(good_one);
    const auto loaded = with(good_one);
    if (!loaded.ok()) FAIL(loaded.error().to_string());
    CHECK(loaded->adversaries[0].compromise.size() == 1);
  }
  for (const char* wrong : {"psk", "psk:", "soul:gw-a", "psk:gw-z", "{what: SK_d}", "[a]"}) {
    INFO(wrong);
    CHECK_FALSE(with(wrong).ok());
  }
  CHECK(with("SK_d:gw-a", "disclose_secrets: false\n").error().code == "E-SCN-017");
}

TEST_CASE("scenario: what the data path does with a child's packets", "[scenario]") {
  const auto child_of = [](const std::string& keys) {
    const auto scenario =
        scenario::load_text(with("esp_proposals: [aes256gcm16]", keys), "two.yaml");
    if (!scenario.ok()) FAIL(scenario.error().to_string());
    return scenario->nodes[0].connections[0].children[0];
  };
  const auto plain = child_of("esp_proposals: [aes256gcm16]");
  CHECK(plain.mode == policy::ChildMode::tunnel);
  CHECK_FALSE(plain.trap);
  CHECK(plain.copy.df == policy::Df::copy);
  CHECK((plain.copy.dscp_out && !plain.copy.dscp_in && plain.copy.ecn));
  const auto full = child_of(R"(esp_proposals: [null-sha256-esn]
            start_action: trap|start
            mode: transport
            priority: 7
            tfc_padding: mtu
            replay_window: 65536
            copy_df: set
            copy_dscp: in
            copy_ecn: no)");
  CHECK((full.trap && full.start));
  CHECK(full.mode == policy::ChildMode::transport);
  CHECK(full.priority == 7);
  CHECK(full.tfc_padding == policy::ChildConfig::tfc_mtu);
  CHECK(full.replay_window == 65536);
  CHECK(full.copy.df == policy::Df::set);
  CHECK((!full.copy.dscp_out && full.copy.dscp_in && !full.copy.ecn));
  CHECK(child_of("tfc_padding: 600\n            esp_proposals: [aes128ccm16]").tfc_padding == 600);
  CHECK_FALSE(child_of("mode: drop\n            start_action: trap").needs_sas());

  const auto code_of = [](const std::string& keys) {
    const auto bad = scenario::load_text(with("esp_proposals: [aes256gcm16]", keys), "two.yaml");
    return bad.ok() ? std::string() : bad.error().code;
  };
  CHECK(code_of("mode: pass\n            esp_proposals: [aes256gcm16]") == "E-SCN-012");
  CHECK(code_of("mode: transport") == "E-SCN-011");
  CHECK(code_of("esp_proposals: [aes256gcm16]\n            tfc_padding: much") == "E-SCN-012");
  CHECK(code_of("esp_proposals: [aes256gcm16]\n            copy_dscp: sideways") == "E-SCN-012");
}

TEST_CASE("scenario: bases may stand upon one another, and not in a circle", "[scenario]") {
  const auto twice = scenario::load("identity-probe-pseudonym");
  REQUIRE(twice.ok());
  CHECK(twice->adversaries.at(0).script == "identity-probe");
  std::string folder = (std::filesystem::temp_directory_path() / "ikelab-bases-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  std::ofstream(folder + "/a.yaml") << "name: a\nbase: b.yaml\n";
  std::ofstream(folder + "/b.yaml") << "name: b\nbase: a.yaml\n";
  const auto circle = scenario::load(folder + "/a.yaml");
  REQUIRE_FALSE(circle.ok());
  CHECK(circle.error().code == "E-SCN-016");
  std::filesystem::remove_all(folder);
}

TEST_CASE("scenario: pools, virtual addresses, lifetimes", "[scenario]") {
  std::string text = with("    role: gateway\n    connections:",
                          "    role: gateway\n    pools: [{name: staff, addrs: 10.8.0.0/29, dns: "
                          "[10.2.0.53], subnet: [10.2.0.0/24]}, {name: few, addrs: "
                          "10.9.0.3..10.9.0.5}]\n    connections:");
  const auto put = [&](const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
  };
  put("id: b.example}",
      "id: b.example}\n        pools: [staff, few]\n        vips: [0.0.0.0, \"::\"]\n        "
      "mobike: yes\n        unique: replace\n        reauth_time: 8h\n        over_time: 5m");
  put("remote_ts: [10.2.0.0/24]", "remote_ts: [dynamic, 10.2.0.0/24]");
  put("[aes256gcm16]\n",
      "[aes256gcm16]\n            rekey_bytes: 2MiB\n            life_packets: 50\n            "
      "rekey_time: 10m\n            life_time: 12m\n            rand_time: 0s\n");
  const auto scenario = scenario::load_text(text, "x.yaml");
  REQUIRE(scenario.ok());
  const scenario::Node& node = scenario->nodes[0];
  REQUIRE(node.pools.size() == 2);
  CHECK(node.pools[0].first.to_string() == "10.8.0.1");  // as swanctl: not the first, not the last
  CHECK(node.pools[0].last.to_string() == "10.8.0.6");
  CHECK(node.pools[1].first.to_string() == "10.9.0.3");
  CHECK(node.pools[1].last.to_string() == "10.9.0.5");
  const policy::ConnectionConfig& connection = node.connections[0];
  CHECK(connection.vips.size() == 2);
  CHECK(connection.mobike);
  CHECK(connection.unique == policy::Unique::replace);
  CHECK(connection.reauth_time == 8h);
  CHECK(connection.over_time == Duration(5min));
  const policy::ChildConfig& child = connection.children[0];
  CHECK(child.remote_dynamic);
  CHECK_FALSE(child.local_dynamic);
  CHECK(child.remote_ts.size() == 1);
  CHECK(child.bytes.rekey == 2'097'152);
  CHECK(child.packets.life == 50);
  CHECK(child.life_time == Duration(12min));
  CHECK(child.rand_time == Duration{0});
}
