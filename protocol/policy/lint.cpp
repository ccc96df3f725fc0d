#include "protocol/policy/lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace ikelab::policy {
namespace {

using crypto::TransformType;
using Findings = std::vector<Finding>;

// ---- algorithms ---------------------------------------------------------------------------------

std::optional<Severity> severity_of(Level level) {
  switch (level) {
    case Level::must_not:
      return Severity::error;
    case Level::should_not:
      return Severity::warning;
    case Level::must_minus:
      return Severity::note;
    default:
      return std::nullopt;
  }
}

Level level_of(const Requirement& row, wire::ProtocolId protocol) {
  const bool key_exchange = row.type == TransformType::ke;
  return protocol == wire::ProtocolId::ike || key_exchange ? row.ike : row.esp;
}

std::string algorithm_name(const wire::Transform& t) {
  const std::string name = wire::transform_name(t.type, t.id);
  return t.key_bits() == 0 ? name : fmt::format("{} with {} bits", name, t.key_bits());
}

void lint_transform(const wire::Transform& t, wire::ProtocolId protocol, const std::string& place,
                    Findings& out) {
  const Requirement* row = find_requirement(t.type, t.id);
  if (row == nullptr || row->gain.empty()) return;
  const Level level = level_of(*row, protocol);
  // What no RFC lists any more, or merely allows, and an attacker gains from, is a warning.
  const bool wanted = level == Level::must || level == Level::should;
  const Severity severity = severity_of(level).value_or(Severity::warning);
  Finding finding{wanted ? Severity::note : severity,
                  "algorithm",
                  place,
                  algorithm_name(t) + " is out of date",
                  std::string(row->gain),
                  std::string(row->instead),
                  fmt::format("{}: {}", source_of(row->type, protocol), to_string(level))};
  if (wanted) finding.what = algorithm_name(t) + " gives no confidentiality";
  out.push_back(std::move(finding));
}

// ---- settings -----------------------------------------------------------------------------------

struct Rule {
  LintRule named;
  void (*check)(const ConnectionConfig& connection, const LintRule& rule, Findings& out);
};

bool has_ke(const wire::Proposal& proposal) {
  return std::any_of(proposal.transforms.begin(), proposal.transforms.end(),
                     [](const wire::Transform& t) {
                       return t.type == static_cast<std::uint8_t>(TransformType::ke) && t.id != 0;
                     });
}

/// A cipher that does not protect integrity itself, and nothing beside it that does.
bool lacks_integrity(const wire::Proposal& proposal) {
  bool plain_cipher = false, mac = false;
  for (const wire::Transform& t : proposal.transforms) {
    const auto type = static_cast<TransformType>(t.type);
    mac = mac || (type == TransformType::integ && t.id != 0);
    const auto* row = crypto::find(type, t.id, t.key_bits());
    plain_cipher = plain_cipher || (type == TransformType::encr && row != nullptr && !row->aead);
  }
  return plain_cipher && !mac;
}

std::string at_child(const ConnectionConfig& connection, const ChildConfig& child,
                     const char* setting) {
  return fmt::format("{}, child {}: {}", connection.name, child.name, setting);
}

// A letter that somebody can type is worth less than an octet: of octets from a
// generator 16 are enough.
constexpr std::size_t short_text_octets = 20, short_key_octets = 16;

bool typed(const Bytes& secret) {
  return std::all_of(secret.begin(), secret.end(),
                     [](std::uint8_t octet) { return octet >= 0x20 && octet < 0x7f; });
}

void short_secret(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  if (c.local.kind != AuthKind::psk && c.remote.kind != AuthKind::psk) return;
  const Bytes& psk = c.local.psk.empty() ? c.remote.psk : c.local.psk;
  const std::set<std::uint8_t> octets(psk.begin(), psk.end());
  const std::size_t enough = typed(psk) ? short_text_octets : short_key_octets;
  if (psk.size() >= enough && octets.size() >= 8) return;
  out.push_back(
      {psk.size() < 8 ? Severity::error : Severity::warning, std::string(rule.name),
       c.name + ": local, secret",
       fmt::format("the shared key has {} octets, {} of them different", psk.size(), octets.size()),
       "who answers a single handshake in the responder's place can try passwords at "
       "home, millions a second, until one fits AUTH.",
       "32 octets from a random generator, or certificates", "RFC 7296, 2.15"});
}

void secret_for_anybody(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  if (c.remote.kind != AuthKind::psk || !c.remote.id.any_value) return;
  out.push_back({Severity::warning, std::string(rule.name), c.name + ": remote, id",
                 "one shared key for whoever comes",
                 "everybody who knows the key, or steals it from one device, can play the gateway "
                 "to all the others.",
                 "a key and an id for each peer, or certificates", "RFC 7296, 5"});
}

void anybody_of_a_ca(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  if (c.remote.kind != AuthKind::pubkey || !c.remote.id.any_value || c.remote_addr.is_unspecified())
    return;
  out.push_back({Severity::warning, std::string(rule.name), c.name + ": remote, id",
                 "a known peer may show any certificate of the CA",
                 "one stolen key of any device, a printer's, is enough to play this peer.",
                 "the peer's identity as `id`", "RFC 4945, 3.1"});
}

void revocation_not_asked(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  if (c.remote.kind != AuthKind::pubkey || c.remote.revocation != Revocation::relaxed) return;
  out.push_back({Severity::note, std::string(rule.name), c.name + ": remote, revocation",
                 "a certificate is believed when nothing is known about its revocation",
                 "who has a stolen key and keeps the list from arriving goes in as before.",
                 "revocation: ifuri or strict", "RFC 5280, 6.3"});
}

void short_key(const ConnectionConfig& c, KeyTypeOf key_type_of, const LintRule& rule,
               Findings& out) {
  const auto look = [&](const std::vector<Bytes>& certificates, const char* where) {
    for (const Bytes& der : certificates) {
      const std::string type = key_type_of(der);
      if (!type.starts_with("RSA ")) continue;
      const unsigned long bits = std::stoul(type.substr(4));
      if (bits >= 2048) continue;
      out.push_back({bits < 1024 ? Severity::error : Severity::warning, std::string(rule.name),
                     fmt::format("{}: {}", c.name, where),
                     fmt::format("a certificate has an RSA key of {} bits", bits),
                     "who factors the number signs as its owner: 829 bits were done in 2020 with "
                     "rented computers.",
                     "rsa3072, p256 or ed25519", "RFC 8247, 3.2: SHOULD NOT"});
    }
  };
  look(c.local.certificates, "local, cert");
  look(c.remote.authorities, "remote, cacerts");
}

void no_ike_rekeying(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  if (c.rekey_time > Duration::zero()) return;
  out.push_back({Severity::note, std::string(rule.name), c.name + ": rekey_time",
                 "the IKE SA is never rekeyed",
                 "who learns its keys once reads and forges its exchanges for as long as it lives.",
                 "rekey_time: 4h", "RFC 7296, 2.8"});
}

void no_child_rekeying(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  for (const ChildConfig& child : c.children) {
    if (child.rekey_time > Duration::zero() || child.bytes.rekey != 0) continue;
    out.push_back(
        {Severity::note, std::string(rule.name), at_child(c, child, "rekey_time"),
         "its keys are never replaced",
         "all traffic hangs on one key: found once, it opens everything before and after.",
         "rekey_time: 1h", "RFC 7296, 2.8"});
  }
}

void no_forward_secrecy(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  for (const ChildConfig& child : c.children) {
    if (std::all_of(child.esp_proposals.begin(), child.esp_proposals.end(), has_ke)) continue;
    out.push_back({Severity::note, std::string(rule.name), at_child(c, child, "esp_proposals"),
                   "a proposal without a key exchange: rekeying takes new keys from the old secret",
                   "who learns SK_d of the IKE SA derives the keys of every later Child SA.",
                   "for example aes256gcm16-x25519", "RFC 7296, 1.3.1"});
  }
}

void no_integrity(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  for (const ChildConfig& child : c.children) {
    if (std::none_of(child.esp_proposals.begin(), child.esp_proposals.end(), lacks_integrity))
      continue;
    out.push_back(
        {Severity::error, std::string(rule.name), at_child(c, child, "esp_proposals"),
         "a proposal without integrity protection",
         "who flips bits of a packet changes what is known of it, and learns the rest from "
         "how hosts react.",
         "an AEAD cipher, for example aes256gcm16", "RFC 8221, 4: MUST NOT"});
  }
}

void replays_allowed(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  for (const ChildConfig& child : c.children) {
    if (child.replay_window != 0) continue;
    out.push_back({Severity::error, std::string(rule.name), at_child(c, child, "replay_window"),
                   "anti-replay is switched off",
                   "who records a packet can send it again, and the payment is made twice.",
                   "replay_window: 64 or more", "RFC 4303, 3.4.3"});
  }
}

void short_sequence(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  const auto has_esn = [](const wire::Proposal& proposal) {
    return std::any_of(
        proposal.transforms.begin(), proposal.transforms.end(), [](const wire::Transform& t) {
          return t.type == static_cast<std::uint8_t>(TransformType::esn) && t.id == 1;
        });
  };
  for (const ChildConfig& child : c.children) {
    if (child.rekey_time > Duration::zero() || child.packets.rekey != 0 || child.replay_window == 0)
      continue;
    if (std::any_of(child.esp_proposals.begin(), child.esp_proposals.end(), has_esn)) continue;
    out.push_back({Severity::note, std::string(rule.name), at_child(c, child, "esp_proposals"),
                   "32-bit sequence numbers, and nothing rekeys before they are used up",
                   "no secret, but after 4,294,967,295 packets the tunnel stands still.",
                   "esn in the proposal, or a rekey_time", "RFC 4303, 3.3.3"});
  }
}

/// The strength of a proposal's weakest part in bits, by RFC 3766 and NIST SP 800-57.
unsigned strength_of(const wire::Transform& t) {
  struct Row {
    std::uint8_t type;
    std::uint16_t id;
    unsigned bits;
  };
  static constexpr Row rows[] = {
      {1, 2, 56},   {1, 3, 112},  {1, 28, 256}, {4, 1, 60},   {4, 2, 80},   {4, 5, 90},
      {4, 14, 112}, {4, 15, 128}, {4, 16, 150}, {4, 19, 128}, {4, 20, 192}, {4, 21, 256},
      {4, 22, 80},  {4, 23, 112}, {4, 24, 112}, {4, 31, 128}, {4, 32, 224}};
  if (t.type == 1 && t.key_bits() != 0) return t.key_bits();
  const auto* row = std::find_if(std::begin(rows), std::end(rows),
                                 [&](const Row& r) { return r.type == t.type && r.id == t.id; });
  return row == std::end(rows) ? 0 : row->bits;
}

void child_stronger_than_ike(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  const auto weakest = [](const std::vector<wire::Proposal>& proposals, std::uint8_t type) {
    unsigned least = UINT32_MAX;
    for (const wire::Proposal& proposal : proposals)
      for (const wire::Transform& t : proposal.transforms)
        if (const unsigned bits = strength_of(t); t.type == type && bits != 0)
          least = std::min(least, bits);
    return least;
  };
  const unsigned ike = weakest(c.proposals, 1);
  for (const ChildConfig& child : c.children) {
    const unsigned esp = weakest(child.esp_proposals, 1);
    if (esp == UINT32_MAX || ike == UINT32_MAX || ike >= esp) continue;
    out.push_back(
        {Severity::warning, std::string(rule.name), at_child(c, child, "esp_proposals"),
         fmt::format("the cipher of the child has {} bits, that of its IKE SA {}", esp, ike),
         "who breaks the weaker cipher of the IKE SA sees the exchanges that protect the "
         "stronger one: the chain holds as its weakest link.",
         "a cipher for IKE that is at least as strong", "RFC 7296, 5"});
  }
}

void mixed_strength(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  const auto weak = [&](const wire::Proposal& proposal) {
    const Findings found = lint(proposal, {});
    return std::any_of(found.begin(), found.end(),
                       [](const Finding& f) { return f.severity >= Severity::warning; });
  };
  const auto count = std::count_if(c.proposals.begin(), c.proposals.end(), weak);
  if (count == 0 || count == static_cast<std::ptrdiff_t>(c.proposals.size())) return;
  out.push_back({Severity::note, std::string(rule.name), c.name + ": proposals",
                 "weak proposals stand beside strong ones",
                 "a peer that is old, or made to look old, gets the weak one; who can break it "
                 "within the handshake can also hide that it was forced.",
                 "only the strong ones", "RFC 7296, 5"});
}

// ---- IKEv1 --------------------------------------------------------------------------------------

void historic_version(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  if (!c.ikev1) return;
  out.push_back({Severity::error, std::string(rule.name), c.name + ": version",
                 "IKEv1 is historic: nobody mends it any more",
                 "what is known against it (its dictionary attacks, its amplification, its padding "
                 "oracles) works tomorrow as it does today.",
                 "version: 2", "RFC 9395, 3"});
}

void proof_in_the_clear(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  if (!c.ikev1 || !c.ikev1->aggressive || c.local.kind != AuthKind::psk) return;
  out.push_back({Severity::error, std::string(rule.name), c.name + ": aggressive",
                 "aggressive mode shows a hash of the shared key to everybody on the way",
                 "who hears two messages, or sends one, tries passwords at home until HASH_R fits, "
                 "and has both names as well.",
                 "version: 2, or at least main mode", "RFC 2409, 5.4; CVE-2002-1623"});
}

void password_to_the_group(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  if (!c.ikev1 || c.more_local.empty() || c.remote.kind != AuthKind::psk) return;
  out.push_back({Severity::error, std::string(rule.name), c.name + ": local-2",
                 "a user's password is told to whoever knows the shared key of phase 1",
                 "every laptop has that key: who lost one, or was the one who lost it, answers in "
                 "the gateway's place and is told passwords in plain text.",
                 "certificates in phase 1, or version: 2 with EAP",
                 "RFC 2409, 5.4; draft-ietf-ipsec-isakmp-xauth-06"});
}

void encrypted_nonces(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  if (!c.ikev1 || !c.ikev1->rsa_encryption) return;
  out.push_back({Severity::error, std::string(rule.name), c.name + ": rsa_encryption",
                 "authentication with RSA-encrypted nonces needs PKCS #1 v1.5 decryption",
                 "any difference in how a bad ciphertext is answered decrypts a nonce for who asks "
                 "some thousand times, and a nonce is all that proves who somebody is.",
                 "signatures, in version: 2", "RFC 2409, 5.2; CVE-2018-0131"});
}

// ---- EAP ----------------------------------------------------------------------------------------

void eap_without_a_key(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  const auto look = [&](const std::vector<const AuthConfig*>& rounds, const char* side) {
    for (const AuthConfig* round : rounds) {
      if (round->kind != AuthKind::eap || round->eap_method != wire::EapType::md5_challenge)
        continue;
      out.push_back(
          {Severity::error, std::string(rule.name), fmt::format("{}: {}, auth", c.name, side),
           "EAP-MD5 derives no key, and proves one side only",
           "who plays the gateway, with a certificate that the client takes, hears one hash of the "
           "password and tries words at home, billions a second; and nothing ties the user to the "
           "tunnel that carries the proof.",
           "eap-tls, or certificates and then eap-mschapv2", "RFC 3748, 5.4; RFC 7296, 2.16"});
    }
  };
  look(c.local_rounds(), "local");
  look(c.remote_rounds(), "remote");
}

// ---- quantum computers --------------------------------------------------------------------------

bool has_ml_kem(const wire::Proposal& proposal) {
  return std::any_of(proposal.transforms.begin(), proposal.transforms.end(),
                     [](const wire::Transform& t) {
                       const bool method = t.type == 4 || crypto::is_additional_ke(t.type);
                       return method && t.id >= 35 && t.id <= 37;
                     });
}

/// It may be left out: a NONE stands beside it.
bool may_leave_out(const wire::Proposal& proposal) {
  return std::any_of(
      proposal.transforms.begin(), proposal.transforms.end(),
      [](const wire::Transform& t) { return crypto::is_additional_ke(t.type) && t.id == 0; });
}

bool needs_ppk(const ConnectionConfig& c) {
  return !c.ppks.empty() && c.ppk_required;
}

void quantum_optional(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  const auto strong = [](const wire::Proposal& p) { return has_ml_kem(p) && !may_leave_out(p); };
  const auto count = std::count_if(c.proposals.begin(), c.proposals.end(), strong);
  const bool all = count == static_cast<std::ptrdiff_t>(c.proposals.size());
  const bool some = std::any_of(c.proposals.begin(), c.proposals.end(), has_ml_kem);
  if (all || needs_ppk(c) || (!some && c.ppks.empty())) return;
  out.push_back(
      {Severity::warning, std::string(rule.name),
       c.name + (some ? ": proposals" : ": ppk_required"),
       some ? "ML-KEM is offered, and so is a key exchange without it"
            : "a post-quantum preshared key that may be left out",
       "who records the traffic of a peer that goes without reads it once a large quantum computer "
       "exists; who has one today takes the offer away and forges signatures so that nobody sees.",
       some ? "ML-KEM in each proposal, without ke1_none" : "ppk_required: yes on both sides",
       some ? "RFC 9370, 4" : "RFC 8784, 6"});
}

void short_ppk(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  for (const Ppk& ppk : c.ppks) {
    if (ppk.secret.size() >= 32) continue;
    out.push_back({Severity::warning, std::string(rule.name), c.name + ": ppks, " + ppk.id,
                   fmt::format("the preshared key has {} octets", ppk.secret.size()),
                   "a quantum computer searches n bits in the time of n/2, and who plays the "
                   "responder once can try guesses at home with any computer.",
                   "256 bits from a random generator, 32 octets or more", "RFC 8784, 6"});
  }
}

//= rfc8784#6 "the policy SHOULD be set to negotiate only quantum- secure symmetric algorithms"
void quantum_weak_cipher(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  if (!needs_ppk(c) && !std::any_of(c.proposals.begin(), c.proposals.end(), has_ml_kem)) return;
  const auto weak = [](const wire::Proposal& proposal) {
    return std::any_of(proposal.transforms.begin(), proposal.transforms.end(),
                       [](const wire::Transform& t) {
                         return t.type == 1 && t.key_bits() != 0 && t.key_bits() < 256;
                       });
  };
  const auto look = [&](const std::vector<wire::Proposal>& proposals, const std::string& place) {
    if (!std::any_of(proposals.begin(), proposals.end(), weak)) return;
    out.push_back(
        {Severity::note, std::string(rule.name), place,
         "a cipher with less than 256 bits beside a quantum-safe key exchange",
         "a quantum computer's search halves the length of a key: 128 bits are as good as "
         "64 then, in theory.",
         "aes256gcm16 or chacha20poly1305", "RFC 8784, 6"});
  };
  look(c.proposals, c.name + ": proposals");
  for (const ChildConfig& child : c.children)
    look(child.esp_proposals, at_child(c, child, "esp_proposals"));
}

// ---- lifetimes ---------------------------------------------------------------------------------

/// Blowfish, CAST, 3DES, DES: blocks of 64 bits collide after 2^32 of them.
bool has_small_blocks(const std::vector<wire::Proposal>& proposals) {
  constexpr std::uint16_t small[] = {1, 2, 3, 5, 6, 7, 8};
  for (const wire::Proposal& proposal : proposals)
    for (const wire::Transform& t : proposal.transforms)
      if (t.type == static_cast<std::uint8_t>(TransformType::encr) &&
          std::find(std::begin(small), std::end(small), t.id) != std::end(small))
        return true;
  return false;
}

void small_blocks(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  for (const ChildConfig& child : c.children) {
    if (!has_small_blocks(child.esp_proposals) || child.bytes.rekey != 0) continue;
    out.push_back(
        {Severity::warning, std::string(rule.name), at_child(c, child, "rekey_bytes"),
         "blocks of 64 bits under one key without a limit",
         "after some 32 GiB two blocks are equal, and their XOR tells plaintext (Sweet32).",
         "rekey_bytes: 1GiB, or AES", "RFC 8221, 5"});
  }
}

void no_jitter(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  const auto tell = [&](std::string place) {
    out.push_back({Severity::note, std::string(rule.name), std::move(place),
                   "rekeying by the clock, without a random part",
                   "who can tell when both sides rekey can delay their messages just then, so that "
                   "the two collide.",
                   "rand_time above 0, or none at all", "RFC 7296, 2.8.1"});
  };
  if (c.rekey_time > Duration::zero() && c.rand_time == Duration::zero())
    tell(c.name + ": rand_time");
  for (const ChildConfig& child : c.children)
    if (child.rekey_time > Duration::zero() && child.rand_time == Duration::zero())
      tell(at_child(c, child, "rand_time"));
}

constexpr Duration least_margin = 60s;  // several repetitions of a lost message

void short_margin(const ConnectionConfig& c, const LintRule& rule, Findings& out) {
  for (const ChildConfig& child : c.children) {
    if (!child.life_time || child.rekey_time < 10 * least_margin ||
        *child.life_time - child.rekey_time >= least_margin)
      continue;
    out.push_back({Severity::warning, std::string(rule.name), at_child(c, child, "life_time"),
                   "the SA ends before a lost message of its rekeying is repeated",
                   "who drops a few packets at the right time ends the tunnel.",
                   "life_time a tenth above rekey_time", "RFC 7296, 2.8"});
  }
}

constexpr LintRule of_short_keys = {"short-key", "RSA keys below 2048 bits"};

constexpr Rule rules[] = {
    {{"short-secret", "a shared key that can be guessed"}, short_secret},
    {{"secret-for-anybody", "one shared key for unknown peers"}, secret_for_anybody},
    {{"anybody-of-a-ca", "any certificate is good for a peer that is known"}, anybody_of_a_ca},
    {{"revocation-not-asked", "certificates without knowledge of revocation"},
     revocation_not_asked},
    {{"mixed-strength", "weak proposals beside strong ones"}, mixed_strength},
    {{"no-ike-rekeying", "an IKE SA that lives forever"}, no_ike_rekeying},
    {{"no-child-rekeying", "a Child SA that lives forever"}, no_child_rekeying},
    {{"no-forward-secrecy", "rekeying without a new key exchange"}, no_forward_secrecy},
    {{"no-integrity", "ESP that anybody can change on the way"}, no_integrity},
    {{"replays-allowed", "anti-replay switched off"}, replays_allowed},
    {{"short-sequence", "32-bit sequence numbers without rekeying"}, short_sequence},
    {{"small-blocks", "64-bit blocks under one key without end"}, small_blocks},
    {{"no-jitter", "rekeying that can be foreseen"}, no_jitter},
    {{"short-margin", "a hard limit right behind the soft one"}, short_margin},
    {{"child-stronger-than-ike", "a child better protected than the SA that keys it"},
     child_stronger_than_ike},
    {{"historic-version", "a connection of IKEv1"}, historic_version},
    {{"proof-in-the-clear", "aggressive mode with a shared key"}, proof_in_the_clear},
    {{"password-to-the-group", "XAuth under a shared key that every client has"},
     password_to_the_group},
    {{"encrypted-nonces", "authentication with RSA-encrypted nonces"}, encrypted_nonces},
    {{"eap-without-a-key", "a user who proves himself by EAP-MD5"}, eap_without_a_key},
    {{"quantum-optional", "protection from quantum computers that may be left out"},
     quantum_optional},
    {{"short-ppk", "a post-quantum preshared key that is too short"}, short_ppk},
    {{"quantum-weak-cipher", "short cipher keys beside a quantum-safe key exchange"},
     quantum_weak_cipher},
};

}  // namespace

