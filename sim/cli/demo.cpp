// `ikelab demo`: the site-to-site scenario told chapter by chapter, from the events of its run, for
// a student who sees a tunnel for the first time.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "sim/cli/commands.hpp"
#include "sim/cli/demo_story.hpp"
#include "sim/cli/terminal.hpp"
#include "sim/run/run.hpp"
#include "sim/store/reader.hpp"

namespace ikelab::cli {
namespace {

// ---- files --------------------------------------------------------------------------------------

/// Runs a program silently; true when it exits with 0.
bool run_silently(const std::vector<std::string>& command) {
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return false;
  if (pid == 0) {
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    if (!std::freopen("/dev/null", "w", stdout) || !std::freopen("/dev/null", "w", stderr))
      _exit(127);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Pictures by the visualizer that lies beside this program, if it is there.
std::vector<std::filesystem::path> draw_pictures(const DemoArguments& arguments,
                                                 std::int64_t run_id) {
  std::error_code none;
  const std::filesystem::path viewer =
      std::filesystem::read_symlink("/proc/self/exe", none).parent_path() / "ikelab-view";
  std::vector<std::filesystem::path> out;
  if (!arguments.pictures || access(viewer.c_str(), X_OK) != 0) return out;
  for (const char* panel : {"ladder", "keys", "topology"}) {
    const auto file = std::filesystem::path(arguments.directory) / (std::string(panel) + ".png");
    if (run_silently({viewer.string(), std::to_string(run_id), "--db", arguments.db, "--panel",
                      panel, "--png", file.string()})) {
      out.push_back(file);
    }
  }
  return out;
}

void print_files(const Story& story, const DemoArguments& arguments) {
  chapter(story, 8, "Look for yourself");
  const std::string db = arguments.db == "ikelab.db" ? "" : " --db " + arguments.db;
  fmt::print("    database   {}  (run {}, seed {})\n", arguments.db, story.run.id, story.run.seed);
  std::vector<std::string> captures;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(arguments.directory, none)) {
    if (entry.path().extension() == ".pcap") captures.push_back(entry.path().string());
  }
  std::sort(captures.begin(), captures.end());
  for (const std::string& file : captures) fmt::print("    capture    {}\n", file);
  const std::string keys = arguments.directory + "/keys";
  fmt::print("    keys       {}  (for Wireshark: WIRESHARK_CONFIG_DIR={} wireshark CAPTURE)\n",
             keys, keys);
  const auto pictures = draw_pictures(arguments, story.run.id);
  for (const auto& file : pictures) fmt::print("    picture    {}\n", file.string());
  if (pictures.empty())
    fmt::print(
        "    pictures   none: ikelab-view is not built; ./ikelab view builds and opens it\n");
  fmt::print("\n  Next:\n");
  const auto next = [&](const std::string& command, const char* what) {
    fmt::print("    {:<{}}  {}\n", "./ikelab " + command, 34 + db.size(), what);
  };
  next("show messages" + db, "every message of this run");
  next("show message 3" + db, "the third one, octet by octet");
  next("view" + db, "the same in pictures, to scrub and step through");
  next("lab list", "labs: compute SKEYSEED yourself");
  fmt::print("\n");
}

Result<int> run_demo(const DemoArguments& arguments) {
  std::error_code error;
  std::filesystem::create_directories(arguments.directory, error);
  if (!std::filesystem::is_directory(arguments.directory)) {
    return Error{"E-CLI-002",
                 "--dir '" + arguments.directory + "' is no folder and cannot become one"}
        .expect(error.message());
  }
  IKELAB_TRY(const scenario::Scenario scenario, scenario::load("site-to-site"));
  run::RunOptions options;
  options.db = arguments.db;
  options.pcap_dir = std::filesystem::path(arguments.directory) / "captures";
  options.keys_dir = std::filesystem::path(arguments.directory) / "keys";
  std::filesystem::create_directories(*options.pcap_dir, error);
  std::filesystem::create_directories(*options.keys_dir, error);
  options.progress = progress_wanted();
  on_interrupt_say("interrupted; what was recorded until now is kept in " + arguments.db +
                   " as an unfinished run");
  IKELAB_TRY(const run::RunReport report, run::run(scenario, options));
  IKELAB_TRY(const auto reader, store::Reader::open(arguments.db));
  IKELAB_TRY(auto info, reader->run(std::to_string(report.run_id)));
  IKELAB_TRY(auto events, reader->events(report.run_id));
  const Story story = story_of(std::move(info), std::move(events), colour_wanted(arguments.color));
  fmt::print("\n{}A tunnel between two sites{}\n\n", story.colour ? "\033[1m" : "",
             story.colour ? "\033[0m" : "");
  say(scenario.about + (scenario.about.ends_with('.') ? "" : ".") +
      " Everything below happened just now in a simulated network, with real messages, real keys "
      "and real packets.");
  tell(story);
  print_files(story, arguments);
  for (const auto& e : report.expectations) {
    if (!e.met)
      fmt::print(stderr, "ikelab: the scenario expected '{}', but found: {}\n", e.text, e.found);
  }
  return int{report.expectations_met() ? done : not_met};
}

}  // namespace

int demo_command(const DemoArguments& arguments) {
  const auto result = run_demo(arguments);
  return result.ok() ? *result : fail(result.error());
}

}  // namespace ikelab::cli
