// The runs of a lab for one draw and one set of edited files.
#pragma once
#include <functional>
#include <map>
#include <memory>

#include "labs/engine/draw.hpp"
#include "labs/engine/facts.hpp"
#include "labs/engine/simulate.hpp"

namespace ikelab::labs {

/// The edited files, by name.
using Files = std::map<std::string, std::string>;

inline constexpr std::size_t most_file_octets = 64 * 1024;  // of one edited file; ours have 3 KiB

/// The lab's own files for this draw: skeleton/ (or solution/, wrong/x/) with {{parameter}} filled
/// in by `fill`. A file that is absent there is the one of `rest`, else the skeleton's. Errors:
/// E-LAB-004, -014.
Result<Files> own_files(const Lab& lab, const std::string& folder,
                        const std::function<Result<std::string>(const std::string&)>& fill,
                        const std::string& rest = "skeleton");
/// The skeleton's files with the draw's values.
Result<Files> skeleton_files(const Lab& lab, const Draw& draw);

struct Ran {
  const RunPlan* plan = nullptr;
  std::string refused;  ///< the student's file is wrong: one line; then there is nothing else
  std::unique_ptr<Simulated> simulated;  ///< its events are in `facts`
  std::unique_ptr<Facts> facts;
  [[nodiscard]] RunView view() const;
};

/// Simulates one plan. `place`: an empty folder where scripts may be written, removed by the
/// caller. An error in a student's file is told in `refused`; what else fails is an error.
Result<Ran> run_plan(const Lab& lab, const RunPlan& plan, const Draw& draw, const Files& files,
                     const std::filesystem::path& place);
/// Every run of the lab.
Result<std::vector<Ran>> run_all(const Lab& lab, const Draw& draw, const Files& files,
                                 const std::filesystem::path& place);
std::vector<RunView> views(const std::vector<Ran>& runs);

/// A folder below the system's temporary one, gone with its value.
class ScratchFolder {
 public:
  /// Errors: E-LAB-005.
  static Result<ScratchFolder> make();
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace ikelab::labs
