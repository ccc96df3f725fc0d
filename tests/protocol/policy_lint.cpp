// The linter: the levels are the RFCs' own, each rule speaks where it should and is silent where it
// should be.
#include <algorithm>
#include <map>

#include "protocol/policy/lint.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/test_authority.hpp"

using namespace ikelab;
using namespace ikelab::policy;
using namespace ikelab::test;

namespace {

// The tables of RFC 8247, 2.1 to 2.4 and RFC 8221, 5 and 6, by IANA's names; GMAC and NONE aside.
const std::map<std::string, std::string> rfc_8247 = {
    {"ENCR_AES_CBC", "MUST"},
    {"ENCR_CHACHA20_POLY1305", "SHOULD"},
    {"ENCR_AES_GCM_16", "SHOULD"},
    {"ENCR_AES_CCM_8", "SHOULD"},
    {"ENCR_3DES", "MAY"},
    {"ENCR_DES", "MUST NOT"},
    {"ENCR_NULL", "MUST NOT"},
    {"PRF_HMAC_SHA2_256", "MUST"},
    {"PRF_HMAC_SHA2_512", "SHOULD+"},
    {"PRF_HMAC_SHA1", "MUST-"},
    {"PRF_AES128_XCBC", "SHOULD"},
    {"PRF_HMAC_MD5", "MUST NOT"},
    {"AUTH_HMAC_SHA2_256_128", "MUST"},
    {"AUTH_HMAC_SHA2_512_256", "SHOULD"},
    {"AUTH_HMAC_SHA1_96", "MUST-"},
    {"AUTH_AES_XCBC_96", "SHOULD"},
    {"AUTH_HMAC_MD5_96", "MUST NOT"},
    {"AUTH_DES_MAC", "MUST NOT"},
    {"AUTH_KPDK_MD5", "MUST NOT"},
    {"MODP_2048", "MUST"},
    {"ECP_256", "SHOULD"},
    {"MODP_1536", "SHOULD NOT"},
    {"MODP_1024", "SHOULD NOT"},
    {"MODP_768", "MUST NOT"},
    {"MODP_1024_160", "MUST NOT"},
    {"MODP_2048_224", "SHOULD NOT"},
    {"MODP_2048_256", "SHOULD NOT"},
};
const std::map<std::string, std::string> rfc_8221 = {
    {"ENCR_DES_IV64", "MUST NOT"},
    {"ENCR_DES", "MUST NOT"},
    {"ENCR_3DES", "SHOULD NOT"},
    {"ENCR_BLOWFISH", "MUST NOT"},
    {"ENCR_3IDEA", "MUST NOT"},
    {"ENCR_DES_IV32", "MUST NOT"},
    {"ENCR_NULL", "MUST"},
    {"ENCR_AES_CBC", "MUST"},
    {"ENCR_AES_CCM_8", "SHOULD"},
    {"ENCR_AES_GCM_16", "MUST"},
    {"ENCR_CHACHA20_POLY1305", "SHOULD"},
    {"AUTH_HMAC_MD5_96", "MUST NOT"},
    {"AUTH_HMAC_SHA1_96", "MUST-"},
    {"AUTH_DES_MAC", "MUST NOT"},
    {"AUTH_KPDK_MD5", "MUST NOT"},
    {"AUTH_AES_XCBC_96", "SHOULD"},
    {"AUTH_HMAC_SHA2_256_128", "MUST"},
    {"AUTH_HMAC_SHA2_512_256", "SHOULD"},
};

/// A connection in which nothing is to be found.
ConnectionConfig clean() {
  ConnectionConfig c = site_a("aes256gcm16-prfsha256-x25519", "aes256gcm16-x25519").connections[0];
  c.local.psk = c.remote.psk = to_bytes(as_bytes("u3Zr9Qm2Xv7Lk1Tb8Wd5Yc4N"));
  c.rekey_time = 4h;
  c.children[0].rekey_time = 1h;
  return c;
}

std::string key_type_of(ByteView der) {
  const auto certificate = pki::parse_certificate(der);
  return certificate ? certificate->key_type : "";
}

/// "rule severity" of each finding.
std::vector<std::string> found(const ConnectionConfig& connection) {
  std::vector<std::string> out;
  for (const Finding& f : lint(connection, key_type_of)) {
    CHECK_FALSE(f.gain.empty());
    CHECK(f.gain.back() == '.');
    CHECK_FALSE(f.instead.empty());
    CHECK(f.source.starts_with("RFC "));
    CHECK(f.place.starts_with("site"));
    out.push_back(f.rule + " " + std::string(to_string(f.severity)));
  }
  return out;
}

using Words = std::vector<std::string>;

wire::Proposal with(wire::ProtocolId protocol, std::uint8_t type, std::uint16_t id) {
  wire::Proposal proposal;
  proposal.protocol = protocol;
  wire::Transform t;
  t.type = type;
  t.id = id;
  proposal.transforms = {t};
  return proposal;
}

ConnectionConfig certified_connection() {
  ConnectionConfig c = clean();
  c.local.kind = c.remote.kind = AuthKind::pubkey;
  c.local.psk.clear();
  c.remote.psk.clear();
  c.remote.revocation = Revocation::strict;
  return c;
}

}  // namespace

