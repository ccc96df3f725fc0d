// lab.yaml to a Lab. Errors carry file, line and column.
#pragma once
#include "labs/engine/lab.hpp"
#include "labs/engine/yaml.hpp"

namespace ikelab::labs {

class LabReader {
 public:
  explicit LabReader(const Yaml& yaml) : yaml_(yaml) {}
  /// Everything but folder, id and wrong answers. Errors: E-LAB-010..013, E-LAB-034 a newer format.
  Result<Lab> read();

 private:
  Result<void> read_parameters(const YamlNode& root, Lab& lab) const;
  Result<Parameter> read_parameter(const YamlNode& node) const;
  Result<void> read_files(const YamlNode& root, Lab& lab) const;
  Result<void> read_runs(const YamlNode& root, Lab& lab) const;
  Result<void> read_settings(const YamlNode& node, const Lab& lab, RunPlan& plan) const;
  Result<void> read_goals(const YamlNode& root, Lab& lab) const;
  Result<Goal> read_goal(const YamlNode& node, const Lab& lab) const;
  Result<Check> read_check(const YamlNode& node, const Lab& lab) const;
  Result<void> read_answer(const YamlNode& node, const Lab& lab, Check& check) const;
  Result<void> read_condition(const YamlNode& node, Check& check) const;
  Result<void> read_feedback(const YamlNode& node, Check& check) const;
  static std::vector<std::string> mistakes_of(const Check& check);
  Result<void> check_arguments(const YamlNode& node, const Check& check) const;
  /// Every {{name}} in the texts is a parameter of the lab. Errors: E-LAB-014.
  Result<void> check_placeholders(const YamlNode& at, const std::string& text,
                                  const Lab& lab) const;
  const Yaml& yaml_;
};

/// The folders of wrong/ with their expect.yaml, sorted by name; none when there is no such folder.
Result<std::vector<WrongAnswer>> read_wrong_answers(const std::filesystem::path& folder);

}  // namespace ikelab::labs
