// Certificates between two endpoints: chains, several CAs, identities, revocation, OCSP within
// IKEv2 (RFC 4806), and what an endpoint remembers of them.
#include <algorithm>

#include "protocol/wire/decode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/test_authority.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

struct World : TestAuthority {
  Holder root = ca("CN=Root,O=ikelab");
  Holder sub = ca("CN=Sub,O=ikelab", &root);
  Holder gw_a = gateway("gw-a", &sub), gw_b = gateway("gw-b", &root);

  Holder gateway(const std::string& name, const Holder* issuer,
                 const std::function<void(pki::CertificateSpec&)>& change = {}) {
    return issue("CN=" + name + ",O=ikelab", issuer, [&](pki::CertificateSpec& spec) {
      spec.alt_names = {{pki::SubjectAltName::Type::dns, name + ".example"}};
      if (change) change(spec);
    });
  }
  CertifiedConfigs configs() { return certified(root, gw_a, gw_b, {&sub}); }
};

struct Met {
  bool up = false;
  std::string code;    ///< the first of gw-b's diagnostics
  std::string reason;  ///< of what gw-b decided about gw-a
  std::vector<std::string> payloads;
};

Met meet(const CertifiedConfigs& configs, Duration wait = Duration{0}) {
  Pair pair(configs.a, configs.b);
  pair.drive(wait);
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive();
  Met met;
  met.up = pair.consistent() && pair.a.state() == "ESTABLISHED";
  const auto codes = pair.b.diagnostics();
  if (!codes.empty()) met.code = codes.front();
  for (const auto* decided : pair.b.all<trace::AuthDecided>())
    if (!decided->local) met.reason = decided->reason;
  for (const auto* message : pair.a.all<trace::Message>())
    met.payloads.push_back(message->payloads);
  if (!met.up) {
    CHECK(pair.b.state() == "none");
    CHECK(pair.b.inbound.empty());
  }
  return met;
}

policy::Published at_start(const Bytes& der, const char* source = "sub") {
  return {source, Instant{}, der};
}

