#include "labs/engine/workers.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>

namespace ikelab::labs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int exit_of_memory = 101;
constexpr int open_files = 64;  // a database, a capture, a library or two
constexpr std::size_t piece = 64 * 1024;

struct Child {
  std::size_t index = 0;
  pid_t process = -1;
  int pipe = -1;
  Clock::time_point deadline;
  std::string answer;
  bool killed = false, flooded = false;
};

void limit(int which, rlim_t value) {
  const rlimit both{value, value};
  setrlimit(which, &both);
}

[[noreturn]] void out_of_memory() {
  _exit(exit_of_memory);
}

[[noreturn]] void work(const Job& job, const WorkerLimits& limits, int out) {
  setpgid(0, 0);
  // The parent's handlers are about the parent.
  for (const int number : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGTERM, SIGINT})
    signal(number, SIG_DFL);
  std::set_new_handler(out_of_memory);
  limit(RLIMIT_CORE, 0);
  // The soft limit says SIGXCPU, by which the parent knows; the hard one is there for whoever
  // ignores it.
  const auto cpu = static_cast<rlim_t>(limits.cpu.count());
  const rlimit processor{cpu, cpu + 2};
  setrlimit(RLIMIT_CPU, &processor);
  limit(RLIMIT_AS, limits.memory);
  if (job.confined) {
    limit(RLIMIT_FSIZE, limits.file);
    limit(RLIMIT_NOFILE, open_files);
    confine(job);
  }
  int exit = 1;
  try {
    const std::string answer = job.work();
    std::size_t written = 0;
    while (written < answer.size()) {
      const ssize_t now = write(out, answer.data() + written, answer.size() - written);
      if (now <= 0) break;
      written += static_cast<std::size_t>(now);
    }
    exit = written == answer.size() ? 0 : 1;
  } catch (const std::bad_alloc&) {
    exit = exit_of_memory;
  } catch (...) {  // the process ends here whatever it was
    exit = 1;
  }
  _exit(exit);
}

Result<Child> spawn(std::size_t index, const Job& job, const WorkerLimits& limits) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error{"E-LAB-063", "no pipe to a worker"};
  fflush(nullptr);  // what is buffered is printed once, by the parent
  const pid_t process = fork();
  if (process == 0) {
    close(ends[0]);
    work(job, limits, ends[1]);
  }
  close(ends[1]);
  if (process < 0) {
    close(ends[0]);
    return Error{"E-LAB-063", "no process for a worker"}.expect("too many processes already?");
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Child{index, process, ends[0], Clock::now() + limits.wall, "", false, false};
}

/// Takes what is there; true when the child has closed its end.
bool drain(Child& child, std::size_t most) {
  char buffer[piece];
  while (true) {
    const ssize_t got = read(child.pipe, buffer, sizeof buffer);
    if (got == 0) return true;
    if (got < 0) return errno != EAGAIN && errno != EINTR;
    child.answer.append(buffer, static_cast<std::size_t>(got));
    if (child.answer.size() <= most) continue;
    child.flooded = true;
    kill(child.process, SIGKILL);
    return true;
  }
}

Result<std::string> outcome_of(Child& child, int status, const WorkerLimits& limits) {
  if (child.flooded)
    return Error{"E-LAB-064",
                 fmt::format("its result is larger than {} octets", limits.most_answer)};
  if (child.killed || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
    return Error{"E-LAB-060", fmt::format("it ran longer than {} s and was stopped",
                                          child.killed ? limits.wall.count() : limits.cpu.count())}
        .expect("a loop, or far too much traffic?");
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
    return Error{"E-LAB-062",
                 fmt::format("it wrote a file larger than {} octets and was stopped", limits.file)};
  if (WIFEXITED(status) && WEXITSTATUS(status) == exit_of_memory)
    return Error{"E-LAB-061", fmt::format("it took more memory than {} MiB and was stopped",
                                          limits.memory >> 20)}
        .expect("does a script send without end?");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::move(child.answer);
  return Error{"E-LAB-063", WIFSIGNALED(status)
                                ? fmt::format("its process died of signal {}", WTERMSIG(status))
                                : fmt::format("its process ended with {}", WEXITSTATUS(status))}
      .expect("contained; the others are not touched");
}

Result<std::string> reap(Child& child, const WorkerLimits& limits) {
  close(child.pipe);
  int status = 0;
  while (waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
  }
  return outcome_of(child, status, limits);
}

int milliseconds_to(const std::vector<Child>& running) {
  auto first = Clock::now() + std::chrono::hours(1);
  for (const Child& child : running) first = std::min(first, child.deadline);
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(first - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left + 1, 0));
}

}  // namespace

void run_workers(const std::vector<Job>& jobs, int at_once, const WorkerLimits& limits,
                 const std::function<void(std::size_t, Result<std::string>)>& done) {
  std::vector<Child> running;
  std::size_t next = 0;
  while (next < jobs.size() || !running.empty()) {
    while (next < jobs.size() && running.size() < static_cast<std::size_t>(std::max(at_once, 1))) {
      auto child = spawn(next, jobs[next], limits);
      if (child.ok())
        running.push_back(std::move(*child));
      else
        done(next, child.error());
      ++next;
    }
    std::vector<pollfd> ends;
    for (const Child& child : running) ends.push_back({child.pipe, POLLIN, 0});
    poll(ends.data(), ends.size(), milliseconds_to(running));
    for (std::size_t i = running.size(); i-- > 0;) {
      Child& child = running[i];
      bool ended = ends[i].revents != 0 && drain(child, limits.most_answer);
      if (!ended && Clock::now() >= child.deadline) {
        child.killed = ended = true;
        kill(-child.process, SIGKILL);
        kill(child.process, SIGKILL);
      }
      if (!ended) continue;
      const std::size_t index = child.index;
      Result<std::string> result = reap(child, limits);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      done(index, std::move(result));
    }
  }
}

Result<std::string> run_worker(const Job& job, const WorkerLimits& limits) {
  Result<std::string> out = Error{"E-LAB-063", "it did not run"};
  run_workers({job}, 1, limits,
              [&](std::size_t, Result<std::string> result) { out = std::move(result); });
  return out;
}

}  // namespace ikelab::labs
