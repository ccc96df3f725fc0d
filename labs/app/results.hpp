// A graded attempt as a record of the gradebook, as JSON, and in the terminal.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "labs/engine/grade.hpp"
#include "labs/engine/placeholder.hpp"
#include "labs/store/gradebook.hpp"

namespace ikelab::labs::app {

/// Student, lab, seed, score, hints and goals; times and versions are the caller's.
AttemptRecord record_of(const Lab& lab, const Draw& draw, const LabResult& result,
                        const HintsTaken& hints);
nlohmann::json json_of(const AttemptRecord& record);
nlohmann::json json_of(const AttemptRecord& record, const LabResult& result);
/// `folder`: where the run is recorded, for the commands that show what cost a point; "" for none.
void print_result(const AttemptRecord& record, const LabResult& result, const Lab& lab,
                  const std::string& folder);
bool all_met(const LabResult& result);

}  // namespace ikelab::labs::app
