#include "visualizer/app/loader.hpp"

#include <chrono>

namespace ikelab::view {
namespace {

constexpr std::size_t batch =
    20'000;  // events a read: about 50 ms, so that a window closes at once
constexpr auto pause = std::chrono::milliseconds(400);  // between looks at a growing run

}  // namespace

Result<void> load_beside(const std::filesystem::path& database, RunModel& run) {
  IKELAB_TRY(auto points, store::measured_points(database));
  run.set_experiments(Experiments(std::move(points)));
  IKELAB_TRY(auto grades, store::read_grades(database));
  run.set_grades(std::move(grades));
  return {};
}

bool has_only_beside(const std::string& which, const Error& error, const RunModel& run) {
  return which.empty() && error.code == "E-DB-010" &&
         (!run.experiments().empty() || !run.grades().empty());
}

Result<void> load_all(const std::filesystem::path& database, const std::string& which,
                      RunModel& run) {
  IKELAB_TRY(auto reader, store::Reader::open(database));
  IKELAB_CHECK(load_beside(database, run));
  auto info = reader->run(which);
  if (!info.ok()) {
    if (has_only_beside(which, info.error(), run)) return {};
    return info.error();
  }
  IKELAB_TRY(auto events, reader->events(info->id));
  run.set_info(std::move(info).value());
  run.append(std::move(events));
  return {};
}

Loader::Loader(std::filesystem::path database, std::string which)
    : database_(std::move(database)), which_(std::move(which)), thread_([this] { work(); }) {}

Loader::~Loader() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Loader::News Loader::take() {
  const std::lock_guard lock(mutex_);
  News out = std::move(news_);
  news_ = {};
  news_.loaded = out.loaded;
  news_.caught_up = out.caught_up;
  return out;
}

bool Loader::sleep() {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, pause, [this] { return stop_; });
  return !stop_;
}

// Reads what is new. False: nothing more will come.
bool Loader::read_once(store::Reader& reader) {
  auto info = reader.run(which_);
  const auto fail = [this](const Error& error) {
    const std::lock_guard lock(mutex_);
    news_.caught_up = true;
    if (!(beside_ && which_.empty() && error.code == "E-DB-010")) news_.error = error;
    return false;
  };
  if (!info.ok()) return fail(info.error());
  for (;;) {
    auto events = reader.events(info->id, last_seq_, batch);
    if (!events.ok()) return fail(events.error());
    const std::size_t count = events->size();
    if (count > 0) last_seq_ = events->back().seq;
    const std::lock_guard lock(mutex_);
    news_.info = *info;
    news_.loaded += count;
    news_.caught_up = count < batch;
    std::move(events->begin(), events->end(), std::back_inserter(news_.events));
    if (stop_) return false;
    if (count < batch) break;
  }
  which_ = std::to_string(info->id);  // the newest run stays this one, also when another begins
  return info->status == store::RunStatus::unfinished;
}

void Loader::work() {
  auto reader = store::Reader::open(database_);
  if (!reader.ok()) {
    const std::lock_guard lock(mutex_);
    news_.error = reader.error();
    return;
  }
  if (auto points = store::measured_points(database_); points.ok()) {
    const std::lock_guard lock(mutex_);
    beside_ = !points->empty();
    news_.experiments = Experiments(std::move(points).value());
  }
  if (auto grades = store::read_grades(database_); grades.ok()) {
    const std::lock_guard lock(mutex_);
    beside_ = beside_ || !grades->empty();
    news_.grades = std::move(grades).value();
  }
  while (read_once(**reader) && sleep()) {
  }
}

}  // namespace ikelab::view
