// Work in child processes that can do no harm: what strangers handed in is simulated in one of
// these.
//
// A child has a bound on processor time, memory, file size and open files; it may read the lab, the
// scenarios and the system's libraries, write into one scratch folder, and reach no network
// (Landlock and a network namespace where the kernel has them; docs/LABS.md says what remains
// without). The parent keeps the clock on the wall, and kills.
//
// Invariant: a child returns octets, at most `most_answer`; nothing of it runs in the parent.
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::labs {

struct WorkerLimits {
  std::chrono::seconds cpu{60}, wall{180};
  std::size_t memory = std::size_t{1} << 30;  ///< of address space; a lab of ours takes 150 MiB
  std::size_t file = std::size_t{1} << 20;    ///< of one written file: scripts are copied
  std::size_t most_answer = std::size_t{4} << 20;
};

struct Job {
  std::function<std::string()> work;  ///< runs in the child
  /// Confined: reads only the system's libraries and these, writes only below `writable`.
  bool confined = true;
  std::vector<std::filesystem::path> readable;
  std::filesystem::path writable;
};

/// Runs every job, at most `at_once` at a time; `done` is called here, in the order in which they
/// end. Errors of a job: E-LAB-060 too long, -061 too much memory, -062 wrote too much, -063
/// crashed, -064 answered too much.
void run_workers(const std::vector<Job>& jobs, int at_once, const WorkerLimits& limits,
                 const std::function<void(std::size_t, Result<std::string>)>& done);
/// One job, waited for.
Result<std::string> run_worker(const Job& job, const WorkerLimits& limits);

/// What this kernel gives beside the limits: "files and network", "network", "nothing".
std::string confinement_here();
/// Takes away what a confined child shall not have. For workers.cpp; best effort, by its nature.
void confine(const Job& job);

}  // namespace ikelab::labs
