// What a path must be besides unbroken (RFC 5280, 6; RFC 4945, 5): names, usages, lengths; and
// revocation by CRL and OCSP.
#include "tests/support/catch.hpp"
#include "tests/support/test_authority.hpp"

using namespace ikelab;
using namespace ikelab::pki;
using namespace ikelab::test;

namespace {

using Chain = std::vector<const Holder*>;

struct World : TestAuthority {
  Holder root = ca("CN=Root,O=ikelab");
  Holder sub = ca("CN=Sub,O=ikelab", &root);
  Holder gw = issue("CN=gw-a,O=ikelab", &sub, [](CertificateSpec& spec) {
    spec.alt_names = {{SubjectAltName::Type::dns, "gw-a.example"}};
  });

  /// "valid" with remarks counted, or the code.
  [[nodiscard]] std::string judge(const Holder& leaf, const Chain& between,
                                  ChainRules rules = {}) const {
    std::vector<Bytes> intermediates;
    for (const Holder* holder : between) intermediates.push_back(holder->certificate);
    const std::vector<Bytes> anchors = {root.certificate};
    rules.purpose = Purpose::ike;
    const auto verdict =
        validate_chain(leaf.certificate, intermediates, anchors, test_epoch, rules);
    if (!verdict) return verdict.error().code;
    return "valid" +
           (verdict->remarks.empty() ? "" : " " + std::to_string(verdict->remarks.size()));
  }
  [[nodiscard]] std::string judge(RevocationPolicy policy, const std::vector<Bytes>& crls,
                                  const std::vector<Bytes>& ocsp_responses) const {
    return judge(gw, {&sub}, {Purpose::ike, policy, crls, ocsp_responses});
  }
};

SubjectAltName dns(const char* name) {
  return {SubjectAltName::Type::dns, name};
}
SubjectAltName ip(const char* address) {
  return {SubjectAltName::Type::ip, address};
}

constexpr auto relaxed = RevocationPolicy::relaxed, ifuri = RevocationPolicy::ifuri,
               strict = RevocationPolicy::strict;

}  // namespace

TEST_CASE("pki: name constraints bind what a CA issues", "[pki][names]") {
  World world;
  const auto verdict = [&](std::vector<SubjectAltName> permitted,
                           std::vector<SubjectAltName> excluded, const SubjectAltName& name) {
    const Holder sub = world.ca("CN=Bound,O=ikelab", &world.root, [&](CertificateSpec& spec) {
      spec.permitted = std::move(permitted);
      spec.excluded = std::move(excluded);
    });
    const Holder leaf =
        world.issue("CN=x,O=ikelab", &sub, [&](CertificateSpec& spec) { spec.alt_names = {name}; });
    return world.judge(leaf, {&sub});
  };
  CHECK(verdict({dns("a.example")}, {}, dns("gw.a.example")) == "valid");
  CHECK(verdict({dns("a.example")}, {}, dns("gw.b.example")) == "E-PKI-015");
  CHECK(verdict({}, {dns("b.example")}, dns("gw.a.example")) == "valid");
  CHECK(verdict({}, {dns("b.example")}, dns("gw.b.example")) == "E-PKI-015");
  CHECK(verdict({ip("10.1.0.0/16")}, {}, ip("10.1.2.3")) == "valid");
  CHECK(verdict({ip("10.1.0.0/16")}, {}, ip("10.2.2.3")) == "E-PKI-015");
  CHECK(verdict({ip("2001:db8::/32")}, {}, ip("2001:db8::1")) == "valid");
  CHECK(verdict({ip("2001:db8::/32")}, {}, ip("2001:db9::1")) == "E-PKI-015");
  CHECK(verdict({{SubjectAltName::Type::email, "a.example"}}, {},
                {SubjectAltName::Type::email, "anna@a.example"}) == "valid");
  CHECK(verdict({{SubjectAltName::Type::email, "a.example"}}, {},
                {SubjectAltName::Type::email, "anna@b.example"}) == "E-PKI-015");
}

TEST_CASE("pki: basic constraints bound who may issue, and how deep", "[pki]") {
  World world;
  const Holder shallow = world.ca("CN=Shallow,O=ikelab", &world.root,
                                  [](CertificateSpec& spec) { spec.path_length = 0; });
  const Holder below = world.ca("CN=Below,O=ikelab", &shallow);
  CHECK(world.judge(world.issue("CN=x", &shallow), {&shallow}) == "valid");
  CHECK(world.judge(world.issue("CN=x", &below), {&below, &shallow}) == "E-PKI-018");
  CHECK(world.judge(world.issue("CN=x", &world.gw), {&world.gw, &world.sub}) == "E-PKI-014");
}

