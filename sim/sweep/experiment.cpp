#include "sim/sweep/experiment.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "protocol/crypto/digest.hpp"
#include "sim/store/error.hpp"

namespace ikelab::sweep {
namespace {

constexpr std::size_t most_points = 100'000;  // a matrix beyond this is a slip of the pen

/// Stops at the edge of this file.
struct Wrong {
  Error error;
};

class Loader {
 public:
  explicit Loader(std::string file) : file_(std::move(file)) {}

  [[noreturn]] void fail(const char* code, const YAML::Mark& mark, const std::string& message,
                         const std::string& hint) const {
    std::string place = file_;
    if (!mark.is_null())
      place += ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
    throw Wrong{{code, message, {}, "", place, hint}};
  }

  void keys(const YAML::Node& map, const std::string& what,
            const std::vector<std::string>& known) const {
    if (!map.IsMap())
      fail("E-SWP-004", map.Mark(), what + " must be a mapping", "expected `key: value` lines");
    for (const auto& entry : map) {
      const auto key = entry.first.as<std::string>();
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      std::string hint = "expected one of: ";
      for (const std::string& name : known) hint += (name == known.front() ? "" : ", ") + name;
      fail("E-SWP-003", entry.first.Mark(), "unknown key '" + key + "' in " + what, hint);
    }
  }

  std::string text(const YAML::Node& map, const char* key) const {
    const YAML::Node value = map[key];
    if (!value)
      fail("E-SWP-003", map.Mark(), std::string("the key '") + key + "' is missing",
           "see sim/experiments/ for examples");
    return scalar(value, key);
  }

  std::string scalar(const YAML::Node& value, const std::string& what) const {
    if (!value.IsScalar() || value.Scalar().empty()) {
      fail("E-SWP-004", value.Mark(), "'" + what + "' must be one value",
           "expected a text or a number");
    }
    return value.Scalar();
  }

  std::vector<std::string> list(const YAML::Node& value, const std::string& what) const {
    if (!value.IsSequence() || value.size() == 0) {
      fail("E-SWP-004", value.Mark(), "'" + what + "' must be a list", "expected [a, b, ...]");
    }
    std::vector<std::string> out;
    for (const auto& element : value) {
      out.push_back(scalar(element, what));
      if (std::count(out.begin(), out.end(), out.back()) > 1) {
        fail("E-SWP-004", element.Mark(), "'" + out.back() + "' is twice in '" + what + "'",
             "each point is run once");
      }
    }
    return out;
  }

  std::uint64_t number(const std::string& text, const YAML::Mark& mark) const {
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size()) {
      fail("E-SWP-004", mark, "'" + text + "' is not a whole number",
           "expected e.g. seeds: 1..10 or seeds: [1, 2, 3]");
    }
    return out;
  }

  /// "1..10", or a list.
  std::vector<std::uint64_t> seeds(const YAML::Node& value) const {
    std::vector<std::uint64_t> out;
    if (value.IsScalar()) {
      const std::string range = value.Scalar();
      const auto dots = range.find("..");
      if (dots == std::string::npos) return {number(range, value.Mark())};
      const std::uint64_t first = number(range.substr(0, dots), value.Mark());
      const std::uint64_t last = number(range.substr(dots + 2), value.Mark());
      if (last < first || last - first >= most_points) {
        fail("E-SWP-004", value.Mark(), "'" + range + "' is no range of seeds",
             "expected e.g. 1..10");
      }
      for (std::uint64_t seed = first; seed <= last; ++seed) out.push_back(seed);
      return out;
    }
    for (const std::string& text : list(value, "seeds")) out.push_back(number(text, value.Mark()));
    return out;
  }

  Duration duration(const std::string& text, const YAML::Mark& mark) const {
    constexpr std::pair<const char*, Duration> units[] = {
        {"ms", 1ms}, {"s", 1s}, {"min", 1min}, {"h", 1h}};
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    for (const auto& [unit, size] : units) {
      if (digits > 0 && digits < 10 && text.substr(digits) == unit) {
        return size * static_cast<std::int64_t>(number(text.substr(0, digits), mark));
      }
    }
    fail("E-SWP-004", mark, "'" + text + "' is no duration",
         "expected a number with a unit: 500ms, 10s, 2min, 1h");
  }

  Measure measure(const YAML::Node& name, const YAML::Node& body) const {
    if (!body.IsMap())
      fail("E-SWP-004", body.Mark(), "a measure is a mapping",
           "expected {query: task_duration, take: median}");
    Measure out{scalar(name, "measures"), text(body, "query"), {}, text(body, "take")};
    for (const auto& entry : body) {
      const auto key = entry.first.as<std::string>();
      if (key != "query" && key != "take") out.arguments[key] = scalar(entry.second, key);
    }
    if (auto checked = check(out); !checked.ok()) {
      fail("E-SWP-005", name.Mark(), checked.error().message, checked.error().hint);
    }
    return out;
  }

