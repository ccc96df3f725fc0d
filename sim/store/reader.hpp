// Reads runs back: the events as they were recorded, for viewers, graders and exporters. Never
// holds a read transaction between calls, so it can follow a run that is still being written (WAL).
#pragma once
#include <filesystem>
#include <memory>
#include <optional>

#include "protocol/trace/event.hpp"
#include "sim/store/run.hpp"

namespace ikelab::store {

class Reader {
 public:
  /// Opens read-only. Errors: E-DB-001 not an ikelab database or damaged, E-DB-002 of a newer
  /// version, E-DB-004 no such file.
  static Result<std::unique_ptr<Reader>> open(const std::filesystem::path& file);
  virtual ~Reader() = default;

  /// Every run, oldest first, without nodes and links.
  virtual Result<std::vector<RunInfo>> runs() = 0;
  /// One run whole. `which`: an id, a scenario's name (its newest run), or empty for the newest.
  /// Errors: E-DB-010 no such run.
  virtual Result<RunInfo> run(const std::string& which) = 0;
  /// Events of a run with seq > after, at most `limit`, in order. Errors: E-DB-001, E-TRACE-*.
  virtual Result<std::vector<trace::Event>> events(std::int64_t run_id, std::uint64_t after = 0,
                                                   std::size_t limit = 1'000'000) = 0;
};

}  // namespace ikelab::store
