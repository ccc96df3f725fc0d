#include "sim/scenario/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/yaml_guard.hpp"

namespace ikelab::scenario {
namespace {

constexpr std::size_t most_entries = 10'000;  // of one list

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& words) {
  std::string best;
  std::size_t least = 4;
  for (const std::string& candidate : words)
    if (const std::size_t d = distance(word, candidate); d < least && d < candidate.size())
      least = d, best = candidate;
  return best;
}

std::string Problems::place(const YAML::Mark& mark) const {
  if (mark.is_null()) return file_;
  if (!set_.empty() && mark.line == 0 && mark.column == 0) return set_;
  return fmt::format("{}:{}:{}", file_, mark.line + 1, mark.column + 1);
}

void Problems::add(const YAML::Mark& mark, Error error) {
  if (first_) return;
  error.place = place(mark);
  first_ = std::move(error);
}

Section::Section(const YAML::Node& node, std::string what, std::vector<std::string> keys,
                 Problems& problems)
    : node_(node), what_(std::move(what)), problems_(problems) {
  if (!node_.IsMap()) {
    problems_.add(node_.Mark(),
                  Error{"E-SCN-012", what_ + " is not a mapping"}.expect("expected " + join(keys)));
    node_ = YAML::Node(YAML::NodeType::Map);
    return;
  }
  for (const auto& entry : node_) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    const std::string near = nearest(key, keys);
    const std::string hint = near.empty()
                                 ? "expected one of " + join(keys)
                                 : "did you mean '" + near + "'? expected one of " + join(keys);
    problems_.add(
        entry.first.Mark(),
        Error{"E-SCN-010", fmt::format("unknown key '{}' in {}", key, what_)}.expect(hint));
  }
}

bool Section::has(const std::string& key) const {
  return at(key).IsDefined();
}
YAML::Node Section::at(const std::string& key) const {
  const YAML::Node& constant = node_;  // operator[] of a mutable node would insert
  return constant[key];
}

void Section::problem(const std::string& key, Error error) {
  problems_.add(has(key) ? at(key).Mark() : node_.Mark(), std::move(error));
}

std::string Section::text(const std::string& key, bool required, std::string fallback) {
  const YAML::Node value = at(key);
  if (!value.IsDefined()) {
    if (required) problem(key, Error{"E-SCN-011", fmt::format("{} lacks '{}'", what_, key)});
    return fallback;
  }
  if (value.IsScalar()) return value.Scalar();
  problem(key, Error{"E-SCN-012", fmt::format("'{}' is not a single value", key)});
  return fallback;
}

bool Section::boolean(const std::string& key, bool fallback) {
  return word(key, {"no", "yes", "false", "true"}, fallback ? 1 : 0) % 2 == 1;
}

std::uint64_t Section::number(const std::string& key, std::uint64_t fallback, std::uint64_t most) {
  if (!has(key)) return fallback;
  const std::string value = text(key);
  const bool digits =
      !value.empty() && value.size() < 20 &&
      std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  const std::uint64_t result = digits ? std::strtoull(value.c_str(), nullptr, 10) : 0;
  if (digits && result <= most) return result;
  problem(key, Error{"E-SCN-012", fmt::format("'{}' is not a number for '{}'", value, key)}.expect(
                   fmt::format("expected 0 to {}", most)));
  return fallback;
}

std::size_t Section::word(const std::string& key, const std::vector<std::string>& words,
                          std::size_t fallback) {
  if (!has(key)) return fallback;
  const std::string value = text(key);
  const auto found = std::find(words.begin(), words.end(), value);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  problem(key, Error{"E-SCN-012", fmt::format("'{}' is not a value of '{}'", value, key)}.expect(
                   "expected one of " + join(words)));
  return fallback;
}

void Section::each(const std::string& key, const std::function<void(const YAML::Node&)>& entry) {
  const YAML::Node list = at(key);
  if (!list.IsDefined()) return;
  if (!list.IsSequence() || list.size() > most_entries)
    return problem(key, Error{"E-SCN-012", fmt::format("'{}' is not a list of at most {} entries",
                                                       key, most_entries)}
                            .expect("expected entries that begin with '- '"));
  for (const auto& item : list) entry(item);
}

void Section::not_single(const std::string& key, const YAML::Node& item) {
  problems_.add(item.Mark(),
                Error{"E-SCN-012", fmt::format("an entry of '{}' is not a single value", key)});
}

std::vector<std::string> Section::texts(const std::string& key) {
  return parsed_list<std::string>(
      key, [](std::string text) { return Result<std::string>(std::move(text)); });
}

Result<YAML::Node> parse_yaml(const std::string& text, const std::string& file) {
  Problems problems(file);
  if (const auto refusal = refuse_yaml(text)) {
    problems.add(refusal->mark, Error{"E-SCN-002", refusal->message}.expect(refusal->hint));
    return *problems.first();
  }
  try {
    return YAML::Load(text);
  } catch (const YAML::Exception& e) {  // the edge of yaml-cpp
    problems.add(e.mark, Error{"E-SCN-002", e.msg}.expect("expected YAML 1.2"));
    return *problems.first();
  }
}

}  // namespace ikelab::scenario
