#include "labs/engine/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

namespace ikelab::labs {
namespace {

/// Leaves yaml-cpp by the only way there is out of its callbacks; caught in parse().
struct Refused {
  YAML::Mark mark;
  std::string code, message, hint;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const YamlLimits& limits) : limits_(limits) {}
  YamlNode root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, "", anchor, YamlNode::Kind::null);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_reference(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode& node = add(mark, tag, anchor, YamlNode::Kind::scalar);
    node.text = value;
    close_key();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, add(mark, tag, anchor, YamlNode::Kind::list));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, add(mark, tag, anchor, YamlNode::Kind::map));
  }
  void OnMapEnd() override { close(); }

 private:
  /// An open list or map, and whether the map waits for the value of its last key. Children are
  /// appended to the innermost one only, so the pointers to the outer ones stay good.
  struct Level {
    YamlNode* node;
    bool value_expected = false;
  };

  [[noreturn]] static void refuse_reference(const YAML::Mark& mark) {
    throw Refused{mark, "E-LAB-003", "anchors, aliases and tags are not read here",
                  "write the value out"};
  }

  YamlNode& add(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                YamlNode::Kind kind) {
    if (anchor != 0 || !(tag.empty() || tag == "?" || tag == "!")) refuse_reference(mark);
    if (++nodes_ > limits_.nodes)
      throw Refused{mark, "E-LAB-003", fmt::format("more than {} values", limits_.nodes), ""};
    YamlNode& node = place(mark, kind);
    node.kind = kind;
    node.line = static_cast<std::size_t>(mark.line) + 1;
    node.column = static_cast<std::size_t>(mark.column) + 1;
    return node;
  }

  YamlNode& place(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (levels_.empty()) return root;
    Level& level = levels_.back();
    if (level.node->kind == YamlNode::Kind::list) return level.node->items.emplace_back();
    level.value_expected = !level.value_expected;
    if (!level.value_expected) return level.node->entries.back().second;
    if (kind != YamlNode::Kind::scalar)
      throw Refused{mark, "E-LAB-002", "a key must be a word", ""};
    return level.node->entries.emplace_back().first;
  }

  void close_key() {
    if (levels_.empty() || !levels_.back().value_expected) return;
    const auto& entries = levels_.back().node->entries;
    const YamlNode& key = entries.back().first;
    for (std::size_t i = 0; i + 1 < entries.size(); ++i) {
      if (entries[i].first.text != key.text) continue;
      YAML::Mark mark;
      mark.line = static_cast<int>(key.line) - 1;
      mark.column = static_cast<int>(key.column) - 1;
      throw Refused{mark, "E-LAB-002", fmt::format("'{}' is here a second time", key.text), ""};
    }
  }

  void open(const YAML::Mark& mark, YamlNode& node) {
    if (levels_.size() >= limits_.depth)
      throw Refused{mark, "E-LAB-003", fmt::format("nested deeper than {}", limits_.depth), ""};
    levels_.push_back({&node});
  }
  void close() { levels_.pop_back(); }

  const YamlLimits& limits_;
  std::size_t nodes_ = 0;
  std::vector<Level> levels_;
};

Error error_at(const std::string& file, const YAML::Mark& mark, std::string code,
               std::string message, std::string hint) {
  const std::string place =
      mark.line < 0 ? file : fmt::format("{}:{}:{}", file, mark.line + 1, mark.column + 1);
  return Error{std::move(code), std::move(message)}.in(place).expect(std::move(hint));
}

/// Control characters make terminals do things and YAML parsers differ: nothing of ours has them.
std::optional<std::size_t> first_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f) return i;
  }
  return std::nullopt;
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : entries)
    if (name.text == key) return &value;
  return nullptr;
}

Result<Yaml> Yaml::parse(std::string_view text, std::string file, const YamlLimits& limits) {
  if (text.size() > limits.octets)
    return Error{"E-LAB-003", fmt::format("larger than {} octets", limits.octets)}.in(file);
  if (const auto at = first_control_character(text))
    return Error{"E-LAB-002", fmt::format("a control character at octet {}", *at)}
        .at(at)
        .in(file)
        .expect("a text file is expected");
  Yaml out;
  out.file_ = std::move(file);
  TreeBuilder builder(limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder second(limits);
    if (parser.HandleNextDocument(second))
      return Error{"E-LAB-002", "a second document in one file"}.in(out.file_);
  } catch (const Refused& refused) {
    return error_at(out.file_, refused.mark, refused.code, refused.message, refused.hint);
  } catch (const YAML::Exception& e) {
    return error_at(out.file_, e.mark, "E-LAB-002", "not YAML: " + e.msg, "");
  }
  out.root_ = std::move(builder.root);
  return out;
}

