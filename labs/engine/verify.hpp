// That a lab is fair: its solution gets everything, its untouched skeleton and each wrong answer
// their stated scores, for several students' draws. CTest runs it for every lab.
#pragma once
#include <functional>

#include "labs/engine/work_folder.hpp"

namespace ikelab::labs {

struct VerifyRow {
  std::string student, what;  ///< "solution", "skeleton", "wrong/<name>", "texts"
  bool ok = false;
  std::string found;  ///< in words: "100 points", or what was wrong
};

using Simulator = std::function<Result<Simulated>(const Lab&, const Draw&)>;

/// `students`: how many draws. Errors: the lab cannot be run or graded at all.
Result<std::vector<VerifyRow>> verify(const Lab& lab, int students,
                                      const Simulator& simulator = simulate,
                                      const std::function<void(int)>& done = {});
/// The answers of a rule file (solution/answers.yaml, wrong/*/answers.yaml) for one run.
Result<Answers> ruled_answers(const Lab& lab, const std::filesystem::path& file, const Facts& facts,
                              const Draw& draw);

}  // namespace ikelab::labs