TEST_CASE("lint: the levels are those of RFC 8247 and RFC 8221", "[lint]") {
  std::size_t ike = 0, esp = 0;
  for (const Requirement& row : requirements()) {
    const std::string name = wire::transform_name(static_cast<std::uint8_t>(row.type), row.id);
    INFO(name);
    if (const auto known = rfc_8247.find(name); known != rfc_8247.end()) {
      CHECK(to_string(row.ike) == known->second);
      ++ike;
    }
    if (const auto known = rfc_8221.find(name); known != rfc_8221.end()) {
      CHECK(to_string(row.esp) == known->second);
      ++esp;
    }
    // What is unwanted says what an attacker gains, and what to use: something we have.
    if (row.ike >= Level::must_minus && row.ike != Level::unlisted) CHECK_FALSE(row.gain.empty());
    if (row.esp >= Level::must_minus && row.esp != Level::unlisted) CHECK_FALSE(row.gain.empty());
    if (!row.gain.empty()) CHECK(crypto::find_keyword(row.type, row.instead) != nullptr);
  }
  CHECK(ike == rfc_8247.size());
  CHECK(esp == rfc_8221.size());
}

TEST_CASE("lint: nothing is said of what is in order", "[lint]") {
  CHECK(found(clean()).empty());
  CHECK(found(certified_connection()).empty());
}

TEST_CASE("lint: algorithms that are out of date", "[lint]") {
  using enum wire::ProtocolId;
  struct Row {
    wire::ProtocolId protocol;
    std::uint8_t type;
    std::uint16_t id;
    const char *severity, *source;
  };
  const Row table[] = {
      {ike, 1, 2, "error", "RFC 8247, 2.1: MUST NOT"},    // DES
      {ike, 1, 3, "warning", "RFC 8247, 2.1: MAY"},       // 3DES
      {esp, 1, 3, "warning", "RFC 8221, 5: SHOULD NOT"},  //
      {esp, 1, 11, "note", "RFC 8221, 5: MUST"},          // NULL is meant to be
      {ike, 1, 11, "error", "RFC 8247, 2.1: MUST NOT"},   //
      {ike, 1, 7, "warning", "RFC 8247, 2.1: not listed"},
      {ike, 2, 1, "error", "RFC 8247, 2.2: MUST NOT"},      // HMAC-MD5
      {ike, 2, 2, "note", "RFC 8247, 2.2: MUST-"},          // HMAC-SHA1
      {esp, 3, 2, "note", "RFC 8221, 6: MUST-"},            //
      {ike, 4, 2, "warning", "RFC 8247, 2.4: SHOULD NOT"},  // MODP-1024
      {esp, 4, 22, "error", "RFC 8247, 2.4: MUST NOT"},     //
      {ike, 6, 1, "error", "RFC 8247, 2.4: MUST NOT"},      // as an additional key exchange
  };
  for (const Row& row : table) {
    const auto findings = lint(with(row.protocol, row.type, row.id), "here");
    CAPTURE(row.type, row.id);
    REQUIRE(findings.size() == 1);
    CHECK(to_string(findings[0].severity) == row.severity);
    CHECK(findings[0].source == row.source);
    CHECK(findings[0].place == "here");
  }
  for (const crypto::Algorithm& a : crypto::algorithms())
    if (a.key_bits >= 128 && a.aead)
      CHECK(lint(with(ike, static_cast<std::uint8_t>(a.type), a.id), "").empty());
}

