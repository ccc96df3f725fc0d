// Where events go: one journal a run, and who listens to it.
#pragma once
#include <array>

#include "protocol/trace/event.hpp"

namespace ikelab::trace {

/// Where events go: a recorder, a fingerprint, a test. Called in seq order.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void record(const Event& event) = 0;
  /// The kinds it is called for; asked once, when it is attached.
  [[nodiscard]] virtual Kinds wants() const { return all_kinds; }
};

/// Stamps sequence numbers and passes events on to every sink that wants them; one per run.
class Journal {
 public:
  void attach(Sink& sink);
  void emit(Instant time, std::string node, std::string sa, Body body);
  void emit(Instant time, std::string node, LocalEvent event);
  [[nodiscard]] std::uint64_t count() const { return next_ - 1; }
  /// What somebody listens to: other events need not be made.
  [[nodiscard]] const Kinds& wanted() const { return wanted_; }

 private:
  std::array<std::vector<Sink*>, kind_count> sinks_;  ///< by kind
  Kinds wanted_;
  std::uint64_t next_ = 1;
};

/// Keeps everything in memory: tests, `show` on a live run, graders.
class MemorySink : public Sink {
 public:
  void record(const Event& event) override { events.push_back(event); }
  std::vector<Event> events;
};

}  // namespace ikelab::trace
