#include "sim/store/background.hpp"

namespace ikelab::store {
namespace {

constexpr std::size_t tape_octets =
    64 * 1024;                            // some hundred events: to wake a thread costs little
constexpr std::size_t most_waiting = 16;  // 1 MiB: what is told while the disk has a checkpoint
constexpr Duration tape_time = std::chrono::seconds(1);

}  // namespace

Background::Background(std::optional<Recording> recording)
    : finished_(std::async(std::launch::async, [this, asked = std::move(recording)]() mutable {
        return work(std::move(asked));
      })) {}

Background::~Background() {
  end();
  give(std::nullopt);
  if (finished_.valid()) finished_.wait();
}

Result<void> Background::opened() {
  return opened_.get_future().get();
}

void Background::record(const trace::Event& event) {
  IKELAB_ASSERT(!ended_);
  filling_.append(event);
  if (filling_.octets().size() < tape_octets && event.time - handed_over_at_ < tape_time) return;
  handed_over_at_ = event.time;
  hand_over(false);
}

void Background::end() {
  if (!std::exchange(ended_, true)) hand_over(true);
}

void Background::finish(RunStatus status, bool expectations_met) {
  IKELAB_ASSERT(ended_ && !verdict_given_);
  give(Verdict{status, expectations_met});
}

Result<Background::Outcome> Background::finished() {
  IKELAB_ASSERT(verdict_given_);
  return finished_.get();
}

void Background::hand_over(bool last) {
  std::unique_lock lock(mutex_);
  fewer_.wait(lock, [this] { return waiting_.size() < most_waiting; });
  waiting_.push_back(std::move(filling_));
  all_handed_over_ = last;
  filling_ = trace::Tape();
  if (!blank_.empty()) {
    filling_ = std::move(blank_.back());
    blank_.pop_back();
  }
  more_.notify_one();
}

void Background::give(std::optional<Verdict> verdict) {
  if (!std::exchange(verdict_given_, true)) verdict_.set_value(verdict);
}

// ---- the thread ---------------------------------------------------------------------------------

Result<Background::Outcome> Background::work(std::optional<Recording> recording) {
  Result<void> result;
  guarded([&] {
    if (recording) result = begin(*recording);
  });
  recording.reset();  // of a large network it is much, and nobody needs it any more
  if (!result.ok()) recorder_.reset();
  tell_opened(result);
  while (auto tape = next()) {
    guarded([&] { take(*tape); });
    tape->clear();
    const std::lock_guard lock(mutex_);
    blank_.push_back(std::move(*tape));
  }
  const auto verdict = verdict_.get_future().get();
  guarded([&] {
    outcome_.fingerprint = to_hex(digest_->finish());
    if (recorder_ && verdict)
      result =
          recorder_->finish_run(verdict->status, verdict->expectations_met, outcome_.fingerprint);
    recorder_.reset();
  });
  if (failure_) std::rethrow_exception(failure_);
  if (!result.ok()) return result.error();
  return outcome_;
}

template <class Part>
void Background::guarded(Part part) {
  if (failure_) return;
  try {
    part();
  } catch (...) {
    failure_ = std::current_exception();
  }
}

Result<void> Background::begin(const Recording& recording) {
  IKELAB_TRY(recorder_, Recorder::open(recording.db, [this] { tell_opened({}); }));
  IKELAB_TRY(outcome_.run_id, recorder_->begin_run(recording.info, recording.level));
  return {};
}

void Background::tell_opened(const Result<void>& result) {
  if (!std::exchange(told_opened_, true)) opened_.set_value(result);
}

std::optional<trace::Tape> Background::next() {
  std::unique_lock lock(mutex_);
  if (!all_handed_over_ && waiting_.empty() && recorder_) {
    lock.unlock();
    guarded([this] { recorder_->rest(); });
    lock.lock();
  }
  more_.wait(lock, [this] { return all_handed_over_ || !waiting_.empty(); });
  if (waiting_.empty()) return std::nullopt;
  trace::Tape tape = std::move(waiting_.front());
  waiting_.pop_front();
  fewer_.notify_one();
  return tape;
}

void Background::take(const trace::Tape& tape) {
  digest_->update(tape.octets());
  for (std::size_t i = 0; recorder_ && i < tape.size(); ++i) recorder_->record(tape[i]);
}

}  // namespace ikelab::store