TEST_CASE("lint: shared keys", "[lint]") {
  auto c = clean();
  c.local.psk = to_bytes(as_bytes("tiger"));
  CHECK(found(c) == Words{"short-secret error"});
  c.local.psk = to_bytes(as_bytes("correct horse"));
  CHECK(found(c) == Words{"short-secret warning"});
  c.local.psk = Bytes(64, 'a');
  CHECK(found(c) == Words{"short-secret warning"});
  c = clean();
  c.remote.id = Identity::any();
  CHECK(found(c) == Words{"secret-for-anybody warning"});
}

TEST_CASE("lint: certificates", "[lint]") {
  auto c = certified_connection();
  c.remote.revocation = Revocation::relaxed;
  CHECK(found(c) == Words{"revocation-not-asked note"});
  c = certified_connection();
  c.remote.id = Identity::any();
  CHECK(found(c) == Words{"anybody-of-a-ca warning"});
  c.remote_addr = {};  // road warriors are anybody of the CA
  CHECK(found(c).empty());
  c = certified_connection();
  // openssl req -x509 -newkey rsa:1024 -nodes -subj /CN=old -outform der
  const Bytes old =
      hex("308201f830820161a003020102021472c3cbe1be373d541e74e04693013a15e7c7f93f300d06092a8648"
          "86f70d01010b0500300e310c300a06035504030c036f6c64301e170d3236313132333136353231345a17"
          "0d3236313230333136353231345a300e310c300a06035504030c036f6c6430819f300d06092a864886f7"
          "0d010101050003818d0030818902818100f25369cfb3b96c2f9fdfb84a2b477130b686d34fb76bdd545c"
          "d2c2696b2827a969f7a3ab77f1a79d8a3204f83cc54657b366cb356e194420a23518a102ccf3ee342f0c"
          "7cb658bb08adbc37042b2702e224bdfad03f6b4f644f65514384d32d46bc30843db855365b96e1e3c8d8"
          "4b22543b239581d32fefd75f609bb6292e479f0203010001a3533051301d0603551d0e041604148669a9"
          "8473d3c5e6e0636b01458390ea08dbdbea301f0603551d230418301680148669a98473d3c5e6e0636b01"
          "458390ea08dbdbea300f0603551d130101ff040530030101ff300d06092a864886f70d01010b05000381"
          "81009a65185621ba00ecf32286f8e79712a9731b88b161538d385b074b3475b4fd07e7bb9dbd353acf40"
          "bfe87445789b47e02daf2dcb4f70995a1be8724ee8ea6a500cda027208a76b661b817b95fc63e7ff4c3c"
          "20c3bcb6f6a200310f2765c3feba8b54ece3d0f5d2bf5802238e7ade0b3e0322c0a47fef47cfc464ad74"
          "cece1640");
  c.local.certificates = {old};
  CHECK(found(c) == Words{"short-key warning"});
  CHECK(lint(c).empty());  // nobody reads certificates for it
  TestAuthority authority;
  c.local.certificates = {authority.issue("CN=new", nullptr, {}, "rsa2048").certificate};
  CHECK(found(c).empty());
}

TEST_CASE("lint: lifetimes, forward secrecy, replays", "[lint]") {
  auto c = clean();
  c.rekey_time = Duration{0};
  CHECK(found(c) == Words{"no-ike-rekeying note"});
  c = clean();
  c.children[0].esp_proposals = {parse_proposal("aes256gcm16", wire::ProtocolId::esp).value()};
  CHECK(found(c) == Words{"no-forward-secrecy note"});
  c = clean();
  c.children[0].esp_proposals = {
      parse_proposal("aes256-x25519-noauth", wire::ProtocolId::esp).value()};
  CHECK(found(c) == Words{"no-integrity error"});
  c.children[0].esp_proposals = {
      parse_proposal("aes256-sha256-x25519", wire::ProtocolId::esp).value()};
  CHECK(found(c).empty());
  c = clean();
  c.children[0].replay_window = 0;
  CHECK(found(c) == Words{"replays-allowed error"});
  c = clean();
  c.children[0].rekey_time = Duration{0};
  CHECK(found(c) == Words{"no-child-rekeying note", "short-sequence note"});
  c.children[0].esp_proposals = {
      parse_proposal("aes256gcm16-x25519-esn", wire::ProtocolId::esp).value()};
  CHECK(found(c) == Words{"no-child-rekeying note"});
}

