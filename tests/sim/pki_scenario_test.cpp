// `pki:` of a scenario: what is written is what is issued, and what is wrong is said.
#include "protocol/pki/pki.hpp"
#include "sim/scenario/lab_pki.hpp"
#include "sim/scenario/scenario.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

constexpr std::int64_t epoch = 1'795'424'400;  // 2026-11-23 09:00:00 UTC

// One gateway with `pki` and `local`, `remote` of its connection.
std::string scenario_of(const std::string& pki, const std::string& local,
                        const std::string& remote) {
  return "name: x\nduration: 5s\nepoch: 2026-11-23T09:00:00Z\npki:\n" + pki +
         "nodes:\n  - name: a\n    role: gateway\n    connections:\n      - name: site\n"
         "        local_addr: 192.0.2.1\n        remote_addr: 192.0.2.2\n"
         "        proposals: [aes256gcm16-prfsha256-x25519]\n        ocsp: both\n        local: {" +
         local + "}\n        remote: {" + remote +
         "}\n        children:\n          - {name: net, local_ts: [10.1.0.0/24], "
         "remote_ts: [10.2.0.0/24], esp_proposals: [aes256gcm16]}\n";
}

const std::string tree = R"(  ca: {subject: "CN=Root", crl_uri: "http://pki.example/root.crl"}
  authorities:
    - {name: branch, subject: "CN=Branch", issuer: ca, path_length: 0, permitted: [b.example, 10.0.0.0/8]}
    - {name: other, subject: "CN=Other"}
  certificates:
    - {name: gw, subject: "CN=gw", issuer: branch, san: [gw.b.example], extended_key_usage: [ike]}
    - {name: lost, subject: "CN=lost", revoked_at: 30s}
    - {name: old, subject: "CN=old", valid_from: 2025-01-01T00:00:00Z, valid_for: 24h}
    - {name: teller, subject: "CN=OCSP", extended_key_usage: [ocsp]}
  crls:
    - {issuer: ca}
    - {issuer: ca, at: 1m, valid_for: 1h}
  ocsp_responses:
    - {certificate: lost, valid_for: 10s, signer: teller}
    - {certificate: lost, at: 31s}
    - {certificate: gw, status: unknown}
)";
const std::string own = "auth: pubkey, id: gw.b.example, cert: gw",
                  peer = "auth: pubkey, id: x.example, revocation: strict";

const policy::ConnectionConfig& connection(const scenario::Scenario& scenario) {
  return scenario.nodes.at(0).connections.at(0);
}

std::string judge(const std::vector<Bytes>& chain, const policy::AuthConfig& trust, Duration at,
                  const std::vector<Bytes>& ocsp = {}) {
  const std::vector<Bytes> crls = policy::published(trust.crls, Instant{at.count()});
  const auto verdict = pki::validate_chain(
      chain.front(), std::span(chain).subspan(1), trust.authorities, epoch + at / 1s,
      {pki::Purpose::ike, pki::RevocationPolicy::relaxed, crls, ocsp});
  return verdict.ok() ? "valid" : verdict.error().code;
}

scenario::Scenario loaded(const std::string& local, const std::string& remote) {
  auto result = scenario::load_text(scenario_of(tree, local, remote), "x.yaml");
  if (!result.ok()) FAIL(result.error().to_string());
  return *result;
}

std::string error_of(const std::string& pki, const std::string& local, const std::string& remote) {
  const auto result = scenario::load_text(scenario_of(pki, local, remote), "x.yaml");
  return result.ok() ? "none" : result.error().to_string();
}

}  // namespace

TEST_CASE("scenario: intermediates stand in the chain, roots do not", "[scenario][pki]") {
  const auto scenario = loaded(own, peer);
  const policy::AuthConfig& local = connection(scenario).local;
  REQUIRE(local.certificates.size() == 2);
  CHECK(pki::parse_certificate(local.certificates[0])->issuer == "CN=Branch");
  CHECK(pki::parse_certificate(local.certificates[1])->issuer == "CN=Root");
  CHECK(judge(local.certificates, connection(scenario).remote, 0s) == "valid");
  CHECK(connection(scenario).remote.revocation == policy::Revocation::strict);
  CHECK(connection(scenario).ocsp == policy::Ocsp::both);
  CHECK(pki::parse_certificate(local.certificates[1])->crl_uris ==
        std::vector<std::string>{"http://pki.example/root.crl"});
}

TEST_CASE("scenario: revoked, expired, of another CA", "[scenario][pki]") {
  const auto of = [](const std::string& name) {
    return loaded("auth: pubkey, id: x, cert: " + name, peer);
  };
  const auto lost = of("lost"), old = of("old");
  const auto& chain = connection(lost).local.certificates;
  CHECK(judge(chain, connection(lost).remote, 0s) == "valid");
  CHECK(judge(chain, connection(lost).remote, 59s) == "valid");  // the list says it from 1m on
  CHECK(judge(chain, connection(lost).remote, 60s) == "E-PKI-020");
  CHECK(judge(connection(old).local.certificates, connection(old).remote, 0s) == "E-PKI-011");
  // OCSP: good at first, revoked from 31s on; of one certificate the newest counts.
  const auto& responses = connection(lost).local.ocsp_responses;
  REQUIRE(responses.size() == 2);
  const auto at = [&](Duration when) {
    return policy::published(responses, Instant{when.count()});
  };
  CHECK(judge(chain, connection(lost).remote, 5s, at(5s)) == "valid");
  CHECK(judge(chain, connection(lost).remote, 31s, at(31s)) == "E-PKI-020");
  const auto other = loaded(own, "auth: pubkey, cacerts: [other]");
  CHECK(judge(connection(other).local.certificates, connection(other).remote, 0s) == "E-PKI-010");
  CHECK(connection(loaded(own, "auth: pubkey, cacerts: [other, ca]")).remote.authorities.size() ==
        2);
}

TEST_CASE("scenario: mistakes in pki are said at their place", "[scenario][pki]") {
  const std::string ca = "  ca: {subject: \"CN=Root\"}\n";
  const auto says = [&](const std::string& pki, const std::string& local, const std::string& remote,
                        const std::string& words) {
    const std::string error = error_of(pki, local, remote);
    INFO(error);
    CHECK(error.find(words) != std::string::npos);
  };
  says(tree, "auth: pubkey, id: x, cert: gv", peer, "E-SCN-013");
  says(tree, own, "auth: pubkey, cacerts: [branhc]", "no CA is named 'branhc'");
  says(tree, own, "auth: pubkey, revocation: lax", "relaxed, ifuri, strict");
  says(tree, own, "auth: psk, revocation: strict", "goes with auth: pubkey");
  says(ca + "  certificates:\n    - {name: gw, subject: \"CN=gw\", issuer: cb}\n", own, peer,
       "E-SCN-013: x.yaml:7:44: no authority is named");
  says(ca + "  certificates:\n    - {name: gw, subject: \"CN=gw\", extended_key_usage: [ipsec]}\n",
       own, peer, "expected ike, server, client, ocsp or any");
  says(ca + "  certificates:\n    - {name: ca, subject: \"CN=gw\"}\n", own, peer,
       "two certificates are 'ca'");
  says(ca + "  ocsp_responses:\n    - {certificate: nobody}\n", own, peer,
       "no certificate is named 'nobody'");
  says(ca + "  authorities:\n    - {name: b, subject: \"CN=b\", permitted: [10.0.0.0/99]}\n", own,
       peer, "E-PKI-002");
}
