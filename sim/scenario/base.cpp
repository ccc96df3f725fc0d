#include "sim/scenario/base.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/scenario/overrides.hpp"

namespace ikelab::scenario {
namespace fs = std::filesystem;
namespace {

Error refuse(const std::string& message, const YAML::Node& at, const std::string& file) {
  return Error{"E-SCN-016", message}
      .in(fmt::format("{}:{}:{}", file, at.Mark().line + 1, at.Mark().column + 1))
      .expect("expected the name of a shipped scenario, or a .yaml file beside this one");
}

constexpr int most_bases = 3;  // one upon another; it also ends circles

Result<YAML::Node> on_base(const YAML::Node& root, const std::string& file, int depth);

Result<YAML::Node> load_base(const YAML::Node& name, const std::string& file, int depth) {
  if (!name.IsScalar()) return refuse("'base' must be one value", name, file);
  const fs::path asked = fs::path(name.Scalar()).lexically_normal();
  const bool shipped = !asked.has_parent_path() && asked.extension() != ".yaml";
  if (!shipped && (asked.is_absolute() || asked.extension() != ".yaml" || *asked.begin() == ".."))
    return refuse(fmt::format("'{}' is no place for a base", name.Scalar()), name, file);
  const fs::path path = shipped ? fs::path(IKELAB_SCENARIO_DIR) / (asked.string() + ".yaml")
                                : fs::path(file).parent_path() / asked;
  std::ifstream in(path, std::ios::binary);
  if (!in || fs::is_directory(path))
    return refuse(fmt::format("no scenario '{}'", name.Scalar()), name, file);
  std::ostringstream text;
  text << in.rdbuf();
  IKELAB_TRY(YAML::Node base, parse_yaml(text.str(), path.string()));
  if (!base.IsMap()) return refuse(fmt::format("'{}' is no scenario", name.Scalar()), name, file);
  if (base["base"] && depth == most_bases)
    return refuse(fmt::format("'{}' stands on more than {} others", name.Scalar(), most_bases),
                  name, file);
  return on_base(base, path.string(), depth + 1);
}

Result<YAML::Node> on_base(const YAML::Node& root, const std::string& file, int depth) {
  if (!root.IsMap() || !root["base"]) return root;
  IKELAB_TRY(YAML::Node made, load_base(root["base"], file, depth));
  Overrides changes;
  for (const auto& entry : root) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string();
    if (key == "base") continue;
    if (key != "set") {
      made[key] = entry.second;
      continue;
    }
    if (!entry.second.IsMap()) return refuse("'set' must map paths to values", entry.second, file);
    for (const auto& change : entry.second)
      changes.emplace_back(change.first.Scalar(), YAML::Dump(change.second));
  }
  IKELAB_CHECK(apply_overrides(made, changes));
  return made;
}

}  // namespace

Result<YAML::Node> with_base(const YAML::Node& root, const std::string& file) {
  return on_base(root, file, 1);
}

}  // namespace ikelab::scenario
