// YAML from people we do not trust, as a small tree with the line and column of every node.
//
// Invariant: what is read is bounded in octets, nodes and depth before it becomes a tree; anchors,
// aliases and tags are refused, so that a small file cannot become a large tree.
// Invariant: scalars stay text. Who reads a field says what it must be; nothing is guessed.
#pragma once
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::labs {

struct YamlNode {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text;  ///< of a scalar
  std::size_t line = 1, column = 1;
  std::vector<YamlNode> items;                         ///< of a list
  std::vector<std::pair<YamlNode, YamlNode>> entries;  ///< of a map, in the order written

  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

/// Reasons: a lab or a submission of ours has some hundred nodes and a depth of six.
struct YamlLimits {
  std::size_t octets = 256 * 1024;
  std::size_t nodes = 10'000;
  std::size_t depth = 16;
};

/// One document with the name it is called by in errors ("lab.yaml").
class Yaml {
 public:
  /// Errors: E-LAB-002 not YAML, or a key twice; E-LAB-003 larger or deeper than the limits, or
  /// with anchors, aliases or tags.
  static Result<Yaml> parse(std::string_view text, std::string file, const YamlLimits& limits = {});
  /// Errors: also E-LAB-004 no such file.
  static Result<Yaml> load(const std::filesystem::path& file, const YamlLimits& limits = {});

  [[nodiscard]] const YamlNode& root() const { return root_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] Error error(const YamlNode& at, std::string code, std::string message,
                            std::string hint = "") const;

  // Typed reading. Errors: E-LAB-010 unknown key, E-LAB-011 missing key, E-LAB-012 wrong type or
  // value.
  Result<void> require_map(const YamlNode& node,
                           std::initializer_list<std::string_view> keys) const;
  Result<std::string> text(const YamlNode& map, std::string_view key) const;
  Result<std::string> text_or(const YamlNode& map, std::string_view key,
                              std::string fallback) const;
  Result<std::int64_t> integer(const YamlNode& map, std::string_view key, std::int64_t min,
                               std::int64_t max) const;
  Result<std::int64_t> integer_or(const YamlNode& map, std::string_view key, std::int64_t min,
                                  std::int64_t max, std::int64_t fallback) const;
  /// A list, or nothing when the key is absent.
  Result<std::vector<const YamlNode*>> list(const YamlNode& map, std::string_view key) const;
  Result<std::vector<std::string>> texts(const YamlNode& map, std::string_view key) const;
  /// A map of texts, in the order written; nothing when the key is absent.
  Result<std::vector<std::pair<std::string, std::string>>> text_map(const YamlNode& map,
                                                                    std::string_view key) const;

 private:
  Result<const YamlNode*> required(const YamlNode& map, std::string_view key) const;
  Result<std::string> scalar(const YamlNode& node, std::string_view key) const;
  std::string file_;
  YamlNode root_;
};

/// The whole file, if it is not larger. Errors: E-LAB-004 no such file, E-LAB-003 larger.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t most_octets);
/// The same of a file that strangers laid down: no link is followed, nothing but a plain file is
/// opened. Errors: also E-LAB-026.
Result<std::string> read_plain_file(const std::filesystem::path& file, std::size_t most_octets);
/// Written beside and renamed, so that a reader never sees half. Errors: E-LAB-005.
Result<void> write_file(const std::filesystem::path& file, std::string_view content);
/// A decimal or 0x integer that is the whole text, or nothing.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// The nearest of `known` by edit distance when it is near enough, or "".
std::string nearest(std::string_view word, const std::vector<std::string>& known);
/// A YAML scalar in double quotes: safe for any text.
std::string yaml_quoted(std::string_view text);

}  // namespace ikelab::labs
