// `expect:` of a scenario, evaluated over the trace: the scenario is its own test.
#pragma once
#include <set>

#include "sim/run/kept_events.hpp"
#include "sim/run/run.hpp"

namespace ikelab::run {

/// Which kinds there are, with their arguments in words.
std::vector<std::pair<std::string, std::string>> expectation_kinds();
/// Before a run. Errors: E-SCN-015 an unknown kind or a bad argument, with the file and line.
Result<void> check_expectations(const scenario::Scenario& scenario);
std::vector<ExpectationOutcome> evaluate(const scenario::Scenario& scenario,
                                         const EventSource& events);
std::vector<ExpectationOutcome> evaluate(const scenario::Scenario& scenario,
                                         const std::vector<trace::Event>& events);

/// Keeps the events that the scenario's expectations look at; the data path of a long run is not
/// among them.
class ExpectationSink : public trace::Sink {
 public:
  explicit ExpectationSink(const scenario::Scenario& scenario);
  void record(const trace::Event& event) override;
  [[nodiscard]] trace::Kinds wants() const override { return kept_; }
  KeptEvents events;

 private:
  trace::Kinds kept_;
  bool everything_ = false;      ///< of them; else what the expectations ask for
  std::set<std::string> tasks_;  ///< of TaskEnded, those that are asked for
  bool first_sendings_ = false;  ///< messages are asked for, not their repetitions alone
};

}  // namespace ikelab::run
