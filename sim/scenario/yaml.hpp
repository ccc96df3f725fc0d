// Reading YAML with exact places: every value is asked for by name, every error says file, line,
// column and what was expected. The first error is kept, reading goes on with defaults, and the
// caller looks once at the end.
#pragma once
#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/result.hpp"

namespace ikelab::scenario {

/// Where errors go; one per file. `set` is what --set changed, "" for nothing: a changed value has
/// no place in the file (yaml-cpp puts it at its start, where only the document itself can be).
class Problems {
 public:
  explicit Problems(std::string file, std::string set = "")
      : file_(std::move(file)), set_(std::move(set)) {}
  void add(const YAML::Mark& mark, Error error);
  [[nodiscard]] const std::optional<Error>& first() const { return first_; }
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  [[nodiscard]] std::string place(const YAML::Mark& mark) const;

  std::string file_, set_;
  std::optional<Error> first_;
};

/// One mapping: the keys it may have, and what is read from them.
class Section {
 public:
  /// Checks that `node` is a mapping and has no key but `keys`. `what` names it in errors: "a
  /// link".
  Section(const YAML::Node& node, std::string what, std::vector<std::string> keys,
          Problems& problems);

  [[nodiscard]] bool has(const std::string& key) const;
  [[nodiscard]] YAML::Mark mark() const { return node_.Mark(); }
  [[nodiscard]] std::size_t line() const { return static_cast<std::size_t>(node_.Mark().line) + 1; }
  /// A scalar's text; `required` makes its absence E-SCN-011.
  std::string text(const std::string& key, bool required = false, std::string fallback = {});
  /// A scalar through a parser of units and the like; the fallback when absent.
  template <class T>
  T parsed(const std::string& key, Result<T> (*parse)(std::string_view), T fallback,
           bool required = false) {
    if (!has(key) && !required) return fallback;
    const std::string value = text(key, true);
    if (!has(key)) return fallback;
    Result<T> result = parse(value);
    if (result) return std::move(*result);
    problem(key, result.error());
    return fallback;
  }
  bool boolean(const std::string& key, bool fallback);
  std::uint64_t number(const std::string& key, std::uint64_t fallback, std::uint64_t most);
  /// One of `words`, E-SCN-012 otherwise; returns its index.
  std::size_t word(const std::string& key, const std::vector<std::string>& words,
                   std::size_t fallback);
  /// Each entry of a list (or a single scalar where `scalar_too`).
  void each(const std::string& key, const std::function<void(const YAML::Node&)>& entry);
  std::vector<std::string> texts(const std::string& key);
  /// Every single value of a list through a parser; a mistake is placed at its entry.
  template <class T, class Parse>
  std::vector<T> parsed_list(const std::string& key, Parse parse) {
    std::vector<T> out;
    const auto take = [&](const YAML::Node& item) {
      if (!item.IsScalar()) return not_single(key, item);
      Result<T> result = parse(item.Scalar());
      if (result)
        out.push_back(std::move(*result));
      else
        problems_.add(item.Mark(), result.error());
    };
    if (has(key) && at(key).IsScalar())
      take(at(key));
    else
      each(key, take);
    return out;
  }
  /// The node under a key, undefined when absent.
  [[nodiscard]] YAML::Node at(const std::string& key) const;
  /// An error at the key's value.
  void problem(const std::string& key, Error error);

 private:
  void not_single(const std::string& key, const YAML::Node& item);
  YAML::Node node_;
  std::string what_;
  Problems& problems_;
};

/// The nearest of `words` to a misspelt one, or "".
std::string nearest(const std::string& word, const std::vector<std::string>& words);
/// Parses a text. Errors: E-SCN-002, also for what yaml_guard.hpp refuses.
Result<YAML::Node> parse_yaml(const std::string& text, const std::string& file);

}  // namespace ikelab::scenario
