// A lab as a value: what labs/catalog/<lab>/lab.yaml says, checked (docs/LABS.md explains every
// key).
//
// Invariant: a Lab that was loaded is whole: its predicates, conditions and runs are known, its
// points add up to 100, and every feedback it writes belongs to a mistake that the predicate can
// tell.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "labs/engine/condition.hpp"
#include "labs/engine/predicate.hpp"
#include "protocol/base/result.hpp"

namespace ikelab::labs {

inline constexpr std::int64_t lab_format = 2;  ///< `format:` of lab.yaml; 1 had no files and runs
inline constexpr int full_score = 100;

/// Something drawn for each student.
struct Parameter {
  enum class Kind { choice, integer, order, seed };  ///< order: its choices, shuffled, "b,c,a"
  std::string name, about;
  Kind kind = Kind::seed;
  std::vector<std::string> choices;
  std::int64_t min = 0, max = 0;
};

/// A file the student edits: part of the scenario, or a script beside it.
struct EditedFile {
  std::string name;   ///< "branch-1.yaml", "detector.lua"
  std::string path;   ///< what it replaces: "nodes.branch-1.connections"; "" for a script
  std::string about;  ///< one line for the student's README
  std::vector<std::string> runs;  ///< in which it counts; none named: in all
};

/// One simulation of the lab. The first is `main`: what the work folder shows, whose fingerprint a
/// grade bears.
struct RunPlan {
  enum class Edits { student, skeleton, none };  ///< whose edited files it runs with
  std::string name;
  std::string scenario;                                  ///< a file beside lab.yaml
  std::vector<std::pair<std::string, std::string>> set;  ///< overrides, with {{parameter}}
  Edits edits = Edits::none;
  bool hidden = false;  ///< graded, but not recorded in the student's folder
};

/// A wrong answer that the lab itself knows, as a rule over the run.
struct RuledWay {
  std::string mistake, rule;
};

/// One answer the student gives and what it must equal (`is:`), or what a run must show (`holds:`).
struct Check {
  std::string field;  ///< of an answer: its key in answers.yaml, below the goal's
  const Predicate* predicate = nullptr;
  std::optional<Condition> condition;
  Arguments arguments;  ///< may hold {{parameter}}
  std::string run;      ///< which run is asked; "" for the first
  int points = 0;
  std::string question, example;                ///< example: the form of an answer
  std::vector<RuledWay> ways;                   ///< answers only
  std::map<std::string, std::string> feedback;  ///< mistake to text; else the predicate's own

  [[nodiscard]] bool is_answer() const { return predicate != nullptr; }
};

struct Hint {
  std::string text;
  int cost = 0;  ///< points
};

struct Goal {
  std::string id, title;
  std::vector<Check> checks;
  std::vector<Hint> hints;
  [[nodiscard]] int points() const;
};

/// A plausible wrong submission and what it must get: wrong/<name>/.
struct WrongAnswer {
  std::string name, about;
  int score = 0;
  std::map<std::string, std::string> mistakes;  ///< "goal.field" to the mistake that must be told
  std::string rest = "skeleton";  ///< whose files stand for those that are not there; or "solution"
};

struct Lab {
  std::filesystem::path folder;
  std::string id, title, about;
  std::int64_t version = 1;
  std::int64_t minutes = 0;
  std::vector<std::string> prerequisites;
  std::vector<Parameter> parameters;
  std::vector<EditedFile> files;
  std::vector<RunPlan> runs;          ///< at least one
  std::vector<std::string> withhold;  ///< what the student's recording hides
  std::vector<std::string> captures;  ///< links of which the work folder gets a capture
  int skeleton_score = 0;
  std::vector<Goal> goals;
  std::vector<WrongAnswer> wrong;

  [[nodiscard]] const Goal* goal(std::string_view name) const;
  [[nodiscard]] const EditedFile* file(std::string_view name) const;
  [[nodiscard]] const RunPlan* run(std::string_view name) const;  ///< "" is the first
  [[nodiscard]] bool has_answers() const;  ///< some check is an answer: there is an answers.yaml
};

/// Where the shipped labs are.
std::filesystem::path catalog();
/// Every lab's name in a catalogue, sorted: the folders with a lab.yaml.
std::vector<std::string> labs_in(const std::filesystem::path& catalog);
/// Errors: E-LAB-001 no such lab (with the near one), E-LAB-010..013 with file, line, column.
Result<Lab> load_lab(const std::filesystem::path& catalog, const std::string& name);
/// The lab in one folder.
Result<Lab> load_lab_folder(const std::filesystem::path& folder);

}  // namespace ikelab::labs
