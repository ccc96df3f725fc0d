// Certificates: issued, read back, validated; and NIST's path validation cases.
#include "protocol/pki/der.hpp"
#include "protocol/pki/pki.hpp"
#include "tests/support/vec.hpp"

using namespace ikelab;
using namespace ikelab::pki;
using crypto::PrivateKey;

namespace {

constexpr std::int64_t epoch = 1'767'225'600;  // 2026-01-01 00:00:00 UTC
constexpr std::int64_t day = 86'400;

std::unique_ptr<crypto::Rng> stream(std::string_view purpose) {
  return crypto::seeded_rng(11, "lab")->stream(purpose);
}

/// A CA, an intermediate CA and a gateway of one lab.
struct Lab {
  std::unique_ptr<crypto::Provider> provider = crypto::openssl_provider();
  std::unique_ptr<PrivateKey> root_key, sub_key, gateway_key;
  Bytes root, sub, gateway;

  explicit Lab(const char* key_type = "p256", std::string_view purpose = "sign") {
    const auto key = [&](std::string_view name) {
      return provider->generate_key(key_type, *stream(name)).value();
    };
    root_key = key("root");
    sub_key = key("sub");
    gateway_key = key("gateway");
    root = issue(spec("CN=Lab CA,O=ikelab", *root_key, true), {}, *root_key, purpose);
    sub = issue(spec("CN=Sub CA,O=ikelab", *sub_key, true), root, *root_key, purpose);
    CertificateSpec gw = spec("CN=gw-a,OU=Gateways,O=ikelab,C=DE", *gateway_key, false);
    gw.alt_names = {{SubjectAltName::Type::dns, "gw-a.example"},
                    {SubjectAltName::Type::email, "gw@a.example"},
                    {SubjectAltName::Type::ip, "192.0.2.1"},
                    {SubjectAltName::Type::ip, "2001:db8::1"}};
    gw.serial = 0x80ff01;
    gateway = issue(gw, sub, *sub_key, purpose);
  }

  static CertificateSpec spec(const char* subject, const PrivateKey& key, bool is_ca) {
    CertificateSpec out;
    out.subject = subject;
    out.public_key_der = key.public_key_der();
    out.not_before = epoch;
    out.not_after = epoch + 365 * day;
    out.is_ca = is_ca;
    return out;
  }
  static Bytes issue(const CertificateSpec& spec, ByteView issuer, const PrivateKey& key,
                     std::string_view purpose = "sign") {
    return issue_certificate(spec, issuer, key, *stream(purpose)).value();
  }
  [[nodiscard]] std::string verdict(ByteView leaf, std::int64_t at = epoch + day) const {
    const Bytes intermediates[] = {sub}, anchors[] = {root};
    const auto result = validate_chain(leaf, intermediates, anchors, at);
    return result.ok() ? "valid" : result.error().code;
  }
};

}  // namespace

TEST_CASE("pki: what was issued is read back", "[pki]") {
  const Lab lab;
  const CertificateInfo gw = parse_certificate(lab.gateway).value();
  CHECK(gw.subject == "CN=gw-a,OU=Gateways,O=ikelab,C=DE");
  CHECK(gw.issuer == "CN=Sub CA,O=ikelab");
  CHECK(gw.serial == "80ff01");
  CHECK(gw.key_type == "EC P-256");
  CHECK_FALSE(gw.is_ca);
  CHECK(gw.not_before == epoch);
  CHECK(gw.not_after == epoch + 365 * day);
  CHECK(gw.public_key_der == lab.gateway_key->public_key_der());
  REQUIRE(gw.alt_names.size() == 4);
  CHECK(gw.alt_names[0].value == "gw-a.example");
  CHECK(gw.alt_names[1].type == SubjectAltName::Type::email);
  CHECK(gw.alt_names[2].value == "192.0.2.1");
  CHECK(gw.alt_names[3].value == "2001:db8::1");
  // RFC 4514: the text begins where the encoding ends; C is a PrintableString, the rest UTF-8.
  CHECK(to_hex(gw.subject_der) ==
        "3040310b3009060355040613024445310f300d060355040a0c06696b656c6162"
        "3111300f060355040b0c084761746577617973310d300b06035504030c0467772d61");
  const CertificateInfo root = parse_certificate(lab.root).value();
  CHECK(root.is_ca);
  CHECK(root.subject == root.issuer);
}

