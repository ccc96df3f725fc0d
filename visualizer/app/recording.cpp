#include "visualizer/app/recording.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/store/reader.hpp"

namespace ikelab::view {
namespace {

namespace fs = std::filesystem;

// The newest run of that fingerprint; "" when there is none, or no such database.
std::string run_in(const fs::path& database, const std::string& fingerprint) {
  std::error_code ec;
  if (!fs::is_regular_file(database, ec)) return "";
  const auto reader = store::Reader::open(database);
  if (!reader.ok()) return "";
  const auto runs = (*reader)->runs();
  if (!runs.ok()) return "";
  const auto found = std::find_if(runs->rbegin(), runs->rend(), [&](const store::RunInfo& run) {
    return run.fingerprint == fingerprint;
  });
  return found == runs->rend() ? "" : std::to_string(found->id);
}

// Student and lab come out of a database: as the name of one folder, and of no other place.
bool is_one_folder(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos &&
         name.find('\\') == std::string::npos;
}

}  // namespace

std::string reopened_folder(const store::LostPoint& lost) {
  return fmt::format("{}-{}-again", lost.lab, lost.student);
}

Result<Recording> recording_of(const fs::path& gradebook, const store::LostPoint& lost) {
  if (lost.run_id != 0) return Recording{gradebook, std::to_string(lost.run_id)};
  const std::string folder = reopened_folder(lost);
  if (!lost.fingerprint.empty() && is_one_folder(folder))
    for (const fs::path& place : {gradebook.parent_path(), fs::path()}) {
      const fs::path database = place / folder / "ikelab.db";
      if (std::string run = run_in(database, lost.fingerprint); !run.empty())
        return Recording{database, std::move(run)};
    }
  return Error{
      .code = "E-VIEW-030",
      .message = fmt::format("run \"{}\" of {} is not recorded here", lost.run, lost.student),
      .offset = {},
      .rfc = "",
      .place = "",
      .hint =
          "record it beside the gradebook: ikelab lab reopen SUBMISSION --course "
          "course.yaml"};
}

}  // namespace ikelab::view