TEST_CASE("lint: careless limits", "[lint]") {
  auto c = clean();
  c.children[0].rekey_time = Duration{0};
  c.children[0].bytes.rekey = 1'000'000;
  c.children[0].packets.rekey = 1'000;
  CHECK(found(c).empty());  // volume is a limit as well
  c = clean();
  c.children[0].rand_time = Duration{0};
  CHECK(found(c) == Words{"no-jitter note"});
  c.rand_time = Duration{0};
  CHECK(found(c) == Words{"no-jitter note", "no-jitter note"});
  c = clean();
  c.children[0].life_time = c.children[0].rekey_time + 5s;
  CHECK(found(c) == Words{"short-margin warning"});
  c.children[0].life_time = c.children[0].rekey_time + 10min;
  CHECK(found(c).empty());
  c = clean();
  for (wire::Transform& t : c.children[0].esp_proposals[0].transforms)
    if (t.type == 1) t.id = 3;  // 3DES
  const auto small = found(c);
  CHECK(std::find(small.begin(), small.end(), "small-blocks warning") != small.end());
  c.children[0].bytes.rekey = 1'000'000'000;
  const auto limited = found(c);
  CHECK(std::find(limited.begin(), limited.end(), "small-blocks warning") == limited.end());
}

TEST_CASE("lint: strengths that do not fit", "[lint]") {
  auto c = clean();
  c.proposals = {parse_proposal("aes128gcm16-prfsha256-x25519", wire::ProtocolId::ike).value()};
  CHECK(found(c) == Words{"child-stronger-than-ike warning"});
  c = clean();
  wire::Proposal weak = c.proposals[0];
  for (wire::Transform& t : weak.transforms)
    if (t.type == 4) t.id = 2;  // MODP-1024
  c.proposals.push_back(weak);
  CHECK(found(c) == Words{"algorithm warning", "mixed-strength note"});
  CHECK(lint(c)[0].place == "site: proposals 2");
  c.proposals = {weak};
  CHECK(found(c) == Words{"algorithm warning"});
}

TEST_CASE("lint: IKEv1, and what it makes worse", "[lint][ikev1]") {
  auto c = clean();
  c.ikev1 = Ikev1Config{};
  CHECK(found(c) == Words{"historic-version error"});
  c.ikev1->rsa_encryption = true;
  CHECK(found(c) == Words{"historic-version error", "encrypted-nonces error"});
  c = clean();
  c.ikev1 = Ikev1Config{};
  c.ikev1->aggressive = true;
  const bool by_key = c.local.kind == AuthKind::psk;
  CHECK(found(c) == (by_key ? Words{"historic-version error", "proof-in-the-clear error"}
                            : Words{"historic-version error"}));
  c = clean();
  c.ikev1 = Ikev1Config{};
  c.local.kind = c.remote.kind = AuthKind::psk;
  c.local.psk = c.remote.psk = Bytes(32, 0x5a);
  c.more_local = {AuthConfig{}};
  c.more_local[0].kind = AuthKind::eap;
  const Words under_a_shared_key = found(c);
  CHECK(std::count(under_a_shared_key.begin(), under_a_shared_key.end(),
                   "password-to-the-group error") == 1);
}

TEST_CASE("lint: what a quantum computer gains", "[lint]") {
  const auto proposal = [](const char* text) {
    return parse_proposal(text, wire::ProtocolId::ike).value();
  };
  auto c = clean();
  c.proposals = {proposal("aes256gcm16-prfsha256-x25519-ke1_mlkem768")};
  CHECK(found(c).empty());
  c.proposals.push_back(proposal("aes256gcm16-prfsha256-x25519"));
  CHECK(found(c) == Words{"quantum-optional warning"});
  c.proposals = {proposal("aes256gcm16-prfsha256-x25519-ke1_mlkem768-ke1_none")};
  CHECK(found(c) == Words{"quantum-optional warning"});
  c.proposals = {proposal("aes128gcm16-prfsha256-mlkem768")};
  c.children[0].esp_proposals = {
      parse_proposal("aes128gcm16-x25519", wire::ProtocolId::esp).value()};
  CHECK(found(c) == Words{"quantum-weak-cipher note", "quantum-weak-cipher note"});
  c = clean();
  c.ppks = {{"one", Bytes(32, 7)}};
  c.ppk_id = "one";
  CHECK(found(c) == Words{"quantum-optional warning"});
  c.ppk_required = true;
  CHECK(found(c).empty());
  c.ppks[0].secret = Bytes(16, 7);
  CHECK(found(c) == Words{"short-ppk warning"});
}

TEST_CASE("lint: every rule has a name and a test above", "[lint]") {
  CHECK(lint_rules().size() == 23);
  for (const LintRule& rule : lint_rules()) CHECK_FALSE(rule.about.empty());
}
