// A run's second thread: what happens is hashed and stored while the simulation goes on.
//
//   simulation --record()--> a tape --> few tapes that wait --> SHA-256, Recorder
//
// Events cross in their canonical encoding, which is what both of them want. When too many wait,
// the simulation waits for them, so that memory is bounded. A tape crosses when it is full, and
// each second of simulated time, so that a slow run is seen growing.
#pragma once
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "protocol/crypto/digest.hpp"
#include "protocol/trace/tape.hpp"
#include "sim/store/recorder.hpp"

namespace ikelab::store {

class Background : public trace::Sink {
 public:
  /// `recorder` has begun its run, outlives this, and is nobody else's until finish(); nullptr:
  /// there is a fingerprint and no database.
  explicit Background(Recorder* recorder);
  /// Whatever was told is recorded first.
  ~Background() override;
  void record(const trace::Event& event) override;
  /// Once, after the last event: waits until all is recorded. The run's fingerprint in hex: SHA-256
  /// over the canonical encoding of every event, in order.
  std::string finish();

 private:
  void hand_over();
  void end();
  void work();
  void take(const trace::Tape& tape);

  Recorder* recorder_;
  trace::Tape filling_;  ///< the simulation's own
  Instant handed_over_at_;

  std::mutex mutex_;  ///< of what is below
  std::condition_variable more_, fewer_;
  std::deque<trace::Tape> waiting_;
  std::vector<trace::Tape> blank_;  ///< to be filled again
  bool ended_ = false;

  std::unique_ptr<crypto::Digest> digest_ = crypto::sha256();  ///< the thread's own until it ends
  std::exception_ptr failure_;                                 ///< as well
  std::thread thread_;
};

}  // namespace ikelab::store
