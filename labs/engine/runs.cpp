#include "labs/engine/runs.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>

#include "labs/engine/placeholder.hpp"
#include "labs/engine/rule.hpp"
#include "labs/engine/yaml.hpp"

namespace ikelab::labs {
namespace {

namespace fs = std::filesystem;

constexpr YamlLimits limits_of_edits{most_file_octets, 2000, 12};

/// Of "dir/scenario.yaml:3:5" the ":3:5", or "".
std::string line_and_column(const std::string& place) {
  const std::size_t last = place.rfind(':');
  if (last == std::string::npos || last == 0) return "";
  const std::size_t first = place.rfind(':', last - 1);
  return first == std::string::npos ? "" : place.substr(first);
}

/// Keys that make the loader open a file: a student's configuration has no business with any.
Result<void> refuse_paths(const Yaml& yaml, const YamlNode& node) {
  for (const auto& [key, value] : node.entries) {
    if (key.text == "file" || key.text == "key_file" || key.text == "base")
      return yaml.error(key, "E-LAB-025", fmt::format("'{}' would open a file", key.text),
                        "certificates and keys of a lab come from its own pki: section");
    IKELAB_CHECK(refuse_paths(yaml, value));
  }
  for (const YamlNode& item : node.items) IKELAB_CHECK(refuse_paths(yaml, item));
  return {};
}

class Composer {
 public:
  Composer(const Lab& lab, const RunPlan& plan, const Draw& draw, const Files& files,
           const fs::path& place)
      : lab_(lab), plan_(plan), draw_(draw), files_(files), place_(place) {}

  /// The scenario with everything in its place. `refused` is filled in when a student's file is
  /// wrong; then the scenario is empty.
  Result<scenario::Scenario> scenario(std::string& refused) {
    IKELAB_TRY(overrides_, settings(plan_, draw_));
    const bool scripts = std::any_of(lab_.files.begin(), lab_.files.end(),
                                     [](const EditedFile& f) { return f.path.empty(); });
    file_ = lab_.folder / plan_.scenario;
    std::error_code ec;
    if (!fs::is_regular_file(file_, ec))
      return Error{"E-LAB-004", fmt::format("the lab has no scenario '{}'", file_.string())};
    if (scripts) {
      IKELAB_CHECK(copy_lab_files());
      file_ = place_ / plan_.scenario;
    }
    if (plan_.edits != RunPlan::Edits::none)
      for (const EditedFile& edited : lab_.files) {
        const auto own = files_.find(edited.name);
        if (own == files_.end() || !counts(edited)) continue;
        const Result<void> added = add(edited, own->second);
        if (added.ok()) continue;
        refused = added.error().to_string();
        return scenario::Scenario{};
      }
    overrides_.insert(overrides_.end(), edits_.begin(), edits_.end());
    return scenario::load(file_.string(), overrides_, draw_.seed);
  }

 private:
  [[nodiscard]] bool counts(const EditedFile& edited) const {
    return edited.runs.empty() ||
           std::find(edited.runs.begin(), edited.runs.end(), plan_.name) != edited.runs.end();
  }

  /// Each edited file is tried alone first, so that an error is told at its own line.
  Result<void> add(const EditedFile& edited, const std::string& text) {
    if (text.size() > most_file_octets)
      return Error{"E-LAB-003", fmt::format("larger than {} octets", most_file_octets)}.in(
          edited.name);
    if (edited.path.empty()) return write_file(place_ / edited.name, text);
    IKELAB_TRY(const Yaml yaml, Yaml::parse(text, edited.name, limits_of_edits));
    IKELAB_CHECK(refuse_paths(yaml, yaml.root()));
    scenario::Overrides alone = overrides_;
    alone.emplace_back(edited.path, text);
    const auto loaded = scenario::load(file_.string(), alone, draw_.seed);
    if (!loaded.ok()) {
      Error error = loaded.error();
      const std::string at = line_and_column(error.place);  // a value alone: the loader says none
      error.place = edited.name +
                    (at.empty() ? fmt::format(":{}:{}", yaml.root().line, yaml.root().column) : at);
      return error;
    }
    edits_.emplace_back(edited.path, text);
    return {};
  }

  Result<void> copy_lab_files() const {
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(lab_.folder, ec)) {
      const auto extension = entry.path().extension();
      if (extension != ".yaml" && extension != ".lua" && extension != ".txt") continue;
      fs::copy_file(entry.path(), place_ / entry.path().filename(),
                    fs::copy_options::overwrite_existing, ec);
      if (ec) return Error{"E-LAB-005", fmt::format("'{}': {}", place_.string(), ec.message())};
    }
    return {};
  }