bool says(const Met& met, const char* words) {
  CAPTURE(met.reason);
  return met.reason.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("pair: a chain with an intermediate", "[pair][ikev2][pki]") {
  World world;
  auto configs = world.configs();
  SECTION("is followed to the root") {
    const Met met = meet(configs);
    CHECK(met.up);
    REQUIRE(met.payloads.size() == 4);
    CHECK(met.payloads[2] == "IDi, CERT, CERT, CERTREQ, IDr, AUTH, SA, TSi, TSr");
  }
  SECTION("is followed over four certificates") {
    const Holder low = world.ca("CN=Low,O=ikelab", &world.sub),
                 lower = world.ca("CN=Lower,O=ikelab", &low), leaf = world.gateway("gw-a", &lower);
    auto of_four = certified(world.root, leaf, world.gw_b, {&lower, &low, &world.sub});
    const Met met = meet(of_four);
    //= rfc7296#3.6 "Implementations MUST be capable of being configured to send and accept up to
    //= four X.509 certificates in support of authentication"
    CHECK(met.up);
    const std::string sent = "IDi, CERT, CERT, CERT, CERT, CERTREQ, IDr, AUTH, SA, TSi, TSr";
    CHECK(std::count(met.payloads.begin(), met.payloads.end(), sent) == 1);  // in fragments
    of_four.local_a().certificates.erase(of_four.local_a().certificates.begin() + 2);
    CHECK(meet(of_four).code == "E-PKI-010");
  }
  SECTION("is broken where the intermediate is missing") {
    configs.local_a().certificates.pop_back();
    const Met met = meet(configs);
    CHECK_FALSE(met.up);
    CHECK(met.code == "E-PKI-010");
  }
  SECTION("may end at an intermediate that is trusted itself") {
    configs.local_a().certificates.pop_back();
    configs.remote_b().authorities = {world.sub.certificate};
    CHECK(meet(configs).up);
  }
  SECTION("is not longer than we follow") {
    for (int i = 0; i < 20; ++i) configs.local_a().certificates.push_back(world.root.certificate);
    CHECK(meet(configs).up);  // the first eight are enough; more are not looked at
    configs.local_a().certificates.erase(configs.local_a().certificates.begin() + 1);
    CHECK(meet(configs).code == "E-PKI-010");
  }
}

TEST_CASE("pair: what a certificate may not be", "[pair][ikev2][pki][refusal]") {
  World world;
  const auto code_of = [&](const Holder& leaf, const std::vector<const Holder*>& chain) {
    const Met met = meet(certified(world.root, leaf, world.gw_b, chain));
    CHECK_FALSE(met.up);
    CHECK(says(met, "certificate 'CN="));  // the trace says which, and why
    return met.code;
  };
  using Spec = pki::CertificateSpec;
  const Holder bound = world.ca("CN=Bound", &world.root, [](Spec& spec) {
    spec.permitted = {{pki::SubjectAltName::Type::dns, "other.example"}};
  });
  CHECK(code_of(world.gateway("gw-a", &bound), {&bound}) == "E-PKI-015");
  CHECK(code_of(world.gateway("gw-a", &world.root, [](Spec& spec) { spec.may_sign = false; }),
                {}) == "E-PKI-016");
  CHECK(code_of(world.gateway("gw-a", &world.root,
                              [](Spec& spec) { spec.purposes = {pki::KeyPurpose::server_auth}; }),
                {}) == "E-PKI-017");
  const Holder shallow =
      world.ca("CN=Shallow", &world.root, [](Spec& spec) { spec.path_length = 0; });
  const Holder below = world.ca("CN=Below", &shallow);
  CHECK(code_of(world.gateway("gw-a", &below), {&below, &shallow}) == "E-PKI-018");
  CHECK(code_of(world.gateway("gw-a", &world.gw_b), {&world.gw_b}) == "E-PKI-014");
}

TEST_CASE("pair: several CAs", "[pair][ikev2][pki]") {
  World world;
  const Holder other = world.ca("CN=Other,O=elsewhere");
  const Holder of_other = world.gateway("gw-a", &other);
  SECTION("each side has its own") {
    auto configs = certified(world.root, of_other, world.gw_b);
    configs.remote_b().authorities = {other.certificate};
    CHECK(meet(configs).up);
  }
  SECTION("one side trusts two, and asks for both") {
    auto configs = certified(world.root, of_other, world.gw_b);
    configs.remote_b().authorities = {world.root.certificate, other.certificate};
    Pair pair(configs.a, configs.b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.drive();
    CHECK(pair.consistent());
    // CERTREQ: X.509 signature certificates of these two, by SHA-1 of their keys (RFC 7296, 3.7).
    const wire::Decoded response = wire::decode(pair.wire.at(1).payload);
    const auto* request = wire::first<wire::CertreqPayload>(response.message.payloads);
    REQUIRE(request != nullptr);
    CHECK(request->encoding == 4);
    CHECK(request->data == concat({pki::authority_hash(world.root.certificate).value(),
                                   pki::authority_hash(other.certificate).value()}));
  }
  SECTION("a CA that is not among them") {
    auto configs = certified(world.root, of_other, world.gw_b);
    const Met met = meet(configs);
    CHECK(met.code == "E-PKI-010");
  }
}

TEST_CASE("pair: who one says one is must be in the certificate", "[pair][ikev2][pki][identity]") {
  World world;
  const auto named = [&](const char* id, std::vector<pki::SubjectAltName> names) {
    const Holder leaf =
        world.issue("CN=gw-a,O=ikelab", &world.root,
                    [&](pki::CertificateSpec& spec) { spec.alt_names = std::move(names); });
    auto configs = certified(world.root, leaf, world.gw_b);
    configs.local_a().id = policy::Identity::parse(id).value();
    configs.remote_b().id = policy::Identity::any();
    return meet(configs);
  };
  using Type = pki::SubjectAltName::Type;
  const std::vector<pki::SubjectAltName> all = {
      {Type::dns, "gw-a.example"}, {Type::ip, "192.0.2.1"}, {Type::email, "gw@a.example"}};
  CHECK(named("gw-a.example", all).up);
  CHECK(named("GW-A.Example", all).up);
  CHECK(named("192.0.2.1", all).up);
  CHECK(named("gw@a.example", all).up);
  CHECK(named("CN=gw-a,O=ikelab", all).up);
  CHECK(named("CN=gw-a, O=ikelab", {}).up);  // the subject needs no alternative name
  CHECK(named("CN=other,O=ikelab", {}).up);  // of names, the certificate's own is sent
  for (const char* other :
       {"gw-b.example", "192.0.2.2", "gw@b.example", "a.example", "gw-a", "b.gw-a.example"}) {
    CAPTURE(other);
    const Met met = named(other, all);
    CHECK_FALSE(met.up);
    CHECK(met.code == "E-AUTH-012");
    CHECK(says(met, "'gw-a.example', '192.0.2.1', 'gw@a.example' instead"));
  }
  // An address in a DNS name is no address, and a common name is no DNS name.
  CHECK(named("192.0.2.1", {{Type::dns, "192.0.2.1"}}).code == "E-AUTH-012");
  CHECK(named("gw-a", {}).code == "E-AUTH-012");
}

TEST_CASE("pair: what can be configured to be accepted (RFC 7296, 4)", "[pair][ikev2][pki]") {
  //= rfc7296#4 "For an implementation to be called conforming to this specification, it MUST be
  //= possible to configure it to accept the following:"
  using policy::Identity;
  World world;
  SECTION("certificates with RSA keys of 1024 and 2048 bits, under each kind of name") {
    for (const char* key : {"rsa1024", "rsa2048"}) {
      const Holder root = world.issue(
          "CN=Old,O=ikelab", nullptr, [](pki::CertificateSpec& spec) { spec.is_ca = true; }, key);
      const auto name = [](pki::CertificateSpec& spec) {
        spec.alt_names = {{pki::SubjectAltName::Type::dns, "gw-a.example"},
                          {pki::SubjectAltName::Type::email, "gw@a.example"}};
      };
      const Holder leaf = world.issue("CN=gw-a,O=ikelab", &root, name, key);
      const Holder other = world.issue("CN=gw-a,O=ikelab", &root, name, key);
      const auto meets_as = [&](const std::string& id) {
        auto configs = certified(root, leaf, world.gw_b);
        configs.remote_a().authorities = {world.root.certificate};
        configs.local_a().id = Identity::parse(id).value();
        configs.remote_b().id = configs.local_a().id;
        return meet(configs);
      };
      const auto key_id = [](const Holder& of) {
        return "@#" + to_hex(pki::parse_certificate(of.certificate)->subject_key_id);
      };
      for (const std::string& id : {key_id(leaf), std::string("gw-a.example"),
                                    std::string("gw@a.example"), std::string("CN=gw-a,O=ikelab")}) {
        CAPTURE(key, id);
        CHECK(meets_as(id).up);
      }
      CHECK(meets_as(key_id(other)).code == "E-AUTH-012");
    }
  }
  SECTION("shared keys under each kind of name") {
    for (const char* id : {"@#6b6579", "gw-a.example", "gw@a.example"}) {
      auto configs = CertifiedConfigs{};
      configs.local_a().id = configs.remote_b().id = Identity::parse(id).value();
      CHECK(meet(configs).up);
      configs.remote_b().id = Identity::parse("other.example").value();
      CHECK(meet(configs).code == "E-AUTH-010");
    }
  }
  SECTION("a certificate of the responder, a shared key of the initiator") {
    auto configs = world.configs();
    const Bytes secret = to_bytes(as_bytes("shared"));
    for (auto* auth : {&configs.local_a(), &configs.remote_b()}) {
      auth->kind = policy::AuthKind::psk;
      auth->psk = secret;
    }
    CHECK(meet(configs).up);
    configs.remote_b().psk.push_back(1);  // zeros would not do: HMAC pads its key with them
    CHECK_FALSE(meet(configs).up);
  }
}

TEST_CASE("pair: revocation by the lists at hand", "[pair][ikev2][pki][revocation]") {
  World world;
  auto configs = world.configs();
  policy::AuthConfig& expected = configs.remote_b();
  const Bytes of_root = world.crl(world.root, {});
  SECTION("strict: every certificate must be known to be good") {
    expected.revocation = policy::Revocation::strict;
    CHECK(meet(configs).code == "E-PKI-021");
    expected.crls = {at_start(of_root, "root"), at_start(world.crl(world.sub, {}))};
    const Met met = meet(configs);
    CHECK(met.up);
    CHECK(met.reason == "AUTH verifies");
  }
  SECTION("relaxed: only what is known to be revoked fails") {
    CHECK(meet(configs).up);
    expected.crls = {at_start(world.crl(world.sub, {&world.gw_a}))};
    const Met met = meet(configs);
    CHECK(met.code == "E-PKI-020");
    CHECK(says(met, "was revoked at 2026-09-20T14:13:20Z, says the CRL"));
  }
  SECTION("an intermediate is revoked") {
    expected.crls = {at_start(world.crl(world.root, {&world.sub}))};
    CHECK(meet(configs).code == "E-PKI-020");
  }
  SECTION("a list that is too old") {
    expected.crls = {at_start(of_root, "root"),
                     at_start(world.crl(world.sub, {}, test_epoch - 3 * one_day))};
    const Met forgiven = meet(configs);
    CHECK(forgiven.up);
    CHECK(says(forgiven, "not of today"));
    expected.revocation = policy::Revocation::strict;
    CHECK(meet(configs).code == "E-PKI-022");
  }
  SECTION("ifuri: those that say where they are published") {
    expected.revocation = policy::Revocation::ifuri;
    CHECK(meet(configs).up);
    const Holder listed = world.gateway("gw-a", &world.root, [](pki::CertificateSpec& spec) {
      spec.crl_uri = "http://pki.example/root.crl";
    });
    auto with_uri = certified(world.root, listed, world.gw_b);
    with_uri.remote_b().revocation = policy::Revocation::ifuri;
    CHECK(meet(with_uri).code == "E-PKI-021");
    with_uri.remote_b().crls = {at_start(of_root, "root")};
    CHECK(meet(with_uri).up);
  }
  SECTION("the list of a later day takes the place of the earlier one") {
    expected.crls = {at_start(world.crl(world.sub, {})),
                     {"sub", Instant{Duration(1h).count()}, world.crl(world.sub, {&world.gw_a})}};
    CHECK(meet(configs).up);
    CHECK(meet(configs, 2h).code == "E-PKI-020");
  }
}

TEST_CASE("pair: OCSP responses in CERT payloads (RFC 4806)", "[pair][ikev2][pki][ocsp]") {
  World world;
  auto configs = world.configs();
  configs.b.connections[0].ocsp = policy::Ocsp::request;
  configs.b.connections[0].fragmentation = policy::Fragmentation::no;  // messages are counted
  configs.remote_b().revocation = policy::Revocation::strict;
  configs.remote_b().crls = {at_start(world.crl(world.root, {}), "root")};
  using enum pki::OcspStatus;
  const auto with = [&](const Bytes& response) {
    configs.local_a().ocsp_responses = {at_start(response)};
    return meet(configs);
  };
  SECTION("asked for, given, believed") {
    const Met met = with(world.ocsp(good, world.gw_a, world.sub, world.sub));
    CHECK(met.up);
    REQUIRE(met.payloads.size() == 4);
    //= rfc4806#4.1 "an OCSP request, as defined in Section 3.1 above, is transmitted separate from
    //= any other CERTREQ payloads in an IKEv2 exchange."
    CHECK(without_extensions(met.payloads[1]) == "SA, KE, Nr, CERTREQ, CERTREQ");
    CHECK(std::count(met.payloads[2].begin(), met.payloads[2].end(), ',') ==
          std::count(met.payloads[3].begin(), met.payloads[3].end(), ',') + 4);
  }
  SECTION("said to be revoked") {
    CHECK(with(world.ocsp(revoked, world.gw_a, world.sub, world.sub)).code == "E-PKI-020");
  }
  SECTION("not known to the responder") {
    CHECK(with(world.ocsp(unknown, world.gw_a, world.sub, world.sub)).code == "E-PKI-026");
  }
  SECTION("of another day") {
    const Bytes old = world.ocsp(good, world.gw_a, world.sub, world.sub, test_epoch - 3 * one_day);
    CHECK(with(old).code == "E-PKI-024");
  }
  SECTION("by somebody who may not speak for the issuer") {
    CHECK(with(world.ocsp(good, world.gw_a, world.sub, world.gw_a)).code == "E-PKI-025");
  }
  SECTION("not asked for: not given") {
    configs.b.connections[0].ocsp = policy::Ocsp::never;
    CHECK(with(world.ocsp(good, world.gw_a, world.sub, world.sub)).code == "E-PKI-021");
  }
  SECTION("asked for, and the peer never replies") {
    configs.a.connections[0].ocsp = policy::Ocsp::never;
    CHECK(with(world.ocsp(good, world.gw_a, world.sub, world.sub)).code == "E-PKI-021");
  }
  SECTION("the other way round: the initiator asks the responder") {
    configs.b.connections[0].ocsp = policy::Ocsp::reply;
    configs.remote_b() = [&] {
      policy::AuthConfig relaxed = configs.remote_b();
      relaxed.revocation = policy::Revocation::relaxed;
      return relaxed;
    }();
    configs.a.connections[0].ocsp = policy::Ocsp::both;
    configs.remote_a().revocation = policy::Revocation::strict;
    configs.local_b().ocsp_responses = {
        at_start(world.ocsp(good, world.gw_b, world.root, world.root))};
    const Met met = meet(configs);
    CHECK(met.up);
    REQUIRE(met.payloads.size() == 4);
    CHECK(met.payloads[3].starts_with("IDr, CERT, "));
    CHECK(met.payloads[3].ends_with(", CERT"));
  }
}

TEST_CASE("pair: paths are checked once while they hold", "[pair][ikev2][pki][cache]") {
  World world;
  const auto verifications = [&](const CertifiedConfigs& configs, Duration between) {
    Pair pair(configs.a, configs.b);
    std::vector<std::uint64_t> out;
    for (int i = 0; i < 2; ++i) {
      REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
      pair.drive();
      const auto counts = pair.b.endpoint->certificate_counts();
      out.push_back(counts.checked);
      out.push_back(counts.remembered);
      if (pair.a.state() == "ESTABLISHED") REQUIRE(pair.command(pair.a, DeleteIke{}).ok());
      pair.drive(between);
    }
    return out;
  };
  using Counts = std::vector<std::uint64_t>;
  auto configs = world.configs();
  CHECK(verifications(configs, 1s) == Counts{1, 0, 1, 1});
  SECTION("not beyond what a CRL is good for") {
    configs.remote_b().crls = {at_start(world.crl(world.sub, {}))};
    CHECK(verifications(configs, 1h) == Counts{1, 0, 1, 1});
    CHECK(verifications(configs, 25h) == Counts{1, 0, 2, 0});
  }
  SECTION("not when a newer CRL is out") {
    configs.remote_b().crls = {at_start(world.crl(world.sub, {})),
                               {"sub", Instant{Duration(1h).count()}, world.crl(world.sub, {})}};
    CHECK(verifications(configs, 2h) == Counts{1, 0, 2, 0});
  }
  SECTION("a path that does not hold is never remembered") {
    configs.local_a().certificates.pop_back();
    CHECK(verifications(configs, 1s) == Counts{1, 0, 2, 0});
  }
}