TEST_CASE("pki: a chain holds, from any kind of key", "[pki]") {
  for (const char* type : {"p256", "p384", "ed25519", "rsa2048"}) {
    INFO(type);
    const Lab lab(type);
    CHECK(lab.verdict(lab.gateway) == "valid");
    CHECK(lab.verdict(lab.sub) == "valid");
    const auto key = lab.provider->public_key(parse_certificate(lab.gateway)->public_key_der);
    CHECK(key.ok());
  }
}

TEST_CASE("pki: a chain that must not hold does not, and the code says why", "[pki]") {
  const Lab lab;
  CHECK(lab.verdict(lab.gateway, epoch - 1) == "E-PKI-012");
  CHECK(lab.verdict(lab.gateway, epoch) == "valid");
  // RFC 5280, 4.1.2.5 includes notAfter itself; OpenSSL 3.0 does not. A lab does not depend on it.
  CHECK(lab.verdict(lab.gateway, epoch + 365 * day - 1) == "valid");
  CHECK(lab.verdict(lab.gateway, epoch + 365 * day + 1) == "E-PKI-011");

  Bytes changed = lab.gateway;
  changed.back() ^= 1;  // the signature's last octet
  CHECK(lab.verdict(changed) == "E-PKI-013");
  CHECK(lab.verdict(ByteView(lab.gateway).first(lab.gateway.size() - 1)) == "E-PKI-001");
  CHECK(lab.verdict({}) == "E-PKI-001");

  // A gateway that plays CA.
  const Bytes by_gateway = Lab::issue(Lab::spec("CN=victim,O=ikelab", *lab.root_key, false),
                                      lab.gateway, *lab.gateway_key);
  const Bytes chain[] = {lab.sub, lab.gateway}, anchors[] = {lab.root};
  CHECK(validate_chain(by_gateway, chain, anchors, epoch + day).error().code == "E-PKI-014");

  // Another lab's CA of the same name; no CA at all; a missing intermediate.
  const auto other_key = lab.provider->generate_key("p256", *stream("other")).value();
  const Bytes other[] = {
      Lab::issue(Lab::spec("CN=Lab CA,O=ikelab", *other_key, true), {}, *other_key)};
  const Bytes subs[] = {lab.sub};
  CHECK_FALSE(validate_chain(lab.gateway, subs, other, epoch + day).ok());
  CHECK(validate_chain(lab.gateway, subs, {}, epoch + day).error().code == "E-PKI-010");
  CHECK(validate_chain(lab.gateway, {}, anchors, epoch + day).error().code == "E-PKI-010");
  CHECK(validate_chain(lab.root, {}, {}, epoch + day).error().code == "E-PKI-010");
  const std::vector<Bytes> too_many(9, lab.sub);
  CHECK(validate_chain(lab.gateway, too_many, anchors, epoch + day).error().code == "E-PKI-019");
}

TEST_CASE("pki: NIST's path validation cases", "[pki][vectors]") {
  const auto cases = test::read_vec("pkits.vec");
  REQUIRE(cases.front().section == "anchor");
  const Bytes anchors[] = {cases.front().bytes("anchor")};
  for (std::size_t i = 1; i < cases.size(); ++i) {
    const auto& c = cases[i];
    INFO(c.label());
    std::vector<Bytes> intermediates;
    for (const char* name : {"intermediate1", "intermediate2"})
      if (c.has(name)) intermediates.push_back(c.bytes(name));
    constexpr std::int64_t year_2015 = 1'420'070'400;
    const auto result = validate_chain(c.bytes("leaf"), intermediates, anchors, year_2015);
    CHECK((result.ok() ? "valid" : result.error().code) == c.text("result"));
  }
}

