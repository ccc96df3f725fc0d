// Negotiation: the responder's choice, and the initiator's check of it (RFC 7296, 2.7 and 3.3.6).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "protocol/policy/proposal.hpp"

namespace ikelab::policy {
namespace {

using crypto::Algorithm;
using crypto::TransformType;

bool has_type(const wire::Proposal& p, std::uint8_t type) {
  return std::ranges::find(p.transforms, type, &wire::Transform::type) != p.transforms.end();
}

bool contains(const wire::Proposal& p, const wire::Transform& t) {
  return std::ranges::find(p.transforms, t) != p.transforms.end();
}

/// The types that are in any of the proposals, ascending.
std::vector<std::uint8_t> types_of(std::initializer_list<const wire::Proposal*> proposals) {
  std::vector<std::uint8_t> types;
  types.reserve(16);
  for (const wire::Proposal* p : proposals)
    for (const wire::Transform& t : p->transforms)
      if (std::ranges::find(types, t.type) == types.end()) types.push_back(t.type);
  std::ranges::sort(types);
  return types;
}

bool is_none(const wire::Transform& t) {
  return t.id == 0 && t.type != static_cast<std::uint8_t>(
                                    TransformType::encr);  // NONE of integ and KE; "no ESN"
}

/// A transform of the type that says that there is none of it.
bool has_none(const wire::Proposal& p, std::uint8_t type) {
  return std::ranges::any_of(p.transforms,
                             [&](const auto& t) { return t.type == type && is_none(t); });
}

std::string name_of(const wire::Transform& t) {
  const std::string name = wire::transform_name(t.type, t.id);
  return t.key_bits() == 0 ? name : fmt::format("{} ({} bits)", name, t.key_bits());
}

std::string names(const wire::Proposal& p, std::uint8_t type) {
  std::vector<std::string> list;
  for (const wire::Transform& t : p.transforms)
    if (t.type == type) list.push_back(name_of(t));
  return fmt::format("{}", fmt::join(list, ", "));
}

std::string_view type_name(std::uint8_t type) {
  static constexpr std::string_view short_names[] = {
      "transform", "cipher", "PRF", "integrity algorithm", "KE method", "ESN setting"};
  if (crypto::is_additional_ke(type)) return "additional KE method";
  return type < std::size(short_names) ? short_names[type] : "transform of an unknown type";
}

bool is_ke(std::uint8_t type) {
  return type == static_cast<std::uint8_t>(TransformType::ke) || crypto::is_additional_ke(type);
}

struct Match {
  std::vector<wire::Transform> transforms;
  std::vector<std::string> reasons;  ///< why not; empty when it matches
};

// One transform a type, by our order; or the reason why there is none.
void match_type(std::uint8_t type, const wire::Proposal& offered, const wire::Proposal& configured,
                Match& match) {
  if (!has_type(configured, type)) {
    //= rfc7296#3.3.6 "If the responder receives a proposal that contains a Transform Type it does
    //= not understand, or a proposal that is missing a mandatory Transform Type, it MUST consider
    //= this proposal unacceptable"
    const bool known = type <= static_cast<std::uint8_t>(TransformType::addke7);
    const bool optional = known && has_none(offered, type);
    if (!optional)
      match.reasons.push_back(fmt::format("offered {} {}, but none is configured", type_name(type),
                                          names(offered, type)));
    return;
  }
  if (!has_type(offered, type)) {
    if (has_none(configured, type)) return;
    match.reasons.push_back(
        fmt::format("offers no {}; configured {}", type_name(type), names(configured, type)));
    return;
  }
  for (const wire::Transform& t : configured.transforms)
    if (t.type == type && contains(offered, t)) {
      if (!is_ke(type)) match.transforms.push_back(t);
      return;
    }
  match.reasons.push_back(fmt::format("no common {}: offered {}; configured {}", type_name(type),
                                      names(offered, type), names(configured, type)));
}

/// Key exchange methods by our order, one a type and none twice; false: there is no such choice.
//= rfc9370#2.2.1 "for the ADDKE Transform Types, the responder's choice MUST NOT contain duplicated
//= algorithms (those with an identical Transform ID and attributes), except for the Transform ID of
//= NONE."
bool choose_methods(std::span<const std::uint8_t> types, const wire::Proposal& offered,
                    const wire::Proposal& configured, std::vector<wire::Transform>& chosen) {
  if (types.empty()) return true;
  const std::uint8_t type = types.front();
  const bool offers = has_type(offered, type);
  if (!offers || !has_type(configured, type)) {  // match_type() saw that nothing is needed
    if (offers) chosen.push_back({type, 0, {}});
    return choose_methods(types.subspan(1), offered, configured, chosen);
  }
  for (const wire::Transform& t : configured.transforms) {
    const bool there = t.type == type && contains(offered, t);
    const bool again = t.id != 0 && std::ranges::any_of(chosen, [&](const wire::Transform& c) {
                         return is_ke(c.type) && c.id == t.id && c.key_bits() == t.key_bits();
                       });
    if (!there || again) continue;
    chosen.push_back(t);
    if (choose_methods(types.subspan(1), offered, configured, chosen)) return true;
    chosen.pop_back();
  }
  return false;
}

Match match(const wire::Proposal& offered, const wire::Proposal& configured, bool additional) {
  Match result;
  //= rfc9370#2.2.1 "If the IKE_INTERMEDIATE exchange is not negotiated, then the peers MUST treat
  //= any"
  if (!additional && std::any_of(offered.transforms.begin(), offered.transforms.end(),
                                 [](const auto& t) { return crypto::is_additional_ke(t.type); })) {
    result.reasons.push_back("offered additional key exchanges, but IKE_INTERMEDIATE is not");
    return result;
  }
  if (offered.protocol != configured.protocol) {
    result.reasons.push_back(fmt::format("offered for {}, configured for {}",
                                         wire::name(offered.protocol),
                                         wire::name(configured.protocol)));
    return result;
  }
  const auto types = types_of({&offered, &configured});
  for (std::uint8_t type : types) match_type(type, offered, configured, result);
  std::vector<std::uint8_t> methods;
  std::copy_if(types.begin(), types.end(), std::back_inserter(methods), is_ke);
  //= rfc9370#2.2.1 "then the responder MUST reject the message with an error notification of type
  //= NO_PROPOSAL_CHOSEN."
  if (result.reasons.empty() && !choose_methods(methods, offered, configured, result.transforms))
    result.reasons.push_back("no choice of key exchange methods without one of them twice");
  std::stable_sort(result.transforms.begin(), result.transforms.end(),
                   [](const auto& x, const auto& y) { return x.type < y.type; });
  return result;
}

Suite suite_of(const std::vector<wire::Transform>& transforms) {
  Suite suite;
  for (const wire::Transform& t : transforms) {
    const auto type = static_cast<TransformType>(t.type);
    const bool more = crypto::is_additional_ke(t.type);
    const Algorithm* a = crypto::find(more ? TransformType::ke : type, t.id, t.key_bits());
    if (more) suite.addke[t.type - static_cast<std::size_t>(TransformType::addke1)] = a;
    if (type == TransformType::encr) suite.encr = a;
    if (type == TransformType::integ) suite.integ = t.id == 0 ? nullptr : a;  // 0: NONE
    if (type == TransformType::prf) suite.prf = a;
    if (type == TransformType::ke) suite.ke = a;
    if (type == TransformType::esn) suite.esn = t.id == 1;
  }
  return suite;
}

// The reason that comes nearest to a match: the configured proposal with the fewest differences.
std::string nearest_reason(const wire::Proposal& offered,
                           const std::vector<wire::Proposal>& configured, bool additional) {
  std::vector<std::string> best;
  for (const wire::Proposal& ours : configured) {
    auto reasons = match(offered, ours, additional).reasons;
    if (best.empty() || reasons.size() < best.size()) best = std::move(reasons);
  }
  return best.empty() ? "nothing is configured" : fmt::format("{}", fmt::join(best, "; "));
}

}  // namespace

std::vector<const crypto::Algorithm*> Suite::additional() const {
  std::vector<const crypto::Algorithm*> methods;
  std::copy_if(addke.begin(), addke.end(), std::back_inserter(methods),
               [](const Algorithm* a) { return a != nullptr; });
  return methods;
}

std::string Suite::ke_names() const {
  std::string names = ke == nullptr ? std::string() : std::string(ke->name);
  for (const Algorithm* method : additional()) names += ", " + std::string(method->name);
  return names;
}

Selection select(const std::vector<wire::Proposal>& offered,
                 const std::vector<wire::Proposal>& configured, bool additional, bool explain) {
  Selection selection;
  std::size_t chosen_by = 0;
  const wire::Proposal* winner = nullptr;
  for (; chosen_by < configured.size() && !winner; ++chosen_by)
    for (const wire::Proposal& theirs : offered) {
      Match m = match(theirs, configured[chosen_by], additional);
      if (!m.reasons.empty()) continue;
      winner = &theirs;
      selection.suite = suite_of(m.transforms);
      selection.chosen =
          wire::Proposal{theirs.number, theirs.protocol, theirs.spi, std::move(m.transforms)};
      break;
    }
  if (!explain) return selection;
  for (const wire::Proposal& theirs : offered) {
    trace::ProposalVerdict v{theirs.number, wire::name(theirs.protocol), to_string(theirs),
                             &theirs == winner, ""};
    if (v.accepted)
      v.reason = fmt::format("{} matches configured proposal {}, {}", to_string(*selection.chosen),
                             chosen_by, to_string(configured[chosen_by - 1]));
    else if (std::any_of(configured.begin(), configured.end(), [&](const auto& ours) {
               return match(theirs, ours, additional).reasons.empty();
             }))
      v.reason = fmt::format("would do, but proposal {} comes first", winner->number);
    else
      v.reason = nearest_reason(theirs, configured, additional);
    selection.verdicts.push_back(std::move(v));
  }
  return selection;
}

Result<Suite> check_answer(const std::vector<wire::Proposal>& offered,
                           const wire::Proposal& answer) {
  const auto refuse = [&](std::string why) {
    return Error{"E-POL-010",
                 fmt::format("the answer \"{}\" (proposal {}) is none of what was offered: {}",
                             to_string(answer), answer.number, why)}
        .see("RFC 7296, 2.7");
  };
  const auto offer = std::find_if(offered.begin(), offered.end(),
                                  [&](const auto& p) { return p.number == answer.number; });
  if (offer == offered.end()) return refuse("no such proposal number");
  if (offer->protocol != answer.protocol) return refuse("another protocol");
  //= rfc7296#3.3.6 "The initiator of an exchange MUST check that the accepted offer is consistent
  //= with one of its proposals, and if not MUST terminate the exchange."
  for (const std::uint8_t type : types_of({&answer})) {
    if (const auto count = std::ranges::count(answer.transforms, type, &wire::Transform::type);
        count != 1)
      return refuse(
          fmt::format("{} of {} transforms, exactly one is allowed", count, type_name(type)));
    const wire::Transform& chosen =
        *std::ranges::find(answer.transforms, type, &wire::Transform::type);
    if (!contains(*offer, chosen) && !(!has_type(*offer, type) && is_none(chosen)))
      return refuse(fmt::format("{} was not offered", name_of(chosen)));
  }
  for (const std::uint8_t type : types_of({&*offer})) {
    if (!has_type(answer, type) && !has_none(*offer, type))
      return refuse(fmt::format("no {} in it", type_name(type)));
  }
  //= rfc9370#2.2.1 "If the responder's message contains one or more duplicated choices, the
  //= initiator should log the error and MUST treat the exchange as failed."
  for (const wire::Transform& t : answer.transforms)
    for (const wire::Transform& other : answer.transforms)
      if (is_ke(t.type) && is_ke(other.type) && t.type < other.type && t.id != 0 &&
          t.id == other.id && t.key_bits() == other.key_bits())
        return refuse(name_of(t) + " was chosen twice");
  return suite_of(answer.transforms);
}

}  // namespace ikelab::policy
