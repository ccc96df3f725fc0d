// `local`, `remote`, their rounds, and `secrets`: what is right means what it says, what is wrong
// is said with its place.
#include "sim/scenario/scenario.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::scenario;
using policy::AuthKind;
using wire::EapType;

namespace {

const std::string eap = "auth: eap-mschapv2, eap_id: anna, secret: tulips";

/// `local` and `remote` stand in line 12 and 13, from column 16 and 17 on.
Result<Scenario> loaded(const std::string& local, const std::string& remote,
                        const std::string& more = "", const std::string& secrets = "[]") {
  return load_text(R"(name: one
duration: 5s
pki:
  ca: {subject: "CN=CA", key: p256}
  certificates: [{name: gw, subject: "CN=gw", key: p256}]
nodes:
  - name: gw
    role: gateway
    connections:
      - {name: site, local_addr: 192.0.2.1, remote_addr: 192.0.2.2, proposals: [aes256gcm16-prfsha256-x25519],
        children: [{name: net, local_ts: [10.1.0.0/24], remote_ts: [10.2.0.0/24], esp_proposals: [aes256gcm16]}],
        local: {)" + local +
                       "},\n        remote: {" + remote + "}" + more +
                       "}\n    secrets: " + secrets + "\n",
                   "x.yaml");
}

const policy::ConnectionConfig& connection(const Result<Scenario>& scenario) {
  if (!scenario) FAIL(scenario.error().to_string());
  return scenario->nodes[0].connections[0];
}

}  // namespace

TEST_CASE("scenario: EAP of a client", "[scenario][auth]") {
  const auto scenario = loaded(eap, "auth: pubkey, id: vpn.example");
  const auto& c = connection(scenario);
  CHECK(c.local.kind == AuthKind::eap);
  CHECK(c.local.eap_method == EapType::mschapv2);
  CHECK(c.local.eap_id == "anna");
  CHECK(c.local.id.to_string() == "anna");  // without an id of its own, as swanctl
  CHECK(to_text(c.local.psk) == "tulips");
  CHECK(c.remote.kind == AuthKind::pubkey);
}

TEST_CASE("scenario: EAP of a gateway, with its users", "[scenario][auth]") {
  const auto scenario =
      loaded("auth: pubkey, id: vpn.example, cert: gw",
             "auth: eap-tls, eap_id: '%any', tls_version_max: 1.2", "",
             "[{type: eap, id: anna, secret: tulips}, {id: bert, secret: roses}]");
  const auto& c = connection(scenario);
  CHECK(c.remote.eap_method == EapType::tls);
  CHECK(c.remote.eap_id == "%any");
  CHECK(c.remote.tls_version_max == 2);
  CHECK(c.remote.authorities.size() == 1);
  REQUIRE(scenario->nodes[0].eap_users.size() == 2);
  CHECK(scenario->nodes[0].eap_users[1].id == "bert");
  CHECK(to_text(scenario->nodes[0].eap_users[1].secret) == "roses");
}

TEST_CASE("scenario: several rounds", "[scenario][auth]") {
  const auto scenario = loaded("auth: pubkey, id: anna@example, cert: gw", "auth: pubkey",
                               ", local-2: {" + eap + "}, remote-2: {auth: psk, secret: s}");
  const auto& c = connection(scenario);
  REQUIRE(c.more_local.size() == 1);
  REQUIRE(c.more_remote.size() == 1);
  CHECK(c.more_local[0].eap_method == EapType::mschapv2);
  CHECK(c.more_remote[0].kind == AuthKind::psk);
  CHECK(c.local_rounds().size() == 2);
}

TEST_CASE("scenario: nobody in particular", "[scenario][auth]") {
  const auto scenario = loaded("auth: 'null'", "auth: 'null'");
  CHECK(connection(scenario).local.kind == AuthKind::null);
  CHECK(connection(scenario).remote.kind == AuthKind::null);
}

TEST_CASE("scenario: mistakes in authentication are placed", "[scenario][auth]") {
  struct Bad {
    const char *local, *remote;
    const char *code, *place, *said;
  };
  const Bad all[] = {
      {"auth: eap-mschap, id: a, secret: s", "auth: pubkey", "E-SCN-012", "12:23", "eap-mschapv2"},
      {"auth: eap-mschapv2, id: a", "auth: pubkey", "E-SCN-011", "12:16", "secret"},
      {"auth: eap-tls, id: a", "auth: pubkey", "E-SCN-011", "12:16", "cert"},
      {"auth: eap-tls, id: a, cert: gw, secret: s", "auth: pubkey", "E-SCN-012", "12:57",
       "'secret' goes with"},
      {"auth: psk, id: a, secret: s, eap_id: a", "auth: psk", "E-SCN-012", "12:54",
       "'eap_id' goes with auth: eap-"},
      {"auth: eap-mschapv2, id: a, secret: s, tls_version_max: 1.3", "auth: pubkey", "E-SCN-012",
       "12:72", "goes with auth: eap-tls"},
      {"auth: eap-tls, id: a, cert: gw, tls_version_max: 1.1", "auth: pubkey", "E-SCN-012", "12:66",
       "1.2, 1.3"},
      {"auth: eap-mschapv2, id: a, secret: s", "auth: psk", "E-SCN-012", "12:16",
       "proves itself by certificate"},
      {"auth: psk, id: a, secret: s", "auth: eap-mschapv2", "E-SCN-012", "13:17",
       "proves itself by certificate"},
      {"auth: eap-md5, id: a, secret: s", "auth: eap-md5", "E-SCN-012", "12:16",
       "proves only one side"},
  };
  for (const Bad& bad : all) {
    INFO(bad.local << " / " << bad.remote);
    const auto scenario = loaded(bad.local, bad.remote);
    REQUIRE_FALSE(scenario.ok());
    CHECK(scenario.error().code == bad.code);
    CHECK(scenario.error().place == std::string("x.yaml:") + bad.place);
    CHECK(scenario.error().to_string().find(bad.said) != std::string::npos);
  }
  CHECK(loaded(eap, "auth: pubkey", "", "[{type: psk, id: a, secret: s}]").error().place ==
        "x.yaml:14:22");
  CHECK(loaded(eap, "auth: pubkey", "", "[{type: eap, id: a}]").error().code == "E-SCN-011");
}
