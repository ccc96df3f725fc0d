// That a lab is fair: its solution gets everything, its untouched skeleton and each wrong answer
// their stated scores, for several students' draws; a run repeats to the octet; and every check is
// missed by somebody. CTest runs it for every lab.
#pragma once
#include <functional>
#include <set>

#include "labs/engine/work_folder.hpp"

namespace ikelab::labs {

struct VerifyRow {
  std::string student,
      what;  ///< "solution", "skeleton", "wrong/<name>", "texts", "repeats", "goals"
  bool ok = false;
  std::string found;  ///< in words: "100 points", or what was wrong
};

struct Verified {
  std::vector<VerifyRow> rows;
  std::set<std::string>
      missed;  ///< "goal.field" of each check that a skeleton or wrong answer missed
};

using Simulator = std::function<Result<std::vector<Ran>>(const Lab&, const Draw&, const Files&,
                                                         const std::filesystem::path&)>;

/// One draw. Errors: the lab cannot be run or graded at all.
Result<Verified> verify_draw(const Lab& lab, const std::string& student,
                             const Simulator& simulator = run_all);
/// A goal that holds whatever is handed in tests nothing: the row about it, over all draws.
VerifyRow goals_row(const Lab& lab, const std::set<std::string>& missed);
/// The name of the i-th student that verify draws for.
std::string verify_student(int i);
/// Draws 1 to `students`, here, one after another.
Result<std::vector<VerifyRow>> verify(const Lab& lab, int students,
                                      const Simulator& simulator = run_all);
/// The answers of a rule file (solution/answers.yaml, wrong/*/answers.yaml): rules over the first
/// run, or, as `{{race: count()}}`, over the run of that name.
Result<Answers> ruled_answers(const Lab& lab, const std::filesystem::path& file,
                              const std::vector<RunView>& runs, const Draw& draw);
/// Octets between processes.
std::string packed(const Result<Verified>& verified);
Result<Verified> unpacked_verified(const std::string& text);

}  // namespace ikelab::labs
