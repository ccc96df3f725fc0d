// What of an event is kept at a record level, and the rows beside the raw event that let plain SQL
// answer.
#pragma once
#include <array>

#include "protocol/trace/event.hpp"
#include "sim/store/database.hpp"
#include "sim/store/run.hpp"

namespace ikelab::store {

/// The kinds of which this level keeps anything.
trace::Kinds kept_kinds(RecordLevel level);
/// ... and those of them of which it does not keep all.
trace::Kinds shortened_kinds(RecordLevel level);
/// Takes away from such an event what the level keeps not of it; false: it is not kept at all.
bool shorten(trace::Event& event, RecordLevel level);

/// The insert statements of the typed tables, prepared once.
class TypedRows {
 public:
  static Result<TypedRows> prepare(const Database& database);
  /// The kinds that have typed rows.
  static trace::Kinds kinds();
  /// Adds the typed rows of one event of a run.
  Result<void> insert(std::int64_t run_id, const trace::Event& event);

  enum Table {
    datagram,
    message,
    diagnostic,
    task,
    proposal,
    authentication,
    key_derivation,
    key_input,
    sa,
    sa_removal,
    esp_packet,
    attack_event,
    alert,
    metric,
    mark,
    table_count
  };

 private:
  std::array<Statement, table_count> statements_;
};

}  // namespace ikelab::store
