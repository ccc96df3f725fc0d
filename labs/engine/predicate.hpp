// Goals are predicates over the trace: what an answer must equal, and what each plausible wrong
// answer says about its maker. One row a kind in predicates.cpp.
//
// Invariant: a predicate tells which mistake was made by computing what that mistake gives, never
// by guessing; its feedback names the mistake and not the solution.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::labs {

class Facts;

using Arguments = std::vector<std::pair<std::string, std::string>>;
/// The value of an argument, or "".
std::string_view argument(const Arguments& arguments, std::string_view name);

/// How an answer is written and compared.
enum class Form { hex, number, range, word };

/// A way to miss: its stable name, and what the student is told when the lab says nothing of its
/// own.
struct Mistake {
  std::string_view name, feedback;
};

/// An answer some mistake leads to.
struct WrongWay {
  std::string_view mistake;
  std::string answer;
};

/// What the trace says about one check.
struct Truth {
  std::string answer;
  std::vector<WrongWay> wrong_ways;  ///< in the order in which they are tried
};

struct Predicate {
  std::string_view kind, about;
  std::vector<std::string_view> required, optional;  ///< arguments
  Form form = Form::word;
  std::vector<Mistake> mistakes;
  /// Errors: E-LAB-015 the trace has not what the arguments name, E-LAB-012 an argument is wrong.
  std::function<Result<Truth>(const Facts&, const Arguments&)> truth;
};

/// Mistakes every predicate can tell: "unanswered", "malformed", "wrong".
std::span<const Mistake> common_mistakes();
std::span<const Predicate> predicates();
const Predicate* find_predicate(std::string_view kind);
/// The predicate's own words for a mistake, or nullptr when it cannot tell it.
const Mistake* find_mistake(const Predicate& predicate, std::string_view mistake);

struct Verdict {
  bool met = false;
  std::string mistake;  ///< empty when met
};

/// What a lab itself knows to be a mistake: its name, and the answer it leads to.
struct OwnWay {
  std::string mistake, answer;
};

/// Compares one answer. Empty: "unanswered". `own` are tried after the predicate's own ways.
Result<Verdict> judge(const Predicate& predicate, const Facts& facts, const Arguments& arguments,
                      const std::string& answer, const std::vector<OwnWay>& own = {});
/// The event an answer is about: the message, key, negotiation or AUTH its arguments name; 0 if
/// none.
std::uint64_t event_of(const Facts& facts, const Arguments& arguments);
/// The one way an answer of a form is written, or nothing when it has not that form:
/// hex in lower case, numbers in decimal, ranges "a..b", words in lower case.
std::optional<std::string> canonical(Form form, std::string_view answer);

}  // namespace ikelab::labs
