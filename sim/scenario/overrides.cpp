#include "sim/scenario/overrides.hpp"

#include <sstream>

namespace ikelab::scenario {
namespace {

std::vector<std::string> steps_of(const std::string& path) {
  std::vector<std::string> steps;
  std::istringstream in(path);
  for (std::string step; std::getline(in, step, '.');) steps.push_back(step);
  return steps;
}

/// The entry of a list with this `name`, or with this index.
YAML::Node entry_of(const YAML::Node& list, const std::string& step) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const YAML::Node entry = list[i];
    if (entry.IsMap() && entry["name"] && entry["name"].IsScalar() &&
        entry["name"].Scalar() == step)
      return entry;
    if (std::to_string(i) == step) return entry;
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

Result<void> apply(const YAML::Node& root, const std::string& path, const std::string& value) {
  const auto refuse = [&](const std::string& step) {
    return Error{"E-SCN-014", "--set " + path + ": there is no '" + step + "'"}.expect(
        "expected keys and names joined by dots, e.g. links.wan.loss=5%");
  };
  const std::vector<std::string> steps = steps_of(path);
  if (steps.empty()) return refuse("");
  YAML::Node at = root;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    YAML::Node next = at.IsSequence() ? entry_of(at, steps[i])
                      : at.IsMap()    ? at[steps[i]]
                                      : YAML::Node(YAML::NodeType::Undefined);
    if (!next.IsDefined() || next.IsNull()) return refuse(steps[i]);
    at.reset(next);
  }
  if (!at.IsMap()) return refuse(steps.back());
  try {
    at[steps.back()] = YAML::Load(value);
  } catch (const YAML::Exception& e) {  // the edge of yaml-cpp
    return Error{"E-SCN-014", "--set " + path + ": " + e.msg};
  }
  return {};
}

}  // namespace

Result<void> apply_overrides(YAML::Node root, const Overrides& overrides) {
  for (const auto& [path, value] : overrides) IKELAB_CHECK(apply(root, path, value));
  return {};
}

}  // namespace ikelab::scenario
