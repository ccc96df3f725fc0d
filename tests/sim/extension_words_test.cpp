// Words about IKEv2's extensions in a scenario: what they become, and what is wrong with wrong
// ones.
#include "protocol/pki/bundle.hpp"
#include "sim/scenario/extensions.hpp"
#include "sim/scenario/scenario.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

/// One gateway with these words in its connection, and these events.
Result<scenario::Scenario> load(const std::string& words, const std::string& events = "",
                                const std::string& pki = "") {
  return scenario::load_text(
      "name: x\nduration: 5s\n" + pki +
          "nodes:\n  - name: a\n    role: gateway\n    connections:\n      - name: site\n"
          "        local_addr: 192.0.2.1\n        remote_addr: 192.0.2.2\n"
          "        proposals: [aes256gcm16-prfsha256-x25519]\n"
          "        local: {auth: psk, id: a.example, secret: correct horse battery staple}\n"
          "        remote: {auth: psk, id: b.example}\n" +
          words + events,
      "x.yaml");
}

policy::ConnectionConfig connection(const std::string& words) {
  auto loaded = load(words);
  if (!loaded.ok()) FAIL(loaded.error().to_string());
  return loaded->nodes[0].connections[0];
}

std::string error_of(const Result<scenario::Scenario>& loaded) {
  return loaded.ok() ? "none" : loaded.error().to_string();
}

}  // namespace

TEST_CASE("extension words: unless told, none is on", "[scenario]") {
  const auto c = connection("");
  CHECK(c.ppk_exchange == policy::PpkExchange::auth);
  CHECK(c.ppk_rekey_ids.empty());
  CHECK(c.childless == policy::Childless::never);
  CHECK(c.auth_lifetime == Duration::zero());
  CHECK_FALSE(c.redirect_to.has_value());
  CHECK_FALSE(c.follow_redirects);
  CHECK_FALSE(c.quick_crash_detection);
  CHECK_FALSE(c.hash_and_url);
  CHECK_FALSE(c.announce_auth);
}

TEST_CASE("extension words: each becomes what it says", "[scenario]") {
  const auto c = connection(
      "        ppks: [{id: one, secret: aaaa}, {id: two, secret: bbbb}]\n"
      "        ppk_exchange: either\n        ppk_rekey_ids: [two, one]\n"
      "        childless: force\n        auth_lifetime: 8h\n"
      "        redirect_to: 192.0.2.9\n        redirect_when: auth\n"
      "        follow_redirects: yes\n        quick_crash_detection: yes\n"
      "        hash_and_url: yes\n        announce_auth: yes\n");
  CHECK(c.ppk_exchange == policy::PpkExchange::either);
  CHECK(c.ppk_rekey_ids == std::vector<std::string>{"two", "one"});
  CHECK(c.childless == policy::Childless::force);
  CHECK(c.auth_lifetime == 8h);
  REQUIRE(c.redirect_to);
  CHECK(c.redirect_to->gateway == IpAddress::parse("192.0.2.9").value());
  CHECK(c.redirect_to->when == policy::Redirect::When::auth);
  CHECK(c.follow_redirects);
  CHECK(c.quick_crash_detection);
  CHECK(c.hash_and_url);
  CHECK(c.announce_auth);
}

TEST_CASE("extension words: wrong ones are one line with their place", "[scenario]") {
  struct Wrong {
    const char *words, *says;
  };
  const auto row = GENERATE(values<Wrong>({
      {"        ppk_exchange: sometimes\n", "ppk_exchange"},
      {"        ppks: [{id: one, secret: aaaa}]\n        ppk_rekey_ids: [two]\n", "two"},
      {"        childless: perhaps\n", "childless"},
      {"        auth_lifetime: long\n", "long"},
      {"        redirect_to: vpn.example\n", "vpn.example"},
      {"        redirect_to: 192.0.2.1\n", "to itself"},
      {"        redirect_when: auth\n", "redirect_to"},
      {"        follow_redirect: yes\n", "follow_redirects"},
  }));
  INFO(row.words);
  const std::string error = error_of(load(row.words));
  CHECK(error.find("x.yaml:") != std::string::npos);
  CHECK(error.find(row.says) != std::string::npos);
  CHECK(error.find('\n') == std::string::npos);
}

TEST_CASE("extension words: events that crash and redirect", "[scenario]") {
  const auto loaded = load("",
                           "events:\n  - {at: 1s, node: a, action: crash}\n"
                           "  - {at: 2s, node: a, action: redirect, to: 192.0.2.9}\n");
  REQUIRE(loaded.ok());
  CHECK(loaded->events[0].action == "crash");
  CHECK(loaded->events[1].gateway == IpAddress::parse("192.0.2.9").value());
  CHECK(error_of(load("", "events:\n  - {at: 2s, node: a, action: redirect}\n")).find("'to'") !=
        std::string::npos);
}

TEST_CASE("pki: what has a URL stands in the store, with its chain or without", "[scenario]") {
  const std::string pki =
      "pki:\n  ca: {subject: \"CN=Root\"}\n  authorities:\n"
      "    - {name: branch, subject: \"CN=Branch\", issuer: ca, url: \"http://pki/branch\"}\n"
      "  certificates:\n"
      "    - {name: gw, subject: \"CN=gw\", issuer: branch, url: \"http://pki/gw\", "
      "bundle_url: \"http://pki/all\"}\n"
      "    - {name: other, subject: \"CN=other\"}\n"
      "  store:\n    - {url: \"http://pki/gw\", certificate: other, at: 20s}\n";
  const std::string node =
      "nodes:\n  - name: a\n    role: gateway\n    connections:\n      - name: site\n"
      "        local_addr: 192.0.2.1\n        remote_addr: 192.0.2.2\n"
      "        proposals: [aes256gcm16-prfsha256-x25519]\n"
      "        local: {auth: pubkey, id: gw.example, cert: gw}\n"
      "        remote: {auth: pubkey, id: b.example}\n";
  auto loaded = scenario::load_text("name: x\nduration: 5s\n" + pki + node, "x.yaml");
  if (!loaded.ok()) FAIL(loaded.error().to_string());
  const auto& c = loaded->nodes[0].connections[0];
  CHECK(c.local.certificate_urls == std::vector<std::string>{"http://pki/gw", "http://pki/branch"});
  CHECK(c.local.bundle_url == "http://pki/all");
  std::map<std::string, std::size_t> entries;
  for (const policy::Published& entry : c.remote.certificate_store) {
    ++entries[entry.source];
    if (entry.source == "http://pki/all")
      CHECK(pki::read_bundle(entry.der)->certificates == c.local.certificates);
  }
  CHECK(entries == std::map<std::string, std::size_t>{
                       {"http://pki/gw", 2}, {"http://pki/branch", 1}, {"http://pki/all", 1}});
  const auto wrong = scenario::load_text(
      "name: x\nduration: 5s\npki:\n  ca: {subject: \"CN=Root\"}\n  store:\n"
      "    - {url: \"http://pki/gw\", certificate: nobody}\n" +
          node,
      "x.yaml");
  CHECK(error_of(wrong).find("nobody") != std::string::npos);
}