TEST_CASE("pki: the same stream gives the same certificate, to the byte", "[pki][determinism]") {
  for (const char* type : {"p256", "ed25519"}) {
    INFO(type);
    const Lab once(type), again(type), other(type, "another purpose");
    CHECK(once.gateway == again.gateway);
    CHECK(once.root == again.root);
    // Ed25519 has no randomness in its signatures; ECDSA has.
    CHECK((once.gateway != other.gateway) == (std::string(type) == "p256"));
  }
}

TEST_CASE("pki: what cannot be issued is refused", "[pki]") {
  const Lab lab;
  const auto code = [&](const CertificateSpec& spec, ByteView issuer, const PrivateKey& key) {
    return issue_certificate(spec, issuer, key, *stream("sign")).error().code;
  };
  const CertificateSpec good = Lab::spec("CN=x", *lab.gateway_key, false);
  for (const char* name : {"", "gw-a", "CN=", "=x", "XX=y", "CN=a,,O=b"}) {
    INFO(name);
    CHECK(code(Lab::spec(name, *lab.gateway_key, false), lab.root, *lab.root_key) == "E-PKI-002");
  }
  CHECK(code(good, lab.root, *lab.sub_key) == "E-PKI-003");  // not the issuer's key
  CHECK(code(good, {}, *lab.sub_key) == "E-PKI-003");
  CHECK(code(good, hex("3000"), *lab.root_key) == "E-PKI-001");
  CertificateSpec no_key = good;
  no_key.public_key_der = hex("0500");
  CHECK(code(no_key, lab.root, *lab.root_key) == "E-PKI-003");
  CertificateSpec bad_address = good;
  bad_address.alt_names = {{SubjectAltName::Type::ip, "192.0.2"}};
  CHECK(code(bad_address, lab.root, *lab.root_key) == "E-ADDR-001");
}

TEST_CASE("pki: names with commas keep them", "[pki]") {
  const Lab lab;
  const Bytes der =
      Lab::issue(Lab::spec("CN=a\\, b,O=ikelab", *lab.sub_key, false), lab.root, *lab.root_key);
  CHECK(parse_certificate(der)->subject == "CN=a\\, b,O=ikelab");
}

TEST_CASE("pki: the authority hash is SHA-1 of the SubjectPublicKeyInfo", "[pki]") {
  const Lab lab;
  const Bytes expected =
      lab.provider->hash(crypto::HashId::sha1, lab.root_key->public_key_der()).value();
  CHECK(authority_hash(lab.root).value() == expected);
  CHECK(authority_hash(hex("00")).error().code == "E-PKI-001");
}

TEST_CASE("pki: DER of lengths, numbers and times", "[pki]") {
  CHECK(to_hex(der::integer(0)) == "020100");
  CHECK(to_hex(der::integer(0x80)) == "02020080");
  CHECK(to_hex(der::integer(~std::uint64_t{0})) == "020900ffffffffffffffff");
  CHECK(to_hex(der::bit_string(hex("06"), 1)) == "03020106");
  CHECK(to_hex(der::value(4, Bytes(127))).starts_with("047f00"));
  CHECK(to_hex(der::value(4, Bytes(128))).starts_with("04818000"));
  CHECK(to_hex(der::value(4, Bytes(256))).starts_with("0482010000"));
  CHECK(to_text(der::time(epoch)).substr(2) == "260101000000Z");
  CHECK(der::time(2'524'607'999)[0] == der::tag_utc_time);  // 2049-12-31 23:59:59
  CHECK(to_text(der::time(2'524'608'000)).substr(2) == "20500101000000Z");
}