std::string_view to_string(Severity severity) {
  constexpr std::string_view names[] = {"note", "warning", "error"};
  return names[static_cast<std::size_t>(severity)];
}

std::span<const LintRule> lint_rules() {
  static constexpr auto named = [] {
    std::array<LintRule, std::size(rules) + 1> out{};
    for (std::size_t i = 0; i < std::size(rules); ++i) out[i] = rules[i].named;
    out.back() = of_short_keys;
    return out;
  }();
  return named;
}

Findings lint(const wire::Proposal& proposal, const std::string& place) {
  Findings out;
  for (const wire::Transform& t : proposal.transforms)
    lint_transform(t, proposal.protocol, place, out);
  return out;
}

Findings lint(const ConnectionConfig& connection, KeyTypeOf key_type_of) {
  Findings out;
  const auto all = [&](const std::vector<wire::Proposal>& proposals, const std::string& place) {
    for (std::size_t i = 0; i < proposals.size(); ++i) {
      const Findings found = lint(proposals[i], fmt::format("{} {}", place, i + 1));
      out.insert(out.end(), found.begin(), found.end());
    }
  };
  all(connection.proposals, connection.name + ": proposals");
  for (const ChildConfig& child : connection.children)
    all(child.esp_proposals, at_child(connection, child, "esp_proposals"));
  for (const Rule& rule : rules) rule.check(connection, rule.named, out);
  if (key_type_of != nullptr) short_key(connection, key_type_of, of_short_keys, out);
  return out;
}

}  // namespace ikelab::policy
