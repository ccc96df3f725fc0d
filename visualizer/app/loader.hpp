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
/// Lays another run beside it, of the same database or of another ("other.db:RUN"). Errors: the
/// reader's.
Result<void> load_beside_it(const std::filesystem::path& database, const std::string& other,
                            RunModel& run);

class Loader {
 public:
  /// `compare`: a run to lay beside it, as load_beside_it() takes it; empty: none. `home`: where
  /// experiments and grades are; empty: in the same database.
  Loader(std::filesystem::path database, std::string which, std::string compare = "",
         std::filesystem::path home = {});
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// What has come since the last call; the frame gives it to its model.
  struct News {
    /// The run as far as it has been read, its models built: the frame only changes over to it.
    std::unique_ptr<RunModel> whole;
    /// What a small run has grown by since, for RunModel::append.
    std::optional<store::RunInfo> info;
    std::vector<trace::Event> events;
    std::optional<Error> error;
    std::uint64_t loaded = 0;  ///< events so far
    bool caught_up = false;    ///< everything that is recorded has been read
  };
  News take();
  /// Takes apart in its own thread what the frame no longer needs.
  void discard(std::unique_ptr<RunModel> old);

 private:
  void work();
  bool read_once(store::Reader& reader);
  Result<void> read_all(store::Reader& reader, const store::RunInfo& info);
  Result<void> read_on(store::Reader& reader, const store::RunInfo& info);
  void hand_over(std::unique_ptr<RunModel> model, bool caught_up);
  bool fail(const Error& error);
  bool sleep();
  std::filesystem::path database_, home_;
  std::string which_, compare_;
  std::mutex mutex_;
  std::condition_variable wake_;
  News news_;
  std::vector<std::unique_ptr<RunModel>> discarded_;
  bool stop_ = false;
  std::uint64_t last_seq_ = 0, total_ = 0;  ///< of the events handed over
  std::uint64_t built_ = 0;                 ///< events that the last whole model had
  std::thread thread_;
};

}  // namespace ikelab::view
