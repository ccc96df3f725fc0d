// What of an event is kept at a record level, and the rows beside the raw event that let plain SQL
// answer.
#pragma once
#include <array>
#include <optional>

#include "protocol/trace/event.hpp"
#include "sim/store/database.hpp"
#include "sim/store/run.hpp"

namespace ikelab::store {

/// The event as this level keeps it, or nothing. `full` keeps every event as it is.
std::optional<trace::Event> at_level(const trace::Event& event, RecordLevel level);

/// The insert statements of the typed tables, prepared once.
class TypedRows {
 public:
  static Result<TypedRows> prepare(const Database& database);
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
