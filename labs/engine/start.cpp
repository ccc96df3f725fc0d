// Making a work folder: start() of work_folder.hpp.
#include <fmt/format.h>

#include "labs/engine/placeholder.hpp"
#include "labs/engine/work_folder.hpp"

namespace ikelab::labs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_text_octets = 256 * 1024;  // a handout of 100 pages
constexpr std::string_view readme = R"md(# {{title}}: the work folder of {{student}}

- `handout.md`: what to do. Begin here.
{{edited}}- `ikelab.db`: your recorded run. Look at it with `./ikelab show`, `./ikelab view`.
- `scenario.yaml`: what was run.
- `draw.yaml`: your parameters and who you are. Leave it as it is, or your grade cannot be made.

| to | run |
|---|---|
| see how far you are | `./ikelab lab check {{folder}}` |
{{rerun}}| get the next hint of a goal | `./ikelab lab hint {{folder}} GOAL` |
| hand in | `./ikelab lab submit {{folder}}` |
)md";

/// Removes the folder unless it was kept: a start that failed leaves nothing behind.
class Unfinished {
 public:
  explicit Unfinished(fs::path path) : path_(std::move(path)) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    std::error_code ec;
    if (!path_.empty()) fs::remove_all(path_, ec);
  }
  void keep() { path_.clear(); }

 private:
  fs::path path_;
};

Result<void> write_rendered(const fs::path& from, const fs::path& to, const Values& values) {
  IKELAB_TRY(const std::string text, read_file(from, most_text_octets));
  const auto rendered = render(text, values);
  if (!rendered.ok()) {
    Error error = rendered.error();
    error.place = from.string();
    return error;
  }
  return write_file(to, *rendered);
}

/// Lines of the folder's README about what is edited, and how it is run again.
Values about_edits(const Lab& lab, const fs::path& folder) {
  std::string edited = lab.has_answers() ? "- `answers.yaml`: your answers.\n" : "", rerun;
  for (const EditedFile& file : lab.files)
    edited += fmt::format("- `{}`: you change it. {}\n", file.name, file.about);
  if (!lab.captures.empty()) edited += "- `captures/`: what crossed the link, for Wireshark.\n";
  if (!lab.files.empty())
    rerun = fmt::format("| run it with your changes | `./ikelab lab run {}` |\n",
                        folder.lexically_normal().string());
  return {{"edited", edited}, {"rerun", rerun}};
}

Result<void> record_one(const Lab& lab, const Ran& ran, const fs::path& db, Recorded& out) {
  out.refused = ran.refused;
  if (ran.simulated == nullptr) return {};
  out.stopped = ran.view().stopped;
  IKELAB_TRY(out.id, record(*ran.simulated, withheld(ran.facts->events(), lab.withhold), db));
  return {};
}

/// The links the lab names and no other: on the rest the traffic is in clear.
Result<void> capture(const Lab& lab, const Ran& main, const fs::path& to, const fs::path& place) {
  std::error_code ec;
  fs::create_directories(to, ec);
  IKELAB_TRY(const Simulated again, simulate(main.simulated->scenario, false, place / "captures"));
  IKELAB_ASSERT(again.fingerprint == main.simulated->fingerprint);
  for (const std::string& link : lab.captures) {
    fs::copy_file(place / "captures" / (link + ".pcap"), to / (link + ".pcap"), ec);
    if (ec) return Error{"E-LAB-005", fmt::format("capture of '{}': {}", link, ec.message())};
  }
  return {};
}

/// Everything in the folder but the draw, which is written last. Returns the versions of the run.
Result<std::string> fill(const Lab& lab, const Draw& draw, const fs::path& folder) {
  Values values =
      with_standard_names(draw.values, draw.student, folder.lexically_normal().string());
  IKELAB_CHECK(write_rendered(lab.folder / "handout.md", folder / "handout.md", values));
  if (lab.has_answers())
    IKELAB_CHECK(
        write_rendered(lab.folder / "skeleton" / "answers.yaml", folder / "answers.yaml", values));
  IKELAB_TRY(const Files files, skeleton_files(lab, draw));
  for (const auto& [name, text] : files) IKELAB_CHECK(write_file(folder / name, text));
  values.emplace_back("title", lab.title);
  for (auto& line : about_edits(lab, folder)) values.push_back(std::move(line));
  IKELAB_TRY(const std::string about, render(readme, values));
  IKELAB_CHECK(write_file(folder / "README.md", about));
  IKELAB_TRY(const ScratchFolder place, ScratchFolder::make());
  IKELAB_TRY(const auto recorded,
             record_runs(lab, draw, files, folder / "ikelab.db", place.path(), true));
  if (!recorded.back().refused.empty())
    return Error{"E-LAB-050", "the lab's skeleton does not run: " + recorded.back().refused};
  IKELAB_TRY(const Ran main, run_plan(lab, lab.runs.front(), draw, files, place.path()));
  if (!lab.captures.empty()) IKELAB_CHECK(capture(lab, main, folder / "captures", place.path()));
  return main.simulated->versions;
}

}  // namespace

Result<std::vector<Recorded>> record_runs(const Lab& lab, const Draw& draw, const Files& files,
                                          const fs::path& db, const fs::path& place, bool first) {
  std::vector<Recorded> out;
  for (std::size_t i = lab.runs.size(); i-- > 0;) {
    const RunPlan& plan = lab.runs[i];
    const bool known = !first || plan.set == lab.runs.front().set;
    if (plan.hidden || (plan.edits == RunPlan::Edits::skeleton && known)) continue;
    IKELAB_TRY(const Ran ran, run_plan(lab, plan, draw, files, place));
    Recorded row{plan.name, 0, "", ""};
    IKELAB_CHECK(record_one(lab, ran, db, row));
    if (i == 0 && ran.simulated != nullptr)
      IKELAB_CHECK(write_file(db.parent_path() / "scenario.yaml", ran.simulated->scenario.yaml));
    out.push_back(std::move(row));
  }
  return out;
}

Result<WorkFolder> start(const Lab& lab, const Draw& draw, const fs::path& folder,
                         const std::string& started_at) {
  std::error_code ec;
  if (fs::exists(folder, ec))
    return Error{"E-LAB-021", fmt::format("'{}' is there already", folder.string())}.expect(
        "go on in it, or name another with --dir");
  if (!fs::create_directories(folder, ec) || ec)
    return Error{"E-LAB-005", fmt::format("'{}' cannot be made", folder.string())}.expect(
        ec.message());
  Unfinished guard(folder);
  IKELAB_TRY(const std::string versions, fill(lab, draw, folder));
  IKELAB_CHECK(write_file(
      folder / "draw.yaml",
      fmt::format("# Who you are and what was drawn for you. Leave this file as it is.\nformat: 1\n"
                  "started_at: {}\nversions: {}\ndraw:\n{}",
                  yaml_quoted(started_at), yaml_quoted(versions), written(draw))));
  guard.keep();
  return WorkFolder{folder, draw, versions, started_at};
}

}  // namespace ikelab::labs
