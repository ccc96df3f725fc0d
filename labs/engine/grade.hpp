// Answers to points, with feedback that names the mistake. Pure: the same facts and answers give
// the same grade, on every machine and in every version that derives the same values.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "labs/engine/draw.hpp"
#include "labs/engine/facts.hpp"
#include "labs/engine/lab.hpp"
#include "labs/engine/runs.hpp"
#include "labs/engine/yaml.hpp"

namespace ikelab::labs {

/// "goal.field" to the text the student wrote; unanswered fields are absent or empty.
using Answers = std::map<std::string, std::string>;

/// How many hints of each goal were taken.
using HintsTaken = std::map<std::string, int>;

/// Reads goals with their fields at `node`. Errors: E-LAB-010 a goal or field the lab does not have
/// (with the near one), E-LAB-012 an answer that is no single value.
Result<Answers> read_answers(const Yaml& yaml, const YamlNode& node, const Lab& lab);
/// answers.yaml of a work folder, a skeleton, a solution.
Result<Answers> parse_answers(const std::string& text, const std::string& file, const Lab& lab);

/// What a lost point goes back to: an event of a run, and the message it belongs to.
struct Evidence {
  std::string run;            ///< its name
  std::uint64_t event = 0;    ///< its number in the trace; 0: nothing in the run is to blame
  std::uint64_t message = 0;  ///< as `show messages` numbers them; 0: before the first
  std::string words;
};

struct CheckResult {
  std::string field, question, feedback, mistake;  ///< feedback, mistake: empty when met
  int points = 0;
  bool met = false;
  int partial = 0;  ///< points for the parts that hold, when not met
  bool is_answer = true;
  Evidence evidence;
  [[nodiscard]] int earned() const { return met ? points : partial; }
};
struct GoalResult {
  std::string id, title;
  std::vector<CheckResult> checks;
  int points = 0;
  int hint_cost = 0;
  [[nodiscard]] int earned() const;  ///< after hints, never below 0
  [[nodiscard]] bool met() const;    ///< every check
};
struct LabResult {
  std::vector<GoalResult> goals;
  [[nodiscard]] int score() const;
  /// The check of "goal.field", or nullptr.
  [[nodiscard]] const CheckResult* check(const std::string& path) const;
};

/// Errors: E-LAB-012, E-LAB-014, E-LAB-015: the lab asks for what the run has not (the lab is
/// wrong, not the student).
Result<LabResult> grade(const Lab& lab, const Draw& draw, const std::vector<RunView>& runs,
                        const Answers& answers, const HintsTaken& hints = {});
/// Of a lab that asks only for answers about its first run.
Result<LabResult> grade(const Lab& lab, const Draw& draw, const Facts& facts,
                        const Answers& answers, const HintsTaken& hints = {});

}  // namespace ikelab::labs