TEST_CASE("pki: a key signs AUTH only if its certificate lets it", "[pki][usage]") {
  World world;
  const auto with = [&](std::vector<KeyPurpose> purposes, bool may_sign = true) {
    const Holder leaf = world.issue("CN=x,O=ikelab", &world.sub, [&](CertificateSpec& spec) {
      spec.purposes = std::move(purposes);
      spec.may_sign = may_sign;
    });
    return world.judge(leaf, {&world.sub});
  };
  using enum KeyPurpose;
  CHECK(with({}) == "valid");
  //= rfc4945#5.1.3.2 "if the KeyUsage extension is present, then at least one of the
  //= digitalSignature or the nonRepudiation bits in the KeyUsage extension MUST be set"
  CHECK(with({}, false) == "E-PKI-016");
  CHECK(with({ipsec_ike}) == "valid");
  CHECK(with({any}) == "valid");
  CHECK(with({server_auth, ipsec_ike}) == "valid");
  CHECK(with({server_auth, client_auth}) == "E-PKI-017");
  CHECK(with({ocsp_signing}) == "E-PKI-017");
}

TEST_CASE("pki: a CRL takes certificates back", "[pki][revocation]") {
  World world;
  const Bytes of_root = world.crl(world.root, {}), of_sub = world.crl(world.sub, {}),
              with_gw = world.crl(world.sub, {&world.gw}),
              with_sub = world.crl(world.root, {&world.gw, &world.sub});
  CHECK(world.judge(strict, {of_root, of_sub}, {}) == "valid");
  CHECK(world.judge(strict, {of_root, with_gw}, {}) == "E-PKI-020");
  CHECK(world.judge(relaxed, {with_gw}, {}) == "E-PKI-020");          // whatever the policy
  CHECK(world.judge(strict, {with_sub, of_sub}, {}) == "E-PKI-020");  // the intermediate is
  // That there is a list of one issuer does not answer for the other.
  CHECK(world.judge(strict, {of_sub}, {}) == "E-PKI-021");
  CHECK(world.judge(strict, {of_root}, {}) == "E-PKI-021");
  CHECK(world.judge(strict, {}, {}) == "E-PKI-021");
  CHECK(world.judge(relaxed, {}, {}) == "valid");
}

TEST_CASE("pki: a CRL that is old, forged or broken says nothing", "[pki][revocation]") {
  World world;
  const Bytes of_root = world.crl(world.root, {});
  const auto judge = [&](const Bytes& crl) { return world.judge(strict, {of_root, crl}, {}); };
  CHECK(judge(world.crl(world.sub, {}, test_epoch - 3 * one_day)) == "E-PKI-022");
  CHECK(judge(world.crl(world.sub, {}, test_epoch + 3 * one_day)) == "E-PKI-022");
  // What was revoked stays revoked, however old the list.
  CHECK(judge(world.crl(world.sub, {&world.gw}, test_epoch - 3 * one_day)) == "E-PKI-020");
  const Holder forger = world.ca("CN=Sub,O=ikelab");  // the same name, another key
  CHECK(judge(world.crl(forger, {})) == "E-PKI-023");
  CHECK(judge(world.crl(forger, {&world.gw})) == "E-PKI-023");       // cannot take us down either
  const Holder clerk = world.issue("CN=Sub,O=ikelab", &world.root);  // no CA, though of the name
  CHECK(judge(world.crl(clerk, {})) == "E-PKI-023");
  Bytes broken = world.crl(world.sub, {});
  broken.back() ^= 1;
  CHECK(judge(broken) == "E-PKI-023");
  CHECK(judge(hex("3000")) == "E-PKI-023");
  CHECK(judge({}) == "E-PKI-023");
  // The relaxed forgive, and say so.
  CHECK(world.judge(relaxed, {broken}, {}) == "valid 1");
}

