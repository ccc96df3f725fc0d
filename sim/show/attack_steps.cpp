// The adversary's deeds: alike ones in a row are one, and a round of deeds that goes on is told
// once.
#include <fmt/format.h>

#include "sim/show/attack_parts.hpp"

namespace ikelab::show {
namespace {

constexpr std::size_t longest_round = 8;  ///< steps; what goes on longer is no round to a reader
constexpr std::size_t most_deeds = 400;   ///< told one by one
constexpr std::size_t often_enough = 20;  ///< deeds of a kind, to be told as a sum in a long story

/// The same deed once more. Of a long computation ("dictionary: 200 of 4000") the latest word
/// counts.
bool continues(const Deed& deed, const std::string& node, const trace::AttackAction& a) {
  if (deed.node != node || deed.action->action != a.action || a.action == "modify") return false;
  if (a.action != "compute") return deed.action->note == a.note;
  const auto what = [](const std::string& note) { return note.substr(0, note.find(": ")); };
  return what(deed.action->note) == what(a.note);
}

// Watching is told once, wherever it went on; acts are told in order, and as one only when they
// follow each other.
Deed& deed_of(std::vector<Deed>& deeds, const trace::Event& event, const trace::AttackAction& a) {
  const bool watches = a.action == "observe" || a.action == "pass" || a.action == "compute";
  for (auto deed = deeds.rbegin(); deed != deeds.rend(); ++deed) {
    if (continues(*deed, event.node, a)) {
      if (a.action == "compute") deed->action = &a;
      return *deed;
    }
    if (!watches) break;
  }
  return deeds.emplace_back(Deed{event.node, event.time, event.time, event.seq, 0, &a, {}, false});
}

void note_outcome(Deed& deed, const Outcome* outcome) {
  const std::string text = outcome != nullptr ? outcome->text : "nobody received it";
  deed.any_accepted = deed.any_accepted || (outcome != nullptr && outcome->accepted);
  std::string shape = shape_of(text);
  const auto at = std::find_if(deed.outcomes.begin(), deed.outcomes.end(),
                               [&](const Deed::Came& came) { return came.shape == shape; });
  if (at == deed.outcomes.end()) {
    deed.outcomes.push_back({text, std::move(shape), 1, false});
    return;
  }
  ++at->count;
  at->varies = at->varies || at->text != text;
}

std::vector<Deed> deeds_of(const Events& events, const Outcomes& outcomes) {
  std::vector<Deed> deeds;
  for (const trace::Event& event : events) {
    const auto* a = std::get_if<trace::AttackAction>(&event.body);
    if (!a) continue;
    Deed& deed = deed_of(deeds, event, *a);
    ++deed.count;
    deed.last = event.time;
    const std::uint64_t told = a->action == "delay" ? a->datagram : a->result;
    if (told == 0) continue;
    const auto outcome = outcomes.find(told);
    note_outcome(deed, outcome == outcomes.end() ? nullptr : &outcome->second);
  }
  return deeds;
}

Step step_of(Deed deed) {
  std::string shape = fmt::format("{}|{}|{}|{}", deed.node, deed.action->action,
                                  shape_of(deed.action->note), deed.count > 1);
  for (const Deed::Came& came : deed.outcomes) shape += "|" + came.shape;
  Step step;
  step.last = deed.last;
  step.shape = std::move(shape);
  step.deed = std::move(deed);
  return step;
}

/// How often the `length` steps from `begin` on come, one round after another.
std::size_t rounds_at(const std::vector<Step>& steps, std::size_t begin, std::size_t length) {
  std::size_t end = begin + length;
  while (end < steps.size() && steps[end].shape == steps[end - length].shape) ++end;
  return (end - begin) / length;
}

Step round_of(const std::vector<Step>& steps, std::size_t begin, std::size_t length,
              std::size_t rounds) {
  Step step;
  step.round.assign(steps.begin() + static_cast<std::ptrdiff_t>(begin),
                    steps.begin() + static_cast<std::ptrdiff_t>(begin + length));
  step.rounds = rounds;
  step.last = steps[begin + length * rounds - 1].last;
  step.shape = "(";
  for (const Step& one : step.round) step.shape += one.shape + ";";
  step.shape += ")";
  return step;
}

/// Rounds become one step each; nothing else changes. A round of one step is told from four on, a
/// longer one from three.
std::vector<Step> folded(const std::vector<Step>& steps) {
  std::vector<Step> out;
  for (std::size_t i = 0; i < steps.size();) {
    std::size_t length = 0, rounds = 0;
    for (std::size_t l = 1; l <= longest_round; ++l) {
      const std::size_t r = rounds_at(steps, i, l);
      if (r >= (l == 1 ? 4U : 3U) && r * l > rounds * length) length = l, rounds = r;
    }
    if (length == 0) {
      out.push_back(steps[i++]);
      continue;
    }
    out.push_back(round_of(steps, i, length, rounds));
    i += length * rounds;
  }
  return out;
}

std::string kind_of(const Deed& deed) {
  return deed.node + "|" + deed.action->action + "|" + shape_of(deed.action->note);
}

void add_to(Deed& sum, const Deed& more) {
  sum.count += more.count;
  sum.last = more.last;
  sum.any_accepted = sum.any_accepted || more.any_accepted;
  for (const Deed::Came& came : more.outcomes) {
    const auto at =
        std::find_if(sum.outcomes.begin(), sum.outcomes.end(),
                     [&](const Deed::Came& known) { return known.shape == came.shape; });
    if (at == sum.outcomes.end()) {
      sum.outcomes.push_back(came);
      continue;
    }
    at->varies = at->varies || came.varies || at->text != came.text;
    at->count += came.count;
  }
}

/// A stretch of deeds of few kinds, again and again, as one step.
Step mixture_of(const std::vector<Deed>& deeds, std::size_t begin, std::size_t end) {
  std::vector<Deed> kinds;
  for (std::size_t i = begin; i < end; ++i) {
    const auto at = std::find_if(kinds.begin(), kinds.end(), [&](const Deed& kind) {
      return kind_of(kind) == kind_of(deeds[i]);
    });
    if (at == kinds.end())
      kinds.push_back(deeds[i]);
    else
      add_to(*at, deeds[i]);
  }
  Step step;
  step.mixed = true;
  step.last = deeds[end - 1].last;
  step.shape = "mixed";
  for (Deed& kind : kinds) step.round.push_back(step_of(std::move(kind)));
  return step;
}

/// Of a search with thousands of questions only a summary is a story.
std::vector<Step> summarised(const std::vector<Deed>& deeds) {
  std::map<std::string, std::size_t> often;
  for (const Deed& deed : deeds) ++often[kind_of(deed)];
  std::vector<Step> steps;
  for (std::size_t i = 0; i < deeds.size();) {
    std::size_t end = i;
    while (end < deeds.size() && often[kind_of(deeds[end])] >= often_enough) ++end;
    if (end - i < often_enough) {
      steps.push_back(step_of(deeds[i++]));
      continue;
    }
    steps.push_back(mixture_of(deeds, i, end));
    i = end;
  }
  return steps;
}

}  // namespace

std::vector<Step> steps_of(const Events& events, const Outcomes& outcomes) {
  std::vector<Step> steps;
  std::vector<Deed> deeds = deeds_of(events, outcomes);
  if (deeds.size() > most_deeds)
    steps = summarised(deeds);
  else
    for (Deed& deed : deeds) steps.push_back(step_of(std::move(deed)));
  for (std::size_t before = steps.size() + 1; steps.size() < before;) {
    before = steps.size();
    steps = folded(steps);
  }
  return steps;
}

}  // namespace ikelab::show
