#include "labs/engine/lab.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "labs/engine/lab_reader.hpp"

namespace ikelab::labs {

namespace fs = std::filesystem;

int Goal::points() const {
  int sum = 0;
  for (const Check& check : checks) sum += check.points;
  return sum;
}

const Goal* Lab::goal(std::string_view name) const {
  for (const Goal& g : goals)
    if (g.id == name) return &g;
  return nullptr;
}

const EditedFile* Lab::file(std::string_view name) const {
  for (const EditedFile& f : files)
    if (f.name == name) return &f;
  return nullptr;
}

const RunPlan* Lab::run(std::string_view name) const {
  for (const RunPlan& plan : runs)
    if (name.empty() || plan.name == name) return &plan;
  return nullptr;
}

bool Lab::has_answers() const {
  for (const Goal& g : goals)
    for (const Check& check : g.checks)
      if (check.is_answer()) return true;
  return false;
}

fs::path catalog() {
  return IKELAB_LABS_CATALOG;
}

std::vector<std::string> labs_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec))
    if (fs::is_regular_file(entry.path() / "lab.yaml", ec))
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

Result<Lab> load_lab(const fs::path& folder, const std::string& name) {
  const auto names = labs_in(folder);
  if (std::find(names.begin(), names.end(), name) != names.end())
    return load_lab_folder(folder / name);
  const std::string near = nearest(name, names);
  return Error{"E-LAB-001", fmt::format("there is no lab '{}'", name.substr(0, 64))}.expect(
      near.empty() ? "`ikelab lab list` names them" : fmt::format("did you mean '{}'?", near));
}

Result<Lab> load_lab_folder(const fs::path& folder) {
  IKELAB_TRY(const Yaml yaml, Yaml::load(folder / "lab.yaml"));
  IKELAB_TRY(Lab lab, LabReader(yaml).read());
  lab.folder = folder;
  lab.id = fs::weakly_canonical(folder).filename().string();
  IKELAB_TRY(lab.wrong, read_wrong_answers(folder / "wrong"));
  return lab;
}

}  // namespace ikelab::labs
