// Reads a run in a thread of its own, so that no frame waits for the database. Follows a run that
// is still being recorded, by increasing seq; never holds a read transaction between reads.
#pragma once
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sim/store/reader.hpp"
#include "visualizer/models/run_model.hpp"

namespace ikelab::view {

/// What the database holds beside runs: experiments and grades. Errors: the reader's.
Result<void> load_beside(const std::filesystem::path& database, RunModel& run);
/// Whether a database without any run is worth opening all the same.
bool has_only_beside(const std::string& which, const Error& error, const RunModel& run);
/// Reads a whole run at once: for pictures. Errors: the reader's.
Result<void> load_all(const std::filesystem::path& database, const std::string& which,
                      RunModel& run);

class Loader {
 public:
  Loader(std::filesystem::path database, std::string which);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// What has come since the last call; the frame gives it to its model.
  struct News {
    std::optional<store::RunInfo> info;
    std::optional<Experiments> experiments;
    std::optional<store::Grades> grades;
    std::vector<trace::Event> events;
    std::optional<Error> error;
    std::uint64_t loaded = 0;  ///< events so far
    bool caught_up = false;    ///< everything that is recorded has been read
  };
  News take();

 private:
  void work();
  bool read_once(store::Reader& reader);
  bool sleep();
  std::filesystem::path database_;
  std::string which_;
  std::mutex mutex_;
  std::condition_variable wake_;
  News news_;
  bool stop_ = false;
  bool beside_ = false;  ///< the database holds experiments or grades
  std::uint64_t last_seq_ = 0;
  std::thread thread_;
};

}  // namespace ikelab::view
