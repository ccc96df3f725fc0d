// A graded attempt as a record of the gradebook, as JSON, and in the terminal.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "labs/engine/grading.hpp"
#include "labs/engine/placeholder.hpp"
#include "labs/store/gradebook.hpp"

namespace ikelab::labs::app {

/// Student, lab, seed, score, hints, goals, checks and runs; times are the caller's.
AttemptRecord record_of(const Lab& lab, const Draw& draw, const Graded& graded,
                        const HintsTaken& hints);
/// Looks up under which numbers this database has the runs that the checks are about.
Result<void> find_runs(Gradebook& book, AttemptRecord& record);
nlohmann::json json_of(const AttemptRecord& record);
/// With every check, and what cost its points.
nlohmann::json with_checks(const AttemptRecord& record);
/// `folder`: the work folder, for the commands that show what cost a point; "" for none.
void print_result(const AttemptRecord& record, const LabResult& result, const Lab& lab,
                  const std::string& folder);
bool all_met(const LabResult& result);

}  // namespace ikelab::labs::app
