// Proposals to and from swanctl's words.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "protocol/base/bounds.hpp"
#include "protocol/policy/near.hpp"
#include "protocol/policy/proposal.hpp"

namespace ikelab::policy {
namespace {

using crypto::Algorithm;
using crypto::TransformType;
using wire::ProtocolId;

constexpr TransformType written_order[] = {TransformType::encr, TransformType::integ,
                                           TransformType::prf, TransformType::ke,
                                           TransformType::esn};

bool may_stand(const Algorithm& a, ProtocolId protocol) {
  if (a.type == TransformType::prf) return protocol == ProtocolId::ike;
  if (a.type == TransformType::esn) return protocol == ProtocolId::esp;
  return !a.esp_only || protocol == ProtocolId::esp;
}

wire::Transform transform_of(const Algorithm& a) {
  wire::Transform t;
  t.type = static_cast<std::uint8_t>(a.type);
  t.id = a.id;
  if (a.key_bits != 0)
    t.attributes.push_back({.type = 14, .tv = true, .value = a.key_bits, .octets = {}});
  return t;
}

std::vector<std::string_view> words_for(ProtocolId protocol) {
  std::vector<std::string_view> words;
  for (const Algorithm& a : crypto::algorithms())
    if (may_stand(a, protocol)) words.push_back(a.keyword);
  for (const std::string_view word : {"ke1_mlkem768", "ke1_mlkem1024", "ke1_mlkem512", "ke1_none"})
    words.push_back(word);
  return words;
}

/// "ke1_mlkem768" is Additional Key Exchange 1 by ML-KEM-768; "ke1_none" says that it may be left
/// out.
struct Additional {
  wire::Transform transform;
  bool known = false;
};
//= rfc9370#2.2.1 "NONE MAY be added to those transform types"
std::optional<Additional> read_additional(std::string_view word) {
  if (word.size() < 5 || !word.starts_with("ke") || word[3] != '_' || word[2] < '1' ||
      word[2] > '7')
    return std::nullopt;
  Additional found;
  const std::string_view method = word.substr(4);
  const Algorithm* a = crypto::find_keyword(TransformType::ke, method);
  found.known = a != nullptr || method == "none";
  found.transform.type = static_cast<std::uint8_t>(static_cast<unsigned>(TransformType::addke1) +
                                                   static_cast<unsigned>(word[2] - '1'));
  found.transform.id = a == nullptr ? 0 : a->id;
  return found;
}

const Algorithm* find_word(std::string_view word) {
  for (TransformType type : written_order)
    if (const Algorithm* a = crypto::find_keyword(type, word)) return a;
  return nullptr;
}

Error incomplete(std::string_view text, std::string message, std::string hint) {
  return Error{"E-POL-002", fmt::format("proposal \"{}\" {}", text, message)}
      .see("RFC 7296, 3.3.3")
      .expect(std::move(hint));
}

// The transforms of one proposal while it is read, and what RFC 7296, 3.3.3 demands of the whole.
struct Parts {
  std::vector<const Algorithm*> found;
  std::vector<wire::Transform> additional;

