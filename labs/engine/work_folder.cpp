#include "labs/engine/work_folder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "labs/engine/placeholder.hpp"

namespace ikelab::labs {
namespace {

namespace fs = std::filesystem;

bool can_be(const Parameter& parameter, const std::string& value) {
  if (parameter.kind == Parameter::Kind::choice)
    return std::find(parameter.choices.begin(), parameter.choices.end(), value) !=
           parameter.choices.end();
  if (parameter.kind == Parameter::Kind::order) {
    std::vector<std::string> words = words_of(value), all = parameter.choices;
    std::sort(words.begin(), words.end());
    std::sort(all.begin(), all.end());
    return words == all;
  }
  const auto number = parse_integer(value);
  if (parameter.kind == Parameter::Kind::seed) return number && *number > 0;
  return number && *number >= parameter.min && *number <= parameter.max;
}

}  // namespace

std::string written(const Draw& draw) {
  std::string out = fmt::format(
      "  course: {}\n  student: {}\n  lab: {}\n  lab_version: {}\n  values:\n",
      yaml_quoted(draw.course), yaml_quoted(draw.student), yaml_quoted(draw.lab), draw.lab_version);
  for (const auto& [name, value] : draw.values)
    out += fmt::format("    {}: {}\n", name, yaml_quoted(value));
  return out + fmt::format("  binding: {}\n", yaml_quoted(draw.binding));
}

Result<Draw> read_draw(const Yaml& yaml, const YamlNode& node) {
  IKELAB_CHECK(
      yaml.require_map(node, {"course", "student", "lab", "lab_version", "values", "binding"}));
  Draw out;
  IKELAB_TRY(out.course, yaml.text(node, "course"));
  IKELAB_TRY(out.student, yaml.text(node, "student"));
  IKELAB_TRY(out.lab, yaml.text(node, "lab"));
  IKELAB_TRY(out.lab_version, yaml.integer(node, "lab_version", 1, 1'000'000));
  IKELAB_TRY(out.values, yaml.text_map(node, "values"));
  IKELAB_TRY(out.binding, yaml.text(node, "binding"));
  if (const auto name = check_student(out.student); !name.ok())
    return yaml.error(*node.find("student"), "E-LAB-022", name.error().message, name.error().hint);
  return out;
}

Result<void> check_draw(const Draw& draw, const Lab& lab) {
  if (draw.lab_version != lab.version)
    return Error{"E-LAB-032", fmt::format("made for version {} of '{}'; this is version {}",
                                          draw.lab_version, lab.id, lab.version)}
        .expect("grade it with the ikelab it was made with, or start the lab again");
  const bool same_names = draw.values.size() == lab.parameters.size() &&
                          std::equal(draw.values.begin(), draw.values.end(), lab.parameters.begin(),
                                     [](const auto& value, const Parameter& p) {
                                       return value.first == p.name && can_be(p, value.second);
                                     });
  if (same_names) return {};
  return Error{"E-LAB-030", fmt::format("its parameters are not ones '{}' can draw", lab.id)}
      .expect("draw.yaml was edited; start the lab again");
}

Result<Files> edited_files(const WorkFolder& folder, const Lab& lab) {
  Files out;
  for (const EditedFile& edited : lab.files) {
    IKELAB_TRY(std::string text, read_file(folder.path / edited.name, most_file_octets));
    out.emplace(edited.name, std::move(text));
  }
  return out;
}

Result<Answers> written_answers(const WorkFolder& folder, const Lab& lab) {
  if (!lab.has_answers()) return Answers{};
  IKELAB_TRY(const std::string text, read_file(folder.answers_file(), most_file_octets));
  return parse_answers(text, folder.answers_file().string(), lab);
}

Result<WorkFolder> open_work_folder(const fs::path& folder, const fs::path& catalog) {
  std::error_code ec;
  if (!fs::is_regular_file(folder / "draw.yaml", ec))
    return Error{"E-LAB-020", fmt::format("'{}' is not a lab's work folder", folder.string())}
        .expect("make one with: ikelab lab start LAB --student NAME");
  IKELAB_TRY(const Yaml yaml, Yaml::load(folder / "draw.yaml"));
  const YamlNode& root = yaml.root();
  IKELAB_CHECK(yaml.require_map(root, {"format", "started_at", "versions", "draw"}));
  IKELAB_TRY(const std::int64_t format, yaml.integer(root, "format", 1, 1'000'000));
  if (format != 1)
    return yaml.error(*root.find("format"), "E-LAB-034", "written by a newer ikelab",
                      "update ikelab");
  WorkFolder out;
  out.path = folder;
  IKELAB_TRY(out.started_at, yaml.text(root, "started_at"));
  IKELAB_TRY(out.versions, yaml.text(root, "versions"));
  if (root.find("draw") == nullptr) return yaml.error(root, "E-LAB-011", "'draw' is missing");
  IKELAB_TRY(out.draw, read_draw(yaml, *root.find("draw")));
  IKELAB_TRY(const Lab lab, load_lab(catalog, out.draw.lab));
  IKELAB_CHECK(check_draw(out.draw, lab));
  for (const auto& [name, value] : out.draw.values)
    for (const Parameter& parameter : lab.parameters)
      if (parameter.name == name && parameter.kind == Parameter::Kind::seed)
        out.draw.seed = static_cast<std::uint64_t>(*parse_integer(value));
  return out;
}

}  // namespace ikelab::labs
