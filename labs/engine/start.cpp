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
- `answers.yaml`: what you edit.
- `ikelab.db`: your recorded run. Look at it with `./ikelab show`, `./ikelab view`.
- `scenario.yaml`: what was run.
- `draw.yaml`: your parameters and who you are. Leave it as it is, or your grade cannot be made.

| to | run |
|---|---|
| see how far you are | `./ikelab lab check {{folder}}` |
| get the next hint of a goal | `./ikelab lab hint {{folder}} GOAL` |
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

}  // namespace

Result<WorkFolder> start(const Lab& lab, const Draw& draw, const fs::path& folder,
                         const std::string& started_at) {
  std::error_code ec;
  if (fs::exists(folder, ec))
    return Error{"E-LAB-021", fmt::format("'{}' is there already", folder.string())}.expect(
        "go on in it, or name another with --dir");
  IKELAB_TRY(const Simulated simulated, simulate(lab, draw));
  if (!fs::create_directories(folder, ec) || ec)
    return Error{"E-LAB-005", fmt::format("'{}' cannot be made", folder.string())}.expect(
        ec.message());
  Unfinished guard(folder);
  Values values =
      with_standard_names(draw.values, draw.student, folder.lexically_normal().string());
  IKELAB_CHECK(write_rendered(lab.folder / "handout.md", folder / "handout.md", values));
  IKELAB_CHECK(
      write_rendered(lab.folder / "skeleton" / "answers.yaml", folder / "answers.yaml", values));
  values.emplace_back("title", lab.title);
  IKELAB_TRY(const std::string about, render(readme, values));
  IKELAB_CHECK(write_file(folder / "README.md", about));
  IKELAB_CHECK(write_file(folder / "scenario.yaml", simulated.scenario.yaml));
  IKELAB_CHECK(record(simulated, withheld(simulated.events, lab.withhold), folder / "ikelab.db"));
  IKELAB_CHECK(write_file(
      folder / "draw.yaml",
      fmt::format("# Who you are and what was drawn for you. Leave this file as it is.\nformat: 1\n"
                  "started_at: {}\nversions: {}\ndraw:\n{}",
                  yaml_quoted(started_at), yaml_quoted(simulated.versions), written(draw))));
  guard.keep();
  return WorkFolder{folder, draw, simulated.versions, started_at};
}

}  // namespace ikelab::labs
