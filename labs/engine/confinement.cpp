// What a child process gives up before it touches a submission: files (Landlock), the network (an
// empty network namespace), and every way to gain rights.
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "labs/engine/workers.hpp"

namespace ikelab::labs {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t writing =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE;
constexpr std::uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
/// Every right the first version of Landlock knows: what is not granted is refused.
constexpr std::uint64_t all = (std::uint64_t{LANDLOCK_ACCESS_FS_MAKE_SYM} << 1) - 1;

constexpr const char* system_folders[] = {"/usr",     "/lib",         "/lib64",
                                          "/etc/ssl", "/dev/urandom", "/dev/null"};

long landlock_version() {
  return syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

class Ruleset {
 public:
  Ruleset() {
    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = all;
    descriptor_ =
        static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
  }
  Ruleset(const Ruleset&) = delete;
  Ruleset& operator=(const Ruleset&) = delete;
  ~Ruleset() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  void allow(const fs::path& path, std::uint64_t rights) const {
    landlock_path_beneath_attr rule{};
    rule.parent_fd = open(path.c_str(), O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0) return;  // what is not there needs no right
    struct stat status {};
    const bool folder = fstat(rule.parent_fd, &status) == 0 && S_ISDIR(status.st_mode);
    rule.allowed_access = folder ? rights : rights & of_files;
    syscall(SYS_landlock_add_rule, descriptor_, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
  }
  void enforce() const { syscall(SYS_landlock_restrict_self, descriptor_, 0); }

 private:
  int descriptor_ = -1;
};

}  // namespace

void confine(const Job& job) {
  // An empty network namespace; refused by some systems, and then nothing here needs a network.
  [[maybe_unused]] const int isolated = unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (landlock_version() < 1) return;
  const Ruleset rules;
  for (const char* folder : system_folders) rules.allow(folder, reading);
  for (const fs::path& path : job.readable) rules.allow(path, reading);
  if (!job.writable.empty()) rules.allow(job.writable, reading | writing);
  rules.enforce();
}

std::string confinement_here() {
  return landlock_version() >= 1 ? "limits and files" : "limits only";
}

}  // namespace ikelab::labs
