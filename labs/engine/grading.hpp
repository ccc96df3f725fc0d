// A submission to a grade: everything that happens in a worker, and what comes out of it.
#pragma once
#include <map>

#include "labs/engine/submission.hpp"
#include "labs/engine/workers.hpp"

namespace ikelab::labs {

struct Graded {
  LabResult result;
  std::map<std::string, std::string> fingerprints;  ///< of each run by name; not of refused ones
  std::string versions;
};

/// Simulates and grades, here and now; scripts are laid down in `place`.
Result<Graded> grade_work(const Lab& lab, const Draw& draw, const Answers& answers,
                          const HintsTaken& hints, const Files& files,
                          const std::filesystem::path& place);

/// The same as octets between processes. An Error crosses too.
std::string packed(const Result<Graded>& graded);
Result<Graded> unpacked(const std::string& text);

/// Where shipped scenarios, adversaries and detectors are, which a worker must read.
std::filesystem::path scenario_folder();

/// What to run in a worker, and with which rights, for one submission. `place` is writable.
Job grading_job(const Lab& lab, const Draw& draw, const Submission& submission,
                const std::filesystem::path& place);

}  // namespace ikelab::labs
