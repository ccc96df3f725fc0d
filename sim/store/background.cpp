#include "sim/store/background.hpp"

namespace ikelab::store {
namespace {

constexpr std::size_t tape_octets =
    64 * 1024;  // some hundred events: to wake a thread costs little
constexpr std::size_t most_waiting = 3;
constexpr Duration tape_time = std::chrono::seconds(1);

}  // namespace

Background::Background(Recorder* recorder) : recorder_(recorder), thread_([this] { work(); }) {}

Background::~Background() {
  end();
}

void Background::record(const trace::Event& event) {
  filling_.append(event);
  if (filling_.octets().size() < tape_octets && event.time - handed_over_at_ < tape_time) return;
  handed_over_at_ = event.time;
  hand_over();
}

std::string Background::finish() {
  end();
  if (failure_) std::rethrow_exception(failure_);
  return to_hex(digest_->finish());
}

void Background::hand_over() {
  std::unique_lock lock(mutex_);
  fewer_.wait(lock, [this] { return waiting_.size() < most_waiting; });
  waiting_.push_back(std::move(filling_));
  filling_ = trace::Tape();
  if (!blank_.empty()) {
    filling_ = std::move(blank_.back());
    blank_.pop_back();
  }
  more_.notify_one();
}

void Background::end() {
  if (!thread_.joinable()) return;
  hand_over();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  more_.notify_one();
  thread_.join();
}

void Background::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    more_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    trace::Tape tape = std::move(waiting_.front());
    waiting_.pop_front();
    fewer_.notify_one();
    lock.unlock();
    take(tape);
    tape.clear();
    lock.lock();
    blank_.push_back(std::move(tape));
  }
}

void Background::take(const trace::Tape& tape) {
  if (failure_) return;
  try {
    digest_->update(tape.octets());
    for (std::size_t i = 0; recorder_ != nullptr && i < tape.size(); ++i)
      recorder_->record(tape[i]);
  } catch (...) {
    failure_ = std::current_exception();
  }
}

}  // namespace ikelab::store
