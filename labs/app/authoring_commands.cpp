// verify, new: what the maker of a lab runs.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "labs/app/commands.hpp"
#include "labs/app/results.hpp"
#include "labs/app/terminal.hpp"
#include "labs/engine/verify.hpp"
#include "labs/engine/workers.hpp"

namespace ikelab::labs::app {
namespace {

namespace fs = std::filesystem;

/// A lab by its name in the catalogue, or by the folder it is in.
Result<Lab> named_lab(const Options& o, const std::string& name) {
  std::error_code ec;
  if (name.find('/') != std::string::npos && fs::is_regular_file(fs::path(name) / "lab.yaml", ec))
    return load_lab_folder(name);
  return load_lab(o.catalog, name);
}

/// The rows of one lab, gathered from its draws as they come in.
struct LabRows {
  Lab lab;
  std::vector<VerifyRow> rows;
  std::set<std::string> missed;
  bool broken = false;  // a draw could not be run or graded at all
};

void show(const LabRows& one, bool json, nlohmann::json& rows, int& exit) {
  for (const VerifyRow& row : one.rows) {
    rows.push_back({{"lab", one.lab.id},
                    {"student", row.student},
                    {"what", row.what},
                    {"ok", row.ok},
                    {"found", row.found}});
    if (!row.ok) exit = failed;
    if (!json)
      fmt::print("{} {} {}: {} - {}\n",
                 row.ok ? paint(Role::right, "ok   ") : paint(Role::wrong, "WRONG"), one.lab.id,
                 row.student, row.what, harmless(row.found));
  }
}

Result<int> verify_labs(const Options& o) {
  const std::vector<std::string> names = o.all ? labs_in(o.catalog) : o.labs;
  if (names.empty()) return Error{"E-LAB-001", "which lab?"}.expect("name one, or use --all");
  std::vector<LabRows> labs;
  for (const std::string& name : names) {
    IKELAB_TRY(Lab lab, named_lab(o, name));
    labs.push_back({std::move(lab), {}, {}, false});
  }
  // Draw by draw over all labs; each in a process of its own, bounded as submissions are.
  std::vector<Job> jobs;
  for (int draw = 1; draw <= o.draws; ++draw)
    for (const LabRows& one : labs) {
      Job job;
      job.confined = false;  // the lab's own files, from its own author
      job.work = [&lab = one.lab, draw] { return packed(verify_draw(lab, verify_student(draw))); };
      jobs.push_back(std::move(job));
    }
  Progress progress("verifying", jobs.size());
  std::optional<Error> broken;
  run_workers(jobs, jobs_of(o), {}, [&](std::size_t index, Result<std::string> text) {
    progress.step();
    LabRows& one = labs[index % labs.size()];
    const auto found = text.ok() ? unpacked_verified(*text) : Result<Verified>(text.error());
    if (!found.ok()) {
      Error error = found.error();
      if (error.place.empty()) error.place = one.lab.folder.string();
      one.broken = true;
      if (!broken) broken = std::move(error);
      return;
    }
    one.rows.insert(one.rows.end(), found->rows.begin(), found->rows.end());
    one.missed.insert(found->missed.begin(), found->missed.end());
  });
  nlohmann::json rows = nlohmann::json::array();
  int exit = done;
  for (LabRows& one : labs) {
    if (!one.broken) one.rows.push_back(goals_row(one.lab, one.missed));
    show(one, o.json, rows, exit);
  }
  if (o.json) fmt::print("{}\n", rows.dump(2));
  if (broken) return *broken;  // last, so that the other labs' rows are not lost
  return exit;
}

Result<int> new_lab(const Options& o) {
  if (const auto name = check_student(o.lab); !name.ok() || nearest(o.lab, {"template"}) == o.lab)
    return Error{"E-LAB-022", "not a name for a lab"}.expect(
        "letters, digits, '-', as in my-first-lab");
  const fs::path folder = o.catalog / o.lab, from = catalog().parent_path() / "template";
  std::error_code ec;
  if (fs::exists(folder, ec))
    return Error{"E-LAB-021", fmt::format("'{}' is there already", folder.string())}.expect(
        "choose another name");
  fs::create_directories(o.catalog, ec);
  fs::copy(from, folder, fs::copy_options::recursive, ec);
  if (ec)
    return Error{"E-LAB-005",
                 fmt::format("'{}' cannot be made: {}", folder.string(), ec.message())};
  fmt::print("{} is made. Change it, and then: ./ikelab lab verify {}\n", folder.string(), o.lab);
  return done;
}

}  // namespace

int verify(const Options& o) {
  return exit_of(verify_labs(o));
}
int make_new(const Options& o) {
  return exit_of(new_lab(o));
}

}  // namespace ikelab::labs::app
