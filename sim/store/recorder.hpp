// Writes runs into SQLite while they happen (docs/SCHEMA.md). Committed in batches: a kill -9 loses
// at most the last batch, and leaves a database that opens and a run marked unfinished.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>

#include "protocol/trace/encode.hpp"
#include "protocol/trace/journal.hpp"
#include "sim/store/run.hpp"
#include "sim/store/schema.hpp"

namespace ikelab::store {

class Recorder : public trace::Sink {
 public:
  /// Opens or creates; `created` as of Database::open. Errors: E-DB-001 not a database or damaged,
  /// E-DB-002 of a newer version, E-DB-003 cannot be written.
  static Result<std::unique_ptr<Recorder>> open(const std::filesystem::path& file,
                                                const std::function<void()>& created = {});
  virtual ~Recorder() = default;

  /// Starts a run and returns its id. One run at a time.
  virtual Result<std::int64_t> begin_run(const RunInfo& info, RecordLevel level) = 0;
  using trace::Sink::record;
  /// The same for one that is encoded already.
  virtual void record(const trace::EncodedEvent& event) = 0;
  /// Nothing is to be recorded just now: what was committed moves from the log into the database,
  /// so that closing it takes less time.
  virtual void rest() = 0;
  /// Commits everything and marks the run. Errors: E-DB-003, also for anything record() could not
  /// write.
  virtual Result<void> finish_run(RunStatus status, bool expectations_met,
                                  const std::string& fingerprint) = 0;
};

}  // namespace ikelab::store
