// "Explain this step": what an event of each kind means, why it happens, and where to read more.
// Messages and keys have words of their own (describe.hpp).
#pragma once
#include "visualizer/models/describe.hpp"
#include "visualizer/models/inspector.hpp"

namespace ikelab::view {

/// A sentence or two about events like this one; its own circumstances count (a task that failed, a
/// packet an adversary dropped).
Explanation explain_event(const trace::Event& event);

/// What is selected, or else what happened last at `now`, in words for a beginner.
struct StepWords {
  std::string sentence, text, rfc;
};
StepWords step_words(const RunModel& run, const Selection& selection, Instant now);

}  // namespace ikelab::view
