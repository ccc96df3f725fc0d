#include "tests/sim/cli_support.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/support/catch.hpp"

namespace ikelab::test {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void redirect(const std::filesystem::path& file, int descriptor) {
  const int opened = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (opened < 0 || dup2(opened, descriptor) < 0) _exit(126);
}

}  // namespace

Outcome ikelab_sim(const TemporaryFolder& folder, const std::vector<std::string>& arguments,
                   const std::function<bool()>& kill_when, int signal) {
  std::vector<std::string> words = {IKELAB_SIM_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    redirect(folder / "stdout.txt", STDOUT_FILENO);
    redirect(folder / "stderr.txt", STDERR_FILENO);
    if (chdir(folder.path.c_str()) != 0) _exit(126);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  bool sent = false;
  while (waitpid(pid, &status, kill_when && !sent ? WNOHANG : 0) == 0) {
    if (kill_when()) {
      kill(pid, signal);
      sent = true;
    } else {
      usleep(20'000);
    }
  }
  Outcome out;
  out.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  out.out = content(folder / "stdout.txt");
  out.err = content(folder / "stderr.txt");
  return out;
}

void check_one_line(const Outcome& outcome, const std::string& part) {
  INFO(outcome.err);
  CHECK(outcome.err.starts_with("ikelab: "));
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(outcome.err.find(part) != std::string::npos);
}

}  // namespace ikelab::test
