// What YAML may be before it becomes a tree: bounded in depth and size, each key once, no aliases
// (a small file with aliases is a large tree), one document.
#pragma once
#include <yaml-cpp/mark.h>

#include <optional>
#include <string>

namespace ikelab::scenario {

struct YamlRefusal {
  YAML::Mark mark;
  std::string message, hint;
};

/// Reads the text once without keeping it; nothing when it may be loaded. Syntax errors of yaml-cpp
/// are refusals too.
std::optional<YamlRefusal> refuse_yaml(const std::string& text);

}  // namespace ikelab::scenario
