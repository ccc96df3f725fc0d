// A lab as a value: what labs/catalog/<lab>/lab.yaml says, checked (docs/LABS.md explains every
// key).
//
// Invariant: a Lab that was loaded is whole: its predicates are known, its points add up to 100,
// and every feedback it writes belongs to a mistake that the predicate can tell.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "labs/engine/predicate.hpp"
#include "protocol/base/result.hpp"

namespace ikelab::labs {

inline constexpr std::int64_t lab_format = 1;  ///< `format:` of lab.yaml
inline constexpr int full_score = 100;

/// Something drawn for each student.
struct Parameter {
  enum class Kind { choice, integer, seed };
  std::string name, about;
  Kind kind = Kind::seed;
  std::vector<std::string> choices;
  std::int64_t min = 0, max = 0;
};

/// One answer the student gives, and what it must equal.
struct Check {
  std::string field;  ///< key in answers.yaml, below the goal's
  const Predicate* predicate = nullptr;
  Arguments arguments;  ///< may hold {{parameter}}
  int points = 0;
  std::string question, example;                ///< example: the form of an answer
  std::map<std::string, std::string> feedback;  ///< mistake to text; else the predicate's own
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
};

struct Lab {
  std::filesystem::path folder;
  std::string id, title, about;
  std::int64_t version = 1;
  std::int64_t minutes = 0;
  std::vector<std::string> prerequisites;
  std::vector<Parameter> parameters;
  std::string scenario;  ///< a file beside lab.yaml, or a shipped name
  std::vector<std::pair<std::string, std::string>> set;  ///< overrides, with {{parameter}}
  std::vector<std::string> withhold;                     ///< what the student's recording hides
  int skeleton_score = 0;
  std::vector<Goal> goals;
  std::vector<WrongAnswer> wrong;

  [[nodiscard]] const Goal* goal(std::string_view name) const;
  [[nodiscard]] Result<std::filesystem::path> scenario_file() const;
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
