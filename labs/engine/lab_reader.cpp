#include "labs/engine/lab_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "labs/engine/placeholder.hpp"

namespace ikelab::labs {
namespace {

constexpr std::int64_t most_minutes = 10'000, most_version = 1'000'000;
constexpr std::int64_t widest_integer = 1'000'000'000;  // keeps the draw's bias below 2^-30

bool is_name(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

Result<Lab> LabReader::read() {
  const YamlNode& root = yaml_.root();
  IKELAB_CHECK(yaml_.require_map(
      root, {"format", "version", "title", "about", "minutes", "prerequisites", "parameters",
             "scenario", "set", "files", "runs", "captures", "withhold", "skeleton", "goals"}));
  IKELAB_TRY(const std::int64_t format, yaml_.integer(root, "format", 1, most_version));
  if (format > lab_format)
    return yaml_.error(*root.find("format"), "E-LAB-034",
                       fmt::format("format {} is newer than this ikelab", format), "update ikelab");
  Lab lab;
  IKELAB_TRY(lab.version, yaml_.integer(root, "version", 1, most_version));
  IKELAB_TRY(lab.title, yaml_.text(root, "title"));
  IKELAB_TRY(lab.about, yaml_.text(root, "about"));
  IKELAB_TRY(lab.minutes, yaml_.integer(root, "minutes", 1, most_minutes));
  IKELAB_TRY(lab.prerequisites, yaml_.texts(root, "prerequisites"));
  IKELAB_TRY(lab.withhold, yaml_.texts(root, "withhold"));
  IKELAB_TRY(const std::int64_t skeleton, yaml_.integer(root, "skeleton", 0, full_score));
  lab.skeleton_score = static_cast<int>(skeleton);
  IKELAB_CHECK(read_parameters(root, lab));
  IKELAB_TRY(lab.captures, yaml_.texts(root, "captures"));
  IKELAB_CHECK(read_files(root, lab));
  IKELAB_CHECK(read_runs(root, lab));
  IKELAB_CHECK(read_goals(root, lab));
  return lab;
}

Result<void> LabReader::read_parameters(const YamlNode& root, Lab& lab) const {
  IKELAB_TRY(const auto nodes, yaml_.list(root, "parameters"));
  int seeds = 0;
  for (const YamlNode* node : nodes) {
    IKELAB_TRY(Parameter parameter, read_parameter(*node));
    seeds += parameter.kind == Parameter::Kind::seed ? 1 : 0;
    for (const Parameter& other : lab.parameters)
      if (other.name == parameter.name)
        return yaml_.error(*node, "E-LAB-013",
                           fmt::format("a second parameter '{}'", parameter.name));
    lab.parameters.push_back(std::move(parameter));
  }
  if (seeds == 1) return {};
  return yaml_.error(root.find("parameters") ? *root.find("parameters") : root, "E-LAB-013",
                     "a lab has exactly one parameter of kind 'seed'",
                     "it becomes the seed of the run");
}

Result<Parameter> LabReader::read_parameter(const YamlNode& node) const {
  IKELAB_CHECK(yaml_.require_map(node, {"name", "kind", "about", "of", "min", "max"}));
  Parameter out;
  IKELAB_TRY(out.name, yaml_.text(node, "name"));
  IKELAB_TRY(out.about, yaml_.text_or(node, "about", ""));
  IKELAB_TRY(const std::string kind, yaml_.text(node, "kind"));
  if (!is_name(out.name) || out.name == "student" || out.name == "folder")
    return yaml_.error(*node.find("name"), "E-LAB-012", "not a parameter's name",
                       "lower case, digits, '_', '-'; 'student' and 'folder' are taken");
  if (kind == "seed") return out;
  if (kind == "choice" || kind == "order") {
    out.kind = kind == "choice" ? Parameter::Kind::choice : Parameter::Kind::order;
    IKELAB_TRY(out.choices, yaml_.texts(node, "of"));
    if (out.choices.empty())
      return yaml_.error(node, "E-LAB-011", "it needs 'of:' with its values");
    return out;
  }
  if (kind != "int")
    return yaml_.error(*node.find("kind"), "E-LAB-012", fmt::format("unknown kind '{}'", kind),
                       "choice, order, int or seed");
  out.kind = Parameter::Kind::integer;
  IKELAB_TRY(out.min, yaml_.integer(node, "min", -widest_integer / 2, widest_integer / 2));
  IKELAB_TRY(out.max, yaml_.integer(node, "max", out.min, widest_integer / 2));
  return out;
}

Result<void> LabReader::read_files(const YamlNode& root, Lab& lab) const {
  IKELAB_TRY(const auto nodes, yaml_.list(root, "files"));
  for (const YamlNode* node : nodes) {
    IKELAB_CHECK(yaml_.require_map(*node, {"name", "path", "about", "runs"}));
    EditedFile file;
    IKELAB_TRY(file.name, yaml_.text(*node, "name"));
    IKELAB_TRY(file.path, yaml_.text_or(*node, "path", ""));
    IKELAB_TRY(file.about, yaml_.text_or(*node, "about", ""));
    IKELAB_TRY(file.runs, yaml_.texts(*node, "runs"));
    const std::size_t dot = file.name.rfind('.');
    const std::string extension = dot == std::string::npos ? "" : file.name.substr(dot);
    if (!is_name(file.name.substr(0, dot)) || extension != (file.path.empty() ? ".lua" : ".yaml"))
      return yaml_.error(*node->find("name"), "E-LAB-012", "not a name for an edited file",
                         "lower case; name.yaml with 'path:', name.lua without");
    if (lab.file(file.name) != nullptr || file.name == "answers.yaml" || file.name == "draw.yaml" ||
        file.name == "scenario.yaml" || file.name == "submission.yaml")
      return yaml_.error(*node, "E-LAB-013", fmt::format("'{}' is taken", file.name));
    lab.files.push_back(std::move(file));
  }
  return {};
}

Result<void> LabReader::read_settings(const YamlNode& node, const Lab& lab, RunPlan& plan) const {
  IKELAB_TRY(const auto set, yaml_.text_map(node, "set"));
  for (const auto& [path, value] : set) {
    IKELAB_CHECK(check_placeholders(*node.find("set"), value, lab));
    plan.set.emplace_back(path, value);
  }
  return {};
}

// `scenario:` and `set:` are the first run's; `runs:` are more, each with its own settings after
// those.
Result<void> LabReader::read_runs(const YamlNode& root, Lab& lab) const {
  RunPlan main;
  main.name = "main";
  main.edits = lab.files.empty() ? RunPlan::Edits::none : RunPlan::Edits::student;
  IKELAB_TRY(main.scenario, yaml_.text(root, "scenario"));
  IKELAB_CHECK(read_settings(root, lab, main));
  lab.runs.push_back(main);
  IKELAB_TRY(const auto nodes, yaml_.list(root, "runs"));
  for (const YamlNode* node : nodes) {
    IKELAB_CHECK(yaml_.require_map(*node, {"name", "scenario", "set", "files", "hidden"}));
    RunPlan plan = main;
    IKELAB_TRY(plan.name, yaml_.text(*node, "name"));
    IKELAB_TRY(plan.scenario, yaml_.text_or(*node, "scenario", main.scenario));
    if (plan.scenario != main.scenario) plan.set.clear();
    IKELAB_CHECK(read_settings(*node, lab, plan));
    IKELAB_TRY(const std::string edits, yaml_.text_or(*node, "files", "student"));
    if (edits != "student" && edits != "skeleton" && edits != "none")
      return yaml_.error(*node->find("files"), "E-LAB-012",
                         fmt::format("unknown files '{}'", edits), "student, skeleton or none");
    plan.edits = edits == "none" || lab.files.empty() ? RunPlan::Edits::none
                 : edits == "skeleton"                ? RunPlan::Edits::skeleton
                                                      : RunPlan::Edits::student;
    IKELAB_TRY(const std::string hidden, yaml_.text_or(*node, "hidden", "no"));
    plan.hidden = hidden == "yes" || hidden == "true";
    if (!is_name(plan.name) || lab.run(plan.name) != nullptr)
      return yaml_.error(*node, "E-LAB-013", fmt::format("no name for a run: '{}'", plan.name),
                         "lower case, and not 'main'");
    lab.runs.push_back(std::move(plan));
  }
  for (const EditedFile& file : lab.files)
    for (const std::string& name : file.runs)
      if (lab.run(name) == nullptr)
        return yaml_.error(*root.find("files"), "E-LAB-013", fmt::format("no run '{}'", name));
  return {};
}

Result<void> LabReader::read_goals(const YamlNode& root, Lab& lab) const {
  IKELAB_TRY(const auto nodes, yaml_.list(root, "goals"));
  int sum = 0;
  for (const YamlNode* node : nodes) {
    IKELAB_TRY(Goal goal, read_goal(*node, lab));
    if (lab.goal(goal.id) != nullptr)
      return yaml_.error(*node, "E-LAB-013", fmt::format("a second goal '{}'", goal.id));
    sum += goal.points();
    lab.goals.push_back(std::move(goal));
  }
  if (sum == full_score) return {};
  return yaml_.error(root.find("goals") ? *root.find("goals") : root, "E-LAB-013",
                     fmt::format("the points of all checks add up to {}, not {}", sum, full_score));
}

Result<Goal> LabReader::read_goal(const YamlNode& node, const Lab& lab) const {
  IKELAB_CHECK(yaml_.require_map(node, {"id", "title", "hints", "checks"}));
  Goal goal;
  IKELAB_TRY(goal.id, yaml_.text(node, "id"));
  if (!is_name(goal.id))
    return yaml_.error(*node.find("id"), "E-LAB-012", "not a goal's name",
                       "lower case, digits, '_', '-'");
  IKELAB_TRY(goal.title, yaml_.text(node, "title"));
  IKELAB_TRY(const auto hints, yaml_.list(node, "hints"));
  for (const YamlNode* at : hints) {
    IKELAB_CHECK(yaml_.require_map(*at, {"text", "cost"}));
    Hint hint;
    IKELAB_TRY(hint.text, yaml_.text(*at, "text"));
    IKELAB_TRY(const std::int64_t cost, yaml_.integer_or(*at, "cost", 0, full_score, 0));
    hint.cost = static_cast<int>(cost);
    IKELAB_CHECK(check_placeholders(*at, hint.text, lab));
    goal.hints.push_back(std::move(hint));
  }
  IKELAB_TRY(const auto checks, yaml_.list(node, "checks"));
  for (const YamlNode* at : checks) {
    IKELAB_TRY(Check check, read_check(*at, lab));
    for (const Check& other : goal.checks)
      if (other.field == check.field)
        return yaml_.error(*at, "E-LAB-013", fmt::format("a second check of '{}'", check.field));
    goal.checks.push_back(std::move(check));
  }
  if (goal.checks.empty()) return yaml_.error(node, "E-LAB-011", "a goal needs 'checks:'");
  return goal;
}

Result<Check> LabReader::read_check(const YamlNode& node, const Lab& lab) const {
  IKELAB_CHECK(yaml_.require_map(node, {"field", "points", "is", "holds", "run", "with", "ways",
                                        "question", "example", "feedback"}));
  Check check;
  IKELAB_TRY(check.field, yaml_.text(node, "field"));
  if (!is_name(check.field))
    return yaml_.error(*node.find("field"), "E-LAB-012", "not a field's name",
                       "lower case, digits, '_', '-'");
  IKELAB_TRY(const std::int64_t points, yaml_.integer(node, "points", 1, full_score));
  check.points = static_cast<int>(points);
  IKELAB_TRY(check.question, yaml_.text(node, "question"));
  IKELAB_CHECK(check_placeholders(*node.find("question"), check.question, lab));
  IKELAB_TRY(check.run, yaml_.text_or(node, "run", ""));
  if (lab.run(check.run) == nullptr)
    return yaml_.error(*node.find("run"), "E-LAB-013", fmt::format("no run '{}'", check.run));
  if ((node.find("is") == nullptr) == (node.find("holds") == nullptr))
    return yaml_.error(node, "E-LAB-011", "a check says either 'is:' or 'holds:'");
  IKELAB_TRY(check.arguments, yaml_.text_map(node, "with"));
  for (const auto& [name, value] : check.arguments)
    IKELAB_CHECK(check_placeholders(*node.find("with"), value, lab));
  IKELAB_CHECK(node.find("is") != nullptr ? read_answer(node, lab, check)
                                          : read_condition(node, check));
  IKELAB_CHECK(read_feedback(node, check));
  for (const auto& [mistake, text] : check.feedback)
    IKELAB_CHECK(check_placeholders(*node.find("feedback"), text, lab));
  return check;
}

Result<void> LabReader::read_answer(const YamlNode& node, const Lab& lab, Check& check) const {
  IKELAB_TRY(check.example, yaml_.text(node, "example"));
  IKELAB_TRY(const std::string kind, yaml_.text(node, "is"));
  check.predicate = find_predicate(kind);
  if (check.predicate == nullptr) {
    std::vector<std::string> known;
    for (const Predicate& row : predicates()) known.emplace_back(row.kind);
    return yaml_.error(*node.find("is"), "E-LAB-013", fmt::format("unknown predicate '{}'", kind),
                       fmt::format("expected one of {}", fmt::join(known, ", ")));
  }
  IKELAB_TRY(const auto ways, yaml_.text_map(node, "ways"));
  for (const auto& [mistake, rule] : ways) {
    IKELAB_CHECK(check_placeholders(*node.find("ways"), rule, lab));
    check.ways.push_back({mistake, rule});
  }
  return check_arguments(node, check);
}

Result<void> LabReader::read_condition(const YamlNode& node, Check& check) const {
  IKELAB_TRY(const std::string kind, yaml_.text(node, "holds"));
  check.condition = find_condition(kind);
  if (!check.condition)
    return yaml_.error(*node.find("holds"), "E-LAB-013",
                       fmt::format("unknown condition '{}'", kind),
                       fmt::format("expected one of {}", fmt::join(condition_kinds(), ", ")));
  return check_arguments(node, check);
}

Result<void> LabReader::check_arguments(const YamlNode& node, const Check& check) const {
  const std::string kind =
      check.is_answer() ? std::string(check.predicate->kind) : check.condition->kind;
  const auto& required = check.is_answer() ? check.predicate->required : check.condition->required;
  const auto& optional = check.is_answer() ? check.predicate->optional : check.condition->optional;
  for (const std::string_view name : required)
    if (argument(check.arguments, name).empty())
      return yaml_.error(node, "E-LAB-011",
                         fmt::format("'{}' needs with: {{{}: ...}}", kind, name));
  // The arguments of a scenario's expectation are checked where it is evaluated.
  if (!check.is_answer() && check.condition->mistakes.empty()) return {};
  for (const auto& [name, value] : check.arguments) {
    const auto is = [&](std::string_view other) { return other == name; };
    if (std::any_of(required.begin(), required.end(), is)) continue;
    if (std::any_of(optional.begin(), optional.end(), is)) continue;
    return yaml_.error(*node.find("with"), "E-LAB-010",
                       fmt::format("'{}' takes no '{}'", kind, name));
  }
  return {};
}

/// What a check can tell: its kind's own, those of all kinds, and those the lab makes.
std::vector<std::string> LabReader::mistakes_of(const Check& check) {
  std::vector<std::string> out;
  for (const Mistake& row :
       check.is_answer() ? check.predicate->mistakes : check.condition->mistakes)
    out.emplace_back(row.name);
  for (const Mistake& row : check.is_answer() ? common_mistakes() : condition_mistakes())
    out.emplace_back(row.name);
  for (const RuledWay& way : check.ways) out.push_back(way.mistake);
  return out;
}

Result<void> LabReader::read_feedback(const YamlNode& node, Check& check) const {
  IKELAB_TRY(const auto texts, yaml_.text_map(node, "feedback"));
  const std::vector<std::string> known = mistakes_of(check);
  for (const auto& [mistake, text] : texts) {
    if (std::find(known.begin(), known.end(), mistake) == known.end())
      return yaml_.error(*node.find("feedback"), "E-LAB-013",
                         fmt::format("'{}' cannot tell the mistake '{}'", check.field, mistake),
                         fmt::format("it tells {}", fmt::join(known, ", ")));
    check.feedback.emplace(mistake, text);
  }
  for (const RuledWay& way : check.ways)
    if (!check.feedback.contains(way.mistake))
      return yaml_.error(*node.find("ways"), "E-LAB-011",
                         fmt::format("'{}' has no feedback", way.mistake));
  return {};
}

Result<void> LabReader::check_placeholders(const YamlNode& at, const std::string& text,
                                           const Lab& lab) const {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Parameter& parameter : lab.parameters) values.emplace_back(parameter.name, "");
  const auto rendered = render(text, with_standard_names(values, "", ""));
  if (rendered.ok()) return {};
  return yaml_.error(at, "E-LAB-014", rendered.error().message, rendered.error().hint);
}

Result<std::vector<WrongAnswer>> read_wrong_answers(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> folders;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ec))
    if (entry.is_directory(ec)) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  std::vector<WrongAnswer> out;
  for (const auto& path : folders) {
    IKELAB_TRY(const Yaml yaml, Yaml::load(path / "expect.yaml"));
    const YamlNode& root = yaml.root();
    IKELAB_CHECK(yaml.require_map(root, {"about", "score", "mistakes", "rest"}));
    WrongAnswer wrong;
    wrong.name = path.filename().string();
    IKELAB_TRY(wrong.about, yaml.text(root, "about"));
    IKELAB_TRY(const std::int64_t score, yaml.integer(root, "score", 0, full_score));
    wrong.score = static_cast<int>(score);
    IKELAB_TRY(const auto mistakes, yaml.text_map(root, "mistakes"));
    wrong.mistakes.insert(mistakes.begin(), mistakes.end());
    IKELAB_TRY(wrong.rest, yaml.text_or(root, "rest", wrong.rest));
    if (wrong.rest != "skeleton" && wrong.rest != "solution")
      return yaml.error(root, "E-LAB-012", fmt::format("'{}' is no folder of a lab", wrong.rest),
                        "rest: skeleton or solution");
    out.push_back(std::move(wrong));
  }
  return out;
}

}  // namespace ikelab::labs