  const Lab& lab_;
  const RunPlan& plan_;
  const Draw& draw_;
  const Files& files_;
  const fs::path& place_;
  fs::path file_;
  scenario::Overrides overrides_, edits_;
};

/// The student sees file names, not where they lay for a moment.
std::string without(std::string text, const fs::path& place) {
  const std::string prefix = place.string() + "/";
  for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at))
    text.erase(at, prefix.size());
  return text;
}

}  // namespace

Result<Files> own_files(const Lab& lab, const std::string& folder,
                        const std::function<Result<std::string>(const std::string&)>& fill,
                        const std::string& rest) {
  Files out;
  std::error_code ec;
  for (const EditedFile& edited : lab.files) {
    fs::path from = lab.folder / "skeleton" / edited.name;
    for (const std::string& nearer : {rest, folder})
      if (const fs::path own = lab.folder / nearer / edited.name; fs::is_regular_file(own, ec))
        from = own;
    IKELAB_TRY(const std::string text, read_file(from, most_file_octets));
    Result<std::string> filled = fill(text);
    if (!filled.ok()) {
      Error error = filled.error();
      error.place = from.string();
      return error;
    }
    out.emplace(edited.name, std::move(*filled));
  }
  return out;
}

Result<Files> skeleton_files(const Lab& lab, const Draw& draw) {
  // Rules over the draw alone: there is no run yet.
  const Values values = with_standard_names(draw.values, draw.student, "");
  const Facts nothing({});
  return own_files(lab, "skeleton",
                   [&](const std::string& text) { return evaluate_all(text, nothing, values); });
}

RunView Ran::view() const {
  RunView out;
  out.name = plan->name;
  out.facts = facts.get();
  out.scenario = simulated == nullptr ? nullptr : &simulated->scenario;
  out.refused = refused;
  if (simulated != nullptr && !simulated->stopped_scripts.empty())
    out.stopped = simulated->stopped_scripts.front().to_string();
  return out;
}

Result<Ran> run_plan(const Lab& lab, const RunPlan& plan, const Draw& draw, const Files& files,
                     const fs::path& place) {
  Ran out;
  out.plan = &plan;
  Files own;
  if (plan.edits == RunPlan::Edits::skeleton) {
    IKELAB_TRY(own, skeleton_files(lab, draw));
  }
  const bool edited = plan.edits == RunPlan::Edits::student;
  IKELAB_TRY(scenario::Scenario scenario,
             Composer(lab, plan, draw, edited ? files : own, place).scenario(out.refused));
  if (!out.refused.empty()) {
    out.refused = without(out.refused, place);
    return out;
  }
  auto simulated = simulate(std::move(scenario), plan.edits == RunPlan::Edits::none);
  if (!simulated.ok() && edited) {
    out.refused = without(simulated.error().to_string(), place);
    return out;
  }
  if (!simulated.ok()) return simulated.error();
  for (Error& stopped : simulated->stopped_scripts) {
    stopped.place = without(stopped.place, place);
    stopped.message = without(stopped.message, place);
  }
  out.simulated = std::make_unique<Simulated>(std::move(*simulated));
  out.facts = std::make_unique<Facts>(std::move(out.simulated->events));
  return out;
}

Result<std::vector<Ran>> run_all(const Lab& lab, const Draw& draw, const Files& files,
                                 const fs::path& place) {
  std::vector<Ran> out;
  for (const RunPlan& plan : lab.runs) {
    IKELAB_TRY(Ran ran, run_plan(lab, plan, draw, files, place));
    out.push_back(std::move(ran));
  }
  return out;
}

std::vector<RunView> views(const std::vector<Ran>& runs) {
  std::vector<RunView> out;
  for (const Ran& ran : runs) out.push_back(ran.view());
  return out;
}

Result<ScratchFolder> ScratchFolder::make() {
  std::error_code ec;
  std::string name = (fs::temp_directory_path(ec) / "ikelab-lab-XXXXXX").string();
  if (ec || mkdtemp(name.data()) == nullptr)
    return Error{"E-LAB-005", "no temporary folder can be made"}.expect("is there room in /tmp?");
  return ScratchFolder(name);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ec;
  if (!path_.empty()) fs::remove_all(path_, ec);
}

}  // namespace ikelab::labs
