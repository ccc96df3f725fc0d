#include "labs/engine/submission.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ikelab::labs {
namespace {

constexpr YamlLimits limits{most_submission_octets, 2000, 8};
constexpr std::int64_t most_hints = 100;

Result<HintsTaken> read_hints(const Yaml& yaml, const YamlNode& root, const Lab& lab) {
  HintsTaken out;
  const YamlNode* node = root.find("hints");
  if (node == nullptr || node->kind == YamlNode::Kind::null) return out;
  if (node->kind != YamlNode::Kind::map)
    return yaml.error(*node, "E-LAB-012", "'hints' must be a mapping");
  for (const auto& [goal, value] : node->entries) {
    if (lab.goal(goal.text) == nullptr)
      return yaml.error(goal, "E-LAB-010", "hints of a goal the lab does not have");
    IKELAB_TRY(const std::int64_t count, yaml.integer(*node, goal.text, 0, most_hints));
    out.emplace(goal.text, static_cast<int>(count));
  }
  return out;
}

/// As "2026-11-23T11:22:34Z".
Result<std::string> read_time(const Yaml& yaml, const YamlNode& root, std::string_view key) {
  IKELAB_TRY(std::string text, yaml.text(root, key));
  if (parse_utc(text)) return text;
  return yaml.error(*root.find(key), "E-LAB-012", fmt::format("'{}' is no time", key),
                    "as 2026-11-23T11:22:34Z");
}

}  // namespace

std::string written(const Answers& answers, const std::string& indent) {
  std::string out, open;
  for (const auto& [path, answer] : answers) {
    const std::string goal = path.substr(0, path.find('.'));
    if (goal != open) out += fmt::format("{}{}:\n", indent, goal);
    open = goal;
    out += fmt::format("{}  {}: {}\n", indent, path.substr(goal.size() + 1), yaml_quoted(answer));
  }
  return out;
}

std::string written(const Submission& submission) {
  std::string out = fmt::format(
      "# A submission to ikelab. Hand in this file as it is.\nformat: 1\nstarted_at: {}\nmade_at: "
      "{}\n"
      "versions: {}\ndraw:\n{}",
      yaml_quoted(submission.started_at), yaml_quoted(submission.made_at),
      yaml_quoted(submission.versions), written(submission.draw));
  out += "hints:\n";
  for (const auto& [goal, count] : submission.hints) out += fmt::format("  {}: {}\n", goal, count);
  out += "answers:\n" + written(submission.answers, "  ");
  if (!submission.files.empty()) out += "files:\n";
  for (const auto& [name, text] : submission.files)
    out += fmt::format("  {}: {}\n", name, yaml_quoted(text));
  return out;
}

Result<Submission> read_submission(const std::filesystem::path& file,
                                   const std::filesystem::path& catalog) {
  IKELAB_TRY(const std::string text, read_plain_file(file, most_submission_octets));
  IKELAB_TRY(const Yaml yaml, Yaml::parse(text, file.string(), limits));
  const YamlNode& root = yaml.root();
  IKELAB_CHECK(yaml.require_map(
      root, {"format", "started_at", "made_at", "versions", "draw", "hints", "answers", "files"}));
  IKELAB_TRY(const std::int64_t format, yaml.integer(root, "format", 1, 1'000'000));
  if (format != 1)
    return yaml.error(*root.find("format"), "E-LAB-034", "written by a newer ikelab",
                      "update ikelab");
  Submission out;
  IKELAB_TRY(out.started_at, read_time(yaml, root, "started_at"));
  IKELAB_TRY(out.made_at, read_time(yaml, root, "made_at"));
  IKELAB_TRY(out.versions, yaml.text(root, "versions"));
  if (root.find("draw") == nullptr) return yaml.error(root, "E-LAB-011", "'draw' is missing");
  const YamlNode& draw = *root.find("draw");
  IKELAB_TRY(out.draw, read_draw(yaml, draw));
  const auto lab = load_lab(catalog, out.draw.lab);
  if (!lab.ok())
    return lab.error().code == "E-LAB-001"
               ? yaml.error(*draw.find("lab"), "E-LAB-001", lab.error().message)
               : lab.error();
  if (const auto fits = check_draw(out.draw, *lab); !fits.ok())
    return yaml.error(draw, fits.error().code, fits.error().message, fits.error().hint);
  IKELAB_TRY(out.hints, read_hints(yaml, root, *lab));
  if (root.find("answers") == nullptr) return yaml.error(root, "E-LAB-011", "'answers' is missing");
  IKELAB_TRY(out.answers, read_answers(yaml, *root.find("answers"), *lab));
  IKELAB_TRY(const auto files, yaml.text_map(root, "files"));
  for (const auto& [name, content] : files) {
    if (lab->file(name) == nullptr)
      return yaml.error(*root.find("files"), "E-LAB-010",
                        fmt::format("the lab has no file '{}' to hand in", name.substr(0, 64)));
    out.files.emplace(name, content);
  }
  return out;
}

Result<Draw> verified_draw(const Submission& submission, const Course& course, const Lab& lab) {
  const Draw& claimed = submission.draw;
  if (claimed.course != course.name())
    return Error{"E-LAB-031", fmt::format("it belongs to the course '{}', not to '{}'",
                                          claimed.course, course.name())}
        .expect("name the course's file with --course");
  IKELAB_TRY(Draw drawn, draw(course, lab, claimed.student));
  if (claimed.values == drawn.values &&
      equal_constant_time(as_bytes(claimed.binding), as_bytes(drawn.binding)))
    return drawn;
  return Error{"E-LAB-031",
               fmt::format("it is not bound to the draw of '{}' in this course", claimed.student)}
      .expect("another student's folder, or edited parameters; it was not graded");
}

}  // namespace ikelab::labs