TEST_CASE("pki: OCSP responses by the issuer or its responder", "[pki][revocation][ocsp]") {
  World world;
  using enum OcspStatus;
  const Bytes of_root = world.crl(world.root, {});
  const auto judge = [&](const Bytes& response, RevocationPolicy policy = strict) {
    return world.judge(policy, {of_root}, {response});
  };
  const auto by = [&](const Holder& responder, OcspStatus status = good,
                      std::int64_t at = test_epoch) {
    return world.ocsp(status, world.gw, world.sub, responder, at);
  };
  const auto responder = [&](const Holder& issuer, std::vector<KeyPurpose> purposes,
                             std::int64_t not_after = test_epoch + one_day) {
    return world.issue("CN=OCSP,O=ikelab", &issuer, [&](CertificateSpec& spec) {
      spec.purposes = std::move(purposes);
      spec.not_after = not_after;
    });
  };
  CHECK(judge(by(world.sub)) == "valid");
  CHECK(judge(by(world.sub, revoked)) == "E-PKI-020");
  CHECK(judge(by(world.sub, revoked), relaxed) == "E-PKI-020");
  CHECK(judge(by(world.sub, unknown)) == "E-PKI-026");
  CHECK(judge(by(world.sub, unknown), relaxed) == "valid 1");
  CHECK(judge(by(world.sub, good, test_epoch - 3 * one_day)) == "E-PKI-024");
  CHECK(judge(by(world.sub, good, test_epoch + 3 * one_day)) == "E-PKI-024");
  CHECK(judge(by(responder(world.sub, {KeyPurpose::ocsp_signing}))) == "valid");
  //= rfc6960#4.2.2.2 "Includes a value of id-kp-OCSPSigning in an extended key usage extension and
  //= is issued by the CA that issued the certificate in question as stated above."
  CHECK(judge(by(responder(world.sub, {}))) == "E-PKI-025");
  CHECK(judge(by(responder(world.root, {KeyPurpose::ocsp_signing}))) == "E-PKI-025");
  CHECK(judge(by(responder(world.sub, {KeyPurpose::ocsp_signing}, test_epoch - 1))) == "E-PKI-025");
  CHECK(judge(by(world.gw)) == "E-PKI-025");  // of itself
  CHECK(judge(by(world.root)) == "E-PKI-025");
  Bytes broken = by(world.sub);
  broken.back() ^= 1;
  CHECK(judge(broken) == "E-PKI-025");
  CHECK(judge(hex("30030a0106")) == "E-PKI-025");  // "unauthorized": no response at all
  CHECK(judge(hex("00")) == "E-PKI-025");
  // About somebody else: nothing is known of ours.
  const Holder other = world.issue("CN=other,O=ikelab", &world.sub);
  CHECK(judge(world.ocsp(good, other, world.sub, world.sub)) == "E-PKI-021");
  // A peer that shows a good response cannot outweigh a list that has it revoked.
  CHECK(world.judge(strict, {of_root, world.crl(world.sub, {&world.gw})}, {by(world.sub)}) ==
        "E-PKI-020");
}

TEST_CASE("pki: ifuri asks about those that say where they are published", "[pki][revocation]") {
  World world;
  const auto leaf = [&](const char* crl_uri, const char* ocsp_uri) {
    return world.issue("CN=x,O=ikelab", &world.sub, [&](CertificateSpec& spec) {
      spec.crl_uri = crl_uri;
      spec.ocsp_uri = ocsp_uri;
    });
  };
  const auto judge = [&](const Holder& holder, RevocationPolicy policy,
                         const std::vector<Bytes>& crls) {
    return world.judge(holder, {&world.sub}, {Purpose::ike, policy, crls, {}});
  };
  const Holder silent = leaf("", ""), listed = leaf("http://pki.example/sub.crl", ""),
               asked = leaf("", "http://ocsp.example/");
  CHECK(parse_certificate(listed.certificate)->crl_uris ==
        std::vector<std::string>{"http://pki.example/sub.crl"});
  CHECK(parse_certificate(asked.certificate)->ocsp_uris ==
        std::vector<std::string>{"http://ocsp.example/"});
  CHECK(judge(silent, ifuri, {}) == "valid");
  CHECK(judge(listed, ifuri, {}) == "E-PKI-021");
  CHECK(judge(asked, ifuri, {}) == "E-PKI-021");
  CHECK(judge(listed, relaxed, {}) == "valid 1");
  CHECK(judge(listed, ifuri, {world.crl(world.sub, {})}) == "valid");
}

TEST_CASE("pki: a verdict says for how long it holds", "[pki][revocation]") {
  World world;
  const std::vector<Bytes> between = {world.sub.certificate}, anchors = {world.root.certificate},
                           crls = {world.crl(world.sub, {})};
  const auto plain =
      validate_chain(world.gw.certificate, between, anchors, test_epoch, {Purpose::ike, relaxed});
  REQUIRE(plain.ok());
  CHECK(plain->subjects ==
        std::vector<std::string>{"CN=gw-a,O=ikelab", "CN=Sub,O=ikelab", "CN=Root,O=ikelab"});
  CHECK(plain->from == test_epoch - 30 * one_day);
  CHECK(plain->until == test_epoch + 365 * one_day);
  const auto listed = validate_chain(world.gw.certificate, between, anchors, test_epoch,
                                     {Purpose::ike, relaxed, crls, {}});
  REQUIRE(listed.ok());
  CHECK(listed->from == test_epoch - one_day);
  CHECK(listed->until == test_epoch + one_day);
}
