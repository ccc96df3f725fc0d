// A run's second thread: what happens is hashed and stored while the simulation goes on.
//
//   simulation --record()--> a tape --> few tapes that wait --> SHA-256, Recorder
//
// Events cross in their canonical encoding, which is what both of them want. When too many wait,
// the simulation waits for them, so that memory is bounded. A tape crosses when it is full, and
// each second of simulated time, so that a slow run is seen growing. The database is the thread's
// alone, from its opening to its closing.
#pragma once
#include <condition_variable>
#include <deque>
#include <exception>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <optional>

#include "protocol/crypto/digest.hpp"
#include "protocol/trace/tape.hpp"
#include "sim/store/recorder.hpp"

namespace ikelab::store {

/// A run that is to be recorded.
struct Recording {
  std::filesystem::path db;
  RunInfo info;
  RecordLevel level = RecordLevel::full;
};

class Background : public trace::Sink {
 public:
  struct Outcome {
    std::int64_t run_id = 0;  ///< 0 without a database
    /// Hex: SHA-256 over the canonical encoding of every event, in order.
    std::string fingerprint;
  };

  /// The thread opens the database at once and begins the run. Without a recording there is a
  /// fingerprint and no database.
  explicit Background(std::optional<Recording> recording);
  /// Whatever was told is recorded first; without finish() the run stays unfinished.
  ~Background() override;
  /// Once, before the first event: waits until the run is begun or, in a new database, until only
  /// its tables are missing. Errors: as of Recorder::open and begin_run.
  Result<void> opened();
  void record(const trace::Event& event) override;
  /// After the last event: the thread records what waits while the caller judges the run.
  void end();
  /// After end(): the thread marks the run and closes the database while the caller tidies up.
  void finish(RunStatus status, bool expectations_met);
  /// Once, after finish(): waits until the database is closed. Errors: as of opened(), and E-DB-003
  /// also for anything that could not be written.
  Result<Outcome> finished();

 private:
  struct Verdict {
    RunStatus status;
    bool expectations_met;
  };
  void hand_over(bool last);
  void give(std::optional<Verdict> verdict);

  // what the thread does
  Result<Outcome> work(std::optional<Recording> recording);
  template <class Part>
  void guarded(Part part);
  Result<void> begin(const Recording& recording);
  void tell_opened(const Result<void>& result);
  std::optional<trace::Tape> next();
  void take(const trace::Tape& tape);

  trace::Tape filling_;  ///< the simulation's own
  Instant handed_over_at_;
  bool ended_ = false;

  std::mutex mutex_;  ///< of what is below
  std::condition_variable more_, fewer_;
  std::deque<trace::Tape> waiting_;
  std::vector<trace::Tape> blank_;  ///< to be filled again
  bool all_handed_over_ = false;

  // the thread's own
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<crypto::Digest> digest_ = crypto::sha256();
  Outcome outcome_;
  bool told_opened_ = false;
  std::exception_ptr failure_;  ///< after it tapes are only taken away

  // what each side waits for once
  std::promise<Result<void>> opened_;
  std::promise<std::optional<Verdict>> verdict_;  ///< nothing: the run was cut short
  bool verdict_given_ = false;
  std::future<Result<Outcome>> finished_;
};

}  // namespace ikelab::store