Result<Yaml> Yaml::load(const std::filesystem::path& file, const YamlLimits& limits) {
  IKELAB_TRY(const std::string text, read_file(file, limits.octets));
  return parse(text, file.string(), limits);
}

Error Yaml::error(const YamlNode& at, std::string code, std::string message,
                  std::string hint) const {
  return Error{std::move(code), std::move(message)}
      .in(fmt::format("{}:{}:{}", file_, at.line, at.column))
      .expect(std::move(hint));
}

Result<void> Yaml::require_map(const YamlNode& node,
                               std::initializer_list<std::string_view> keys) const {
  const std::vector<std::string> known(keys.begin(), keys.end());
  if (node.kind != YamlNode::Kind::map)
    return error(node, "E-LAB-012", "a mapping is expected here",
                 fmt::format("keys: {}", fmt::join(known, ", ")));
  for (const auto& [key, value] : node.entries) {
    if (std::find(known.begin(), known.end(), key.text) != known.end()) continue;
    const std::string near = nearest(key.text, known);
    return error(key, "E-LAB-010", fmt::format("unknown key '{}'", key.text),
                 near.empty() ? fmt::format("expected one of {}", fmt::join(known, ", "))
                              : fmt::format("did you mean '{}'?", near));
  }
  return {};
}

Result<const YamlNode*> Yaml::required(const YamlNode& map, std::string_view key) const {
  const YamlNode* node = map.find(key);
  if (node == nullptr || node->kind == YamlNode::Kind::null)
    return error(node == nullptr ? map : *node, "E-LAB-011", fmt::format("'{}' is missing", key));
  return node;
}

Result<std::string> Yaml::scalar(const YamlNode& node, std::string_view key) const {
  if (node.kind != YamlNode::Kind::scalar)
    return error(node, "E-LAB-012", fmt::format("'{}' must be a single value", key));
  return node.text;
}

Result<std::string> Yaml::text(const YamlNode& map, std::string_view key) const {
  IKELAB_TRY(const YamlNode* node, required(map, key));
  return scalar(*node, key);
}

Result<std::string> Yaml::text_or(const YamlNode& map, std::string_view key,
                                  std::string fallback) const {
  const YamlNode* node = map.find(key);
  if (node == nullptr || node->kind == YamlNode::Kind::null) return fallback;
  return scalar(*node, key);
}

Result<std::int64_t> Yaml::integer(const YamlNode& map, std::string_view key, std::int64_t min,
                                   std::int64_t max) const {
  IKELAB_TRY(const YamlNode* node, required(map, key));
  IKELAB_TRY(const std::string word, scalar(*node, key));
  const auto value = parse_integer(word);
  if (!value || *value < min || *value > max)
    return error(*node, "E-LAB-012",
                 fmt::format("'{}' must be a whole number from {} to {}", key, min, max));
  return *value;
}

Result<std::int64_t> Yaml::integer_or(const YamlNode& map, std::string_view key, std::int64_t min,
                                      std::int64_t max, std::int64_t fallback) const {
  if (map.find(key) == nullptr) return fallback;
  return integer(map, key, min, max);
}

Result<std::vector<const YamlNode*>> Yaml::list(const YamlNode& map, std::string_view key) const {
  std::vector<const YamlNode*> out;
  const YamlNode* node = map.find(key);
  if (node == nullptr || node->kind == YamlNode::Kind::null) return out;
  if (node->kind != YamlNode::Kind::list)
    return error(*node, "E-LAB-012", fmt::format("'{}' must be a list", key));
  for (const YamlNode& item : node->items) out.push_back(&item);
  return out;
}

Result<std::vector<std::string>> Yaml::texts(const YamlNode& map, std::string_view key) const {
  IKELAB_TRY(const auto nodes, list(map, key));
  std::vector<std::string> out;
  for (const YamlNode* node : nodes) {
    IKELAB_TRY(std::string word, scalar(*node, key));
    out.push_back(std::move(word));
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> Yaml::text_map(
    const YamlNode& map, std::string_view key) const {
  std::vector<std::pair<std::string, std::string>> out;
  const YamlNode* node = map.find(key);
  if (node == nullptr || node->kind == YamlNode::Kind::null) return out;
  if (node->kind != YamlNode::Kind::map)
    return error(*node, "E-LAB-012", fmt::format("'{}' must be a mapping", key));
  for (const auto& [name, value] : node->entries) {
    IKELAB_TRY(std::string word, scalar(value, name.text));
    out.emplace_back(name.text, std::move(word));
  }
  return out;
}

}  // namespace ikelab::labs
