// Measures: a named query over the events of a run, and what to take of its numbers.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/trace/journal.hpp"

namespace ikelab::sweep {

/// One line of an experiment's `measures:`, e.g. rekey_p95: {query: task_duration, task:
/// child_rekey, take: p95}.
struct Measure {
  std::string name;
  std::string query;  ///< one of query_names()
  std::map<std::string, std::string> arguments;
  std::string take;  ///< one of take_names()
};

/// Errors: E-SWP-005 no such query, argument or take.
Result<void> check(const Measure& measure);
std::vector<std::string> query_names();
std::vector<std::string> take_names();

/// Listens to a run and holds, for each measure, the numbers its query found after the warm-up.
class Collector : public trace::Sink {
 public:
  Collector(std::vector<Measure> measures, Duration warm_up);
  ~Collector() override;
  void record(const trace::Event& event) override;
  /// When the run is over. No value where there was nothing to take it of; sums and counts are then
  /// 0.
  struct Value {
    std::string measure;
    std::optional<double> value;
    std::string unit;
  };
  [[nodiscard]] std::vector<Value> values() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ikelab::sweep
