#include "sim/scenario/auth.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "protocol/policy/secret_text.hpp"

namespace ikelab::scenario {
namespace {

using policy::AuthKind;
using wire::EapType;

struct Word {
  const char* word;
  AuthKind kind;
  EapType method;
};
// swanctl's words for `auth`, and RFC 7619's null; IKEv1 asks a user by XAuth where IKEv2 has EAP
constexpr Word words[] = {
    {"psk", AuthKind::psk, EapType::none},
    {"pubkey", AuthKind::pubkey, EapType::none},
    {"eap-mschapv2", AuthKind::eap, EapType::mschapv2},
    {"eap-tls", AuthKind::eap, EapType::tls},
    {"eap-md5", AuthKind::eap, EapType::md5_challenge},
    {"eap", AuthKind::eap, EapType::none},
    {"null", AuthKind::null, EapType::none},
    {"xauth", AuthKind::eap, EapType::none},
};

/// local: our certificate with its chain, its key, and what OCSP says of it.
void read_own_certificate(Section& section, const LabPki& pki, policy::AuthConfig& auth) {
  const std::string name = section.text("cert", true);
  const auto found = pki.issued.find(name);
  if (found == pki.issued.end()) {
    section.problem("cert", Error{"E-SCN-013", "no certificate is named '" + name + "'"}.expect(
                                "expected a name under pki: certificates:"));
    return;
  }
  auth.certificates = pki.chain_of(name);
  auth.private_key = found->second.private_key;
  auth.certificate_urls = pki.urls_of(name);
  auth.bundle_url = found->second.bundle_url;
  if (const auto responses = pki.ocsp_responses.find(name); responses != pki.ocsp_responses.end())
    auth.ocsp_responses = responses->second;
}

/// remote: whom we trust, and how much must be known about revocation.
void read_trust(Section& section, const LabPki& pki, policy::AuthConfig& auth) {
  std::vector<std::string> names = section.texts("cacerts");
  if (names.empty()) names = {"ca"};
  for (const std::string& name : names) {
    const auto found = pki.authorities.find(name);
    if (found == pki.authorities.end())
      section.problem("cacerts", Error{"E-SCN-013", "no CA is named '" + name + "'"}.expect(
                                     "expected ca, or a name under pki: authorities:"));
    else
      auth.authorities.push_back(found->second.certificate);
  }
  auth.revocation = static_cast<policy::Revocation>(
      section.word("revocation", {"relaxed", "ifuri", "strict"}, 0));
  auth.crls = pki.crls;
  auth.certificate_store = pki.store;
}

/// What each kind of authentication has to say, and what it must not.
struct Needs {
  bool secret, certificate, trust, eap, xauth;
};
Needs needs_of(const policy::AuthConfig& auth, bool xauth, bool local) {
  const bool eap = auth.kind == AuthKind::eap && !xauth;
  const bool tls = eap && (auth.eap_method == EapType::tls || auth.eap_method == EapType::none);
  const bool password = xauth || (eap && auth.eap_method != EapType::tls);
  return {auth.kind == AuthKind::psk || (local && password),
          local && (auth.kind == AuthKind::pubkey || tls),
          !local && (auth.kind == AuthKind::pubkey || tls), eap, xauth};
}

/// What goes only with some words of `auth`.
void check_fits(Section& section, const Needs& needs) {
  const auto only_with = [&](const char* key, bool fits, const char* kinds) {
    if (section.has(key) && !fits)
      section.problem(key, Error{"E-SCN-012", fmt::format("'{}' goes with {}", key, kinds)});
  };
  only_with("secret", needs.secret, "auth: psk, or a local eap-mschapv2, eap-md5 or xauth");
  only_with("cert", needs.certificate, "auth: pubkey and eap-tls");
  only_with("cacerts", needs.trust, "auth: pubkey and eap-tls");
  only_with("revocation", needs.trust, "auth: pubkey");
  only_with("eap_id", needs.eap, "auth: eap-...");
  only_with("xauth_id", needs.xauth, "auth: xauth");
  only_with("id", !needs.xauth, "the first round; a user's name is xauth_id");
  only_with("tls_version_max", needs.eap && (needs.certificate || needs.trust), "auth: eap-tls");
}

void read_eap(Section& section, policy::AuthConfig& auth) {
  auth.eap_id = section.text("eap_id");
  auth.tls_version_max = section.word("tls_version_max", {"1.2", "1.3"}, 1) == 0 ? 2 : 3;
}

bool is_xauth(const YAML::Node& round) {
  const YAML::Node auth = round.IsMap() ? round["auth"] : YAML::Node();
  return auth && auth.IsScalar() && auth.Scalar() == "xauth";
}

/// IKEv1 proves machines in phase 1, and then perhaps a user; IKEv2 has EAP for users.
void check_version(Section& section, bool ikev1, const std::string& side, bool xauth,
                   const policy::AuthConfig& round) {
  const bool first = side == "local" || side == "remote";
  const bool of_machine = round.kind == AuthKind::psk || round.kind == AuthKind::pubkey;
  if (ikev1 && !(first ? of_machine : xauth))
    section.problem(side,
                    Error{"E-SCN-012", "IKEv1 has psk and pubkey, and xauth in a second round"}.see(
                        "RFC 2409, 5"));
  if (!ikev1 && xauth)
    section.problem(side, Error{"E-SCN-012", "auth: xauth goes with version: 1"}.expect(
                              "expected auth: eap-..."));
}

/// Whose word an EAP peer would take for what (RFC 7296, 2.16; RFC 5998).
void check_direction(Section& section, const std::string& asks, const policy::AuthConfig& by_eap,
                     const policy::AuthConfig& other, const char* whose) {
  if (by_eap.kind != AuthKind::eap) return;
  if (other.kind == AuthKind::eap) {
    if (by_eap.eap_method == EapType::md5_challenge)
      section.problem(asks, Error{"E-SCN-012", "eap-md5 proves only one side to the other"}
                                .see("RFC 5998, 3")
                                .expect(fmt::format("expected auth: pubkey of {}", whose)));
  } else if (other.kind != AuthKind::pubkey) {
    section.problem(
        asks, Error{"E-SCN-012", "EAP needs a responder that proves itself by certificate"}
                  .see("RFC 7296, 2.16")
                  .expect(fmt::format("expected auth: pubkey, or the same eap, of {}", whose)));
  }
}

}  // namespace

policy::AuthConfig read_auth(const YAML::Node& node, bool local, const LabPki& pki,
                             Problems& problems) {
  policy::AuthConfig auth;
  std::vector<std::string> keys = {"auth", "id", "secret", "eap_id", "xauth_id", "tls_version_max"};
  for (const char* key : {"cert", "cacerts", "revocation"})
    if (local == (std::string_view(key) == "cert")) keys.push_back(key);
  Section section(node, local ? "'local'" : "'remote'", keys, problems);
  std::vector<std::string> names;
  for (const Word& word : words) names.push_back(word.word);
  const Word& chosen = words[section.word("auth", names, 0)];
  auth.kind = chosen.kind;
  auth.eap_method = chosen.method;
  const Needs needs = needs_of(auth, is_xauth(node), local);
  check_fits(section, needs);
  if (needs.eap) read_eap(section, auth);
  if (needs.xauth) auth.eap_id = section.text("xauth_id", local);
  const bool named = !local || auth.kind == AuthKind::null || needs.xauth || !auth.eap_id.empty();
  auth.id = section.parsed<policy::Identity>("id", policy::Identity::parse, policy::Identity::any(),
                                             !named);
  if (local && needs.eap && !section.has("id") && !auth.eap_id.empty())
    if (auto id = policy::Identity::parse(auth.eap_id)) auth.id = *id;
  // eap without a method takes what there is
  const bool may_lack = needs.eap && auth.eap_method == EapType::none;
  if (needs.secret)
    auth.psk = section.parsed<Bytes>("secret", policy::parse_secret, Bytes{}, local && !may_lack);
  if ((needs.certificate && !(may_lack && !section.has("cert"))) ||
      (needs.trust && !(may_lack && pki.authorities.empty()))) {
    if (pki.authorities.empty())
      section.problem(
          "auth",
          Error{"E-SCN-011", "auth: " + std::string(chosen.word) + " needs a 'pki' section"}.expect(
              "add pki: with ca and certificates"));
    else if (local)
      read_own_certificate(section, pki, auth);
    else
      read_trust(section, pki, auth);
  }
  return auth;
}

void read_rounds(Section& section, const LabPki& pki, policy::ConnectionConfig& connection,
                 Problems& problems) {
  for (const bool local : {true, false}) {
    const std::string side = local ? "local" : "remote";
    if (!section.has(side)) {
      section.text(side, true);
      continue;
    }
    (local ? connection.local : connection.remote) =
        read_auth(section.at(side), local, pki, problems);
    for (const char* suffix : {"-2", "-3"})
      if (section.has(side + suffix))
        (local ? connection.more_local : connection.more_remote)
            .push_back(read_auth(section.at(side + suffix), local, pki, problems));
    const auto rounds = local ? connection.local_rounds() : connection.remote_rounds();
    for (std::size_t i = 0; i < rounds.size(); ++i) {
      const std::string name = i == 0 ? side : side + "-" + std::to_string(i + 1);
      if (section.has(name))
        check_version(section, connection.ikev1.has_value(), name, is_xauth(section.at(name)),
                      *rounds[i]);
    }
  }
  if (!section.has("local") || !section.has("remote")) return;
  if (connection.ikev1) return;
  for (const policy::AuthConfig* round : connection.local_rounds())
    check_direction(section, "local", *round, connection.remote, "remote");
  for (const policy::AuthConfig* round : connection.remote_rounds())
    check_direction(section, "remote", *round, connection.local, "local");
}

policy::EapUser read_secret(const YAML::Node& node, Problems& problems) {
  Section section(node, "a secret", {"type", "id", "secret"}, problems);
  section.word("type", {"eap", "xauth"}, 0);
  return {section.text("id", true),
          section.parsed<Bytes>("secret", policy::parse_secret, Bytes{}, true)};
}

}  // namespace ikelab::scenario