  void add(const wire::Transform& more) {
    if (std::find(additional.begin(), additional.end(), more) == additional.end())
      additional.push_back(more);
  }
  [[nodiscard]] bool has(TransformType type) const {
    return std::any_of(found.begin(), found.end(),
                       [&](const Algorithm* a) { return a->type == type; });
  }
  [[nodiscard]] bool has_cipher(bool aead) const {
    return std::any_of(found.begin(), found.end(), [&](const Algorithm* a) {
      return a->type == TransformType::encr && a->aead == aead;
    });
  }
  // swanctl's rule: without a PRF, each integrity algorithm implies the PRF of the same hash.
  void imply_prf() {
    std::vector<const Algorithm*> implied;
    for (const Algorithm* a : found)
      if (a->type == TransformType::integ)
        implied.push_back(
            crypto::find_keyword(TransformType::prf, "prf" + std::string(a->keyword)));
    std::copy_if(implied.begin(), implied.end(), std::back_inserter(found),
                 [](const Algorithm* a) { return a; });
  }
  [[nodiscard]] Result<void> check(std::string_view text, ProtocolId protocol) const {
    if (!has(TransformType::encr))
      return incomplete(text, "names no cipher", "for example aes256gcm16");
    if (has_cipher(true) && has_cipher(false))
      return incomplete(text, "mixes AEAD ciphers with others",
                        "write two proposals (RFC 5282, 8)");
    //= rfc5282#8 "if all of the encryption algorithms in any proposal are authenticated encryption
    //= algorithms, then the proposal MUST NOT propose any integrity transforms."
    if (has_cipher(true) && has(TransformType::integ))
      return incomplete(text, "has an integrity algorithm beside an AEAD cipher",
                        "an AEAD cipher protects integrity itself; "
                        "leave it out, or for the PRF write for example prfsha256");
    if (has_cipher(false) && !has(TransformType::integ))
      return incomplete(text, "has no integrity algorithm",
                        "for example aes256-sha256; in ESP, noauth says that none is wanted");
    //= rfc4303#1 "ESP allows encryption-only SAs because this may offer considerably better
    //= performance and still provide adequate security, e.g., when higher-layer
    //= authentication/integrity protection is offered independently."
    const Algorithm* null = crypto::find_keyword(TransformType::encr, "null");
    const Algorithm* noauth = crypto::find_keyword(TransformType::integ, "noauth");
    const auto holds = [&](const Algorithm* a) {
      return std::find(found.begin(), found.end(), a) != found.end();
    };
    if (holds(null) && holds(noauth))
      return incomplete(text, "protects nothing", "null goes with an integrity algorithm");
    //= rfc3686#3.3 "Since it is trivial to construct a forgery AES-CTR ciphertext from a valid
    //= AES-CTR ciphertext, AES-CTR implementations MUST employ a"
    const auto counter = [](const Algorithm* a) { return a->id == crypto::encr_id::aes_ctr; };
    if (holds(noauth) && std::any_of(found.begin(), found.end(), counter))
      return incomplete(text, "uses counter mode without integrity",
                        "each bit could be flipped at will; add for example sha256");
    if (!additional.empty() && !has(TransformType::ke))
      return incomplete(text, "has an additional key exchange but none that it could be added to",
                        "for example x25519-ke1_mlkem768");
    if (protocol != ProtocolId::ike) return {};
    if (!has(TransformType::prf)) return incomplete(text, "names no PRF", "for example prfsha256");
    if (!has(TransformType::ke))
      return incomplete(text, "names no key exchange method", "for example x25519 or ecp256");
    return {};
  }
};

std::string word_of(const wire::Transform& t) {
  if (crypto::is_additional_ke(t.type)) {
    const Algorithm* a = crypto::find(TransformType::ke, t.id);
    const std::string method = a != nullptr ? std::string(a->keyword) : std::to_string(t.id);
    return fmt::format("ke{}_{}", t.type - 5, t.id == 0 ? "none" : method);
  }
  static constexpr std::string_view prefix[] = {"type", "encr", "prf", "integ", "ke", "esn"};
  if (const Algorithm* a = crypto::find(static_cast<TransformType>(t.type), t.id, t.key_bits()))
    return std::string(a->keyword);
  std::string word = t.type < std::size(prefix) ? fmt::format("{}-{}", prefix[t.type], t.id)
                                                : fmt::format("type{}-{}", t.type, t.id);
  return t.key_bits() == 0 ? word : fmt::format("{}/{}", word, t.key_bits());
}

}  // namespace

Result<wire::Proposal> parse_proposal(std::string_view text, ProtocolId protocol, Era era) {
  Parts parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('-', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (const auto more = read_additional(word); more && more->known) {
      parts.add(more->transform);
      at = end + 1;
      continue;
    }
    const Algorithm* a = find_word(word);
    if (!a)
      return Error{"E-POL-001",
                   fmt::format("\"{}\" in proposal \"{}\" is not an algorithm", word, text)}
          .at(at)
          .see("RFC 7296, 3.3.2")
          .expect(did_you_mean(word, words_for(protocol)));
    if (a->historic && era == Era::current)
      return Error{
          "E-POL-003",
          fmt::format("\"{}\" in proposal \"{}\" is historic: it can be broken", word, text)}
          .at(at)
          .see("RFC 8247, 2.4")
          .expect("it goes with version: 1, or with historic: yes in a lab");
    if (!may_stand(*a, protocol))
      return Error{"E-POL-002", fmt::format("\"{}\" does not belong in an {} proposal", word,
                                            wire::name(protocol))}
          .at(at)
          .see("RFC 7296, 3.3.3")
          .expect(fmt::format("leave out the {}", crypto::transform_type_name(a->type)));
    if (std::find(parts.found.begin(), parts.found.end(), a) == parts.found.end())
      parts.found.push_back(a);
    at = end + 1;
  }
  if (protocol == ProtocolId::ike && !parts.has(TransformType::prf)) parts.imply_prf();
  if (protocol == ProtocolId::esp && !parts.has(TransformType::esn))
    parts.found.push_back(crypto::find_keyword(TransformType::esn, "noesn"));
  IKELAB_CHECK(parts.check(text, protocol));

  wire::Proposal proposal;
  proposal.protocol = protocol;
  for (TransformType type : written_order)
    for (const Algorithm* a : parts.found)
      if (a->type == type) proposal.transforms.push_back(transform_of(*a));
  std::stable_sort(parts.additional.begin(), parts.additional.end(),
                   [](const auto& x, const auto& y) { return x.type < y.type; });
  proposal.transforms.insert(proposal.transforms.end(), parts.additional.begin(),
                             parts.additional.end());
  return proposal;
}

bool asks_for_additional(const std::vector<wire::Proposal>& proposals) {
  for (const wire::Proposal& proposal : proposals)
    for (const wire::Transform& t : proposal.transforms)
      if (crypto::is_additional_ke(t.type)) return true;
  return false;
}

std::string to_string(const wire::Proposal& proposal) {
  std::vector<std::string> words;
  const auto add = [&](const wire::Transform& t) {
    const bool implied = t.type == static_cast<std::uint8_t>(TransformType::esn) && t.id == 0;
    if (!implied) words.push_back(word_of(t));
  };
  for (TransformType type : written_order)
    for (const wire::Transform& t : proposal.transforms)
      if (t.type == static_cast<std::uint8_t>(type)) add(t);
  for (const wire::Transform& t : proposal.transforms)
    if (t.type == 0 || t.type > static_cast<std::uint8_t>(TransformType::esn)) add(t);
  return fmt::format("{}", fmt::join(words, "-"));
}

}  // namespace ikelab::policy
