#include "visualizer/app/loader.hpp"

#include <chrono>

#include "visualizer/models/compare.hpp"

namespace ikelab::view {
namespace {

constexpr std::size_t batch =
    20'000;  // events a read: about 50 ms, so that a window closes at once
constexpr std::size_t preview = 4'000;  // events that are shown while a large run is being read
constexpr std::uint64_t small = 8'000;  // events: a run up to here grows in the frame
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

Result<void> load_beside_it(const std::filesystem::path& database, const std::string& other,
                            RunModel& run) {
  const std::size_t colon = other.rfind(".db:");
  const std::filesystem::path file =
      colon == std::string::npos ? database : std::filesystem::path(other.substr(0, colon + 3));
  const std::string which = colon == std::string::npos ? other : other.substr(colon + 4);
  IKELAB_TRY(auto reader, store::Reader::open(file));
  IKELAB_TRY(auto info, reader->run(which));
  IKELAB_TRY(auto events, reader->events(info.id));
  auto model = std::make_shared<RunModel>();
  model->set_info(std::move(info));
  model->append(std::move(events));
  run.set_comparison(std::make_shared<const Comparison>(run, std::move(model)));
  return {};
}

Loader::Loader(std::filesystem::path database, std::string which, std::string compare,
               std::filesystem::path home)
    : database_(std::move(database)),
      home_(home.empty() ? database_ : std::move(home)),
      which_(std::move(which)),
      compare_(std::move(compare)),
      thread_([this] { work(); }) {}

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

void Loader::discard(std::unique_ptr<RunModel> old) {
  const std::lock_guard lock(mutex_);
  discarded_.push_back(std::move(old));
}

bool Loader::sleep() {
  std::vector<std::unique_ptr<RunModel>> old;
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, pause, [this] { return stop_; });
  old.swap(discarded_);
  const bool go_on = !stop_;
  lock.unlock();  // what is discarded ends here, without anybody waiting for it
  return go_on;
}

void Loader::hand_over(std::unique_ptr<RunModel> model, bool caught_up) {
  const std::lock_guard lock(mutex_);
  total_ = model->event_count();
  last_seq_ = model->last_seq();
  news_.loaded = std::max<std::uint64_t>(news_.loaded, total_);
  news_.caught_up = caught_up;
  news_.events.clear();  // the model has them
  news_.info.reset();
  news_.whole = std::move(model);
}

// The whole run, its models built here: the frame must not wait for either. Of a large run the
// beginning is shown meanwhile.
Result<void> Loader::read_all(store::Reader& reader, const store::RunInfo& info) {
  auto model = std::make_unique<RunModel>();
  if (auto beside = load_beside(home_, *model); !beside.ok()) return beside.error();
  model->set_info(info);
  for (;;) {
    IKELAB_TRY(auto events, reader.events(info.id, model->last_seq(), batch));
    const bool more = events.size() == batch;
    if (more && total_ == 0) {
      auto part = std::make_unique<RunModel>();
      part->set_experiments(model->experiments());
      part->set_grades(model->grades());
      part->set_info(info);
      part->append({events.begin(), events.begin() + preview});
      hand_over(std::move(part), false);
    }
    model->append(std::move(events), more);
    const std::lock_guard lock(mutex_);
    if (stop_) return {};
    news_.loaded = std::max<std::uint64_t>(news_.loaded, model->event_count());
    if (!more) break;
  }
  if (!compare_.empty()) IKELAB_CHECK(load_beside_it(database_, compare_, *model));
  built_ = model->event_count();
  hand_over(std::move(model), true);
  return {};
}

// What has come since. A small run takes it in its stride; a large one is built anew here once it
// has grown by a tenth, or is at its end.
Result<void> Loader::read_on(store::Reader& reader, const store::RunInfo& info) {
  const bool ended = info.status != store::RunStatus::unfinished;
  IKELAB_TRY(auto events, reader.events(info.id, last_seq_, batch));
  const bool grown = !events.empty() && total_ + events.size() > small &&
                     (ended || events.size() == batch || events.size() * 10 > built_);
  if (grown) return read_all(reader, info);
  const std::lock_guard lock(mutex_);
  if (total_ + events.size() <= small) {
    total_ += events.size();
    if (!events.empty()) last_seq_ = events.back().seq;
    news_.loaded = total_;
    std::move(events.begin(), events.end(), std::back_inserter(news_.events));
  }
  news_.info = info;
  return {};
}

bool Loader::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  news_.caught_up = true;
  news_.error = error;
  return false;
}

// Reads what is new. False: nothing more will come.
bool Loader::read_once(store::Reader& reader) {
  auto info = reader.run(which_);
  if (!info.ok()) {
    auto beside = std::make_unique<RunModel>();
    if (load_beside(home_, *beside).ok() && has_only_beside(which_, info.error(), *beside)) {
      hand_over(std::move(beside), true);
      return false;
    }
    return fail(info.error());
  }
  const Result<void> read =
      built_ == 0 && last_seq_ == 0 ? read_all(reader, *info) : read_on(reader, *info);
  if (!read.ok()) return fail(read.error());
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
  while (read_once(**reader) && sleep()) {
  }
}

}  // namespace ikelab::view
