#include "sim/sweep/runner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/store/error.hpp"

namespace ikelab::sweep {
namespace {

using Clock = std::chrono::steady_clock;

// ---- what a child tells its parent --------------------------------------------------------------

std::string to_json(const Result<store::PointRow>& result) {
  nlohmann::json out;
  if (!result.ok()) {
    out["error"] = result.error().to_string();
  } else {
    out = {{"config_hash", result->config_hash},
           {"versions", result->versions},
           {"fingerprint", result->fingerprint}};
    out["values"] = nlohmann::json::array();
    for (const auto& v : result->values) {
      out["values"].push_back(
          {v.measure, v.value ? nlohmann::json(*v.value) : nlohmann::json(), v.unit});
    }
  }
  return out.dump();
}

/// Into `row`; a child that died before it had told all leaves an error there.
void from_json(const std::string& text, const std::string& how_it_ended, store::PointRow& row) {
  const auto in = nlohmann::json::parse(text, nullptr, false);
  if (!in.is_object()) {
    row.error = "the simulation died: " + how_it_ended;
    return;
  }
  row.error = in.value("error", "");
  row.config_hash = in.value("config_hash", "");
  row.versions = in.value("versions", "");
  row.fingerprint = in.value("fingerprint", "");
  for (const auto& v : in.value("values", nlohmann::json::array())) {
    row.values.push_back(
        {v[0], v[1].is_null() ? std::optional<double>() : v[1].get<double>(), v[2]});
  }
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status))
    return "signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")";
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

// ---- processes ----------------------------------------------------------------------------------

struct Child {
  pid_t pid = 0;
  int pipe = -1;
  Point point;
  std::string told;
  Clock::time_point started;
};

[[noreturn]] void live_as_child(const Experiment& experiment, const Point& point,
                                const PointFunction& run, int pipe) {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  const std::string told = to_json(run(experiment, point));
  std::size_t written = 0;
  while (written < told.size()) {
    const ssize_t n = write(pipe, told.data() + written, told.size() - written);
    if (n < 0 && errno != EINTR) _exit(1);  // the parent is gone
    if (n > 0) written += static_cast<std::size_t>(n);
  }
  _exit(0);  // no destructors: the parent's database is not this process's to close
}

Result<Child> start(const Experiment& experiment, const Point& point, const PointFunction& run) {
  int ends[2];
  const auto cannot = [] {
    return error("E-SWP-012", std::string("cannot start a process: ") + std::strerror(errno),
                 "use fewer --jobs");
  };
  if (pipe(ends) != 0) return cannot();
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) {
    close(ends[0]);
    close(ends[1]);
    return cannot();
  }
  if (pid == 0) {
    close(ends[0]);
    live_as_child(experiment, point, run, ends[1]);
  }
  close(ends[1]);
  return Child{pid, ends[0], point, "", Clock::now()};
}

/// Reads what the child has to say; true when it has said all.
bool listen(Child& child) {
  char buffer[4096];
  const ssize_t n = read(child.pipe, buffer, sizeof buffer);
  if (n > 0) child.told.append(buffer, static_cast<std::size_t>(n));
  return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

/// The row of a child that has said all.
store::PointRow reap(Child& child) {
  close(child.pipe);
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  store::PointRow row;
  row.point_key = child.point.key;
  row.cell = child.point.cell;
  row.parameters = child.point.parameters;
  row.seed = child.point.seed;
  row.wall_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - child.started).count();
  from_json(child.told, how_it_ended(status), row);
  return row;
}

class Pool {
 public:
  Pool(const Experiment& experiment, const SweepOptions& options)
      : experiment_(experiment), options_(options) {}
  ~Pool() {  // whoever is still running has nobody to tell
    for (Child& child : children_) {
      kill(child.pid, SIGKILL);
      reap(child);
    }
  }

  [[nodiscard]] bool idle() const { return children_.empty(); }
  [[nodiscard]] bool full() const { return children_.size() >= options_.jobs; }
  Result<void> add(const Point& point) {
    IKELAB_TRY(Child child, start(experiment_, point, options_.point));
    children_.push_back(std::move(child));
    return {};
  }

  /// Waits until somebody has finished, or a little, and gives back the rows of those who have.
  std::vector<store::PointRow> wait() {
    std::vector<pollfd> ready;
    for (const Child& child : children_) ready.push_back({child.pipe, POLLIN, 0});
    poll(ready.data(), ready.size(), 200);
    std::vector<store::PointRow> out;
    for (std::size_t i = ready.size(); i-- > 0;) {
      if (ready[i].revents == 0 || !listen(children_[i])) continue;
      out.push_back(reap(children_[i]));
      children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return out;
  }

 private:
  const Experiment& experiment_;
  const SweepOptions& options_;
  std::vector<Child> children_;
};

/// The points of this shard that are not done yet.
Result<std::deque<Point>> waiting_points(const Experiment& experiment, const SweepOptions& options,
                                         store::SweepStore& store, SweepReport& report) {
  IKELAB_TRY(const auto rows, store.points(experiment.name));
  std::set<std::string> done;
  for (const auto& row : rows) {
    if (row.done()) done.insert(row.point_key);
  }
  std::deque<Point> waiting;
  const std::vector<Point> all = points(experiment);
  for (std::size_t i = options.shard - 1; i < all.size(); i += options.shards) {
    ++report.total;
    if (done.count(all[i].key))
      ++report.done_before;
    else
      waiting.push_back(all[i]);
  }
  return waiting;
}

Result<void> check_not_there(const Experiment& experiment, const SweepOptions& options,
                             store::SweepStore& store) {
  IKELAB_TRY(const auto there, store.find(experiment.name));
  if (!there || options.resume) return {};
  IKELAB_TRY(const auto rows, store.points(experiment.name));
  return error("E-SWP-010",
               "'" + options.db.string() + "' already has " + std::to_string(rows.size()) + " of " +
                   std::to_string(there->points) + " points of '" + experiment.name + "'",
               "go on with --resume, or name another file with --db");
}

}  // namespace

Result<SweepReport> sweep(const Experiment& experiment, const SweepOptions& options) {
  IKELAB_ASSERT(options.jobs > 0 && options.shard >= 1 && options.shard <= options.shards);
  IKELAB_TRY(store::SweepStore store, store::SweepStore::open(options.db));
  IKELAB_CHECK(check_not_there(experiment, options, store));
  IKELAB_CHECK(store.begin({experiment.name, experiment.about, experiment.yaml,
                            experiment.config_hash, points(experiment).size(), options.versions}));
  SweepReport report;
  IKELAB_TRY(std::deque<Point> waiting, waiting_points(experiment, options, store, report));
  const auto tell = [&] {
    if (options.progress)
      options.progress({report.done_before + report.done_now + report.failed.size(), report.total});
  };
  Pool pool(experiment, options);
  tell();
  while (!waiting.empty() || !pool.idle()) {
    if (options.stop && *options.stop) {
      report.interrupted = true;
      break;
    }
    while (!waiting.empty() && !pool.full()) {
      IKELAB_CHECK(pool.add(waiting.front()));
      waiting.pop_front();
    }
    for (const store::PointRow& row : pool.wait()) {
      IKELAB_CHECK(store.add(experiment.name, row));
      if (row.done())
        ++report.done_now;
      else
        report.failed.emplace_back(row.point_key, row.error);
      tell();
    }
  }
  IKELAB_TRY(report.complete, store.finish(experiment.name));
  return report;
}

}  // namespace ikelab::sweep
