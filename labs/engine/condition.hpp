// Goals of the second kind: not an answer, but what a run with the student's own configuration or
// script must show. One row a kind in conditions.cpp; every kind of a scenario's `expect:` is a
// condition as well.
//
// Invariant: a condition reads events and the loaded configuration, never a script's claim about
// itself: what an adversary says it learnt is compared with what the endpoints derived.
// Invariant: what is lost is told together with the event that cost it.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "labs/engine/predicate.hpp"

namespace ikelab::scenario {
struct Scenario;
}

namespace ikelab::labs {

/// One run as conditions see it.
struct RunView {
  std::string name;
  const Facts* facts = nullptr;
  const scenario::Scenario* scenario = nullptr;  ///< null where only the trace is known
  std::string refused;  ///< why there is no run: the error in the student's file, one line
  std::string stopped;  ///< a script that broke or went beyond its limits: its error, one line
};

/// What a run says: `held` of `parts` hold (partial credit), and the event that cost the first of
/// the others.
struct Holding {
  std::uint64_t held = 0, parts = 1;
  std::string mistake;      ///< the first that is missed; empty when all hold
  std::string found;        ///< in words, without a solution
  std::uint64_t event = 0;  ///< its sequence number in the trace; 0 when nothing happened at all
};

struct Condition {
  std::string kind, about;
  std::vector<std::string_view> required, optional;  ///< arguments
  std::vector<Mistake> mistakes;
  /// Errors: E-LAB-012 an argument is wrong, E-LAB-015 the run has not what the arguments name.
  std::function<Result<Holding>(const RunView&, const Arguments&)> judge;
};

/// Our own rows; without those that scenarios' expectations give.
std::span<const Condition> conditions();
/// Of our rows and of the expectations' kinds. Nothing when there is none.
std::optional<Condition> find_condition(std::string_view kind);
std::vector<std::string> condition_kinds();
/// Mistakes every condition can tell: "not_run", "missed".
std::span<const Mistake> condition_mistakes();
const Mistake* find_mistake(const Condition& condition, std::string_view mistake);

}  // namespace ikelab::labs
