#include "protocol/policy/ikev1_proposal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/base/bounds.hpp"

namespace ikelab::policy::v1 {
namespace {

namespace phase1 = wire::v1::phase1;
namespace phase2 = wire::v1::phase2;
using crypto::TransformType;
using wire::v1::Attribute;

struct Pair {
  std::uint16_t v2, v1;
};
// IKEv2's transform IDs and IKEv1's numbers of the same algorithms.
constexpr Pair ciphers[] = {{2, 1}, {3, 5}, {7, 3}, {12, 7}, {23, 8}};  // RFC 2409, appendix A
constexpr Pair hashes[] = {{1, 1}, {2, 2}, {12, 4}, {13, 5}, {14, 6}};  // integ to Hash Algorithm
constexpr Pair prfs[] = {{1, 1}, {2, 2}, {5, 4}, {6, 5}, {7, 6}};       // prf to Hash Algorithm
constexpr Pair esp_integ[] = {{1, 1}, {2, 2}, {12, 5}, {13, 6}, {14, 7}};  // RFC 2407, 4.5
constexpr std::uint16_t unknown = 0xffff;
constexpr std::uint8_t key_length = 14;  // of IKEv2's transforms (RFC 7296, 3.3.5)
constexpr std::uint16_t seconds = 1;

template <std::size_t n>
std::uint16_t to_v1(const Pair (&table)[n], std::uint16_t id) {
  for (const Pair& row : table)
    if (row.v2 == id) return row.v1;
  return 0;
}
template <std::size_t n>
std::uint16_t to_v2(const Pair (&table)[n], std::uint32_t number) {
  for (const Pair& row : table)
    if (row.v1 == number) return row.v2;
  return unknown;
}

/// A suite with at most one transform of each type.
struct One {
  const wire::Transform *encr = nullptr, *integ = nullptr, *ke = nullptr;
};

std::vector<const wire::Transform*> of(const wire::Proposal& p, TransformType type) {
  std::vector<const wire::Transform*> found;
  for (const wire::Transform& t : p.transforms)
    if (t.type == static_cast<std::uint8_t>(type) && (t.id != 0 || type == TransformType::encr))
      found.push_back(&t);
  if (found.empty()) found.push_back(nullptr);
  return found;
}

/// IKEv2 offers alternatives of each type, IKEv1 whole suites: all that they make.
std::vector<One> suites(const std::vector<wire::Proposal>& configured) {
  std::vector<One> out;
  for (const wire::Proposal& p : configured)
    for (const auto* encr : of(p, TransformType::encr))
      for (const auto* integ : of(p, TransformType::integ))
        for (const auto* ke : of(p, TransformType::ke))
          if (encr != nullptr && out.size() < bounds::transforms_in_proposal)
            out.push_back({encr, integ, ke});
  return out;
}

void add_lifetime(wire::v1::Transform& t, std::uint16_t type, std::uint16_t duration,
                  Duration lifetime) {
  if (lifetime <= Duration::zero()) return;
  const auto whole = static_cast<std::uint32_t>(lifetime / 1s);
  t.attributes.push_back({type, true, seconds, {}});
  if (whole < 0x10000) {
    t.attributes.push_back({duration, true, static_cast<std::uint16_t>(whole), {}});
  } else {
    Bytes octets;
    for (int shift = 24; shift >= 0; shift -= 8)
      octets.push_back(static_cast<std::uint8_t>(whole >> shift));
    t.attributes.push_back({duration, false, 0, std::move(octets)});
  }
}

wire::Transform transform(TransformType type, std::uint16_t id, std::uint32_t key_bits = 0) {
  wire::Transform t;
  t.type = static_cast<std::uint8_t>(type);
  t.id = id;
  if (key_bits != 0)
    t.attributes.push_back({key_length, true, static_cast<std::uint16_t>(key_bits), {}});
  return t;
}

std::vector<wire::Transform> words_of_phase1(const wire::v1::Transform& t) {
  const std::uint32_t hash = t.value_of(phase1::hash);
  return {transform(TransformType::encr, to_v2(ciphers, t.value_of(phase1::encryption)),
                    t.value_of(phase1::key_length)),
          transform(TransformType::integ, to_v2(hashes, hash)),
          transform(TransformType::prf, to_v2(prfs, hash)),
          transform(TransformType::ke, static_cast<std::uint16_t>(t.value_of(phase1::group)))};
}

std::vector<wire::Transform> words_of_phase2(const wire::v1::Transform& t) {
  std::vector<wire::Transform> out = {
      transform(TransformType::encr, t.id, t.value_of(phase2::key_length))};
  if (t.has(phase2::authentication))
    out.push_back(
        transform(TransformType::integ, to_v2(esp_integ, t.value_of(phase2::authentication))));
  if (t.has(phase2::group))
    out.push_back(
        transform(TransformType::ke, static_cast<std::uint16_t>(t.value_of(phase2::group))));
  return out;
}

/// Phase 1's hash is both, and there is no sequence number to negotiate.
std::vector<wire::Proposal> without(std::vector<wire::Proposal> proposals, TransformType type) {
  for (wire::Proposal& p : proposals)
    std::erase_if(p.transforms, [&](const wire::Transform& t) {
      return t.type == static_cast<std::uint8_t>(type);
    });
  return proposals;
}

Choice answer_of(const wire::v1::SaPayload& offered, const std::vector<Offer>& all,
                 Selection selection, ByteView spi) {
  Choice choice{std::move(selection), {}};
  if (!choice.selection.chosen) return choice;
  const Offer& won = all.at(choice.selection.chosen->number - 1U);
  choice.answer = {offered.doi, offered.situation, {}};
  wire::v1::Proposal proposal{
      won.proposal->number, won.proposal->protocol, to_bytes(spi), {*won.transform}};
  choice.answer.proposals.push_back(std::move(proposal));
  return choice;
}

}  // namespace

wire::v1::SaPayload isakmp_sa(const std::vector<wire::Proposal>& configured, std::uint16_t method,
                              Duration lifetime) {
  wire::v1::Proposal p{1, wire::v1::protocol_isakmp, {}, {}};
  for (const One& suite : suites(configured)) {
    const std::uint16_t cipher = to_v1(ciphers, suite.encr->id);
    const std::uint16_t hash = suite.integ == nullptr ? 0 : to_v1(hashes, suite.integ->id);
    if (cipher == 0 || hash == 0 || suite.ke == nullptr) continue;
    wire::v1::Transform t{
        static_cast<std::uint8_t>(p.transforms.size() + 1), wire::v1::key_ike, {}};
    t.attributes = {{phase1::encryption, true, cipher, {}},
                    {phase1::hash, true, hash, {}},
                    {phase1::group, true, suite.ke->id, {}},
                    {phase1::authentication, true, method, {}}};
    if (suite.encr->key_bits() != 0)
      t.attributes.push_back({phase1::key_length, true, suite.encr->key_bits(), {}});
    add_lifetime(t, phase1::life_type, phase1::life_duration, lifetime);
    p.transforms.push_back(std::move(t));
  }
  return {wire::v1::ipsec_doi, wire::v1::situation_identity_only, {std::move(p)}};
}

wire::v1::SaPayload esp_sa(const std::vector<wire::Proposal>& configured, ByteView spi,
                           std::uint16_t mode, Duration lifetime) {
  wire::v1::Proposal p{1, wire::v1::protocol_esp, to_bytes(spi), {}};
  for (const One& suite : suites(configured)) {
    const std::uint16_t integ = suite.integ == nullptr ? 0 : to_v1(esp_integ, suite.integ->id);
    if (suite.integ != nullptr && integ == 0) continue;
    wire::v1::Transform t{static_cast<std::uint8_t>(p.transforms.size() + 1),
                          static_cast<std::uint8_t>(suite.encr->id),
                          {}};
    t.attributes.push_back({phase2::mode, true, mode, {}});
    if (integ != 0) t.attributes.push_back({phase2::authentication, true, integ, {}});
    if (suite.encr->key_bits() != 0)
      t.attributes.push_back({phase2::key_length, true, suite.encr->key_bits(), {}});
    if (suite.ke != nullptr) t.attributes.push_back({phase2::group, true, suite.ke->id, {}});
    add_lifetime(t, phase2::life_type, phase2::life_duration, lifetime);
    p.transforms.push_back(std::move(t));
  }
  return {wire::v1::ipsec_doi, wire::v1::situation_identity_only, {std::move(p)}};
}

std::vector<Offer> offers(const wire::v1::SaPayload& sa, std::uint8_t protocol) {
  std::vector<Offer> out;
  for (const wire::v1::Proposal& p : sa.proposals)
    for (const wire::v1::Transform& t : p.transforms) {
      if (p.protocol != protocol || out.size() == bounds::transforms_in_proposal) continue;
      const bool isakmp = protocol == wire::v1::protocol_isakmp;
      wire::Proposal words;
      words.number = static_cast<std::uint8_t>(out.size() + 1);
      words.protocol = isakmp ? wire::ProtocolId::ike : wire::ProtocolId::esp;
      words.spi = p.spi;
      words.transforms = isakmp ? words_of_phase1(t) : words_of_phase2(t);
      out.push_back({std::move(words), &p, &t});
    }
  return out;
}

Choice choose_isakmp(const wire::v1::SaPayload& offered,
                     const std::vector<wire::Proposal>& configured, std::uint16_t method) {
  const std::vector<Offer> all = offers(offered, wire::v1::protocol_isakmp);
  std::vector<wire::Proposal> fitting;
  std::vector<trace::ProposalVerdict> others;
  for (const Offer& offer : all) {
    const auto theirs = offer.transform->value_of(phase1::authentication);
    if (theirs == method) {
      fitting.push_back(offer.words);
      continue;
    }
    const auto word = [](std::uint32_t value) {
      return wire::v1::attribute_value_name(true, phase1::authentication, value);
    };
    others.push_back(
        {offer.words.number, "IKE", to_string(offer.words), false,
         fmt::format("offered authentication by {}; configured {}", word(theirs), word(method))});
  }
  Selection selection = select(fitting, configured);
  selection.verdicts.insert(selection.verdicts.end(), others.begin(), others.end());
  return answer_of(offered, all, std::move(selection), {});
}

Choice choose_esp(const wire::v1::SaPayload& offered, const std::vector<wire::Proposal>& configured,
                  ByteView spi) {
  const std::vector<Offer> all = offers(offered, wire::v1::protocol_esp);
  std::vector<wire::Proposal> words;
  for (const Offer& offer : all)
    if (offer.proposal->spi.size() == 4) words.push_back(offer.words);
  return answer_of(offered, all, select(words, without(configured, TransformType::esn)), spi);
}

}  // namespace ikelab::policy::v1