  Experiment experiment(const YAML::Node& root) const {
    keys(root, "an experiment",
         {"name", "about", "scenario", "set", "matrix", "seeds", "warm_up", "measures"});
    Experiment out;
    out.name = text(root, "name");
    out.about = text(root, "about");
    out.scenario = text(root, "scenario");
    if (const YAML::Node set = root["set"]) {
      if (!set.IsMap())
        fail("E-SWP-004", set.Mark(), "'set' must be a mapping", "expected {path: value}");
      for (const auto& entry : set)
        out.set.emplace_back(scalar(entry.first, "set"), scalar(entry.second, "set"));
    }
    const YAML::Node matrix = root["matrix"];
    if (!matrix || !matrix.IsMap())
      fail("E-SWP-003", root.Mark(), "'matrix' is missing or no mapping",
           "expected name: {path, values}");
    for (const auto& entry : matrix) {
      keys(entry.second, "a dimension of the matrix", {"path", "values"});
      if (!entry.second["values"])
        fail("E-SWP-003", entry.second.Mark(), "the key 'values' is missing",
             "expected values: [a, b]");
      out.matrix.push_back({scalar(entry.first, "matrix"), text(entry.second, "path"),
                            list(entry.second["values"], "values")});
    }
    if (!root["seeds"])
      fail("E-SWP-003", root.Mark(), "the key 'seeds' is missing", "expected e.g. seeds: 1..10");
    out.seeds = seeds(root["seeds"]);
    if (root["warm_up"]) out.warm_up = duration(text(root, "warm_up"), root["warm_up"].Mark());
    const YAML::Node measures = root["measures"];
    if (!measures || !measures.IsMap())
      fail("E-SWP-003", root.Mark(), "'measures' is missing or no mapping",
           "expected name: {query, take}");
    for (const auto& entry : measures) out.measures.push_back(measure(entry.first, entry.second));
    std::size_t size = out.seeds.size();
    for (const Dimension& dimension : out.matrix) size *= dimension.values.size();
    if (size > most_points)
      fail("E-SWP-004", matrix.Mark(), "the matrix has " + std::to_string(size) + " points",
           "at most 100000");
    return out;
  }

 private:
  std::string file_;
};

std::filesystem::path directory() {
  return IKELAB_EXPERIMENT_DIR;
}

}  // namespace

Result<Experiment> load_text(const std::string& yaml, const std::string& file) {
  const Loader loader(file);
  try {
    Experiment out = loader.experiment(YAML::Load(yaml));
    out.yaml = yaml;
    auto digest = crypto::sha256();
    digest->update(as_bytes(yaml));
    out.config_hash = to_hex(digest->finish());
    return out;
  } catch (const Wrong& wrong) {
    return wrong.error;
  } catch (const YAML::Exception& e) {
    const std::string place =
        file + ":" + std::to_string(e.mark.line + 1) + ":" + std::to_string(e.mark.column + 1);
    return Error{"E-SWP-002", "not YAML: " + e.msg}.in(place);
  }
}

Result<Experiment> load(const std::string& name_or_path) {
  std::filesystem::path file = name_or_path;
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none)) file = directory() / (name_or_path + ".yaml");
  std::ifstream in(file, std::ios::binary);
  if (!std::filesystem::is_regular_file(file, none) || !in) {
    std::string hint = "shipped are: ";
    for (const auto& [name, about] : shipped()) hint += (hint.back() == ' ' ? "" : ", ") + name;
    return error("E-SWP-001", "there is no experiment '" + name_or_path + "'", hint);
  }
  std::ostringstream yaml;
  yaml << in.rdbuf();
  return load_text(yaml.str(), file.string());
}

std::vector<std::pair<std::string, std::string>> shipped() {
  std::vector<std::pair<std::string, std::string>> out;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(directory(), none)) {
    if (entry.path().extension() != ".yaml") continue;
    const auto experiment = load(entry.path().string());
    out.emplace_back(entry.path().stem().string(),
                     experiment.ok() ? experiment->about : experiment.error().to_string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Point> points(const Experiment& experiment) {
  std::vector<Point> cells(1);
  for (const Dimension& dimension : experiment.matrix) {
    std::vector<Point> wider;
    for (const Point& cell : cells) {
      for (const std::string& value : dimension.values) {
        wider.push_back(cell);
        wider.back().parameters[dimension.name] = value;
        wider.back().settings.emplace_back(dimension.path, value);
      }
    }
    cells = std::move(wider);
  }
  std::vector<Point> out;
  for (Point& cell : cells) {
    for (const auto& [name, value] : cell.parameters)
      cell.cell += (cell.cell.empty() ? "" : ",") + name + "=" + value;
    cell.settings.insert(cell.settings.begin(), experiment.set.begin(), experiment.set.end());
    for (const std::uint64_t seed : experiment.seeds) {
      out.push_back(cell);
      out.back().seed = seed;
      out.back().key = experiment.name + "/" + cell.cell + (cell.cell.empty() ? "" : ",") +
                       "seed=" + std::to_string(seed);
    }
  }
  return out;
}

std::string replay_command(const Experiment& experiment, const Point& point) {
  std::string out = "ikelab run " + experiment.scenario + " --seed " + std::to_string(point.seed);
  for (const auto& [path, value] : point.settings) out += " --set '" + path + "=" + value + "'";
  return out;
}

}  // namespace ikelab::sweep
