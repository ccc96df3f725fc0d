// What strangers hand in runs in a child that can do no harm: each way of doing harm, and what
// becomes of it.
#include "labs/engine/workers.hpp"

#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "labs/engine/grading.hpp"
#include "tests/labs/lab_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::labs;

namespace {

WorkerLimits tight() {
  WorkerLimits limits;
  limits.cpu = std::chrono::seconds(1);
  limits.wall = std::chrono::seconds(5);
  limits.memory = std::size_t{512} << 20;
  limits.most_answer = 1000;
  return limits;
}

std::string code_of(const std::function<std::string()>& work, const WorkerLimits& limits,
                    const std::filesystem::path& writable = {}) {
  Job job;
  job.work = work;
  job.writable = writable;
  const auto out = run_worker(job, limits);
  return out.ok() ? "ok: " + *out : out.error().code;
}

}  // namespace

TEST_CASE("labs workers: an honest job answers") {
  CHECK(code_of([] { return std::string("42"); }, tight()) == "ok: 42");
}

TEST_CASE("labs workers: a loop is stopped by processor time, a sleeper by the clock") {
  CHECK(code_of(
            [] {
              volatile std::uint64_t n = 0;
              while (true) n = n + 1;
              return std::string();
            },
            tight()) == "E-LAB-060");
  WorkerLimits limits = tight();
  limits.wall = std::chrono::seconds(1);
  CHECK(code_of(
            [] {
              while (true) pause();
              return std::string();
            },
            limits) == "E-LAB-060");
}

TEST_CASE("labs workers: memory is bounded") {
  CHECK(code_of(
            [] {
              std::vector<std::string> hoard;
              while (true) hoard.emplace_back(std::size_t{8} << 20, 'x');
              return std::string();
            },
            tight()) == "E-LAB-061");
}

TEST_CASE("labs workers: the disk is not flooded") {
  const test::TemporaryFolder place;
  const std::string file = (place.path() / "flood").string();
  CHECK(code_of(
            [&] {
              std::ofstream out(file);
              const std::string block(64 * 1024, 'x');
              for (int i = 0; i < 1000 && out << block << std::flush; ++i) {
              }
              return std::string("written");
            },
            tight(), place.path()) == "E-LAB-062");
  std::error_code ec;
  CHECK(std::filesystem::file_size(file, ec) <= tight().file);
}

TEST_CASE("labs workers: a flood of results, a crash, an exception") {
  CHECK(code_of([] { return std::string(2000, 'x'); }, tight()) == "E-LAB-064");
  CHECK(code_of(
            []() -> std::string {
              raise(SIGSEGV);
              return "";
            },
            tight()) == "E-LAB-063");
  CHECK(code_of([]() -> std::string { throw std::runtime_error("x"); }, tight()) == "E-LAB-063");
}

TEST_CASE("labs workers: one that is stopped does not touch the others") {
  std::vector<Job> jobs(5);
  for (std::size_t i = 0; i < jobs.size(); ++i)
    jobs[i].work = [i]() -> std::string {
      if (i == 2) raise(SIGKILL);
      return std::to_string(i);
    };
  std::vector<std::string> found(jobs.size());
  run_workers(jobs, 3, tight(), [&](std::size_t i, Result<std::string> out) {
    found[i] = out.ok() ? *out : out.error().code;
  });
  CHECK(found == std::vector<std::string>{"0", "1", "E-LAB-063", "3", "4"});
}

TEST_CASE("labs workers: a confined child reads and writes only where it may") {
  if (confinement_here() != "limits and files") {
    WARN("this kernel has no Landlock: only the limits are tested");
    return;
  }
  const test::TemporaryFolder mine, other;
  other.write("secret.txt", "the course's secret");
  const auto reads = [](const std::filesystem::path& file) {
    std::ifstream in(file);
    std::string word;
    return in >> word ? std::string("read") : std::string("refused");
  };
  const auto writes = [](const std::filesystem::path& file) {
    std::ofstream out(file);
    return out << "x" << std::flush ? std::string("written") : std::string("refused");
  };
  CHECK(code_of([&] { return reads(other.path() / "secret.txt"); }, tight(), mine.path()) ==
        "ok: refused");
  CHECK(code_of([&] { return reads("/etc/passwd"); }, tight(), mine.path()) == "ok: refused");
  CHECK(code_of([&] { return writes(other.path() / "new.txt"); }, tight(), mine.path()) ==
        "ok: refused");
  CHECK(code_of([&] { return writes(mine.path() / "own.txt"); }, tight(), mine.path()) ==
        "ok: written");
  // A link out of its folder leads nowhere.
  std::filesystem::create_symlink(other.path() / "secret.txt", mine.path() / "link");
  CHECK(code_of([&] { return reads(mine.path() / "link"); }, tight(), mine.path()) ==
        "ok: refused");
  CHECK_FALSE(std::filesystem::exists(other.path() / "new.txt"));
}

TEST_CASE("labs workers: a grade crosses between processes unchanged") {
  const Lab lab = test::first_contact();
  const Draw drawn = test::draw_for("anna");
  const Facts facts(test::pair_run(lab, drawn).value().events);
  Graded graded{grade(lab, drawn, facts, {{"names.spi_i", "00"}}).value(), {{"main", "f"}}, "v"};
  const Graded back = unpacked(packed(graded)).value();
  CHECK(back.fingerprints.at("main") == "f");
  CHECK(back.result.score() == graded.result.score());
  const CheckResult* check = back.result.check("names.spi_i");
  REQUIRE(check != nullptr);
  CHECK(check->mistake == "wrong_length");
  CHECK(unpacked(packed(Result<Graded>(Error{"E-X", "m"}))).error().code == "E-X");
  CHECK(unpacked("{").error().code == "E-LAB-063");
}
